"""The demo: a song made from a seed, mixed like the finished reference of another such song."""

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from diffmst.audio import AudioWriter
from diffmst.console import mix
from diffmst.data.demo_song import DemoSong, make_song
from diffmst.dsp.loudness import LoudnessMeter, integrated_loudness
from diffmst.dsp.stereo import SEND_OFF_DB
from diffmst.layout import DEFAULT, Settings
from diffmst.mastering import write_master
from diffmst.match import OUTPUTS, Matched, Options, match
from diffmst.mix import RenderSettings
from diffmst.outputs import OutputFolder
from diffmst.prior import NOMINAL_LUFS
from diffmst.progress import SILENT, Progress
from diffmst.render import compile_kernels
from diffmst.spool import Spool

SONG_STYLE, REFERENCE_STYLE = "pop-rock", "electronic"
STEM_FOLDER, REFERENCE_NAME, MIX_FOLDER = "stems", "reference.wav", "mix"
_REFERENCE_SEED_OFFSET = 1_000
_REFERENCE_RENDER = RenderSettings(loudness_lufs=-11.0)


class _Part(NamedTuple):
    """How the demo's engineer treats a role: level against the lead, place, and the rest by dotted name."""

    level_db: float
    pan: float = 0.0
    send_db: float = SEND_OFF_DB
    settings: dict[str, float] = {}  # noqa: RUF012 never changed


_PARTS = {
    "kick": _Part(1, settings={"eq.peak_2.gain_db": -4, "compressor.ratio": 3, "compressor.threshold_db": -22}),
    "snare": _Part(-2, 0.05, -26, {"eq.peak_3.gain_db": 2, "compressor.ratio": 3, "compressor.threshold_db": -22}),
    "hats": _Part(-11, 0.3, settings={"eq.low_shelf.gain_db": -9, "eq.low_shelf.freq_hz": 400}),
    "percussion": _Part(-9, -0.35, -28),
    "bass": _Part(0, settings={"compressor.ratio": 4, "compressor.threshold_db": -26, "eq.low_shelf.gain_db": 2}),
    "keys": _Part(-6, -0.25, -24, {"eq.low_shelf.gain_db": -4}),
    "pad": _Part(-9, 0.2, -20, {"eq.low_shelf.gain_db": -6, "eq.high_shelf.gain_db": 3}),
    "guitar": _Part(-7, 0.5, -28, {"eq.low_shelf.gain_db": -5, "eq.peak_3.gain_db": 2}),
    "lead": _Part(0, 0, -20, {"compressor.ratio": 3, "compressor.threshold_db": -26, "eq.peak_4.gain_db": 3}),
    "backing": _Part(-8, -0.15, -18, {"eq.low_shelf.gain_db": -6, "eq.high_shelf.gain_db": 2}),
    "effects": _Part(-12, 0.1, -16),
}
_MASTER = {
    "input.gain_db": 2.0,
    "eq.low_shelf.gain_db": 1.5,
    "eq.peak_2.gain_db": -1.5,
    "eq.high_shelf.gain_db": 2.5,
    "compressor.threshold_db": -18.0,
    "compressor.ratio": 2.0,
    "compressor.attack_ms": 30.0,
}


def run_demo(folder: Path, seed: int, options: Options | None = None, progress: Progress = SILENT) -> Matched:
    """Makes a song and a reference in a folder, and mixes the one like the other.

    Args:
        folder: takes the stems, the reference and the mix.
        seed: another seed, another song.
        options: of the mix.
        progress: told how far it is.

    Raises:
        UserError: the folder cannot be written, or holds a demo already and the options do not say to replace it.
    """
    options = options or Options()
    finished = [f"{MIX_FOLDER}/{name}" for name in OUTPUTS]
    with OutputFolder(folder, [REFERENCE_NAME, *finished], force=options.force) as outputs:
        mix_folder = outputs.path(finished[0]).parent
        stems, reference = write_songs(seed, outputs, progress)
        return match(stems, reference, mix_folder, options, progress)


def write_songs(seed: int, outputs: OutputFolder, progress: Progress = SILENT) -> tuple[list[Path], Path]:
    """Makes the stems of a song and the finished reference; returns where they lie while `outputs` are written.

    Raises:
        UserError: they cannot be written.
    """
    compile_kernels(progress)
    with progress.phase("making two songs", 4) as advance:
        song = make_song(seed, style=SONG_STYLE)
        advance(1)
        stems = write_stems(song, outputs)
        advance(1)
        finished, path = make_song(seed + _REFERENCE_SEED_OFFSET, style=REFERENCE_STYLE), outputs.path(REFERENCE_NAME)
        advance(1)
        write_reference(finished, path)
        advance(1)
    return stems, path


def write_stems(song: DemoSong, outputs: OutputFolder) -> list[Path]:
    """Writes the stems of a demo song; returns where."""
    paths = [outputs.path(f"{STEM_FOLDER}/{name}") for name in _file_names(song)]
    for path, stem in zip(paths, song.stems, strict=True):
        with AudioWriter(path, song.sample_rate, stem.audio.shape[0]) as writer:
            writer.write(stem.audio)
    return paths


def write_reference(song: DemoSong, path: Path) -> None:
    """Mixes a demo song by the roles of its stems, as an engineer would begin, and writes it mastered."""
    audio = torch.from_numpy(np.concatenate([stem.audio for stem in song.stems]))[None]
    channels = tuple(stem.audio.shape[0] for stem in song.stems)
    mixed = mix(audio, song.sample_rate, engineer_settings(song), channels)[0].numpy()
    meter = LoudnessMeter(song.sample_rate, channels=2)
    meter.add(mixed)
    with Spool(path.parent) as spool:
        spool.append(mixed)
        write_master(spool, meter, path, _REFERENCE_RENDER)


def engineer_settings(song: DemoSong) -> Settings[np.ndarray]:
    """Settings for a demo song from the roles of its stems."""
    tracks = []
    input_gain = DEFAULT.track.params["input.gain_db"]
    sides: dict[str, int] = {}
    for stem in song.stems:
        part = _PARTS[stem.role]
        side = sides[stem.role] = -sides.get(stem.role, -1)  # the second of two guitars stands opposite
        loudness = float(integrated_loudness(torch.from_numpy(stem.audio)[None], song.sample_rate))
        values = part.settings | {
            "input.gain_db": min(input_gain.high, max(input_gain.low, NOMINAL_LUFS - loudness)),
            "fader.gain_db": part.level_db,
            "panner.pan": part.pan * side,
            "send.gain_db": part.send_db,
        }
        tracks.append(DEFAULT.track.vector(values))
    return Settings(np.stack(tracks)[None], DEFAULT.fx.defaults()[None], DEFAULT.master.vector(_MASTER)[None])


def _file_names(song: DemoSong) -> list[str]:
    return [f"{number:02d} {re.sub('[^0-9A-Za-z -]', '_', stem.name)}.wav" for number, stem in enumerate(song.stems, 1)]
