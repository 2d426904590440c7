"""What a master may not do, measured on the sound that the console itself makes."""

import numpy as np
import pytest
import torch
from scipy.signal import butter, sosfilt

from diffmst.dsp.loudness import pooled_loudness
from diffmst.excerpts import Excerpts
from diffmst.groups import Group
from diffmst.layout import DEFAULT, PAPER, Settings
from diffmst.prior import Stem, sane_prior
from diffmst.refine import refine
from diffmst.restraint import (
    BURIED_COST,
    MOST_LOWERED_LU,
    MOST_RAISED_DB,
    MOST_REDUCTION_DB,
    QUIETEST_LEAD_LU,
    Restraint,
)
from diffmst.roles import BY_NAME
from diffmst.sanity import BURIED_LU
from diffmst.ties import Ties

RATE = 44_100
APPROXIMATELY_DB = 1.0  # that the console in band powers is off by
BASS, LEAD, HATS = range(3)
STEMS = [Stem(-23.0, 1, 0.9), Stem(-23.0, 1, 0.0, BY_NAME["lead"]), Stem(-40.0, 1, 0.0)]
DARK = {f"eq.peak_{band}.gain_db": -9.0 for band in range(1, 5)} | {
    "eq.low_shelf.gain_db": 10.0,
    "eq.high_shelf.gain_db": -9.0,
}


def band(low_hz, high_hz, lufs, generator):
    """Beats of noise in a band, of some loudness, [1, time]."""
    noise = torch.randn(4 * RATE, generator=generator).numpy()
    filtered = sosfilt(butter(2, (low_hz, high_hz), "band", fs=RATE, output="sos"), noise)
    sound = torch.from_numpy(filtered * np.exp(-3 * (np.arange(len(noise)) / RATE % 0.5)))[None].float()
    return sound * 10 ** ((lufs - float(pooled_loudness(sound[None].expand(1, 2, -1), RATE))) / 20)


@pytest.fixture
def excerpts(generator):
    ranges = ((40, 120, -26.0), (500, 4_000, -28.0), (6_000, 12_000, -44.0))
    audio = torch.cat([band(*each, generator) for each in ranges])
    return Excerpts(audio[None], (1, 1, 1), 0, RATE)


def mastered(**master):
    settings = DEFAULT.defaults(len(STEMS))
    for name, value in master.items():
        settings.master[0, DEFAULT.master.column(name)] = value
    return settings


def level_lu(excerpts, settings, track):
    """Loudness of a track against all together, behind the equalizer of the master."""
    off = settings._replace(master=settings.master.clone())
    off.master[0, DEFAULT.master.column("compressor.ratio")] = 1.0

    def energy(*tracks):
        alone = torch.zeros_like(excerpts.audio)
        alone[:, list(tracks)] = excerpts.audio[:, list(tracks)]
        mixed = excerpts._replace(audio=alone).mixed(off, DEFAULT)
        return 10 ** (float(pooled_loudness(mixed, RATE)) / 10)

    return 10 * np.log10(energy(track) / sum(energy(each) for each in range(len(STEMS))))


def test_a_lead_is_not_buried_by_the_tone_of_the_master(excerpts):
    dark = mastered(**DARK)
    found = Restraint(excerpts, STEMS, DEFAULT).restrained(dark)
    assert level_lu(excerpts, dark, LEAD) < QUIETEST_LEAD_LU - 3
    assert level_lu(excerpts, found, LEAD) == pytest.approx(QUIETEST_LEAD_LU, abs=APPROXIMATELY_DB)


def test_all_bands_are_taken_back_alike(excerpts):
    dark = mastered(**DARK)
    shares = Restraint(excerpts, STEMS, DEFAULT).restrained(dark).master / dark.master
    gains = [DEFAULT.master.column(name) for name in DARK]
    assert 0 < shares[0, gains[0]] < 1
    torch.testing.assert_close(shares[0, gains], shares[0, gains[0]].expand(len(gains)))


def test_without_a_lead_what_would_be_buried_is_raised_first(excerpts):
    stems = [stem._replace(role=STEMS[HATS].role) for stem in STEMS]
    dark = mastered(**{name: 0.65 * gain_db for name, gain_db in DARK.items()})
    found = Restraint(excerpts, stems, DEFAULT).restrained(dark)
    assert BURIED_LU - MOST_RAISED_DB < level_lu(excerpts, dark, HATS) < BURIED_LU - 1
    assert level_lu(excerpts, found, HATS) == pytest.approx(BURIED_LU, abs=APPROXIMATELY_DB)
    assert torch.equal(found.master, dark.master)
    assert torch.equal(found.tracks[0, :HATS], dark.tracks[0, :HATS])


