"""Gains and pans of strips as those of channels, and back."""

import math
from itertools import product

import numpy as np
import pytest

from diffmst.daw.dawproject.gains import HIGHEST_VOLUME_DB, from_channel, offsets, to_channel
from diffmst.dsp import stereo

ROUNDING = 1e-9
PANS = (-1.0, -0.73, -0.2, 0.0, 1e-4, 0.4, 0.999, 1.0)
EXTREMES = [  # input, threshold, makeup, fader
    (0, -24, 0, 0),
    (48, -60, 24, 12),
    (-48, 0, 0, -60),
    (19.8, -24.1, 3, 9),
    (-48, -60, 24, 48),
]


def strip(input_db, threshold_db, makeup_db, fader_db, pan=0.0):
    return {
        "input.gain_db": input_db,
        "compressor.threshold_db": threshold_db,
        "compressor.makeup_db": makeup_db,
        "panner.pan": pan,
        "fader.gain_db": fader_db,
    }


def balance(position):
    """Gains of left and right of the balance that is meant: the far side falls evenly."""
    return np.array([min(1, 1 - position), min(1, 1 + position)])


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("printed", [True, False])
def test_every_strip_comes_back_from_its_channel(channels, printed):
    for gains, pan in product(EXTREMES, PANS):
        values = strip(*gains, pan)
        moved = offsets(values, channels, printed=printed)
        read = from_channel(to_channel(values, channels, moved), channels, moved)
        assert read == pytest.approx(values, abs=ROUNDING), (gains, pan)


@pytest.mark.parametrize(("channels", "law"), [(1, stereo.pan_gains), (2, stereo.balance_gains)])
def test_a_balance_has_both_sides_as_the_console_has_them(channels, law):
    for pan in PANS:
        values = strip(0, -24, 0, 0, pan)
        channel = to_channel(values, channels, offsets(values, channels, printed=True))
        expected = law(np.asarray(pan))
        np.testing.assert_allclose(
            10 ** (channel.volume_db / 20) * balance(channel.pan), expected, atol=ROUNDING, err_msg=f"pan {pan}"
        )


def test_the_middle_is_exactly_the_middle():
    for channels, level_db in ((1, 20 * math.log10(math.sqrt(0.5))), (2, 0.0)):
        values = strip(0, -24, 0, 0)
        channel = to_channel(values, channels, offsets(values, channels, printed=True))
        assert channel.pan == 0
        assert channel.volume_db == pytest.approx(level_db, abs=ROUNDING)


def test_gains_before_and_behind_the_compressor_stay_the_same():
    """The level that meets the threshold, and all gain after it, do not depend on where gains are put."""
    for printed, gains in product((True, False), EXTREMES):
        values = strip(*gains)
        channel = to_channel(values, 2, offsets(values, 2, printed=printed))
        input_db, threshold_db, makeup_db, fader_db = gains
        assert channel.before_db - channel.threshold_db == pytest.approx(input_db - threshold_db)
        assert sum((channel.before_db, channel.output_db, channel.volume_db)) == pytest.approx(
            input_db + makeup_db + fader_db
        )


def test_volumes_end_where_faders_end():
    for printed, gains, pan in product((True, False), EXTREMES, PANS):
        values = strip(*gains, pan)
        assert to_channel(values, 1, offsets(values, 1, printed=printed)).volume_db <= HIGHEST_VOLUME_DB + ROUNDING


def test_a_strip_whose_audio_is_printed_keeps_its_threshold():
    values = strip(40, -30, 0, 0)
    assert to_channel(values, 2, offsets(values, 2, printed=True)).threshold_db == -30


def test_thresholds_of_the_master_stay_within_reach():
    for gains in EXTREMES:
        values = strip(*gains)
        threshold_db = to_channel(values, 2, offsets(values, 2, printed=False)).threshold_db
        assert -60 <= threshold_db <= 0, gains


def test_a_negative_output_gain_is_taken_for_the_fader():
    moved = offsets(strip(0, -24, 0, 0), 2, printed=True)
    channel = to_channel(strip(0, -24, 0, 0), 2, moved)._replace(output_db=-4.0)
    read = from_channel(channel, 2, moved)
    assert (read["compressor.makeup_db"], read["fader.gain_db"]) == (0, -4)


def test_without_a_fader_the_volume_is_makeup_gain():
    values = strip(3, -24, 2, 0, 0.5)
    del values["fader.gain_db"]
    moved = offsets(values, 1, printed=True)
    channel = to_channel(values, 1, moved)
    louder = from_channel(channel._replace(volume_db=channel.volume_db + 1.5), 1, moved, has_fader=False)
    assert louder == pytest.approx(values | {"compressor.makeup_db": 3.5})


def test_a_balance_moved_to_the_middle_keeps_the_level_of_the_near_side():
    """What the musician hears is what the console plays: the near side stays in a balance."""
    values = strip(0, -24, 0, 0, 1.0)
    moved = offsets(values, 1, printed=True)
    read = from_channel(to_channel(values, 1, moved)._replace(pan=0.0), 1, moved)
    left, right = stereo.pan_gains(np.asarray(read["panner.pan"])) * 10 ** (read["fader.gain_db"] / 20)
    assert (left, right) == pytest.approx((1, 1))
