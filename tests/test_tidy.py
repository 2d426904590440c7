import pytest
import torch

from diffmst.console import mix
from diffmst.layout import DEFAULT, LAYOUTS
from diffmst.tidy import tidy


def column(name, section=DEFAULT.track):
    return list(section.params).index(name)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_an_untouched_console_is_tidy(layout):
    for tidied, untouched in zip(tidy(layout.defaults(2), layout), layout.defaults(2), strict=True):
        assert tidied.equal(untouched)


def test_small_moves_go_and_large_ones_stay():
    settings = DEFAULT.defaults(1)
    track = settings.tracks[0, 0]
    for name, value in {
        "eq.peak_1.gain_db": 0.1,
        "eq.peak_1.freq_hz": 200.0,
        "eq.peak_2.gain_db": -0.4,
        "eq.peak_2.freq_hz": 600.0,
        "compressor.ratio": 1.02,
        "compressor.attack_ms": 20.0,
        "send.gain_db": -33.0,
        "fader.gain_db": 0.05,
    }.items():
        track[column(name)] = value
    settings.master[0, column("compressor.ratio", DEFAULT.master)] = 1.5
    settings.fx[0, 0] = -3.0
    tidied = tidy(settings, DEFAULT)
    named = DEFAULT.track.named(tidied.tracks[0, 0])
    assert named["eq.peak_1.gain_db"] == 0 and named["eq.peak_1.freq_hz"] == 180
    assert named["eq.peak_2.gain_db"] == pytest.approx(-0.4) and named["eq.peak_2.freq_hz"] == 600
    assert named["compressor.ratio"] == 1 and named["compressor.attack_ms"] == 10
    assert named["send.gain_db"] == -80 and named["fader.gain_db"] == pytest.approx(0.05)
    assert tidied.master[0, column("compressor.ratio", DEFAULT.master)] == pytest.approx(1.5)
    assert tidied.fx.equal(DEFAULT.defaults(1).fx)


@pytest.mark.parametrize(("width", "left"), [(1.015, 1.0), (0.985, 1.0), (1.03, 1.03), (0.0, 0.0)])
def test_a_width_that_is_hardly_one_is_none(width, left):
    settings, place = DEFAULT.defaults(1), column("image.width", DEFAULT.master)
    settings.master[0, place] = width
    assert tidy(settings, DEFAULT).master[0, place] == left


def test_a_reverb_that_is_heard_stays():
    settings = DEFAULT.defaults(2)
    settings.tracks[0, 1, column("send.gain_db")] = -18.0
    settings.fx[0, 0] = -3.0
    assert tidy(settings, DEFAULT).fx.equal(settings.fx)


def test_the_sound_stays(generator):
    x = 0.1 * torch.randn(1, 2, 22_050, generator=generator)
    settings = DEFAULT.defaults(1)
    for band in ("peak_1", "peak_3"):
        settings.tracks[..., column(f"eq.{band}.gain_db")] = 0.14
    settings.tracks[..., column("compressor.ratio")] = 1.029
    one, other = (mix(x, 22_050, s, (2,)) for s in (settings, tidy(settings, DEFAULT)))
    assert 20 * torch.log10(one.norm() / other.norm()).abs() < 0.5