def test_what_is_quiet_by_itself_is_left_alone(excerpts):
    settings = mastered(**{"eq.high_shelf.gain_db": -3.0})
    settings.tracks[0, HATS, DEFAULT.track.column("fader.gain_db")] = -40
    found = Restraint(excerpts, STEMS, DEFAULT).restrained(settings)
    for one, other in zip(found, settings, strict=True):
        assert torch.equal(one, other)


def test_tracks_of_one_level_are_raised_together(excerpts):
    stems = [stem._replace(role=STEMS[HATS].role) for stem in STEMS]
    ties = Ties.of([Group("Kit", "sides", (LEAD, HATS))], DEFAULT.track, len(STEMS))
    dark = mastered(**{name: 0.65 * gain_db for name, gain_db in DARK.items()})
    raised_db = (Restraint(excerpts, stems, DEFAULT, ties).restrained(dark).tracks - dark.tracks)[0]
    fader = DEFAULT.track.column("fader.gain_db")
    assert raised_db[LEAD, fader] == raised_db[HATS, fader] > 1


def test_the_compressor_of_the_master_is_taken_back(excerpts):
    hard = {"compressor.ratio": 4.0, "compressor.attack_ms": 2.0, "compressor.release_ms": 80.0}
    pumping = mastered(**hard, **{"compressor.threshold_db": -45.0})
    found = Restraint(excerpts, STEMS, DEFAULT).restrained(pumping)
    assert reduction_db(excerpts, pumping) > 2 * MOST_REDUCTION_DB
    assert reduction_db(excerpts, found) == pytest.approx(MOST_REDUCTION_DB, abs=APPROXIMATELY_DB)
    found.master[0, DEFAULT.master.column("compressor.threshold_db")] = -45.0
    assert torch.equal(found.master, pumping.master) and torch.equal(found.tracks, pumping.tracks)


def reduction_db(excerpts, settings):
    """What the compressor of the master takes off, exceeded for 5 % of the time, by what it makes of the sound."""
    off = settings._replace(master=settings.master.clone())
    off.master[0, DEFAULT.master.column("compressor.ratio")] = 1.0
    before, after = (
        excerpts.mixed(each, DEFAULT)[0].square().sum(0).unfold(0, 1024, 1024).mean(-1) for each in (off, settings)
    )
    return float((10 * torch.log10(before / after))[before > 0].quantile(0.95))


@pytest.mark.parametrize("quieter_db", [0.0, 4.0, 6.0, 8.0, 10.0, 12.0])
def test_a_lead_that_is_quiet_by_itself_is_lowered_a_little_at_most(excerpts, quieter_db):
    dark = mastered(**DARK)
    dark.tracks[0, LEAD, DEFAULT.track.column("fader.gain_db")] = -quieter_db
    flat = mastered()._replace(tracks=dark.tracks)
    found = Restraint(excerpts, STEMS, DEFAULT).restrained(dark)
    lowest_lu = min(QUIETEST_LEAD_LU, level_lu(excerpts, flat, LEAD) - MOST_LOWERED_LU)
    assert level_lu(excerpts, found, LEAD) == pytest.approx(lowest_lu, abs=APPROXIMATELY_DB)


def test_locked_bands_stay_and_the_others_make_up_for_them(excerpts):
    dark = mastered(**DARK)
    locked = Settings(*(torch.zeros_like(part, dtype=torch.bool) for part in dark))
    low = DEFAULT.master.column("eq.low_shelf.gain_db")
    locked.master[0, low] = True
    found = Restraint(excerpts, STEMS, DEFAULT, locked=locked).restrained(dark)
    assert found.master[0, low] == dark.master[0, low]
    free = Restraint(excerpts, STEMS, DEFAULT).restrained(dark)
    peak = DEFAULT.master.column("eq.peak_3.gain_db")
    assert found.master[0, peak].abs() < free.master[0, peak].abs()


def test_a_locked_threshold_and_a_locked_fader_stay(excerpts):
    stems = [stem._replace(role=STEMS[HATS].role) for stem in STEMS]
    dark = mastered(**{name: 0.65 * gain_db for name, gain_db in DARK.items()}, **{"compressor.ratio": 8.0})
    dark.master[0, DEFAULT.master.column("compressor.threshold_db")] = -50.0
    locked = Settings(*(torch.zeros_like(part, dtype=torch.bool) for part in dark))
    locked.master[0, DEFAULT.master.column("compressor.threshold_db")] = True
    locked.tracks[0, HATS, DEFAULT.track.column("fader.gain_db")] = True
    restraint = Restraint(excerpts, stems, DEFAULT, locked=locked)
    for one, other in zip(restraint.restrained(dark), dark, strict=True):
        assert torch.equal(one, other)
    sought, _ = restraint.while_sought(dark)
    assert torch.equal(sought.master, dark.master)


