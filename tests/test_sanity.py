import math

import numpy as np
import pytest
import torch
from songs import RATE, noise, tone

from diffmst.dsp.stereo import pan_gains, width_gains
from diffmst.excerpts import Excerpts
from diffmst.groups import Group
from diffmst.layout import DEFAULT, PAPER
from diffmst.prior import Stem
from diffmst.roles import BY_NAME
from diffmst.sanity import (
    BURIED_LU,
    FURTHEST_OFF_CENTRE_DB,
    LEAST_NOTICED_DB,
    MOST_MONO_LOSS_LU,
    keep_audible,
    keep_sane,
    measure_sanity,
    mono_loss_lu,
    sanity_of,
)
from diffmst.ties import Ties

BASS, LEAD, WIDE = 0, 1, 2
STEMS = [Stem(-20.0, 1, 0.9), Stem(-20.0, 1, 0.0, BY_NAME["lead"]), Stem(-20.0, 2, 0.0)]


@pytest.fixture
def excerpts():
    """Two windows of a bass, a lead and a wide stereo track."""
    rows = np.stack([tone(60, 4.0), tone(1000, 4.0, level=0.05), noise(4.0, 1, level=0.02), noise(4.0, 2, level=0.02)])
    return Excerpts(torch.from_numpy(rows).unflatten(-1, (2, -1)).transpose(0, 1).contiguous(), (1, 1, 2), 0, RATE)


@pytest.fixture
def settings():
    return DEFAULT.defaults(3)


def turn(settings, track, control, value):
    settings.tracks[0, track, list(DEFAULT.track.params).index(control)] = value


def measure(excerpts, settings):
    return measure_sanity(excerpts, STEMS, settings, DEFAULT)


def test_a_neutral_mix_is_sane(excerpts, settings):
    found = measure(excerpts, settings)
    assert found.low_off_centre_db == pytest.approx(0, abs=0.01)
    assert found.lead_off_centre_db == pytest.approx(0, abs=0.01)
    assert found.buried_share == 0
    assert found.largest_eq_db == 0 and found.largest_fader_db == 0
    assert -20 < found.quietest_lu < 0
    assert 0 <= found.mono_loss_lu < 3


def test_a_bass_on_one_side_shows(excerpts, settings):
    turn(settings, BASS, "panner.pan", 0.5)
    # Constant power at half way: sin and cos of 3/8 pi, 7.66 dB apart.
    assert measure(excerpts, settings).low_off_centre_db == pytest.approx(7.66, abs=0.01)


def test_a_lead_on_one_side_is_no_matter_of_the_low_end(excerpts, settings):
    turn(settings, LEAD, "panner.pan", -1.0)
    found = measure(excerpts, settings)
    assert found.low_off_centre_db == pytest.approx(0, abs=0.01)
    assert found.lead_off_centre_db == found.lead_off_centre_mean_db == FURTHEST_OFF_CENTRE_DB


def test_a_buried_track_shows_by_as_much_as_it_was_turned_down(excerpts, settings):
    turn(settings, LEAD, "fader.gain_db", -20.0)
    less = measure(excerpts, settings)
    turn(settings, LEAD, "fader.gain_db", -30.0)
    more = measure(excerpts, settings)
    assert less.quietest_lu < -20
    assert more.quietest_lu == pytest.approx(less.quietest_lu - 10, abs=0.1)
    assert (less.largest_fader_db, more.largest_fader_db) == (20, 30)
    assert more.buried_share == pytest.approx(1 / 3)


def test_a_track_is_judged_where_it_sounds(excerpts, settings):
    """One that plays in one window of two is not taken for half as loud."""
    always = measure(excerpts, settings).quietest_lu
    excerpts.audio[1, 1] = 0
    excerpts.audio[0, 1] = torch.from_numpy(tone(1000, 2.0, level=0.05))
    assert measure(excerpts, settings).quietest_lu == pytest.approx(always, abs=0.5)


@pytest.mark.parametrize("gain_db", [9.0, -9.0])
def test_the_strongest_correction_shows(excerpts, settings, gain_db):
    turn(settings, WIDE, "eq.peak_2.gain_db", gain_db)
    turn(settings, LEAD, "eq.high_shelf.gain_db", -3.0)
    assert measure(excerpts, settings).largest_eq_db == 9


def test_a_track_whose_sides_cancel_shows_in_mono(excerpts, settings):
    for other in (BASS, LEAD):
        turn(settings, other, "fader.gain_db", -48.0)
    excerpts.audio[:, 3] = -excerpts.audio[:, 2]
    assert measure(excerpts, settings).mono_loss_lu > 20


