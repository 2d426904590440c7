"""Scenes in band powers: what is heard is what the excerpts hold, and a batch is its scenes."""

import pytest
import torch

from diffmst.dsp.band_powers import BANDS, band_powers, frame_count
from diffmst.excerpts import Excerpts
from diffmst.models.hearing_bands import band_batch, scene_bands
from diffmst.models.scene import ROLE_NAMES, Scene, role_probabilities
from diffmst.roles import BY_NAME, UNKNOWN

RATE = 22_050
LEAD = 1_000


def noise(*shape, seed=0):
    return 0.1 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def scene(channels=(1, 2, 1), windows=2, time=9_000, reference_windows=3, reference_time=7_000, seed=0):
    audio = noise(windows, sum(channels), LEAD + time, seed=seed)
    roles = role_probabilities([BY_NAME["bass"], UNKNOWN, BY_NAME["lead"]][: len(channels)])
    reference = noise(reference_windows, 2, reference_time, seed=seed + 1)
    return Scene(Excerpts(audio, channels, LEAD, RATE), roles, torch.zeros(len(channels)), reference)


def test_tracks_are_heard_in_their_order_without_what_came_before():
    given = scene()
    bands = scene_bands(given)
    heard = given.excerpts.audio[..., LEAD:]
    for track, rows in enumerate(([0], [1, 2], [3])):
        torch.testing.assert_close(bands.tracks[track], band_powers(heard[:, rows], RATE))
    torch.testing.assert_close(bands.reference, band_powers(given.reference, RATE))
    assert bands.mono.tolist() == [True, False, True]
    assert torch.equal(bands.roles, given.roles)


def test_shapes_are_as_documented():
    bands = scene_bands(scene())
    assert bands.tracks.shape == (3, 2, 3, frame_count(9_000, RATE), BANDS)
    assert bands.reference.shape == (3, 3, frame_count(7_000, RATE), BANDS)


def test_a_batch_holds_every_scene_and_says_what_is_filling():
    scenes = [scene_bands(scene()), scene_bands(scene((2,), windows=1, time=5_000, reference_windows=1, seed=7))]
    batch = band_batch(scenes)
    for item, bands in enumerate(scenes):
        tracks, windows, _, frames, _ = bands.tracks.shape
        assert torch.equal(batch.tracks[item, :tracks, :windows, :, :frames], bands.tracks)
        assert torch.equal(batch.roles[item, :tracks], bands.roles)
        assert torch.equal(batch.mono[item, :tracks], bands.mono)
        assert batch.has_track[item].sum() == tracks and batch.has_track[item, :tracks].all()
        assert batch.has_frame[item].sum() == windows * frames and batch.has_frame[item, :windows, :frames].all()
        assert batch.has_reference_frame[item].sum() == bands.reference[:, 0, :, 0].numel()
    filling = batch.tracks[1, 1:]
    assert not filling.any() and not batch.tracks[1, :, 1:].any()


def test_what_stands_for_no_track_is_of_unknown_role():
    batch = band_batch([scene_bands(scene()), scene_bands(scene((2,)))])
    unknown = torch.eye(len(ROLE_NAMES))[-1]
    assert torch.equal(batch.roles[1, 1:], unknown.expand(2, -1))


def test_an_empty_batch_is_refused():
    with pytest.raises(ValueError, match="at least one scene"):
        band_batch([])


def test_gradients_reach_the_audio():
    given = scene()
    audio = given.excerpts.audio.requires_grad_()
    batch = band_batch([scene_bands(given)])
    (batch.tracks.sum() + batch.reference.sum()).backward()
    assert audio.grad[..., LEAD + 2_000 : -2_000].abs().amax(-1).all()
    assert not audio.grad[..., :LEAD].any()
