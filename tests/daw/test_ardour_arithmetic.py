"""What our controls are in Ardour's terms, and back: no session, no program."""

import math

import numpy as np
import pytest
from mixes import drawn_settings
from scipy.signal import freqz

from diffmst.daw.ardour import ace_compressor, ace_equalizer, own_equalizer
from diffmst.daw.ardour.channel import HIGHEST_FADER_DB, from_channel, to_channel
from diffmst.daw.ardour.pan_laws import from_position, mono_gains, stereo_gains, to_position
from diffmst.daw.ardour.plugin import Band, Plugin
from diffmst.daw.ardour.writing import route_names
from diffmst.daw.decibels import to_amplitude, to_db
from diffmst.dsp.filters import high_shelf_coefficients, low_shelf_coefficients, peaking_coefficients
from diffmst.dsp.stereo import balance_gains, pan_gains
from diffmst.layout import LAYOUTS

RATE = 48_000
PANS = [-1.0, -0.99, -0.5, -1e-4, 0.0, 1e-4, 0.3, 0.999, 1.0]
ROUNDING = 1e-9  # of a chain of formulas in double precision
DB_ROUNDING = 1e-6  # of dB of gains that are differences of larger ones
BANDS = [Band(6.0, 80.0, math.sqrt(0.5)), *[Band(-4.0, 400.0 * 2**n, 1.3) for n in range(4)]]
BANDS.append(Band(-9.0, 9000.0, math.sqrt(0.5)))


def near(value, tolerance=ROUNDING):
    return pytest.approx(value, rel=0, abs=tolerance)


@pytest.mark.parametrize("pan", PANS)
def test_a_mono_pan_and_its_correction_give_sine_and_cosine(pan):
    position, correction_db = to_position(pan, 1)
    assert np.array(mono_gains(position)) * to_amplitude(correction_db) == near(pan_gains(np.array(pan)))


@pytest.mark.parametrize("pan", PANS)
def test_a_stereo_pan_is_a_balance_without_correction(pan):
    position, correction_db = to_position(pan, 2)
    assert correction_db == 0
    assert stereo_gains(position) == near(balance_gains(np.array(pan)))


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("pan", PANS)
def test_pans_come_back(pan, channels):
    position, correction_db = to_position(pan, channels)
    assert from_position(position, channels) == near((pan, correction_db))


def test_the_middle_of_the_mono_law_is_at_three_decibels():
    assert 20 * math.log10(mono_gains(0.5)[0]) == near(-3.0)


@pytest.mark.parametrize("equalizer", ["own", "ace"])
def test_bands_come_back_from_an_equalizer(equalizer):
    section = LAYOUTS["default"].track
    if equalizer == "own":
        read = own_equalizer.read(own_equalizer.plugin(section, BANDS, 12.5).ports, RATE)
    else:
        read = ace_equalizer.read(ace_equalizer.plugin(BANDS, 12.5, 1, RATE).ports, RATE)
    assert read.gain_db == near(12.5, DB_ROUNDING)
    for band, found in zip(BANDS, read.bands, strict=True):
        assert found.gain_db == near(band.gain_db, DB_ROUNDING)
        assert found.freq_hz == pytest.approx(band.freq_hz, rel=ROUNDING)
        assert found.q is None or found.q == near(band.q)


def simper_response(kind, gain_db, freq_hz, q, frequencies_hz):
    """Of the state variable filters in ACE EQ, by the equations of Simper's paper, with the plugin's own g."""
    amplitude, g = 10 ** (gain_db / 40), math.tan(math.pi * freq_hz / RATE)
    k = 1 / (q * amplitude) if kind == "peak" else 1 / q
    m0, m1, m2 = {
        "low": (1, k * (amplitude - 1), amplitude**2 - 1),
        "peak": (1, k * (amplitude**2 - 1), 0),
        "high": (amplitude**2, k * (1 - amplitude) * amplitude, 1 - amplitude**2),
    }[kind]
    s = 1j * np.tan(np.pi * frequencies_hz / RATE) / g
    low = 1 / (s**2 + k * s + 1)
    return m0 + m1 * s * low + m2 * low


@pytest.mark.parametrize(
    ("suffix", "kind", "ours"),
    [
        ("l", "low", low_shelf_coefficients),
        ("2", "peak", peaking_coefficients),
        ("h", "high", high_shelf_coefficients),
    ],
)
def test_ace_filters_have_our_response_where_they_are_turned_to(suffix, kind, ours):
    slot = {"l": 0, "2": 2, "h": 5}[suffix]
    band, ports = BANDS[slot], ace_equalizer.plugin(BANDS, 0.0, 1, RATE).ports
    frequencies_hz = np.geomspace(20, 20_000, 50)
    b0, b1, b2, a1, a2 = ours(RATE, *map(np.array, band))
    _, expected = freqz([b0, b1, b2], [1, a1, a2], frequencies_hz, fs=RATE)
    octaves = ports.get(f"bw{suffix}")
    q = math.sqrt(0.5) if octaves is None else 2 ** (octaves / 2) / (2**octaves - 1)  # as the plugin has it
    found = simper_response(kind, ports[f"g{suffix}"], ports[f"freq{suffix}"], q, frequencies_hz)
    assert np.abs(found) == pytest.approx(np.abs(expected), rel=ROUNDING)