def test_unrelated_sides_lose_3_lu_in_mono(excerpts, settings):
    for other in (BASS, LEAD):
        turn(settings, other, "fader.gain_db", -48.0)
    assert measure(excerpts, settings).mono_loss_lu == pytest.approx(3.01, abs=0.1)


def test_silent_tracks_do_not_count(excerpts, settings):
    excerpts.audio[:, BASS] = 0
    turn(settings, BASS, "panner.pan", 1.0)
    turn(settings, BASS, "eq.peak_2.gain_db", 12.0)
    found = measure(excerpts, settings)
    assert math.isnan(found.low_off_centre_db) and found.largest_eq_db == 0 and found.quietest_lu > -20


def of_levels(levels_lu, sides_db, stems, settings):
    levels_lu, sides_db = torch.tensor(levels_lu), torch.tensor(sides_db)
    return sanity_of(stems, settings, DEFAULT, levels_lu=levels_lu, sides_db=sides_db, mono_loss_lu=1.0)


def test_several_tracks_of_a_kind_show_by_the_worst_and_by_their_mean(settings):
    stems = [Stem(-20.0, 1, 0.9), Stem(-20.0, 1, 0.9), Stem(-20.0, 1, 0.9)]
    found = of_levels([-5.0, -5.0, -26.0], [-2.0, 1.0, 6.0], stems, settings)
    assert (found.low_off_centre_db, found.low_off_centre_mean_db) == (6, 3)
    assert found.quietest_lu == -26 and found.buried_share == pytest.approx(1 / 3)
    assert math.isnan(found.lead_off_centre_db) and math.isnan(found.lead_off_centre_mean_db)


def test_what_is_muted_is_not_judged(settings):
    turn(settings, BASS, "fader.gain_db", -50.0)
    turn(settings, BASS, "eq.peak_2.gain_db", 12.0)
    found = of_levels([-math.inf, -3.0, -3.0], [5.0, 0.0, 0.0], STEMS, settings)
    assert math.isnan(found.low_off_centre_db) and found.quietest_lu == -3
    assert found.largest_eq_db == found.largest_fader_db == 0


def test_a_console_without_faders_moves_none():
    found = sanity_of(
        STEMS,
        PAPER.defaults(3),
        PAPER,
        levels_lu=torch.zeros(3),
        sides_db=torch.zeros(3),
        mono_loss_lu=0.0,
    )
    assert math.isnan(found.largest_fader_db) and found.largest_eq_db == 0


def test_what_cancels_wholly_has_a_finite_loss():
    side = torch.from_numpy(noise(1.0))
    assert mono_loss_lu(torch.stack([side, -side])[None], RATE) == MOST_MONO_LOSS_LU
    assert math.isnan(mono_loss_lu(torch.zeros(1, 2, RATE), RATE))


def test_a_buried_track_is_raised_to_where_it_is_heard(excerpts, settings):
    turn(settings, LEAD, "fader.gain_db", -30.0)
    raised = keep_audible(excerpts, STEMS, settings, DEFAULT)
    assert measure(excerpts, raised).quietest_lu == pytest.approx(BURIED_LU, abs=0.2)
    assert keep_audible(excerpts, STEMS, DEFAULT.defaults(3), DEFAULT).tracks.equal(DEFAULT.defaults(3).tracks)


def test_tracks_of_one_level_are_raised_together(excerpts, settings):
    turn(settings, LEAD, "fader.gain_db", -40.0)
    turn(settings, WIDE, "fader.gain_db", -40.0)
    ties = Ties.of([Group("Lead", "doubles", (LEAD, WIDE))], DEFAULT.track, 3)
    fader = DEFAULT.track.column("fader.gain_db")
    alone, together = (keep_audible(excerpts, STEMS, settings, DEFAULT, each).tracks[0] for each in (None, ties))
    assert alone[LEAD, fader] != alone[WIDE, fader]
    assert together[LEAD, fader] == together[WIDE, fader] == alone[[LEAD, WIDE], fader].max()
    assert together[BASS, fader] == 0


STEREO = [Stem(-20.0, 2, 0.9), Stem(-20.0, 2, 0.0, BY_NAME["lead"]), Stem(-20.0, 2, 0.0)]
ENERGY_DB = 0.02  # between what is turned by the gains and what is measured of windows again


