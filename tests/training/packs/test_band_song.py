"""Songs in band powers sound as their audio does."""

from pathlib import Path

import numpy as np
import pytest
import torch

from diffmst.audio.writing import AudioWriter
from diffmst.band_console import mix_bands
from diffmst.console import mix
from diffmst.data.library import Library
from diffmst.dsp.band_powers import CROSS, LEFT, RIGHT, band_loudness_lufs, band_powers, k_weights
from diffmst.dsp.units import db_to_amplitude
from diffmst.excerpts import Excerpts
from diffmst.layout import DEFAULT
from diffmst.models.scene import Hearing
from diffmst.random_mix.dice import Dice
from diffmst.random_mix.song_sound import hear_song
from diffmst.training.packs.band_scenes import SceneDraw, Variety
from diffmst.training.packs.band_song import SAMPLE_RATE, band_song
from diffmst.training.packs.packing import PackOrder, _chosen, _Shard
from diffmst.training.staging import UnusableError

HEARING = Hearing(-24.0, -16.0, window_s=1.0, song_windows=2, reference_windows=2)
SECONDS = 6.0
UNVARIED = Variety(tone_db=0.0, folded=0.0, parted=0.0)


def stems():
    """Noises with beats of their own; the last in stereo."""
    rng = np.random.default_rng(1)
    time = np.arange(round(SECONDS * SAMPLE_RATE)) / SAMPLE_RATE
    sounds = {}
    for number, name in enumerate(("Kick", "Bass", "Guitar", "Keys")):
        channels = 2 if name == "Keys" else 1
        noise = rng.standard_normal((channels, len(time)))
        smooth = np.array([np.convolve(row, np.ones(2 + 3 * number) / 3, "same") for row in noise])
        sounds[name] = (0.1 * smooth * np.exp(-4 * (time * (1 + number) % 1))).astype(np.float32)
    return sounds


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Library:
    folder = tmp_path_factory.mktemp("songs")
    for song in ("one", "two"):
        for name, sound in stems().items():
            path = Path(folder / song / f"{name}.wav")
            path.parent.mkdir(exist_ok=True)
            with AudioWriter(path, SAMPLE_RATE, len(sound)) as writer:
                writer.write(sound)
    return Library.open([folder], cache=tmp_path_factory.mktemp("cache"), cache_gb=0)


@pytest.fixture(scope="module")
def song(library):
    return band_song(library, library.songs[0], HEARING)


def audio_of(library):
    """The staged audio of all tracks, [1, rows, time], and their channels."""
    tracks = library.songs[0].tracks
    audio = library.read(library.songs[0], range(len(tracks)), [0.0], SECONDS, SAMPLE_RATE)
    channels = tuple(track.channels for track in tracks)
    gains = [db_to_amplitude(torch.tensor(HEARING.track_lufs - track.loudness_lufs)) for track in tracks]
    rows = torch.tensor(gains).repeat_interleave(torch.tensor(channels))
    return torch.from_numpy(audio) * rows[:, None].float(), channels


def test_powers_are_those_of_the_staged_audio(library, song):
    audio, channels = audio_of(library)
    stereo = audio[:, -2:] if channels[-1] == 2 else audio[:, -1:]
    torch.testing.assert_close(song.powers[-1], band_powers(stereo, SAMPLE_RATE)[:, :, : song.powers.shape[-2]])


def test_an_engineer_hears_the_same_in_powers_as_in_audio(library, song):
    audio, channels = audio_of(library)
    of_bands = song.sound(HEARING.track_lufs)
    of_audio = hear_song(Excerpts(audio, channels, 0, SAMPLE_RATE), of_bands.stems)
    # Other frames are heard, and 64 bands are gathered into 24.
    np.testing.assert_allclose(of_bands.loudness_lufs, of_audio.loudness_lufs, atol=1.6)
    np.testing.assert_allclose(of_bands.loud_peak_db, of_audio.loud_peak_db, atol=2.0)


def test_a_folded_track_is_as_loud_and_the_same_on_both_sides(song):
    stereo = ~song.mono
    folded = song.folded(stereo)
    keys = folded.powers[int(stereo.int().argmax())]
    assert bool(folded.mono.all())
    torch.testing.assert_close(keys[:, LEFT], keys[:, RIGHT])
    torch.testing.assert_close(keys[:, LEFT], keys[:, CROSS])
    # As much power in all; what is louder to the ear on the way differs by what the sides have not in common.
    torch.testing.assert_close(folded.energies, song.energies, rtol=0.02, atol=0)


def test_a_parted_track_is_two_files_each_as_loud(library, song):
    keys = song.mono.logical_not()
    parted = song.parted(keys)
    assert parted.roles == ("bass", "guitar", "keys", "keys", "kick")
    assert parted.mono.all()
    assert parted.sides.tolist() == [0, 0, -1, 1, 0]
    audio, _ = audio_of(library)
    for row, powers in enumerate(parted.powers[2:4], 2):
        alone = band_powers(audio[:, [row]], SAMPLE_RATE)[0]
        assert (powers[0] / powers[0].sum() - alone / alone.sum()).abs().max() < 1e-6
    torch.testing.assert_close(parted.energies[2:4], song.energies[keys].expand(2), rtol=0.02, atol=0)


