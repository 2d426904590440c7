import math

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from diffmst.amount import Amounts, blend
from diffmst.aspects import ASPECTS, aspect_of
from diffmst.dsp.stereo import SEND_OFF_DB, send_amplitude
from diffmst.layout import DEFAULT, LAYOUTS, Settings

LAYOUT_NAMES = list(LAYOUTS)
ROUNDING = 1e-9  # of float64 through a logarithm and back


def drawn(layout, seed, tracks=3):
    """Settings anywhere in their ranges."""
    random = np.random.default_rng(seed)
    shapes = Settings((1, tracks, len(layout.track)), (1, len(layout.fx)), (1, len(layout.master)))
    return layout.from_unit(Settings(*(random.random(shape) for shape in shapes)))


def neutral(layout, tracks=3):
    return layout.defaults(tracks).arrays()


def of_track(settings, control):
    return settings.tracks[0, 0, list(DEFAULT.track.params).index(control)]


def track(**controls):
    """Settings of one track at defaults but for these; `__` stands for a dot."""
    settings = neutral(DEFAULT, 1)
    settings.tracks[0, 0] = DEFAULT.track.vector({name.replace("__", "."): value for name, value in controls.items()})
    return settings


@pytest.mark.parametrize("name", LAYOUT_NAMES)
def test_every_control_serves_an_aspect(name):
    assert {aspect_of(control) for _, section in LAYOUTS[name].sections() for control in section.params} == set(ASPECTS)


@pytest.mark.parametrize("name", LAYOUT_NAMES)
@pytest.mark.parametrize("kind", ["arrays", "tensors"])
def test_both_ends_are_exact_in_either_library(name, kind):
    layout = LAYOUTS[name]
    low, high = (getattr(drawn(layout, seed), kind)() for seed in (1, 2))
    for percent, end in ((0, low), (100, high)):
        for part, expected in zip(blend(low, high, Amounts(overall=percent), layout), end, strict=True):
            assert type(part) is type(expected) and bool((part == expected).all())


@pytest.mark.parametrize("name", LAYOUT_NAMES)
def test_numpy_and_torch_agree(name):
    layout = LAYOUTS[name]
    low, high, amounts = drawn(layout, 1), drawn(layout, 2), Amounts(overall=130, tone=40, space=60)
    ours, theirs = blend(low, high, amounts, layout), blend(low.tensors(), high.tensors(), amounts, layout)
    for part, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(part, other.numpy(), rtol=ROUNDING)


@pytest.mark.parametrize("aspect", ASPECTS)
def test_an_amount_moves_its_aspect_and_no_other(aspect):
    low, high = drawn(DEFAULT, 3), drawn(DEFAULT, 4)
    moved = blend(low, high, Amounts(**{aspect: 40}), DEFAULT)
    for (_, section), part, end in zip(DEFAULT.sections(), moved, high, strict=True):
        for column, control in enumerate(section.params):
            kept = np.array_equal(part[..., column], end[..., column])
            assert kept == (aspect_of(control) != aspect), control


@pytest.mark.parametrize("name", LAYOUT_NAMES)
@pytest.mark.parametrize("seed", range(5))
def test_every_control_moves_monotonically_within_its_range(name, seed):
    layout = LAYOUTS[name]
    low, high = drawn(layout, seed), drawn(layout, seed + 100)
    steps = [blend(low, high, Amounts(overall=percent), layout) for percent in np.linspace(0, 150, 31)]
    for number, (_, section) in enumerate(layout.sections()):
        path = np.stack([step[number] for step in steps])
        lows, highs = np.array([(param.low, param.high) for param in section.params.values()]).T
        assert (path >= lows).all() and (path <= highs).all()
        direction = np.sign(high[number] - low[number])
        assert (np.diff(path, axis=0) * direction >= -ROUNDING * highs).all()


def test_what_is_heard_moves_without_jumps():
    """From neutral, in steps of 1 %: no boost, pan, level or send amplitude leaps, nor does any gain reduction."""
    low, high = neutral(DEFAULT), drawn(DEFAULT, 7)
    controls = [name for name in DEFAULT.track.params if name.endswith(("gain_db", "pan", "makeup_db", "ratio"))]
    columns = [list(DEFAULT.track.params).index(name) for name in controls]
    path = np.stack([blend(low, high, Amounts(overall=step), DEFAULT).tracks[..., columns] for step in range(151)])
    sends = np.array([name == "send.gain_db" for name in controls])
    ratios = np.array([name.endswith("ratio") for name in controls])
    path[..., sends], path[..., ratios] = send_amplitude(path[..., sends]), 1 - 1 / path[..., ratios]
    spans = np.array([DEFAULT.track.params[name].high - DEFAULT.track.params[name].low for name in controls])
    spans[sends], spans[ratios] = 4.0, 1.0  # amplitude at +12 dB, slope of a wall
    assert (np.abs(np.diff(path, axis=0)) <= 0.04 * spans).all()


