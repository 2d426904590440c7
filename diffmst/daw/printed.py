"""The audio of a session, printed in one pass over the song: memory does not grow with its length."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np

from diffmst import mastering
from diffmst.audio import AudioWriter
from diffmst.data.song import Song, allow_open_files
from diffmst.daw.console_mix import Audio
from diffmst.daw.formats import Part
from diffmst.dsp.loudness import LoudnessMeter
from diffmst.mix import Mix
from diffmst.outputs import write_errors
from diffmst.progress import SILENT, Progress
from diffmst.render import Taps, block_frames, run_console

_OPEN_FILES_PER_TRACK = 3  # the stem, its copy, and it processed
_OTHER_OPEN_FILES = 128


class Printed(NamedTuple):
    """The audio of a mix.

    Attributes:
        sources: the stems as recorded, one per track; none where they were not asked for.
        processed: the stems behind fader and pan, likewise; none for what is muted.
        reverb_return: of all sends together.
        meter: has heard the mix behind the master.
    """

    sources: tuple[Audio | None, ...]
    processed: tuple[Audio | None, ...]
    reverb_return: Audio
    meter: LoudnessMeter


def print_audio(
    mix: Mix,
    song: Song,
    folder: Path,
    names: Sequence[str],
    parts: Collection[Part],
    progress: Progress = SILENT,
) -> Printed:
    """Writes the audio of a mix: the processed stems and the reverb return add up to what the master bus gets.

    Args:
        mix: the settings.
        song: its tracks are those of the document, in order.
        folder: takes a folder per part.
        names: of the files of the tracks, then of the reverb return.
        parts: what is wanted besides the reverb return.
        progress: told how far it is.

    Raises:
        UserError: a stem cannot be read, or a file not written.
    """
    *track_names, reverb_name = names
    allow_open_files(len(track_names) * _OPEN_FILES_PER_TRACK + _OTHER_OPEN_FILES)
    recorded = song.channels if "sources" in parts else (0,) * len(song.tracks)
    heard = tuple(2 if "processed" in parts and not muted else 0 for muted in mix.muted)
    with (
        progress.phase("printing audio", song.frames) as advance,
        song.reader(block_frames(sum(song.channels))) as reader,
        ExitStack() as opened,
    ):
        sources = _Files(opened, folder / "sources", track_names, recorded, mix.sample_rate)
        processed = _Files(opened, folder / "processed", track_names, heard, mix.sample_rate)
        reverb = _Files(opened, folder / "reverb", [reverb_name], (2,), mix.sample_rate)
        taps = Taps(
            input=sources.write if any(recorded) else None,
            mix=lambda block: advance(block.shape[1]),
            stems=processed.write_stems if any(heard) else None,
            reverb=reverb.write,
        )
        meter = run_console(mix, reader, None, taps)
    (reverb_return,) = reverb.audio()
    assert reverb_return
    return Printed(sources.audio(), processed.audio(), reverb_return, meter)


class _Files:
    """WAV files that are written side by side.

    Args:
        opened: completes them.
        folder: for all of them.
        names: of the files.
        channels: of each; one without any is not written.
        sample_rate: hertz.
    """

    def __init__(
        self, opened: ExitStack, folder: Path, names: Sequence[str], channels: Sequence[int], sample_rate: int
    ) -> None:
        with write_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        self._paths, self._channels = [folder / name for name in names], channels
        self._writers = [
            opened.enter_context(AudioWriter(path, sample_rate, count, "FLOAT")) if count else None
            for path, count in zip(self._paths, channels, strict=True)
        ]
        self._ends = np.cumsum(channels).tolist()

    def write(self, rows: mastering.Audio) -> None:
        """Writes a block [rows, frames], all channels of all files."""
        for writer, end, count in zip(self._writers, self._ends, self._channels, strict=True):
            if writer:
                writer.write(rows[end - count : end])

    def write_stems(self, stems: mastering.Audio) -> None:
        """Writes a block [files, 2, frames]."""
        for writer, stem in zip(self._writers, stems, strict=True):
            if writer:
                writer.write(stem)

    def audio(self) -> tuple[Audio | None, ...]:
        """What was written, in order."""
        return tuple(
            Audio(path, count, writer.frames) if writer else None
            for path, count, writer in zip(self._paths, self._channels, self._writers, strict=True)
        )
