"""Folders of songs: made in parallel, kept where they are there already, whole or not at all."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

from diffmst.data.datasets.folders import SIDECAR
from diffmst.data.parallel import in_processes
from diffmst.data.song_maker.donors import find_donors
from diffmst.data.song_maker.instrument_files import InstrumentFiles
from diffmst.data.song_maker.midi import find_midi
from diffmst.data.song_maker.sfz_files import find_sfz
from diffmst.data.song_maker.sidecar import song_document
from diffmst.data.song_maker.song import OWN, Sources, make_song
from diffmst.data.song_maker.soundfonts import check_soundfont, symusic
from diffmst.data.song_maker.takes import Stem
from diffmst.errors import UserError
from diffmst.outputs import OutputFolder, file_name, write_errors
from diffmst.progress import SILENT, Progress

Format = Literal["flac", "opus"]
SAMPLE_RATE_HZ: dict[Format, int] = {"flac": 44_100, "opus": 48_000}
"""Opus knows 48 kHz only."""
BLOCK_FRAMES = 1 << 16
FULL_SCALE = 1 << 15
OPUS_BITS_PER_S = 64_000
"""Of each channel."""
FASTEST_OPUS = {"compression_level": "0"}


@dataclass(frozen=True)
class Order:
    """What songs are wanted.

    Attributes:
        seed: of the endless row of songs.
        seconds: length of each.
        format: of the files.
        sources: files of the user that the songs are made from.
    """

    seed: int
    seconds: float = 60.0
    format: Format = "flac"
    sources: Sources = OWN


@dataclass(frozen=True)
class Made:
    """What came of an order.

    Attributes:
        songs: in the folder now, of this order.
        kept: of them were there before.
        stems: files of those that were made.
        seconds: of song made.
    """

    songs: int
    kept: int
    stems: int
    seconds: float


def find_sources(soundfonts: Sequence[Path], sfz: Sequence[Path], midi: Path | None, stems: Path | None) -> Sources:
    """Files of the user that songs are made from.

    Args:
        soundfonts: files.
        sfz: files, or folders of such.
        midi: folder with MIDI files.
        stems: folder of real songs.

    Raises:
        UserError: one cannot be used, or what it takes to use it is not installed.
    """
    for path in soundfonts:
        check_soundfont(path)
    if midi:
        symusic()
    instruments = InstrumentFiles(tuple(soundfonts), find_sfz(sfz))
    return Sources(instruments, find_midi(midi) if midi else (), find_donors(stems) if stems else ())


def make_songs(folder: Path, songs: int, order: Order, *, jobs: int = 1, progress: Progress = SILENT) -> Made:
    """The first songs of an order, each in a folder of its own; those that are there are kept.

    Args:
        folder: takes a folder `song-SEED-NUMBER` for each song, with its stems and its sidecar.
        songs: how many.
        order: what songs.
        jobs: processes to work with.
        progress: told how far it is.

    Raises:
        UserError: the folder cannot be written, or holds songs of these names made otherwise, or the memory is short.
    """
    with write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    missing = [number for number in range(songs) if not _is_there(song_folder(folder, order, number), order, number)]
    tasks = [(folder, order, number) for number in missing]
    stems = 0
    with progress.phase(f"making {len(missing)} songs", len(missing)) as advance:
        try:
            for count in in_processes(_make, tasks, jobs):
                stems += count
                advance(1)
        except BrokenProcessPool:
            raise UserError("a process was ended, most likely for lack of memory; try fewer --jobs") from None
    return Made(songs, songs - len(missing), stems, len(missing) * order.seconds)


def song_folder(folder: Path, order: Order, number: int) -> Path:
    """Where a song lies."""
    return folder / f"song-{order.seed}-{number:05d}"


def _made(order: Order, number: int) -> dict[str, Any]:
    """How a song was made, as the sidecar says."""
    return {
        "seed": order.seed,
        "number": number,
        "seconds": order.seconds,
        "format": order.format,
        "soundfonts": [path.name for path in order.sources.instruments.soundfonts],
        "sfz": [sfz.path.name for sfz in order.sources.instruments.sfz],
        "midi_files": len(order.sources.midi),
        "donors": len(order.sources.donors),
    }


def _is_there(folder: Path, order: Order, number: int) -> bool:
    """Whether a song has been made before, in the same way.

    Raises:
        UserError: the folder holds another song, or something else.
    """
    if not folder.exists():
        return False
    try:
        # Songs from before SFZ was played say nothing of it.
        made = {"sfz": [], **json.loads((folder / SIDECAR).read_text(encoding="utf-8"))["made"]}
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(f"{folder}: is no song of this command; choose another folder or remove it") from None
    if differing := _differences(made, _made(order, number)):
        raise UserError(
            f"{folder}: was made with other options ({differing}); give those again, choose another folder or remove it"
        )
    return True


def _differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Which options differ, and how; empty where none does.

    >>> _differences({"seconds": 60.0, "sfz": ["Bass.sfz", "Kit.sfz"]}, {"seconds": 8.0, "sfz": ["Bass.sfz"]})
    'seconds: 60.0 then, 8.0 now; sfz: no longer Kit.sfz'
    """
    names = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    return "; ".join(f"{name}: {_difference(then.get(name), now.get(name))}" for name in names)