def test_decibels_move_evenly_ratios_by_factors_and_sends_in_amplitude():
    low = track(fader__gain_db=-6.0)
    high = track(fader__gain_db=2.0, compressor__ratio=4.0, send__gain_db=-12.0, panner__pan=-0.5)
    half = blend(low, high, Amounts(overall=50), DEFAULT)
    assert of_track(half, "fader.gain_db") == pytest.approx(-2.0)
    assert of_track(half, "compressor.ratio") == pytest.approx(2.0)
    assert of_track(half, "send.gain_db") == pytest.approx(-12 - 20 * math.log10(2))
    assert of_track(half, "panner.pan") == pytest.approx(-0.25)
    most = blend(low, high, Amounts(width=150), DEFAULT)
    assert of_track(most, "panner.pan") == pytest.approx(-0.75)


def test_a_send_that_was_open_only_in_the_neutral_mix_closes():
    low, high = track(send__gain_db=-20.0), track()
    assert of_track(blend(low, high, Amounts(space=150), DEFAULT), "send.gain_db") == SEND_OFF_DB


def test_controls_without_a_meaning_in_the_neutral_mix_are_those_of_the_matched_one():
    """A band fades in where it will be, not on its way there; so does the compressor."""
    high = track(
        eq__peak_3__gain_db=6.0, eq__peak_3__freq_hz=3000.0, compressor__ratio=3.0, compressor__threshold_db=-40.0
    )
    faint = blend(track(), high, Amounts(overall=10), DEFAULT)
    assert of_track(faint, "eq.peak_3.gain_db") == pytest.approx(0.6)
    assert of_track(faint, "eq.peak_3.freq_hz") == pytest.approx(3000)
    assert of_track(faint, "compressor.threshold_db") == pytest.approx(-40)


def test_controls_without_a_meaning_in_the_matched_mix_stay():
    low, high = track(eq__peak_3__gain_db=6.0, eq__peak_3__freq_hz=3000.0), track()
    assert of_track(blend(low, high, Amounts(overall=60), DEFAULT), "eq.peak_3.freq_hz") == pytest.approx(3000)


def test_a_reverb_that_nobody_sent_to_is_that_of_the_matched_mix_at_any_amount():
    low, high = neutral(DEFAULT, 1), track(send__gain_db=-10.0)
    high = high._replace(fx=drawn(DEFAULT, 5).fx)
    np.testing.assert_allclose(blend(low, high, Amounts(space=30), DEFAULT).fx, high.fx, rtol=ROUNDING)


def test_a_reverb_in_use_at_both_ends_moves_between_them():
    low, high = track(send__gain_db=-10.0), track(send__gain_db=-10.0)
    column = list(DEFAULT.fx.params).index("reverb.1khz.rt60_s")
    low.fx[0, column], high.fx[0, column] = 1.0, 4.0
    assert blend(low, high, Amounts(space=50), DEFAULT).fx[0, column] == pytest.approx(2.0)


def test_overall_multiplies_the_aspects_up_to_the_most():
    assert Amounts(overall=50, tone=80).share("tone") == pytest.approx(0.4)
    assert Amounts(overall=150, tone=150).share("tone") == 1.5
    assert Amounts(overall=0, level=150).share("level") == 0


@pytest.mark.parametrize("percent", [-1, 151, math.nan, "much"])
def test_amounts_outside_their_range_are_refused(percent):
    with pytest.raises(ValidationError):
        Amounts(tone=percent)


def test_gradients_reach_both_mixes():
    """The blend is a formula of tensors like any other: it can be learnt through."""
    low, high = (drawn(DEFAULT, seed).tensors() for seed in (1, 2))
    leaves = [part.requires_grad_() for part in (*low, *high)]
    sum(part.sum() for part in blend(low, high, Amounts(overall=50), DEFAULT)).backward()
    assert all(torch.isfinite(leaf.grad).all() and leaf.grad.abs().sum() > 0 for leaf in leaves)
