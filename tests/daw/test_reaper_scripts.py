"""The JSFX for REAPER, run as they are by a translation of their language, against the console."""

import re

import numpy as np
import pytest
import torch
from eel2 import Script

from diffmst.daw.reaper.jsfx import BLOCK, NOISE_NAME, reverb_script, strip_script
from diffmst.daw.reaper.reverb_noise import write_noise
from diffmst.daw.reaper.sliders import BEHIND_STRIP, IN_STRIP, OUTPUT_GAIN, from_row, reverb_sliders, row, strip_sliders
from diffmst.dsp import filters, reverb
from diffmst.dsp.kernels import reference
from diffmst.layout import LAYOUTS
from diffmst.strips import master_strips, track_strips

SAME_ARITHMETIC = 1e-10
"""Of the peak: both in double precision, the sums in another order."""

SINGLE_PRECISION = 1e-6
"""Of the peak: what the console, which renders in single precision, may differ by from anything exact."""

RATE = 44_100
REVERB_RATE = 8_000  # noise and responses are short
REVERB_TAPS = 2 * REVERB_RATE


def drawn(section, seed, **fixed):
    """Settings from all over the ranges, with audio loud enough for the compressor to work."""
    values = section.from_unit(np.random.default_rng(seed).random((1, len(section))))[0]
    return section.named(values) | {name.replace("__", "."): value for name, value in fixed.items()}


