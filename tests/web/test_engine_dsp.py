"""The sound engine's parts, run by Node, against those of the package: both follow the same formulas in float64."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.signal import sosfilt

from bench.browser.page import declared, node
from bench.browser.songs import plucked_rows
from diffmst.dsp.dynamics import static_curve_db
from diffmst.dsp.filters import equalizer_coefficients, frequency_response_db
from diffmst.dsp.kernels import reference
from diffmst.dsp.limiter import Limiter
from diffmst.dsp.loudness import k_weighting_sos
from diffmst.layout import LAYOUTS
from diffmst.strips import track_strips

RATES = [22_050, 44_100, 48_000, 96_000, 192_000]
ALL_LAYOUTS = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)

ROUNDING = 1e-9
"""Of coefficients and levels, relative: float64 in another order."""

SOUND = 1e-9
"""Of samples near 1: six biquads and a compressor, all in float64."""

LIMITED = 3e-6
"""Of samples up to 4 that are limited: the package keeps them and their gain in float32."""


@pytest.fixture(scope="module")
def ask(built_engine):
    """Calls a function of tests/web/engine_dsp.mjs."""
    command = [node(), str(Path(__file__).with_name("engine_dsp.mjs")), (built_engine / "dsp.js").as_uri()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def answer(what, **question):
            process.stdin.write(json.dumps({"what": what, **question}) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield answer
        process.stdin.close()


def drawn(section, count, seed):
    """Settings of a section over the whole range, and one in four at either end: [count, controls]."""
    generator = np.random.default_rng(seed)
    unit = np.clip(generator.uniform(-0.5, 1.5, (count, len(section))), 0, 1)
    return section.from_unit(unit)


@pytest.mark.parametrize("sample_rate", RATES)
@ALL_LAYOUTS
def test_equalizers_have_the_coefficients_of_the_package(ask, layout, sample_rate):
    values = drawn(layout.track, 100, seed=1)
    found = ask(
        "coefficients", section=declared(layout)["sections"]["track"], sampleRate=sample_rate, values=values.tolist()
    )
    expected = equalizer_coefficients(sample_rate, **layout.track.controls(values, "eq"))
    np.testing.assert_allclose(np.reshape(found, expected.shape), expected, rtol=ROUNDING, atol=ROUNDING)


@pytest.mark.parametrize("sample_rate", RATES)
def test_curves_of_equalizers_are_those_of_the_package(ask, sample_rate):
    layout = LAYOUTS["default"]
    freqs_hz = np.geomspace(20, 0.49 * sample_rate, 50)
    for vector in drawn(layout.track, 20, seed=2):
        coefficients = equalizer_coefficients(sample_rate, **layout.track.controls(vector, "eq"))
        found = ask(
            "responsesDb",
            sampleRate=sample_rate,
            coefficients=coefficients.ravel().tolist(),
            freqsHz=freqs_hz.tolist(),
        )
        expected = frequency_response_db(coefficients, sample_rate, freqs_hz)
        np.testing.assert_allclose(found, expected, rtol=ROUNDING, atol=1e-6)


@pytest.mark.parametrize("knee_db", [0.0, 12.0])
def test_curves_of_compressors_are_those_of_the_package(ask, knee_db):
    levels = np.linspace(-80, 10, 91)
    found = ask("levelsDb", levels=levels.tolist(), thresholdDb=-20, ratio=4, kneeDb=knee_db, makeupDb=3)
    controls = {"threshold_db": -20.0, "ratio": 4.0, "knee_db": knee_db, "makeup_db": 3.0}
    expected = static_curve_db(torch.from_numpy(levels), **{name: torch.tensor(at) for name, at in controls.items()})
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("sample_rate", [22_050, 96_000])
@ALL_LAYOUTS
def test_strips_sound_like_those_of_the_package(ask, layout, sample_rate):
    """Mono and stereo, one muted; all settings anywhere in their ranges; the plain loops of the package are the truth.

    Inputs are brought down where the strips are at their loudest, so that the tolerance is one of samples near 1.
    """
    channels, muted = (1, 2, 1, 2, 1, 2, 1, 2), (False,) * 6 + (True, False)
    values = drawn(layout.track, len(channels), seed=3)
    rows = plucked_rows(sum(channels), 0.08, sample_rate, seed=4)
    strips = track_strips(layout.track, values[None], channels, sample_rate, muted)
    expected, _ = reference.strip(rows[None], *strips[:3], channels)
    scale = np.abs(expected).max()

    found = ask(
        "buses",
        section=declared(layout)["sections"]["track"],
        sampleRate=sample_rate,
        values=values.tolist(),
        channels=channels,
        muted=muted,
        rows=rows.tolist(),
    )

    assert np.abs(np.array(found) - expected[0]).max() < SOUND * scale


@pytest.mark.parametrize("sample_rate", RATES)
def test_the_limiter_limits_like_that_of_the_package(ask, sample_rate):
    rows = 4 * plucked_rows(2, 0.25, sample_rate, seed=5)
    rows[:, : rows.shape[1] // 4] *= 0.01  # at first there is nothing to limit
    limiter = Limiter(sample_rate, channels=2, ceiling_db=-1.0)
    expected = np.concatenate([limiter.process(rows), limiter.flush()], axis=1)
    assert limiter.reduction_db > 3

    late = np.pad(rows, ((0, 0), (0, 2000)))  # more than the latency
    found = ask("limited", sampleRate=sample_rate, ceilingDb=-1.0, rows=late.tolist())

    heard = np.array(found["rows"])[:, found["latency"] :][:, : rows.shape[1]]
    assert np.abs(heard - expected).max() < LIMITED
    assert found["deepestDb"] == pytest.approx(limiter.reduction_db, abs=1e-4)


def test_what_stays_under_the_ceiling_is_only_delayed(ask):
    rows = 0.5 * plucked_rows(2, 0.2, 44_100, seed=6)
    found = ask("limited", sampleRate=44_100, ceilingDb=-1.0, rows=rows.tolist())
    latency = found["latency"]
    np.testing.assert_array_equal(np.array(found["rows"])[:, latency:], rows[:, :-latency].astype(float))


@pytest.mark.parametrize("sample_rate", RATES)
def test_meters_read_what_the_standard_says(ask, sample_rate):
    """EBU Tech 3341, case 1: a stereo tone of 1 kHz at -23 dBFS reads -23 LUFS, momentary and short-term."""
    tone = 10 ** (-23 / 20) * np.sin(2 * np.pi * 1000 * np.arange(round(3.2 * sample_rate)) / sample_rate)
    found = ask("loudness", sampleRate=sample_rate, rows=[tone.tolist()] * 2)
    assert found["momentaryLufs"] == pytest.approx(-23, abs=0.1)
    assert found["shortTermLufs"] == pytest.approx(-23, abs=0.1)


def test_meters_read_the_last_400_ms_and_3_s(ask):
    sample_rate = 48_000
    rows = np.random.default_rng(7).standard_normal((2, round(3.4 * sample_rate))) * 0.1
    rows *= np.geomspace(0.01, 1, rows.shape[1])
    found = ask("loudness", sampleRate=sample_rate, rows=rows.tolist())
    power = (sosfilt(k_weighting_sos(sample_rate), rows) ** 2).sum(0)
    for name, seconds in (("momentaryLufs", 0.4), ("shortTermLufs", 3.0)):
        expected = 10 * np.log10(power[-round(seconds * sample_rate) :].mean()) - 0.691
        assert found[name] == pytest.approx(expected, abs=1e-6)
