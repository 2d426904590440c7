import band_scenes
import pytest
import torch

from diffmst.band_console import mix_bands
from diffmst.layout import DEFAULT
from diffmst.models.comparison import SONG_COMPARISONS, TRACK_COMPARISONS, compare
from diffmst.models.hearing_bands import band_batch
from diffmst.models.impression import impression
from diffmst.models.window_statistics import BANDS, PLACES

TOLERANCE = 1e-3  # of figures of about 1, from powers in single precision


@pytest.fixture
def heard(generator):
    return impression(band_batch([band_scenes.scene(generator, tracks=tracks) for tracks in (4, 6)]))


def settings(heard, generator, spread=0.1):
    """Some for every song, around the defaults."""
    unit = DEFAULT.to_unit(DEFAULT.defaults(heard.mono.shape[1]))
    return DEFAULT.from_unit(
        type(unit)(
            *(
                (
                    part
                    + spread * torch.rand((len(heard.mono), *part.shape[1:]), generator=generator, dtype=part.dtype)
                ).clamp(0, 1)
                for part in unit
            )
        )
    )


def song_parts(comparison):
    return comparison.song.unflatten(-1, (5, -1))


def test_the_mix_itself_has_nothing_over_it(heard, generator):
    made = settings(heard, generator)
    spectra = (heard.track_spectra * heard.has_track[..., None, None])[:, None, :, :, None]
    mix = mix_bands(spectra, heard.mono, made, 48_000).mix[:, 0, :, 0]
    for loudness in (1.0, 4.0):
        found = compare(heard._replace(reference_spectrum=loudness * mix), made, DEFAULT)
        assert song_parts(found)[:, :3].abs().max() < TOLERANCE
    shares = found.tracks[..., :-PLACES].unflatten(-1, (4, -1))
    assert shares[..., 1:, :].abs().max() < TOLERANCE
    assert torch.allclose(shares[..., 0, :].sum(1), torch.ones(2, shares.shape[-1]), atol=TOLERANCE)


def test_a_brighter_reference_has_more_of_the_top(heard, generator):
    made = settings(heard, generator)
    tilt = 10 ** (torch.linspace(-3, 3, heard.reference_spectrum.shape[-1]) / 10)
    brighter = heard._replace(reference_spectrum=heard.reference_spectrum * tilt)
    one, other = (song_parts(compare(each, made, DEFAULT)) for each in (heard, brighter))
    gained = (other - one)[:, 0]
    assert torch.allclose(gained, torch.linspace(-0.3, 0.3, gained.shape[-1]).expand_as(gained), atol=TOLERANCE)
    assert (other - one)[:, 1:].abs().max() < TOLERANCE


def test_a_track_is_told_where_the_reference_has_what_sounds_in_its_bands(generator):
    """A reference whose top is hard right and whose low end is in the middle; one track is all low, the other high."""
    scene = band_scenes.scene(generator, tracks=2)
    low = torch.arange(BANDS) < BANDS // 2
    tracks = scene.tracks * torch.stack([low, ~low])[:, None, None, None]
    right = torch.where(low, torch.ones(3, 1), torch.tensor([[0.0], [2.0], [0.0]]))
    reference = 1e-3 * right[None, :, None].expand(3, -1, 20, -1)
    heard = impression(band_batch([scene._replace(tracks=tracks, reference=reference)]))
    at_low, at_high = compare(heard, settings(heard, generator), DEFAULT).tracks[0, :, -PLACES:]
    assert torch.allclose(at_low, torch.tensor([2.0, 0, 0, 0, 0, 0, 0]), atol=0.01)
    assert torch.allclose(at_high, torch.tensor([0.0, 0, 0, 0, 0, 2, 0]), atol=0.01)


def test_it_is_differentiable_in_every_section(heard, generator):
    unit = DEFAULT.to_unit(settings(heard, generator))
    unit = type(unit)(*(part.requires_grad_() for part in unit))
    found = compare(heard, DEFAULT.from_unit(unit), DEFAULT)
    assert found.song.shape == (2, SONG_COMPARISONS)
    assert found.tracks.shape == (2, 6, TRACK_COMPARISONS)
    (found.song.square().sum() + found.tracks.square().sum()).backward()
    for part in (unit.tracks, unit.master):
        assert part.grad.isfinite().all()
        assert part.grad.abs().max() > 0
