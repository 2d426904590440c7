import pytest
import torch

from diffmst.groups import Group
from diffmst.layout import DEFAULT, Settings
from diffmst.prior import BOUND, Prior, Stem, sane_prior
from diffmst.reach import MASTER_EQ_DB, PAIR_WIDTH, reaching
from diffmst.roles import BY_NAME
from diffmst.ties import Ties

KICK, LEAD, PAD = 0, 1, 2
STEMS = [Stem(-20.0, 1, 0.9), Stem(-20.0, 1, 0.0, BY_NAME["lead"]), Stem(-20.0, 1, 0.0)]
PAN = list(DEFAULT.track.params).index("panner.pan")
NARROW = 1e-3  # of every range: a model that is sure of everything


def sure(usual):
    """A prediction of what is usual, for certain."""
    widths = Settings(*(torch.full_like(part, NARROW) for part in usual.width))
    return Prior(usual.mean, widths, usual.mean)


def test_the_master_goes_as_far_as_is_usual_but_for_its_times():
    usual = sane_prior(DEFAULT, STEMS)
    found = reaching(sure(usual), usual, STEMS, DEFAULT).width
    times = torch.tensor(["attack" in name or "release" in name for name in DEFAULT.master.params])
    assert torch.equal(found.master[:, ~times], usual.width.master.clamp_min(NARROW)[:, ~times])
    assert found.master[:, times].eq(NARROW).all()
    assert torch.equal(found.fx, sure(usual).width.fx)


def test_no_band_of_the_master_is_moved_beyond_its_bound_unless_it_was_predicted_there():
    usual = sane_prior(DEFAULT, STEMS)
    unsure = sure(usual)
    unsure.width.master.fill_(0.3)
    shelf, peak = (DEFAULT.master.column(f"eq.{band}.gain_db") for band in ("low_shelf", "peak_1"))
    param = DEFAULT.master.params["eq.low_shelf.gain_db"]
    unsure.mean.master[0, shelf], unsure.mean.master[0, peak] = param.to_unit(torch.tensor([4.0, 11.0]))
    found = reaching(unsure, usual, STEMS, DEFAULT)
    furthest = found.mean.master + BOUND * found.width.master
    assert float(param.from_unit(furthest[0, shelf])) == pytest.approx(MASTER_EQ_DB, abs=1e-6)
    assert found.width.master[0, peak] == 0


def test_a_locked_master_stays_locked():
    usual = sane_prior(DEFAULT, STEMS)
    locked = sure(usual)
    locked.width.master.zero_()
    assert not reaching(locked, usual, STEMS, DEFAULT).width.master.any()


def test_what_carries_the_low_end_and_leads_stay_where_they_were_placed():
    usual = sane_prior(DEFAULT, STEMS)
    pans = reaching(sure(usual), usual, STEMS, DEFAULT).width.tracks[0, :, PAN]
    assert pans[[KICK, LEAD]].eq(0).all() and pans[PAD] == NARROW


def test_a_pan_that_is_tied_to_one_that_stays_stays_too():
    usual = sane_prior(DEFAULT, STEMS)
    ties = Ties.of([Group("bass", "mics", (KICK, PAD))], DEFAULT.track, len(STEMS))
    widths = reaching(sure(usual), usual, STEMS, DEFAULT, ties).width.tracks[0]
    assert widths[:, PAN].eq(0).all()
    assert widths[PAD, PAN + 1 :].eq(NARROW).all()


def test_what_was_predicted_itself_is_not_touched():
    usual = sane_prior(DEFAULT, STEMS)
    predicted = sure(usual)
    found = reaching(predicted, usual, STEMS, DEFAULT)
    assert found.mean is predicted.mean and found.start is predicted.start
    assert predicted.width.tracks.eq(NARROW).all()


def test_the_sides_of_a_pair_of_mono_files_may_go_further_than_a_model_is_in_doubt_of():
    pair = [Stem(-20.0, 1, 0.0, side=-1), Stem(-20.0, 1, 0.0, side=1), Stem(-20.0, 2, 0.0, side=1), STEMS[PAD]]
    usual = sane_prior(DEFAULT, pair)
    predicted = sure(usual)
    assert reaching(predicted, usual, pair, DEFAULT).width.tracks[0, :, PAN].tolist() == [
        PAIR_WIDTH,
        PAIR_WIDTH,
        NARROW,
        NARROW,
    ]
    predicted.width.tracks[0, 0, PAN] = 0
    assert reaching(predicted, usual, pair, DEFAULT).width.tracks[0, 0, PAN] == 0