def music(channels, frames, seed=0):
    """Noise and tones whose level jumps, so that attacks and releases alternate; [channels, frames] float32."""
    random, time = np.random.default_rng(seed), np.arange(frames)
    tone = np.sin(time * np.array([[0.05], [0.07]])[:channels]) + 0.5 * random.standard_normal((channels, frames))
    return (tone * np.where(time // 400 % 2, 0.4, 0.01)).astype(np.float32)


def run_strip(section, values, x, rate):
    sliders = strip_sliders(section)
    script = Script(strip_script(section, "track"), rate, {s.number: values[s.control] for s in sliders[:-1]})
    return script, script.process(np.broadcast_to(x, (2, x.shape[1])))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_strip_computes_what_the_console_computes(layout, rate, channels):
    section, x = LAYOUTS[layout].track, music(channels, 1600)
    working = {"compressor__threshold_db": -40.0, "compressor__ratio": 4.0, "compressor__attack_ms": 5.0}
    values = drawn(section, rate + channels, input__gain_db=2.0, **working)
    script, y = run_strip(section, values, x, rate)
    strips = track_strips(section, section.vector(values)[None, None], (channels,), rate)
    exact, _ = reference.compress(reference.equalize(x[None], strips.coefficients)[0], strips.dynamics, (channels,))
    rendered, _ = strips.to_rows(x[None])
    peak = np.abs(exact).max()
    assert script["gain_db"] < -1, "the compressor must work for this to mean something"
    assert np.abs(y[:channels] - exact[0]).max() < SAME_ARITHMETIC * peak
    assert np.abs(y[:channels] - rendered[0]).max() < SINGLE_PRECISION * peak
    np.testing.assert_array_equal(y[0], y[channels - 1] if channels == 1 else y[0])


@pytest.mark.parametrize("width", [0.0, 0.4, 1.0, 2.0])
def test_the_strip_of_the_master_is_that_of_the_console(width):
    section, x = LAYOUTS["default"].master, music(2, 1600)
    working = {"compressor__threshold_db": -40.0, "compressor__ratio": 4.0, "compressor__attack_ms": 5.0}
    values = drawn(section, 8, input__gain_db=2.0, fader__gain_db=-3.0, image__width=width, **working)
    held = {slider.number: values.get(slider.control, -3.0) for slider in strip_sliders(section)}
    y = Script(strip_script(section, "master"), RATE, held).process(x)
    ours, _ = master_strips(section, section.vector(values)[None], RATE).to_buses(x[None])
    assert np.abs(y - ours[0]).max() < SINGLE_PRECISION * np.abs(ours).max()


@pytest.mark.parametrize("knee_db", [0.0, 24.0])
@pytest.mark.parametrize("ratio", [1.0, 20.0])
def test_the_compressor_is_the_same_at_the_ends_of_its_ranges(knee_db, ratio):
    section, x = LAYOUTS["default"].track, music(2, 1200)
    fixed = {"compressor__knee_db": knee_db, "compressor__ratio": ratio, "compressor__attack_ms": 0.1}
    values = section.named(section.defaults()) | drawn(section, 3, compressor__threshold_db=-40.0, **fixed)
    _, y = run_strip(section, values, x, RATE)
    strips = track_strips(section, section.vector(values)[None, None], (2,), RATE)
    equalized, _ = reference.equalize(x[None], strips.coefficients)
    exact, _ = reference.compress(equalized, strips.dynamics, (2,))
    assert np.abs(y - exact[0]).max() < SAME_ARITHMETIC * np.abs(exact).max()


@pytest.mark.parametrize("part", ["track", "master"])
def test_an_untouched_strip_changes_nothing(part):
    section, x = getattr(LAYOUTS["default"], part), music(2, 500)
    y = Script(strip_script(section, part), RATE).process(x)
    np.testing.assert_array_equal(y, x)


def test_every_control_of_the_strip_changes_the_sound():
    section, x = LAYOUTS["default"].track, music(2, 600)
    values = drawn(section, 5, compressor__threshold_db=-30.0, compressor__ratio=4.0)
    script, before = run_strip(section, values, x, RATE)
    for slider in strip_sliders(section)[:-1]:
        script.sliders[slider.number] = 0.3 * slider.param.low + 0.7 * slider.param.high
        script.restart()
        assert np.abs(script.process(x) - before).max() > 1e-6, f"{slider.control} does nothing"
        script.sliders[slider.number] = values[slider.control]


def test_playback_sounds_the_same_whenever_it_starts():
    section, x = LAYOUTS["default"].track, music(2, 600)
    script, first = run_strip(section, drawn(section, 6, compressor__threshold_db=-30.0), x, RATE)
    script.restart()
    np.testing.assert_array_equal(script.process(x), first)


def test_the_output_gain_is_a_gain_behind_the_strip():
    section, x = LAYOUTS["default"].master, music(2, 800)
    (output,) = (slider for slider in strip_sliders(section) if slider.control == OUTPUT_GAIN)
    louder = Script(strip_script(section, "master"), RATE, {output.number: 20.0}).process(x)
    np.testing.assert_allclose(louder, 10 * x.astype(float), rtol=1e-12)


def test_a_band_that_was_flat_comes_in_as_if_new():
    """Its state must not be that of some time ago."""
    section, x = LAYOUTS["default"].track, music(2, 600)
    number = {slider.control: slider.number for slider in strip_sliders(section)}["eq.peak_2.gain_db"]
    used = Script(strip_script(section, "track"), RATE, {number: 9.0})
    used.process(x)
    used.set_slider(number, 0.0)
    used.process(x)
    used.set_slider(number, 9.0)
    np.testing.assert_array_equal(
        used.process(x), Script(strip_script(section, "track"), RATE, {number: 9.0}).process(x)
    )


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("part", ["track", "master", "fx"])
def test_sliders_are_the_declared_controls(layout, part):
    section = getattr(LAYOUTS[layout], part)
    sliders = reverb_sliders(section) if part == "fx" else strip_sliders(section)
    text = reverb_script(section, RATE, taps=RATE) if part == "fx" else strip_script(section, part)
    script = Script(text, RATE, memory=1 << 19)
    computed = (*IN_STRIP, *BEHIND_STRIP)
    held = [name for name in section.params if part == "fx" or name.partition(".")[0] in computed]
    assert [slider.control for slider in sliders if slider.control != OUTPUT_GAIN] == held
    assert len(set(script.titles.values())) == len(sliders) <= 64
    for slider in sliders:
        param = section.params.get(slider.control, slider.param)
        assert script.declared[slider.number] == pytest.approx((param.default, param.low, param.high), rel=1e-12)
        assert param.unit in script.titles[slider.number]


@pytest.mark.parametrize("part", ["track", "fx"])
def test_the_row_of_a_project_holds_every_value(part):
    section = getattr(LAYOUTS["paper"], part)
    sliders = reverb_sliders(section) if part == "fx" else strip_sliders(section)
    values = {slider.control: slider.param.low + 0.123456789 for slider in sliders}
    tokens = row(sliders, values)
    assert len(tokens) == 64 and not any("e" in token for token in tokens)
    assert from_row(sliders, tokens) == values
    assert from_row(sliders, ("nan", "-", "x"))[sliders[0].control] == sliders[0].param.default


def test_the_drawing_shows_the_equalizer_and_the_gain_reduction():
    section = LAYOUTS["default"].track
    values = drawn(section, 2, compressor__threshold_db=-30.0)
    script, _ = run_strip(section, values, music(2, 2000), 44_100)
    script.space |= {"v_gfx_w": 424.0, "v_gfx_h": 180.0}
    script.run("gfx")
    curve = [line for line in script.drawn if line[0] == "gfx_line" and line[3] == line[1] + 1]
    x, y = np.array([line[3:] for line in curve]).T
    coefficients = filters.equalizer_coefficients(44_100, **section.controls(section.vector(values), "eq"))
    drawn_db = 18 * (1 - 2 * y / 180)
    expected_db = filters.frequency_response_db(coefficients, 44_100, 20 * 1000 ** (x / 400))
    np.testing.assert_allclose(drawn_db, expected_db, atol=1e-9)
    *_, (_, _, _, _, height) = (call for call in script.drawn if call[0] == "gfx_rect")
    assert height == pytest.approx(min(-script["gain_db"] / 36, 1) * 180)


@pytest.fixture(scope="module")
def noise(tmp_path_factory):
    """The samples of the file beside the script of the reverb, in their order."""
    path = tmp_path_factory.mktemp("noise") / NOISE_NAME
    write_noise(path, REVERB_RATE, REVERB_TAPS)
    data = path.read_bytes()
    return np.frombuffer(data[data.index(b"data") + 8 :], np.float32)


def fx_settings(seed, mix=0.7, longest_s=1.0):
    """Drawn, with decays that end soon."""
    section, random = LAYOUTS["default"].fx, np.random.default_rng(seed)
    values = drawn(section, seed, reverb__mix=mix)
    return {
        name: random.uniform(0.1, longest_s) if name.endswith("rt60_s") else value for name, value in values.items()
    }


def reverb_with(values, noise, taps=REVERB_TAPS):
    section = LAYOUTS["default"].fx
    numbered = {slider.number: values[slider.control] for slider in reverb_sliders(section)}
    text = reverb_script(section, REVERB_RATE, taps)
    return Script(text, REVERB_RATE, numbered, {NOISE_NAME: noise}, memory=1 << 20)


def console_reverb(values, x):
    section = LAYOUTS["default"].fx
    controls = section.controls(torch.from_numpy(section.vector(values))[None], "reverb")
    return reverb.reverb(torch.from_numpy(x).double()[None], REVERB_RATE, **controls)[0].numpy()


def test_the_reverb_is_that_of_the_console(noise):
    x, values = music(2, 9000), fx_settings(1)
    script = reverb_with(values, noise)
    y = script.process(np.pad(x, ((0, 0), (0, BLOCK))))
    expected = console_reverb(values, x)
    assert script["pdc_delay"] == BLOCK and script["partitions"] > 1
    assert np.abs(y[:, :BLOCK]).max() == 0
    assert np.abs(y[:, BLOCK:] - expected).max() < SINGLE_PRECISION * np.abs(expected).max()


def test_a_moved_slider_brings_the_response_that_a_fresh_start_has(noise):
    x, before = music(2, BLOCK // 2), fx_settings(1)
    after = fx_settings(2, longest_s=1.4)
    script, fresh = reverb_with(before, noise), reverb_with(after, noise)
    for running in (script, fresh):
        running.process(x)
    for slider in reverb_sliders(LAYOUTS["default"].fx):
        script.set_slider(slider.number, after[slider.control])
    for _ in range(4 * int(fresh["partitions"])):  # a block of the response at a time, and again for what was moved
        script.run("block")
    response, size = int(fresh["response"]), int(fresh["partitions"] * fresh["PARTITION"])
    assert script["partitions"] == fresh["partitions"] and script["stage"] == 0
    assert script.memory[response : response + size] == fresh.memory[response : response + size]
    assert not script.opened, "the file of the noise stays open"


def test_the_reverb_says_when_its_noise_is_missing():
    section, x = LAYOUTS["default"].fx, music(2, 600)
    script = Script(reverb_script(section, REVERB_RATE, REVERB_TAPS), REVERB_RATE, memory=1 << 20)
    assert np.abs(script.process(x)).max() == 0
    assert re.search(rf"silent: {NOISE_NAME} is missing", said(script))


def test_the_reverb_ends_with_its_noise_and_says_so(noise):
    impulse, values = np.zeros((2, 2 * REVERB_RATE)), fx_settings(1, mix=1.0, longest_s=0.5)
    impulse[:, 0] = 1
    short, whole = (reverb_with(values, noise, taps) for taps in (REVERB_RATE // 2, REVERB_TAPS))
    np.testing.assert_array_equal(short.process(impulse), whole.process(impulse))
    assert "ends after" not in said(short)
    longer = {**values, "reverb.1khz.rt60_s": 1.2}
    cut = reverb_with(longer, noise, REVERB_RATE // 2)
    response = cut.process(impulse)[:, BLOCK:]
    assert np.abs(response[:, : REVERB_RATE // 2]).max() > 0
    np.testing.assert_allclose(response[:, REVERB_RATE // 2 :], 0, atol=1e-12)
    assert said(cut) == "ends after 0.5 s; for longer decays export again with a send turned up"


def said(script):
    """What the reverb tells who looks at it."""
    script.run("gfx")
    return script.drawn[-1][1]


def test_the_reverb_fits_the_memory_that_a_script_may_have():
    """8 million slots are what scripts have by default, in every version."""
    for layout in LAYOUTS.values():
        longest_s = max(param.high for param in layout.fx.params.values() if param.keyword == "rt60_s")
        taps = reverb.response_taps(96_000, longest_s)
        script = Script(reverb_script(layout.fx, 96_000, taps), 96_000, memory=8_388_608)
        needed = script["history"] + script["most"] * script["PARTITION"]
        assert needed <= len(script.memory)
        assert script["most"] * BLOCK >= script["TAPS_AT_MOST"]


def test_the_reverb_forgets_the_end_of_the_longest_decays_where_memory_is_short():
    section = LAYOUTS["default"].fx
    script = Script(reverb_script(section, 96_000, taps=6 * 96_000), 96_000, memory=2_000_000)
    assert script["history"] + script["most"] * script["PARTITION"] <= len(script.memory)
    assert 0 < script["most"] * BLOCK < script["TAPS_AT_MOST"]