def test_the_compressor_comes_back():
    times = {"attack_ms": 180.0, "release_ms": 2500.0}
    for knee_db in (0.0, 7.0, 24.0):
        controls = {"threshold_db": -31.0, "ratio": 3.5, **times, "knee_db": knee_db, "makeup_db": 4.0}
        assert ace_compressor.read(ace_compressor.plugin(controls, 2).ports) == near(controls)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=list(LAYOUTS))
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("equalizer", ["own", "ace"])
def test_every_control_of_a_strip_comes_back(layout, channels, equalizer):
    settings = drawn_settings(layout, 5)
    for row in settings.tracks[0]:
        values = layout.track.named(row)
        channel = to_channel(layout.track, values, channels, RATE, equalizer)
        read, ignored = from_channel(layout.track, channel, channels, RATE)
        assert not ignored
        silent = {"send.gain_db"} | {f"eq.{end}_shelf.{key}" for end in ("low", "high") for key in ("q", "freq_hz")}
        assert values.keys() - read.keys() <= (silent if equalizer == "ace" else {"send.gain_db"})
        for control, value in read.items():
            if equalizer == "own" or (control not in silent and not control.endswith(".q")):
                assert value == pytest.approx(values[control], rel=DB_ROUNDING, abs=DB_ROUNDING), control


def test_gains_beyond_trim_and_fader_are_folded_without_loss():
    section = LAYOUTS["default"].track
    values = section.named(section.defaults()) | {
        "input.gain_db": 47.0,
        "fader.gain_db": 12.0,
        "compressor.makeup_db": 20.0,
    }
    channel = to_channel(section, values, 2, RATE, "own")
    equalizer, compressor = (plugin.ports for plugin in channel.plugins)
    before_db = to_db(channel.trim) + equalizer["0"]
    behind_db = compressor["mak"] + to_db(channel.fader)
    assert (before_db, behind_db) == near((47.0, 32.0), DB_ROUNDING)
    assert to_db(channel.trim) <= 20 and to_db(channel.fader) <= HIGHEST_FADER_DB + ROUNDING
    read, _ = from_channel(section, channel, 2, RATE)
    assert read == pytest.approx({name: values[name] for name in read}, abs=DB_ROUNDING)


def test_a_change_behind_a_fold_is_a_change_of_as_much():
    section = LAYOUTS["default"].track
    values = section.named(section.defaults()) | {"fader.gain_db": 10.0, "compressor.makeup_db": 3.0}
    channel = to_channel(section, values, 2, RATE, "own")
    equalizer, compressor = channel.plugins
    turned = compressor._replace(ports={**compressor.ports, "mak": compressor.ports["mak"] + 2})
    read, _ = from_channel(section, channel._replace(plugins=(equalizer, turned)), 2, RATE)
    assert (read["compressor.makeup_db"], read["fader.gain_db"]) == near((5.0, 10.0), DB_ROUNDING)


def test_what_is_switched_off_or_gone_is_neutral_and_what_was_added_is_told():
    section = LAYOUTS["default"].track
    values = section.named(drawn_settings(LAYOUTS["default"], 1).tracks[0, 0])
    channel = to_channel(section, values, 1, RATE, "own")
    off = channel.plugins[0]._replace(active=False)
    read, ignored = from_channel(section, channel._replace(plugins=(off, Plugin("Chorus", "urn:x", {}))), 1, RATE)
    assert read["eq.peak_1.gain_db"] == 0 and read["compressor.ratio"] == 1 and read["compressor.makeup_db"] == 0
    assert "eq.peak_1.q" not in read and "compressor.threshold_db" not in read
    assert ignored == ("a further plugin, “Chorus”, which is left out",)


@pytest.mark.parametrize("width", [0.0, 0.7, 1.0, 2.0])
def test_the_width_of_the_master_comes_back_and_is_as_it_was_where_its_script_is_gone(width):
    section = LAYOUTS["default"].master
    values = section.named(section.defaults()) | {"image.width": width}
    channel = to_channel(section, values, 2, RATE, "own")
    read, ignored = from_channel(section, channel, 2, RATE)
    assert read["image.width"] == width and not ignored
    *others, script = channel.plugins
    for plugins in (others, [*others, script._replace(active=False)]):
        read, ignored = from_channel(section, channel._replace(plugins=tuple(plugins)), 2, RATE)
        assert read["image.width"] == 1 and not ignored


def test_no_two_routes_have_one_name():
    names = route_names(["a/b", "a:b", "a-b", "A-B", "Monitor", "Master"])
    assert len({name.casefold() for name in names}) == len(names)
    assert not any(character in name for name in names for character in "/:")
    assert "Monitor" not in names and "Master" not in names
