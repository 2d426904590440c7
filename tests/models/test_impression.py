import band_scenes
import torch

from diffmst.models.hearing_bands import band_batch
from diffmst.models.impression import impression


def test_one_channel_sounds_like_two_of_half_its_power(generator):
    scene = band_scenes.scene(generator, tracks=2)
    mono = scene._replace(tracks=scene.tracks[:, :, 2:].expand(-1, -1, 3, -1, -1), mono=torch.ones(2, dtype=torch.bool))
    both = mono._replace(tracks=mono.tracks / 2, mono=torch.zeros(2, dtype=torch.bool))
    one, other = (impression(band_batch([scene])) for scene in (mono, both))
    assert torch.equal(one.tracks, other.tracks)
    assert torch.equal(one.track_spectra, 2 * other.track_spectra), "spectra are those of the tracks as they are"


def test_what_fills_up_is_zero_and_marked(generator):
    small = band_scenes.scene(generator, tracks=2, windows=1, reference_windows=2)
    large = band_scenes.scene(generator, tracks=4, windows=3, reference_windows=3)
    heard = impression(band_batch([small, large]))
    assert heard.has_track.tolist() == [[True, True, False, False], [True] * 4]
    assert heard.has_reference_window.tolist() == [[True, True, False], [True] * 3]
    assert not heard.tracks[0, 2:].any()
    assert not heard.reference[0, 2:].any()
    assert not heard.track_spectra[0, 2:].any()


def test_outlines_are_means_over_the_windows_that_there_are(generator):
    scene = band_scenes.scene(generator, tracks=3, windows=2)
    alone, beside = band_batch([scene]), band_batch([scene, band_scenes.scene(generator, tracks=3, windows=4)])
    each = [
        impression(alone._replace(tracks=alone.tracks[:, :, [at]], has_frame=alone.has_frame[:, [at]])).tracks
        for at in range(2)
    ]
    assert torch.allclose(impression(beside).tracks[0], (each[0] + each[1])[0] / 2, atol=1e-6)


def test_spectra_are_means_over_all_frames(generator):
    scene = band_scenes.scene(generator)
    heard = impression(band_batch([scene]))
    assert torch.allclose(heard.track_spectra[0], scene.tracks.mean((1, 3)))
    assert torch.allclose(heard.reference_spectrum[0], scene.reference.mean((0, 2)))


def test_nothing_of_it_is_differentiated(generator):
    scene = band_scenes.scene(generator)
    scene.tracks.requires_grad_()
    heard = impression(band_batch([scene]))
    assert not any(part.requires_grad for part in (heard.tracks, heard.track_spectra, *heard.pair))