@pytest.fixture
def leaning():
    """Stereo files of a bass, a lead and a pad that lean by 3 dB to the left, 2 dB to the right, 4 dB to the left."""
    tracks = [(tone(60, 4.0), 3.0), (tone(1000, 4.0, level=0.05), -2.0), (noise(4.0, 1, level=0.02), 4.0)]
    rows = [track * 10 ** (side * lean_db / 40) for track, lean_db in tracks for side in (1, -1)]
    return Excerpts(torch.from_numpy(np.stack(rows).astype(np.float32))[None], (2, 2, 2), 0, RATE)


def off_centre_db(excerpts, stems, settings):
    found = measure_sanity(excerpts, stems, settings, DEFAULT)
    return found.low_off_centre_db, found.lead_off_centre_db


def test_a_bass_and_a_lead_that_lean_are_balanced_back_as_far_as_one_hears(leaning, settings):
    assert off_centre_db(leaning, STEREO, settings) == pytest.approx((3, 2), abs=ENERGY_DB)
    found = keep_sane(leaning, STEREO, settings, DEFAULT)
    assert off_centre_db(leaning, STEREO, found) == pytest.approx((LEAST_NOTICED_DB,) * 2, abs=ENERGY_DB)
    pans = found.tracks[0, :, DEFAULT.track.column("panner.pan")].tolist()
    assert pans[BASS] > 0 > pans[LEAD] and pans[WIDE] == 0


def test_what_stands_in_the_middle_and_what_is_tied_to_another_stay_where_they_are(leaning, excerpts, settings):
    assert keep_sane(excerpts, STEMS, settings, DEFAULT).tracks.equal(settings.tracks)
    ties = Ties.of([Group("Bass", "mics", (BASS, WIDE))], DEFAULT.track, 3)
    pans = keep_sane(leaning, STEREO, settings, DEFAULT, ties).tracks[0, :, DEFAULT.track.column("panner.pan")]
    assert pans[BASS] == 0 and pans[LEAD] < 0


def test_a_lead_that_was_panned_comes_back_to_where_it_seems_to_be_in_the_middle(excerpts, settings):
    turn(settings, LEAD, "panner.pan", 0.4)
    found = keep_sane(excerpts, STEMS, settings, DEFAULT)
    assert measure(excerpts, found).lead_off_centre_db == pytest.approx(LEAST_NOTICED_DB, abs=ENERGY_DB)


def widen(settings, width):
    settings.master[0, DEFAULT.master.column("image.width")] = width


@pytest.mark.parametrize("width", [0.6, 1.7])
def test_where_a_track_stands_is_asked_of_the_mix_as_wide_as_it_is(excerpts, settings, width):
    turn(settings, LEAD, "panner.pan", 0.4)
    widen(settings, width)
    left, right = width_gains(torch.tensor(width)).double() @ pan_gains(torch.tensor(0.4)).double()
    found = measure(excerpts, settings)
    assert found.lead_off_centre_db == pytest.approx(20 * math.log10(right / left), abs=0.01)
    centred = keep_sane(excerpts, STEMS, settings, DEFAULT)
    assert measure(excerpts, centred).lead_off_centre_db == pytest.approx(LEAST_NOTICED_DB, abs=ENERGY_DB)


def test_in_a_mono_mix_nothing_is_off_centre(excerpts, settings):
    turn(settings, LEAD, "panner.pan", 1.0)
    widen(settings, 0.0)
    assert measure(excerpts, settings).lead_off_centre_db == pytest.approx(0, abs=1e-6)
    assert keep_sane(excerpts, STEMS, settings, DEFAULT).tracks.equal(settings.tracks)


@pytest.mark.parametrize("width", [0.7, 1.3, 2.0])
def test_a_bass_whose_sides_are_unlike_is_balanced_in_a_mix_as_wide_as_it_is(settings, width):
    sides = np.stack([2 * noise(4.0, 3, level=0.05), noise(4.0, 4, level=0.05)]).astype(np.float32)
    excerpts, stems = Excerpts(torch.from_numpy(sides)[None], (2,), 0, RATE), [Stem(-20.0, 2, 0.9)]
    settings = settings._replace(tracks=settings.tracks[:, :1])
    widen(settings, width)
    assert off_centre_db(excerpts, stems, settings)[0] > 4
    found = keep_sane(excerpts, stems, settings, DEFAULT)
    assert off_centre_db(excerpts, stems, found)[0] == pytest.approx(LEAST_NOTICED_DB, abs=ENERGY_DB)
