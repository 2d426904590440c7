"""What is known of audio files from one pass over each, kept so that no file is ever listened to twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import Event, Lock

import numpy as np
from numpy.typing import NDArray

from diffmst.audio import AudioInfo, AudioReader, probe
from diffmst.data.parallel import in_parallel
from diffmst.data.survey import Survey, survey_files, with_channels_lufs
from diffmst.data.windows import level_lu_of
from diffmst.errors import UserError
from diffmst.outputs import AtomicFile, write_errors
from diffmst.progress import SILENT, Advance, Progress

_FOLDER = "index-1"  # counts up when what is kept changes
_SILENT_HOP, _LOUDEST_HOP = -128, 127


@dataclass(frozen=True, eq=False)
class FileSummary:
    """What a library keeps of the survey of a file: some 10 bytes a second.

    Attributes:
        info: what the file is, with the true number of frames.
        identity: of this content under this path: another one after the file has changed.
        compressed: its samples have to be decoded.
        loudness_lufs: integrated, of all channels; -inf for a silent file.
        peak: largest absolute sample.
        low_share: share of the power that lies below 200 Hz.
        dual_mono: stereo with both channels equal.
        bad_samples: values that were NaN or infinite; they are read as silence.
        level_lu: level of every hop of 100 ms over the loudness of the file, LU, rounded; -128 for silence.
    """

    info: AudioInfo
    identity: str
    compressed: bool
    loudness_lufs: float
    peak: float
    low_share: float
    dual_mono: bool
    bad_samples: int
    level_lu: NDArray[np.int8]

    @property
    def silent(self) -> bool:
        """Nothing in the file is louder than -70 LUFS."""
        return self.loudness_lufs == -np.inf

    def loudness_with_channels_lufs(self, channels: int) -> float:
        """Loudness when heard from another number of channels; see `with_channels_lufs`."""
        return with_channels_lufs(self.loudness_lufs, self.info.channels, channels)


@dataclass(frozen=True)
class Indexed:
    """What is known of some files.

    Attributes:
        summaries: of the files that can be read.
        refused: why the others cannot.
    """

    summaries: dict[Path, FileSummary]
    refused: dict[Path, str]


class Index:
    """Summaries of audio files in a folder, one small file each, so that several processes may build it at once.

    A summary is kept under path, size and time of its file, so a changed file is listened to again, and only that one.

    Args:
        folder: of the cache; made when something is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / _FOLDER

    def look_up(self, paths: Sequence[Path], progress: Progress = SILENT) -> Indexed:
        """Summaries of files; those that are new or have changed are listened to, on all cores, and kept.

        Raises:
            UserError: the folder cannot be written.
        """
        found = dict(zip(paths, in_parallel(self._load, paths), strict=True)) if paths else {}
        missing = [path for path, summary in found.items() if summary is None]
        refused: dict[Path, str] = {}
        for path, summary in zip(missing, self._listen(missing, progress), strict=True):
            if isinstance(summary, str):
                refused[path] = summary
            else:
                found[path] = summary
        return Indexed({path: summary for path, summary in found.items() if summary is not None}, refused)

    def _listen(self, paths: Sequence[Path], progress: Progress) -> Sequence[FileSummary | str]:
        """Summaries of new files, or why there is none."""
        if not paths:
            return ()
        seconds = in_parallel(_duration_s, paths)
        with progress.phase(f"listening to new files: {len(paths)}", max(1.0, sum(seconds))) as advance:
            listener = _Listener(advance)

            def listen(path: Path) -> FileSummary | str:
                try:
                    summary = listener.summary(path)
                except UserError as error:
                    return str(error).removeprefix(f"{path}: ")
                self._save(summary)
                return summary

            return in_parallel(listen, paths, listener.stop)

    def _load(self, path: Path) -> FileSummary | None:
        """What was kept of a file; None when there is nothing, or nothing of use."""
        try:
            identity = identity_of(path)
            header, _, levels = self._place(identity).read_bytes().partition(b"\n")
            kept = json.loads(header)
            info = AudioInfo(path=path, **kept.pop("info"))
            hops = kept.pop("hops")
            level_lu = np.frombuffer(levels, np.int8)
            return (
                FileSummary(info=info, identity=identity, level_lu=level_lu, **kept) if len(level_lu) == hops else None
            )
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def _save(self, summary: FileSummary) -> None:
        kept = {name: value for name, value in asdict(summary).items() if name not in ("identity", "level_lu")}
        kept["info"].pop("path")
        place = self._place(summary.identity)
        with write_errors(place):
            place.parent.mkdir(parents=True, exist_ok=True)
        with AtomicFile(place) as file:
            file.write(
                json.dumps({**kept, "hops": len(summary.level_lu)}).encode() + b"\n" + summary.level_lu.tobytes()
            )

    def _place(self, identity: str) -> Path:
        return self._folder / identity[:2] / identity


def identity_of(path: Path) -> str:
    """Name for the content of a file, by its path, size and time.

    Raises:
        OSError: there is no such file.
    """
    status = path.stat()
    told = f"{path.absolute()}\0{status.st_size}\0{status.st_mtime_ns}"
    return hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()[:32]


class _Listener:
    """Surveys files on several threads, and ends early once it is told to stop."""

    def __init__(self, advance: Advance) -> None:
        self.stop = Event()
        self._advance, self._lock = advance, Lock()

    def summary(self, path: Path) -> FileSummary:
        """Of one file.

        Raises:
            UserError: it cannot be read.
        """
        done_frames = 0

        def tell(frames: int, total: int) -> None:
            nonlocal done_frames
            if self.stop.is_set():
                raise _Stopped
            with self._lock:
                self._advance((frames - done_frames) / info.sample_rate)
            done_frames = frames

        try:
            identity = identity_of(path)
        except OSError as error:
            raise UserError(f"{path}: {error.strerror}") from None
        with AudioReader(path) as reader:
            info, compressed = reader.info, reader.laborious
        (survey,) = survey_files([path], tell)
        return _summarise(survey, identity, compressed)


class _Stopped(Exception):  # noqa: N818 no error: somebody wants the work to end
    """Ends a survey that nobody waits for any more."""


def _duration_s(path: Path) -> float:
    """What a file promises; nothing when it cannot be read."""
    try:
        return probe(path).duration_s
    except UserError:
        return 0.0


def _summarise(survey: Survey, identity: str, compressed: bool) -> FileSummary:
    level_lu = level_lu_of(survey)
    audible = np.isfinite(level_lu)
    rounded = np.full(level_lu.shape, _SILENT_HOP, np.int8)
    rounded[audible] = np.clip(np.rint(level_lu[audible]), _SILENT_HOP, _LOUDEST_HOP)
    return FileSummary(
        info=replace(survey.info),
        identity=identity,
        compressed=compressed,
        loudness_lufs=survey.loudness_lufs,
        peak=survey.peak,
        low_share=survey.low_share,
        dual_mono=survey.dual_mono,
        bad_samples=survey.bad_samples,
        level_lu=rounded,
    )
