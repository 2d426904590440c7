"""What a master may not do, measured on the sound that the console itself makes."""

import numpy as np
import pytest
import torch
from scipy.signal import butter, sosfilt

from diffmst.dsp.loudness import pooled_loudness
from diffmst.excerpts import Excerpts
from diffmst.groups import Group
from diffmst.layout import DEFAULT, Settings
from diffmst.prior import Stem
from diffmst.restraint import MOST_RAISED_DB, MOST_REDUCTION_DB, QUIETEST_LEAD_LU, restrain_master
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


def but_width(settings):
    """The settings of the master but for the width of the mix."""
    return settings.master[:, torch.arange(len(DEFAULT.master)) != DEFAULT.master.column("image.width")]


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
    found = restrain_master(excerpts, STEMS, dark, DEFAULT)
    assert level_lu(excerpts, dark, LEAD) < QUIETEST_LEAD_LU - 3
    assert level_lu(excerpts, found, LEAD) == pytest.approx(QUIETEST_LEAD_LU, abs=APPROXIMATELY_DB)


def test_all_bands_are_taken_back_alike(excerpts):
    dark = mastered(**DARK)
    shares = restrain_master(excerpts, STEMS, dark, DEFAULT).master / dark.master
    gains = [DEFAULT.master.column(name) for name in DARK]
    assert 0 < shares[0, gains[0]] < 1
    torch.testing.assert_close(shares[0, gains], shares[0, gains[0]].expand(len(gains)))


def test_without_a_lead_what_would_be_buried_is_raised_first(excerpts):
    stems = [stem._replace(role=STEMS[HATS].role) for stem in STEMS]
    dark = mastered(**{name: 0.65 * gain_db for name, gain_db in DARK.items()})
    found = restrain_master(excerpts, stems, dark, DEFAULT)
    assert BURIED_LU - MOST_RAISED_DB < level_lu(excerpts, dark, HATS) < BURIED_LU - 1
    assert level_lu(excerpts, found, HATS) == pytest.approx(BURIED_LU, abs=APPROXIMATELY_DB)
    assert torch.equal(but_width(found), but_width(dark))
    assert torch.equal(found.tracks[0, :HATS], dark.tracks[0, :HATS])


def test_what_is_quiet_by_itself_is_left_alone(excerpts):
    settings = mastered(**{"eq.high_shelf.gain_db": -3.0})
    settings.tracks[0, HATS, DEFAULT.track.column("fader.gain_db")] = -40
    found = restrain_master(excerpts, STEMS, settings, DEFAULT)
    for one, other in zip(found, settings, strict=True):
        assert torch.equal(one, other)


def test_tracks_of_one_level_are_raised_together(excerpts):
    stems = [stem._replace(role=STEMS[HATS].role) for stem in STEMS]
    ties = Ties.of([Group("Kit", "sides", (LEAD, HATS))], DEFAULT.track, len(STEMS))
    dark = mastered(**{name: 0.65 * gain_db for name, gain_db in DARK.items()})
    raised_db = (restrain_master(excerpts, stems, dark, DEFAULT, ties).tracks - dark.tracks)[0]
    fader = DEFAULT.track.column("fader.gain_db")
    assert raised_db[LEAD, fader] == raised_db[HATS, fader] > 1


def test_the_compressor_of_the_master_is_taken_back(excerpts):
    hard = {"compressor.ratio": 4.0, "compressor.attack_ms": 2.0, "compressor.release_ms": 80.0}
    pumping = mastered(**hard, **{"compressor.threshold_db": -45.0})
    found = restrain_master(excerpts, STEMS, pumping, DEFAULT)
    assert reduction_db(excerpts, pumping) > 2 * MOST_REDUCTION_DB
    assert reduction_db(excerpts, found) == pytest.approx(MOST_REDUCTION_DB, abs=APPROXIMATELY_DB)
    found.master[0, DEFAULT.master.column("compressor.threshold_db")] = -45.0
    assert torch.equal(but_width(found), but_width(pumping)) and torch.equal(found.tracks, pumping.tracks)


def reduction_db(excerpts, settings):
    """What the compressor of the master takes off, exceeded for 5 % of the time, by what it makes of the sound."""
    off = settings._replace(master=settings.master.clone())
    off.master[0, DEFAULT.master.column("compressor.ratio")] = 1.0
    before, after = (
        excerpts.mixed(each, DEFAULT)[0].square().sum(0).unfold(0, 1024, 1024).mean(-1) for each in (off, settings)
    )
    return float((10 * torch.log10(before / after))[before > 0].quantile(0.95))


def test_the_mix_stays_as_wide_as_it_was(excerpts):
    """A lead on one side: raising the bass less leaves more of the side, which the width takes back."""
    dark = mastered(**DARK)
    dark.tracks[0, LEAD, DEFAULT.track.column("panner.pan")] = 0.6
    found = restrain_master(excerpts, STEMS, dark, DEFAULT)
    wanted, got = (side_share(excerpts, each) for each in (dark, found))
    width = DEFAULT.master.column("image.width")
    unchanged = found.master.clone()
    unchanged[0, width] = dark.master[0, width]
    assert got == pytest.approx(wanted, rel=0.2)
    assert side_share(excerpts, found._replace(master=unchanged)) > 2 * wanted


def side_share(excerpts, settings):
    left, right = excerpts.mixed(settings, DEFAULT)[0]
    return float((left - right).square().sum() / (left + right).square().sum())


def test_a_master_that_does_no_harm_stays(excerpts):
    mild = mastered(**{"eq.low_shelf.gain_db": 2.0, "compressor.ratio": 2.0, "compressor.threshold_db": -20.0})
    for one, other in zip(restrain_master(excerpts, STEMS, mild, DEFAULT), mild, strict=True):
        assert torch.equal(one, other)


def test_silence_does_no_harm(excerpts):
    silent = excerpts._replace(audio=torch.zeros_like(excerpts.audio))
    found = restrain_master(silent, STEMS, mastered(**DARK), DEFAULT)
    assert all(part.isfinite().all() for part in Settings(*found))
