"""Stems and settings for the tests of metrics, heard from files."""

from pathlib import Path

import numpy as np
import soxr
import torch
from songs import write

from diffmst.audio import read
from diffmst.evaluation.pair import Pair
from diffmst.evaluation.system import Finished
from diffmst.layout import DEFAULT
from diffmst.listening import listen
from diffmst.mix import Mix, RenderSettings, TrackMix, relative_path
from diffmst.progress import SILENT
from diffmst.strips import track_strips

RATE = 44_100
SECONDS = 4.0
BASS, KEYS, LEAD, SNARE = range(4)  # the stems in the order of their folder


def colored(seed, low_hz, high_hz, seconds=SECONDS):
    """Steady noise within two frequencies, rms 0.1."""
    spectrum = np.random.default_rng(seed).standard_normal((2, round(seconds * RATE / 2) + 1))
    freq_hz = np.fft.rfftfreq(2 * spectrum.shape[1] - 2, 1 / RATE)
    noise = np.fft.irfft((spectrum[0] + 1j * spectrum[1]) * ((freq_hz >= low_hz) & (freq_hz <= high_hz)))
    return (0.1 * noise / noise.std()).astype(np.float32)


def stems():
    """Audio by name, [channels, time]: two mono stems, a mono one of hits, and a wide one."""
    time_s = np.arange(round(SECONDS * RATE)) / RATE
    hits = np.exp(-15 * (time_s % 0.5)).astype(np.float32)
    return {
        "bass": colored(1, 40, 250)[None],
        "keys": np.stack([colored(2, 150, 6000), colored(3, 150, 6000)]),
        "lead vox": colored(4, 200, 12_000)[None],
        "snare": (colored(5, 120, 15_000) * hits)[None],
    }


def write_stems(folder: Path, audio, rate=RATE):
    """As float files, resampled if need be."""
    for name, x in audio.items():
        x = x if rate == RATE else soxr.resample(x.T.astype(np.float64), RATE, rate, "VHQ").T
        write(folder / f"{name}.wav", x, rate, "FLOAT")
    return folder


def hear(folder: Path, reference: Path | None = None):
    """The song in a folder; its reference is one of its stems if none is given."""
    reference = reference or write(folder.parent / "reference.wav", stems()["keys"], RATE, "FLOAT")
    return listen([folder], reference, SILENT)


def pair_of(heard, **known):
    folder = heard.song.tracks[0].path.parent
    return Pair("pair", "song", folder, heard.reference.info.path, **known)


def neutral(tracks=4):
    return DEFAULT.defaults(tracks)


def turned(settings, track, **controls):
    """The settings with controls of one track set; `fader_gain_db` is `fader.gain_db` and so on."""
    settings = settings._replace(tracks=settings.tracks.clone())
    columns = {name.replace(".", "_"): column for column, name in enumerate(DEFAULT.track.params)}
    for name, value in controls.items():
        settings.tracks[0, track, columns[name]] = value
    return settings


def processed(audio, settings, rate=RATE):
    """What a console makes of each stem, by name, [2, time]; by the differentiable strips, which are no stream."""
    made = {}
    for track, (name, x) in enumerate(audio.items()):
        values = settings.tracks[:, track : track + 1]
        strips = track_strips(DEFAULT.track, values, (len(x),), rate)
        buses, _ = strips.to_buses(torch.from_numpy(x)[None])
        made[name] = buses[0, :2].numpy()
    return made


def write_document(path: Path, heard, settings, muted=(), **render):
    """A mix document of a song, as `diffmst mix` writes it."""
    tracks = tuple(
        TrackMix(
            name=track.name,
            path=relative_path(track.path, path.parent),
            sha256=track.survey.sha256,
            channels=track.channels,
            mute=index in muted,
        )
        for index, track in enumerate(heard.song.tracks)
    )
    mix = Mix(sample_rate=heard.song.sample_rate, tracks=tracks, render=RenderSettings(**render))
    path.write_text(mix.with_settings(settings).to_json())
    return path


def finish(folder: Path, heard, settings):
    """The mix of the settings as a system would hand it in: summed by numpy, without a master."""
    audio = {track.name: read(track.path)[: track.channels] for track in heard.song.tracks}
    mixed = sum(processed(audio, settings).values())
    folder.mkdir(parents=True, exist_ok=True)
    return Finished(write(folder / "mix.wav", mixed, RATE, "FLOAT"), 1.5, settings, DEFAULT)
