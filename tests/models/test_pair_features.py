"""Pair features find known levels and places, whatever the order and the filling, and survive anything."""

import pytest
import torch

from diffmst.band_console import mix_bands
from diffmst.dsp.band_powers import BANDS, k_weights
from diffmst.layout import DEFAULT
from diffmst.models.hearing_bands import SceneBands, band_batch
from diffmst.models.pair_features import FEATURE_NAMES, pair_features
from diffmst.models.scene import ROLE_NAMES

FRAMES = 120
MONO = [True, False, True, True, False]
LEVELS_DB = torch.tensor([4.0, -3.0, 0.0, -6.0, 2.0])
PANS = torch.tensor([0.0, 0.3, -0.6, 0.7, 0.0])
BATCHED = {"rtol": 1e-3, "atol": 5e-3}  # sums in another order, through 40 rounds in float32


def stems(windows, seed, tracks=5):
    """Stems that differ in spectrum and rhythm, playing anything; [tracks, windows, 3, frames, bands]."""
    generator = torch.Generator().manual_seed(seed)
    bands, frames = torch.arange(BANDS), torch.arange(windows * FRAMES)
    powers = []
    for track in range(tracks):
        pitches = (8 + 10.9 * track + torch.tensor([0.0, 5.0, 9.0])) % BANDS
        shapes = torch.exp(-0.5 * ((bands - pitches[:, None]) / 2.5).square()) + 1e-4
        note = torch.randint(3, (len(frames) // 20,), generator=generator).repeat_interleave(20)
        decay = torch.exp(-(frames % 20) / (3 + 4 * (track % 5)))
        sounding = (torch.rand(len(frames) // 20, generator=generator) > 0.3).repeat_interleave(20)
        grain = 0.3 + torch.rand(len(frames), BANDS, generator=generator)
        powers.append(shapes[note] * grain * (decay * sounding + 1e-5)[:, None])
    powers = torch.stack(powers)
    powers = powers * (0.002 / (powers @ k_weights().float()).mean(1))[:, None, None]  # staged
    powers = powers.unflatten(1, (windows, FRAMES))[:, :, None].expand(-1, -1, 3, -1, -1).clone()
    powers[:, :, 2] *= torch.where(torch.tensor((MONO * 26)[:tracks]), 1.0, 0.3)[:, None, None, None]
    return powers


PLAYED = stems(6, seed=0)


def mixed(powers, levels_db, pans, mono):
    """The mix by a console with faders and pans alone, [windows, 3, frames, bands]."""
    settings = DEFAULT.defaults(len(powers))
    columns = list(DEFAULT.track.params)
    settings.tracks[0, :, columns.index("fader.gain_db")] = levels_db.double()
    settings.tracks[0, :, columns.index("panner.pan")] = pans.double()
    return mix_bands(powers.transpose(0, 1), mono, settings, 44_100).mix


def scene(powers, reference, mono=MONO):
    roles = torch.zeros(len(powers), len(ROLE_NAMES))
    return SceneBands(powers, reference, roles, torch.zeros(len(powers)), torch.tensor(mono[: len(powers)]))


@pytest.fixture(scope="module")
def song():
    """Stems in one section, and a mix of another."""
    return scene(PLAYED[:, :3], mixed(PLAYED[:, 3:], LEVELS_DB, PANS, MONO))


def test_levels_are_found_in_another_section(song):
    found = pair_features(band_batch([song]))
    error_db = found.level_db[0] - (LEVELS_DB - LEVELS_DB.mean())
    assert error_db.abs().mean() < 0.8  # dB; without looking it would be 3.2
    assert error_db.abs().max() < 1.6


def test_places_are_found_with_their_side(song):
    found = pair_features(band_batch([song]))
    assert (found.pan[0] - PANS).abs().max() < 0.15


def test_what_was_found_moves_with_the_mix(song):
    moved = LEVELS_DB.clone()
    moved[2] += 6
    other = song._replace(reference=mixed(PLAYED[:, 3:], moved, PANS, MONO))
    before, after = pair_features(band_batch([song])).level_db[0], pair_features(band_batch([other])).level_db[0]
    change = after - before
    assert float(change[2] - change[[0, 1, 3, 4]].mean()) == pytest.approx(6, abs=1.2)


def test_a_wrong_reference_is_doubted(song):
    others = 1e-5 * torch.exp(3 * torch.randn(5, 3, 1, FRAMES, BANDS, generator=torch.Generator().manual_seed(0)))
    wrong = song._replace(reference=mixed(others.expand(-1, -1, 3, -1, -1), LEVELS_DB, PANS, MONO))
    right, doubted = (pair_features(band_batch([one])) for one in (song, wrong))
    assert doubted.level_width_db.mean() > 1.5 * right.level_width_db.mean()
    assert doubted.pan_width.mean() > 1.5 * right.pan_width.mean()


def test_neither_the_level_of_the_reference_nor_that_of_all_stems_counts(song):
    louder = song._replace(reference=30 * song.reference)
    torch.testing.assert_close(
        pair_features(band_batch([louder])).features, pair_features(band_batch([song])).features, **BATCHED
    )


def test_tracks_may_come_in_any_order(song):
    order = torch.tensor([3, 0, 4, 2, 1])
    shuffled = song._replace(tracks=song.tracks[order], mono=song.mono[order], roles=song.roles[order])
    one, other = pair_features(band_batch([song])), pair_features(band_batch([shuffled]))
    for part, moved in zip(one, other, strict=True):
        torch.testing.assert_close(part[:, order], moved, **BATCHED)


def test_windows_may_come_in_any_order(song):
    turned = song._replace(tracks=song.tracks.flip(1), reference=song.reference.flip(0))
    one, other = pair_features(band_batch([song])), pair_features(band_batch([turned]))
    torch.testing.assert_close(one.level_db, other.level_db, rtol=0, atol=0.05)  # ties of equally loud frames
    torch.testing.assert_close(one.pan, other.pan, rtol=0, atol=0.01)


def test_left_and_right_are_alike(song):
    swapped = song._replace(tracks=song.tracks[:, :, [1, 0, 2]], reference=song.reference[:, [1, 0, 2]])
    one, other = pair_features(band_batch([song])), pair_features(band_batch([swapped]))
    torch.testing.assert_close(one.pan, -other.pan, **BATCHED)
    torch.testing.assert_close(one.level_db, other.level_db, **BATCHED)


def test_a_batch_is_its_songs_whatever_fills_it_up(song):
    small = scene(stems(1, seed=3)[:2, :, :, :77], song.reference[:1])
    alone = [pair_features(band_batch([one])) for one in (song, small)]
    together = pair_features(band_batch([song, small]))
    for item, (one, tracks) in enumerate(zip(alone, (5, 2), strict=True)):
        for part, of_batch in zip(one, together, strict=True):
            torch.testing.assert_close(of_batch[item : item + 1, :tracks], part, **BATCHED)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_silence_anywhere_is_an_ordinary_value(song, dtype):
    tracks = song.tracks.to(dtype).clone()
    tracks[1] = 0
    silent_stem = song._replace(tracks=tracks, reference=song.reference.to(dtype))
    silent_song = silent_stem._replace(tracks=torch.zeros_like(tracks))
    silent_reference = silent_stem._replace(reference=torch.zeros_like(silent_stem.reference))
    found = pair_features(band_batch([silent_stem, silent_song, silent_reference]))
    assert all(part.isfinite().all() and part.dtype == dtype for part in found)
    assert found.level_db[0, 1] == 0 and found.level_width_db[0, 1] > 2 * found.level_width_db[0, 0]
    assert not found.level_db[1].any() and not found.features[1].any()


@pytest.mark.parametrize("tracks", [1, 128])
def test_one_track_and_many_have_features(tracks):
    mono = (MONO * 26)[:tracks]
    powers = stems(1, seed=2, tracks=tracks)
    reference = mixed(powers, torch.zeros(tracks), torch.zeros(tracks), mono)
    found = pair_features(band_batch([scene(powers, reference, mono)]))
    assert found.features.shape == (1, tracks, len(FEATURE_NAMES))
    assert found.features.isfinite().all()
    if tracks == 1:
        assert found.level_db.item() == pytest.approx(0, abs=1e-3)


def test_one_frame_is_enough(song):
    found = pair_features(
        band_batch([song._replace(tracks=song.tracks[:, :1, :, :1], reference=song.reference[:1, :, :1])])
    )
    assert all(part.isfinite().all() for part in found)


def test_features_are_of_about_unit_size_and_named(song):
    features = pair_features(band_batch([song])).features
    assert len(set(FEATURE_NAMES)) == len(FEATURE_NAMES) == features.shape[-1]
    assert features.abs().max() <= 4
    named = dict(zip(FEATURE_NAMES, features[0].unbind(-1), strict=True))
    assert torch.equal(named["heard"], torch.ones(5))
    assert ((named["purity"] >= 0) & (named["purity"] <= 1)).all()