def test_the_console_of_the_paper_is_restrained_too(excerpts):
    settings = PAPER.defaults(len(STEMS))
    for name in PAPER.master.params:
        if name.startswith("eq.") and name.endswith("gain_db"):
            settings.master[0, PAPER.master.column(name)] = 12.0 if "low" in name else -9.0
    found = Restraint(excerpts, STEMS, PAPER).restrained(settings)
    gains = [PAPER.master.column(name) for name in PAPER.master.params if name.endswith("gain_db") and "eq." in name]
    assert (found.master[0, gains].abs() < settings.master[0, gains].abs()).all()


def test_a_master_that_does_no_harm_stays(excerpts):
    mild = mastered(**{"eq.low_shelf.gain_db": 2.0, "compressor.ratio": 2.0, "compressor.threshold_db": -20.0})
    for one, other in zip(Restraint(excerpts, STEMS, DEFAULT).restrained(mild), mild, strict=True):
        assert torch.equal(one, other)


def test_silence_does_no_harm(excerpts):
    silent = excerpts._replace(audio=torch.zeros_like(excerpts.audio))
    found = Restraint(silent, STEMS, DEFAULT).restrained(mastered(**DARK))
    for one, other in zip(found, mastered(**DARK), strict=True):
        assert torch.equal(one, other)


def test_a_master_that_does_no_harm_costs_nothing_while_it_is_sought(excerpts):
    mild = mastered(**{"eq.low_shelf.gain_db": 2.0, "compressor.ratio": 2.0, "compressor.threshold_db": -20.0})
    found, terms = Restraint(excerpts, STEMS, DEFAULT).while_sought(mild)
    assert terms == {"buried": 0.0}
    for one, other in zip(found, mild, strict=True):
        assert torch.equal(one, other)


def test_burying_a_lead_costs_what_it_is_buried_by(excerpts):
    dark = mastered(**DARK)
    _, terms = Restraint(excerpts, STEMS, DEFAULT).while_sought(dark)
    missing_lu = QUIETEST_LEAD_LU - level_lu(excerpts, dark, LEAD)
    assert (float(terms["buried"]) / BURIED_COST) ** 0.5 == pytest.approx(missing_lu, abs=APPROXIMATELY_DB)


def test_less_equalizer_costs_less(excerpts):
    restraint = Restraint(excerpts, STEMS, DEFAULT)
    master = mastered(**DARK).master
    assert torch.autograd.gradcheck(
        lambda values: restraint.while_sought(mastered()._replace(master=values))[1]["buried"],
        master.requires_grad_(),
    )
    restraint.while_sought(mastered()._replace(master=master))[1]["buried"].backward()
    lead_band = DEFAULT.master.column("eq.peak_3.gain_db")
    assert master.grad[0, lead_band] < 0


def test_a_compressor_that_pumps_is_taken_back_while_it_is_sought_and_keeps_its_gradient(excerpts):
    threshold = DEFAULT.master.column("compressor.threshold_db")
    pumping = mastered(**{"compressor.ratio": 4.0, "compressor.attack_ms": 2.0, "compressor.threshold_db": -45.0})
    master = pumping.master.clone().requires_grad_()
    found, _ = Restraint(excerpts, STEMS, DEFAULT).while_sought(pumping._replace(master=master))
    assert reduction_db(excerpts, found._replace(master=found.master.detach())) == pytest.approx(
        MOST_REDUCTION_DB, abs=APPROXIMATELY_DB
    )
    found.master[0, threshold].backward()
    assert master.grad[0, threshold] == 1


def test_what_is_sought_needs_next_to_no_restraint_afterwards(excerpts):
    """A distance that is less the darker the mix: found is the darkest that leaves the lead where it may be."""
    restraint = Restraint(excerpts, STEMS, DEFAULT)
    prior = sane_prior(DEFAULT, STEMS)

    def bright(mix):
        treble = mix.diff().square().mean() / mix.square().mean()
        return {"bright": 0.05 * treble.log()}

    free = refine(excerpts, bright, prior, predicted=True, steps=40).settings
    found = refine(excerpts, bright, prior, predicted=True, restrain=restraint.while_sought, steps=40).settings
    assert level_lu(excerpts, free, LEAD) < level_lu(excerpts, found, LEAD) - 2
    assert level_lu(excerpts, found, LEAD) == pytest.approx(QUIETEST_LEAD_LU, abs=1.5)
    left = restraint.restrained(found)
    gains = [DEFAULT.master.column(name) for name in DARK]
    assert (left.master - found.master)[0, gains].abs().max() < 1.5
