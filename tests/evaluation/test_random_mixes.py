"""Drawn settings for stems as they are."""

import numpy as np
import pytest
import torch
from random_mix.staged_songs import staged

from diffmst.console import sum_tracks
from diffmst.dsp.loudness import pooled_loudness
from diffmst.evaluation.random_mixes import draw_settings, mix_of
from diffmst.layout import DEFAULT, PAPER
from diffmst.listening import listen
from diffmst.prior import MASTER_LUFS
from diffmst.progress import SILENT
from diffmst.random_mix.amounts import FULL
from diffmst.random_mix.draw import MixDraw
from diffmst.random_mix.song_sound import hear_song
from diffmst.sanity import BURIED_LU, measure_sanity

ROLES = ("kick", "bass", "lead", "guitar")
SANE = MixDraw("sane", 1, 2)
EXACT_DB = 0.01  # loudness that float32 audio has lost and found again


def unstaged(gains_db, roles=ROLES):
    """Excerpts of stems that are so much louder than staged ones, and what is known of them."""
    excerpts, stems = staged(roles)
    amplitudes = 10 ** (torch.tensor(gains_db) / 20)
    stems = [stem._replace(loudness_lufs=stem.loudness_lufs + gain) for stem, gain in zip(stems, gains_db, strict=True)]
    return excerpts._replace(audio=(excerpts.audio * amplitudes[:, None]).float()), stems


@pytest.mark.parametrize("layout", [DEFAULT, PAPER], ids=lambda layout: layout.name)
def test_louder_files_are_mixed_alike(layout):
    """The input gain does what staging would have done; everything else is as it is drawn for staged stems."""
    plain = mix_of(*staged(ROLES), SANE, layout)
    louder = mix_of(*unstaged([6.0, -9.0, 3.0, 0.0]), SANE, layout)
    column = list(layout.track.params).index("input.gain_db")
    moved = (plain.settings.tracks - louder.settings.tracks)[0]
    np.testing.assert_allclose(moved[:, column], [6, -9, 3, 0], atol=EXACT_DB)
    moved[:, column] = 0
    np.testing.assert_allclose(moved, 0, atol=1e-3)
    torch.testing.assert_close(louder.audio, plain.audio, rtol=0, atol=1e-4)


def test_settings_are_those_that_were_drawn():
    excerpts, stems = staged(ROLES)
    drawn, found = SANE.settings(hear_song(excerpts, stems), DEFAULT), mix_of(excerpts, stems, SANE, DEFAULT).settings
    np.testing.assert_allclose(found.tracks, drawn.tracks, atol=1e-9)
    np.testing.assert_allclose(found.fx, drawn.fx, atol=1e-9)


def test_a_sane_mix_meets_and_leaves_the_master_bus_at_its_level():
    excerpts, stems = unstaged([6.0, -9.0, 3.0, 0.0])
    found = mix_of(excerpts, stems, SANE, DEFAULT)
    controls = dict(zip(DEFAULT.master.params, found.settings.master[0].tolist(), strict=True))
    bus = sum_tracks(excerpts.audio, excerpts.sample_rate, found.settings, excerpts.channels)
    lufs = float(pooled_loudness(bus, excerpts.sample_rate)) + controls["input.gain_db"]
    assert lufs == pytest.approx(MASTER_LUFS, abs=EXACT_DB)
    assert float(pooled_loudness(found.audio, excerpts.sample_rate)) == pytest.approx(MASTER_LUFS, abs=EXACT_DB)


def test_a_uniform_mix_has_its_peak_at_full_scale():
    draw = MixDraw("uniform", 5, 0, FULL._replace(space=0.0))
    found = mix_of(*unstaged([6.0, -9.0, 3.0, 0.0]), draw, PAPER)
    assert float(found.audio.abs().max()) == pytest.approx(1.0, abs=1e-5)


def test_a_silent_stem_is_left_alone():
    excerpts, stems = staged(ROLES)
    excerpts.audio[:, 1] = 0
    stems[1] = stems[1]._replace(loudness_lufs=-np.inf)
    settings = mix_of(excerpts, stems, SANE, DEFAULT).settings
    assert all(torch.isfinite(values).all() for values in settings)
    assert settings.tracks[0, 1, list(DEFAULT.track.params).index("input.gain_db")] == 0


def test_no_track_that_sounds_is_buried():
    """One that is far quieter in the excerpts than over the whole song, by which its level is drawn."""
    excerpts, stems = staged(ROLES)
    excerpts.audio[:, 3] *= 0.05
    for seed in range(4):
        settings = mix_of(excerpts, stems, SANE._replace(seed=seed), DEFAULT).settings
        assert (
            measure_sanity(excerpts, stems, settings, DEFAULT).quietest_lu > BURIED_LU - 0.1
        )  # it adds to all together


def test_settings_are_drawn_for_a_song_on_disk(song, reference):
    heard = listen([song], reference, SILENT)
    settings = draw_settings(heard, SANE, DEFAULT)
    again = draw_settings(heard, SANE, DEFAULT)
    assert settings.tracks.shape == (1, 3, len(DEFAULT.track))
    assert all(torch.equal(one, other) for one, other in zip(settings, again, strict=True))
    other = draw_settings(heard, SANE._replace(seed=9), DEFAULT)
    assert not torch.equal(settings.tracks, other.tracks)