def _difference(then: object, now: object) -> str:
    if isinstance(then, list) and isinstance(now, list) and sorted(then) != sorted(now):
        gone, come = Counter(then) - Counter(now), Counter(now) - Counter(then)
        changes = {"no longer": gone, "now also": come}
        return ", ".join(f"{how} {', '.join(sorted(files.elements()))}" for how, files in changes.items() if files)
    return f"{then} then, {now} now"


def _make(task: tuple[Path, Order, int]) -> int:
    """Makes one song; returns how many stems it has."""
    place, order, number = task
    rate = SAMPLE_RATE_HZ[order.format]
    song = make_song(order.seed, number, seconds=order.seconds, sample_rate=rate, sources=order.sources)
    listed: list[tuple[str, Stem]] = []
    with OutputFolder(song_folder(place, order, number)) as outputs:
        for name, stem in _named(song.stems, order.format):
            with write_errors(outputs.folder / name):
                write_stem(outputs.path(name), stem.audio, rate, order.format)
            listed.append((name, stem._replace(audio=stem.audio[:, :0])))
        text = song_document(song.facts, listed, _made(order, number), order.seconds, rate)
        outputs.path(SIDECAR).write_text(text, encoding="utf-8")
    return len(listed)


def _named(stems: Iterator[Stem], ending: str) -> Iterator[tuple[str, Stem]]:
    """Stems with file names that no file system takes for the same."""
    taken: set[str] = set()
    for stem in stems:
        name = file_name(stem.name)
        while name.casefold() in taken:
            name += "_"
        taken.add(name.casefold())
        yield f"{name}.{ending}", stem


def write_stem(path: Path, audio: NDArray[np.float32], sample_rate: int, form: Format) -> None:
    """A stem as a file of 16 bits, or lossy.

    Shape: audio [channels, time].
    """
    if form == "opus":
        _write_opus(path, audio, sample_rate)
        return
    steps = np.rint(np.clip(audio.T, -1, 1 - 1 / FULL_SCALE) * np.float32(FULL_SCALE)).astype(np.int16)
    soundfile.write(path, steps, sample_rate, "PCM_16", format="FLAC", compression_level=0.0)


def _write_opus(path: Path, audio: NDArray[np.float32], sample_rate: int) -> None:
    """In the simplest way that the codec has, which is five times as fast and hardly worse at this rate."""
    layout = "stereo" if len(audio) == 2 else "mono"
    with av.open(str(path), "w", format="ogg", options={"fflags": "+bitexact"}) as file:
        stream = cast("av.AudioStream", file.add_stream("libopus", rate=sample_rate, options=FASTEST_OPUS))
        stream.layout, stream.format, stream.bit_rate = layout, "flt", OPUS_BITS_PER_S * len(audio)
        for start in range(0, audio.shape[1], BLOCK_FRAMES):
            block = np.ascontiguousarray(audio[:, start : start + BLOCK_FRAMES].T).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(block, format="flt", layout=layout)
            frame.sample_rate, frame.pts = sample_rate, start
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
