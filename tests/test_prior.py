import math

import pytest
import torch

from diffmst.layout import DEFAULT, LAYOUTS
from diffmst.prior import BOUND, NOMINAL_LUFS, PAIR_PAN, QUIETEST_LU, Stem, level_control, sane_prior
from diffmst.roles import BY_NAME


def column(layout, name):
    return list(layout.track.params).index(name)


def prior_of(layout, loudness, channels, low_shares):
    return sane_prior(layout, [Stem(*facts) for facts in zip(loudness, channels, low_shares, strict=True)])


def physical(layout, prior):
    return layout.from_unit(prior.mean)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_tracks_of_unknown_roles_are_brought_to_one_loudness_by_their_input_gain(layout):
    loudness = [-10.0, -38.0, -24.0]
    tracks = physical(layout, prior_of(layout, loudness, (1, 2, 1), (0.0,) * 3)).tracks[0]
    gains_db = tracks[:, column(layout, "input.gain_db")]
    torch.testing.assert_close(gains_db, NOMINAL_LUFS - torch.tensor(loudness, dtype=torch.float64))


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_effects_are_neutral_at_the_mean(layout):
    prior = prior_of(layout, [-24.0], (1,), (0.0,))
    tracks = layout.track.named(physical(layout, prior).tracks[0, 0])
    assert tracks["compressor.ratio"] == pytest.approx(1)
    assert all(abs(tracks[name]) < 1e-9 for name in tracks if name.startswith("eq.") and name.endswith("gain_db"))
    assert tracks["panner.pan"] == pytest.approx(0)


def test_a_silent_track_is_left_alone():
    prior = prior_of(DEFAULT, [-20.0, -math.inf], (1, 1), (0.0, 0.0))
    assert prior.width.tracks[0, 0].any() and not prior.width.tracks[0, 1].any()
    assert physical(DEFAULT, prior).tracks[0, 1, column(DEFAULT, "input.gain_db")] == pytest.approx(0)


def test_a_track_that_carries_the_low_end_stays_in_the_middle():
    prior = prior_of(DEFAULT, [-20.0] * 3, (1, 1, 1), (0.9, 0.1, 0.1))
    pan = column(DEFAULT, "panner.pan")
    low, *others = (prior.width.tracks[0, track, pan] for track in range(3))
    assert BOUND * low < 0.05 and all(other > 3 * low for other in others)
    assert prior.start.tracks[0, 0, pan] == prior.mean.tracks[0, 0, pan]


def test_a_stereo_track_keeps_nearly_to_its_own_image():
    width = prior_of(DEFAULT, [-20.0] * 2, (1, 2), (0.0, 0.0)).width.tracks[0, :, column(DEFAULT, "panner.pan")]
    assert 0 < width[1] < width[0] / 2


def test_movable_mono_tracks_start_left_and_right_in_turn():
    start = DEFAULT.from_unit(prior_of(DEFAULT, [-20.0] * 4, (1, 2, 1, 1), (0.0,) * 4).start)
    pans = start.tracks[0, :, column(DEFAULT, "panner.pan")].tolist()
    assert pans[0] > 0 and pans[1] == pytest.approx(0) and pans[2] < 0 and pans[3] > 0


@pytest.mark.parametrize("tracks", [1, 2, 16, 60, 200])
def test_no_balance_within_the_bounds_buries_a_track(tracks):
    """One of n equally loud tracks is 10 log n under the mix; the bound adds to that, at least two decibels."""
    prior = prior_of(DEFAULT, [-20.0] * tracks, (1,) * tracks, (0.0,) * tracks)
    param = DEFAULT.track.params[level_control(DEFAULT.track)]
    width_db = float(prior.width.tracks[0, 0, column(DEFAULT, "fader.gain_db")]) * (param.high - param.low)
    assert -10 * math.log10(tracks) - BOUND * width_db >= min(QUIETEST_LU, -10 * math.log10(tracks) - 2.1) - 1e-9


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_starts_lie_within_the_ranges(layout):
    prior = prior_of(layout, [-60.0, 0.0, -90.0], (1, 1, 2), (0.0,) * 3)
    for part in (*prior.mean, *prior.start):
        assert (part >= 0).all() and (part <= 1).all()


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_known_roles_are_balanced_as_they_usually_are(layout):
    stems = [Stem(-20.0, 1, 0.0, BY_NAME["lead"]), Stem(-20.0, 1, 0.0, BY_NAME["hats"])]
    levels = physical(layout, sane_prior(layout, stems)).tracks[0, :, column(layout, level_control(layout.track))]
    assert float(levels[0] - levels[1]) == pytest.approx(11)


def test_the_sides_of_a_pair_stand_opposite():
    guitar = BY_NAME["guitar"]
    prior = sane_prior(DEFAULT, [Stem(-20.0, 1, 0.0, guitar, -1), Stem(-20.0, 1, 0.0, guitar, 1)])
    for position in (prior.mean, prior.start):
        pans = DEFAULT.from_unit(position).tracks[0, :, column(DEFAULT, "panner.pan")]
        assert pans.tolist() == pytest.approx([-PAIR_PAN, PAIR_PAN])


def test_a_lead_stays_in_the_middle():
    prior = sane_prior(DEFAULT, [Stem(-20.0, 1, 0.0, BY_NAME["lead"])])
    pan = column(DEFAULT, "panner.pan")
    assert DEFAULT.from_unit(prior.start).tracks[0, 0, pan] == pytest.approx(0)
    assert BOUND * prior.width.tracks[0, 0, pan] * 2 < 0.1


def test_a_quiet_role_is_not_taken_out_of_hearing():
    stems = [Stem(-20.0, 1, 0.0, BY_NAME[name]) for name in ("lead", "kick", "bass", "hats", "effects")]
    prior = sane_prior(DEFAULT, stems)
    fader = column(DEFAULT, "fader.gain_db")
    param = DEFAULT.track.params["fader.gain_db"]
    mean_db = DEFAULT.from_unit(prior.mean).tracks[0, :, fader]
    lowest_db = mean_db - BOUND * prior.width.tracks[0, :, fader] * (param.high - param.low)
    mix_db = 10 * torch.log10((10 ** (mean_db / 10)).sum())
    assert (lowest_db - mix_db >= QUIETEST_LU - 1e-9).all()
