"""A song: its tracks on disk, read side by side at one rate."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np

from diffmst.audio import AudioInfo, AudioReader, StemFile, find_stems, probe, resampled_frames
from diffmst.data.parallel import Ahead, in_parallel, thread_count

if TYPE_CHECKING:
    from diffmst.data.survey import Survey

MIN_SAMPLE_RATE, MAX_SAMPLE_RATE = 22_050, 192_000
_BLOCK_FRAMES = 65_536
_OTHER_OPEN_FILES = 128
_FOLDERS_OF_STEMS = ("stems", "raw", "audio", "tracks", "multitrack", "multitracks", "wav")


@dataclass(frozen=True)
class Track:
    """One track of a song.

    Attributes:
        name: to show; no other track of the song has it.
        path: of its file.
        info: what the file is.
        channels: to be read, 1 or 2: one of two where both are the same.
        survey: of the file, once made.
    """

    name: str
    path: Path
    info: AudioInfo
    channels: int
    survey: Survey | None = None


@dataclass(frozen=True)
class Song:
    """Tracks that sound together, from one beginning.

    Attributes:
        tracks: in order.
        sample_rate: at which all are read, hertz.
        tail_s: of silence after the longest track, for the reverb of a mix to die away in.
    """

    tracks: tuple[Track, ...]
    sample_rate: int
    tail_s: float = 0.0

    @staticmethod
    def open(paths: Sequence[Path], sample_rate: int | None = None) -> Song:
        """The song made of the stems in files and folders; see `find_stems` and `of_stems`."""
        return Song.of_stems(find_stems(paths), sample_rate)

    @staticmethod
    def of_stems(stems: Sequence[StemFile], sample_rate: int | None = None) -> Song:
        """The song made of the given stems.

        Args:
            stems: at least one.
            sample_rate: to read at; when not given the one at which most of the material is, by duration, and the
                higher of two that are level. Below 22.05 kHz it is doubled until it is not, above 192 kHz halved.

        Raises:
            UserError: a stem cannot be read.
        """
        if not stems:
            raise ValueError("a song needs at least one stem, got none")
        infos = in_parallel(lambda stem: probe(stem.path), stems)
        tracks = tuple(
            Track(stem.name, stem.path, info, info.channels) for stem, info in zip(stems, infos, strict=True)
        )
        return Song(tracks, sample_rate or _prevalent_rate(infos))

    def with_surveys(self, surveys: Sequence[Survey]) -> Song:
        """The same song with what the surveys of its files found: true lengths, and one channel where two are equal.

        Args:
            surveys: one per track, as `survey_files` returns them.
        """
        return replace(
            self,
            tracks=tuple(
                replace(track, info=survey.info, channels=1 if survey.dual_mono else track.channels, survey=survey)
                for track, survey in zip(self.tracks, surveys, strict=True)
            ),
        )

    def with_channels(self, channels: Sequence[int]) -> Song:
        """The same song, of each track only the first one or two channels read."""
        tracks = (replace(track, channels=count) for track, count in zip(self.tracks, channels, strict=True))
        return replace(self, tracks=tuple(tracks))

    def with_tail(self, tail_s: float) -> Song:
        """The same song with so much silence after its longest track, s."""
        return replace(self, tail_s=tail_s)

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels of each track; their sum is the number of rows."""
        return tuple(track.channels for track in self.tracks)

    @property
    def frames(self) -> int:
        """Samples of the longest track at the song's rate, and of the tail; exact once surveyed."""
        infos = [track.info for track in self.tracks]
        longest = max(resampled_frames(info.frames, info.sample_rate, self.sample_rate) for info in infos)
        return longest + self.tail_frames

    @property
    def tail_frames(self) -> int:
        """Samples of the tail."""
        return round(self.tail_s * self.sample_rate)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate

    def reader(self, block_frames: int = _BLOCK_FRAMES) -> SongReader:
        """All tracks from the beginning to the end, in blocks."""
        return SongReader(self, block_frames)

    def read_windows(self, starts_s: Sequence[float], seconds: float) -> np.ndarray:
        """Several parts of all tracks, float32 [windows, rows, time], filled up with silence where tracks end.

        Each file is opened once and read forward.
        """
        starts = [round(start_s * self.sample_rate) for start_s in starts_s]
        windows = np.zeros((len(starts), sum(self.channels), round(seconds * self.sample_rate)), np.float32)
        ends = np.cumsum(self.channels)

        def fill(index: int) -> None:
            track = self.tracks[index]
            rows = slice(ends[index] - track.channels, ends[index])
            with AudioReader(track.path, self.sample_rate, track.channels) as reader:
                for window in sorted(range(len(starts)), key=starts.__getitem__):
                    reader.seek(starts[window])
                    x = reader.read(windows.shape[-1])
                    windows[window, rows, : x.shape[1]] = x

        in_parallel(fill, range(len(self.tracks)))
        return windows