def test_what_is_on_one_side_only_is_not_parted(song):
    keys = song.mono.logical_not()
    silent_right = torch.ones(len(song.roles), 1, 3, 1, 1)
    silent_right[keys, :, RIGHT] = silent_right[keys, :, CROSS] = 0
    one_sided = song._replace(powers=song.powers * silent_right)
    assert one_sided.parted(keys).roles == song.roles


def test_one_side_without_the_other_is_no_pair(song):
    parted = song.parted(song.mono.logical_not())
    assert parted.tracks([0, 3]).sides.tolist() == [0, 0]
    assert parted.swapped().tracks([2, 3]).sides.tolist() == [1, -1]


def test_a_boost_raises_powers_and_peaks_alike(song):
    factors = torch.full((4, song.powers.shape[-1]), 4.0)
    louder = song.scaled(factors)
    torch.testing.assert_close(louder.powers, 4 * song.powers)
    torch.testing.assert_close(louder.peaks, 2 * song.peaks)


def test_the_reference_of_a_scene_is_what_the_console_makes_of_the_audio(library, song):
    """Drawn without variety, the true settings played on the audio of the song have the spectrum of the reference."""
    scene = SceneDraw(HEARING, DEFAULT, (4, 4), UNVARIED, Dice(3)).same_song(song)
    audio, channels = audio_of(library)
    mixed = mix(audio, SAMPLE_RATE, scene.settings, channels, layout=DEFAULT)
    spectrum = band_powers(mixed.float(), SAMPLE_RATE)[0].mean(1)
    heard = scene.bands.reference.mean((0, 2))
    excess_db = 10 * torch.log10((heard[LEFT] + heard[RIGHT]) / (spectrum[LEFT] + spectrum[RIGHT]))
    # Beats differ from window to window by some decibels, and left and right may have been exchanged.
    assert float((excess_db - excess_db.mean()).abs().median()) < 1.5


def test_scenes_are_at_the_levels_that_models_hear(song):
    scene = SceneDraw(HEARING, DEFAULT, (2, 4), Variety(), Dice(5)).shared_style(song, song)
    assert scene.bands.tracks.shape[1] == HEARING.song_windows
    assert scene.bands.reference.shape[0] == HEARING.reference_windows
    assert len(scene.roles) == scene.settings.tracks.shape[1] == len(scene.bands.mono)
    made = mix_bands(scene.bands.tracks.transpose(0, 1), scene.bands.mono, scene.settings, SAMPLE_RATE).mix
    for mixed in (scene.bands.reference, made):
        lufs = float(band_loudness_lufs(mixed.transpose(0, 1).flatten(1, 2)))
        assert lufs == pytest.approx(HEARING.reference_lufs, abs=0.01)  # the rounding of sums in single precision


def test_songs_are_varied_in_tone_and_not_in_loudness(song):
    same = SceneDraw(HEARING, DEFAULT, (4, 4), UNVARIED, Dice(3)).same_song(song).bands
    other = SceneDraw(HEARING, DEFAULT, (4, 4), Variety(folded=0.0, parted=0.0), Dice(3)).same_song(song).bands
    powers = [(bands.tracks[:, :, LEFT] + bands.tracks[:, :, RIGHT]).mean((1, 2)) for bands in (same, other)]
    # Windows of the reference count too, in which beats are a little louder or quieter.
    torch.testing.assert_close(*(power @ k_weights().float() for power in powers), rtol=0.02, atol=0)
    tone_db = 10 * torch.log10(powers[1] / powers[0])
    assert bool((tone_db.std(-1) > 1).all())


def test_songs_of_which_all_scenes_are_made_leave_none_to_the_others(library):
    shard = _Shard(PackOrder(songs=2), library, (0, 1), 1.0, Path("unwritten"), 0)
    songs, chances = _chosen(shard, Dice(1))
    assert len(songs) == 2
    assert chances.tolist() == [0.5, 0.5]


def test_a_scene_is_a_function_of_its_dice(song):
    one, other = (SceneDraw(HEARING, DEFAULT, (2, 4), Variety(), Dice(7)).same_song(song) for _ in range(2))
    assert torch.equal(one.bands.reference, other.bands.reference)
    assert torch.equal(one.settings.tracks, other.settings.tracks)


def test_a_song_shorter_than_a_window_is_of_no_use(song):
    short = song._replace(powers=song.powers[..., :10, :], peaks=song.peaks[..., :10])
    with pytest.raises(UnusableError, match="shorter than a window"):
        SceneDraw(HEARING, DEFAULT, (2, 4), UNVARIED, Dice(1)).same_song(short)