class SongReader:
    """All tracks of a song in lockstep, from the beginning to the end.

    A context, and an iterator of blocks, float32 [rows, time], all of `block_frames` but for the last. Tracks that end
    before the others are filled up with silence, and the tail is silence. The next block is decoded, on threads, while
    this one is in use; memory does not grow with the length of the song.

    Args:
        song: to read.
        block_frames: length of the blocks.

    Raises:
        UserError: a file cannot be read.
    """

    def __init__(self, song: Song, block_frames: int = _BLOCK_FRAMES) -> None:
        allow_open_files(len(song.tracks) + _OTHER_OPEN_FILES)
        self._shape, self._tail_frames = (sum(song.channels), block_frames), song.tail_frames
        with ExitStack() as opened:
            readers = [
                opened.enter_context(AudioReader(track.path, song.sample_rate, track.channels)) for track in song.tracks
            ]
            ends = np.cumsum(song.channels)
            parts = [(reader, slice(end - reader.channels, end)) for reader, end in zip(readers, ends, strict=True)]
            # Where there is nothing to compute, more threads only get in each other's way.
            threads = thread_count(sum(reader.laborious for reader in readers))
            parts.sort(key=lambda part: part[0].laborious)
            self._shares = [parts[thread::threads] for thread in range(threads)]
            self._pool = opened.enter_context(ThreadPoolExecutor(threads))
            self._blocks = opened.enter_context(Ahead(self._read_blocks()))
            self._opened = opened.pop_all()

    def __iter__(self) -> Iterator[np.ndarray]:
        return self

    def __next__(self) -> np.ndarray:
        return next(self._blocks)

    def close(self) -> None:
        """Release the files."""
        self._opened.close()

    def __enter__(self) -> SongReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read_blocks(self) -> Iterator[np.ndarray]:
        silence = self._tail_frames
        while True:
            block = np.empty(self._shape, np.float32)
            others = [self._pool.submit(_fill, block, share) for share in self._shares[1:]]
            frames = max([_fill(block, self._shares[0]), *(other.result() for other in others)])
            filled = min(silence, block.shape[1] - frames)
            silence -= filled
            if not (frames := frames + filled):
                return
            yield block[:, :frames]


def song_title(stems: Path) -> str:
    """What a song is called: by the folder of its stems, or the one above where that says no more than what it holds.

    Args:
        stems: the folder, which need not exist, or one of the files in it.

    >>> song_title(Path("Songs/Yesterday/Stems"))
    'Yesterday'
    """
    folder = (stems.parent if stems.is_file() else stems).absolute()
    folder = Path(os.path.normpath(folder))  # links keep their names, as who made them meant them to be seen
    return folder.parent.name if folder.name.lower() in _FOLDERS_OF_STEMS else folder.name


def _fill(block: np.ndarray, parts: Sequence[tuple[AudioReader, slice]]) -> int:
    """Reads the next samples of some tracks into their rows of a block, then silence; returns the longest's length."""
    longest = 0
    for reader, rows in parts:
        frames = reader.read_into(block[rows])
        block[rows, frames:] = 0
        longest = max(longest, frames)
    return longest


def _prevalent_rate(infos: Sequence[AudioInfo]) -> int:
    seconds: dict[int, float] = defaultdict(float)
    for info in infos:
        seconds[info.sample_rate] += info.duration_s
    # Rounded, so that files exported together, a sample apart in length, count as level.
    rate = max(seconds, key=lambda rate: (round(seconds[rate], 1), rate))
    while rate < MIN_SAMPLE_RATE:
        rate *= 2
    while rate > MAX_SAMPLE_RATE:
        rate //= 2
    return rate


def allow_open_files(count: int) -> None:
    """Raise the soft limit of open files, 256 on macOS, where 200 tracks would not fit under it."""
    if os.name != "posix":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
