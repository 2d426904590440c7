"""Preparing: all that the page plays, decoded once into the cache, and what it sounds like."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diffmst.adjust import neutral_settings
from diffmst.audio import AudioReader
from diffmst.data.song import Song
from diffmst.mix import Mix
from diffmst.profile import Profile
from diffmst.progress import Advance
from diffmst.render import BLOCK_FRAMES, block_frames, compile_kernels
from diffmst.stream import ConsoleStream
from diffmst.web.jobs.job import Done, Task
from diffmst.web.jobs.reporting import Reporter
from diffmst.web.jobs.sounds import read_sound, sound_path, write_sound
from diffmst.web.jobs.tasks.listening import sound_of
from diffmst.web.jobs.tasks.song import before_key, file_key, key_of, song_key, song_of_task
from diffmst.web.pcm import PcmInfo, PcmReader, PcmWriter

Audio = NDArray[np.float32]


def run(task: Task, reporter: Reporter) -> Done:
    """Brings the cache up to date with files and document; what is in it already stays.

    Raises:
        UserError: a file cannot be read, or the cache not written.
    """
    _remove_leftovers(task)
    if not (task.mix or task.info.stems):
        _prepare_references(task, None, reporter)
        return Done({"sources": _prepared(task)})
    song = song_of_task(task)
    compile_kernels(reporter, gradients=False)
    _prepare_song(task, song, reporter)
    if task.mix:
        _prepare_before(task, song, task.mix, reporter)
    _prepare_references(task, song.sample_rate, reporter)
    return Done({"sources": _prepared(task)})


def song_blocks(cache: Path, song: Song, frames: int) -> Iterator[Audio] | None:
    """The song in blocks [rows, frames], from the cache; None where it is not there, or not of these files."""
    found = PcmReader.open(cache, "song")
    return _with_tail(found, song.tail_frames, frames) if found and found.info.key == song_key(song) else None


def _with_tail(source: PcmReader, tail_frames: int, frames: int) -> Iterator[Audio]:
    """A source from the beginning to the end, and silence after it, in blocks [rows, frames]."""
    end = source.info.frames + tail_frames
    for start in range(0, end, frames):
        block = source.read(start, frames)
        yield np.pad(block, ((0, 0), (0, min(frames, end - start) - block.shape[1])))


def _prepare_song(task: Task, song: Song, reporter: Reporter) -> None:
    key = song_key(song)
    if _is_there(task.cache, "song", key):
        return
    with (
        reporter.phase("reading the stems", song.frames) as advance,
        song.reader() as blocks,
        PcmWriter(task.cache, "song", song.channels, song.sample_rate, key) as writer,
    ):
        for block in blocks:
            writer.write(block)
            advance(block.shape[1])
    _tell(reporter, task, "song")


def _prepare_before(task: Task, song: Song, mix: Mix, reporter: Reporter) -> None:
    """The balanced neutral mix of a song."""
    key = before_key(song, mix)
    if _is_there(task.cache, "before", key) and _is_heard(task.cache, "before", key):
        return
    layout = mix.console_layout
    stream = ConsoleStream(mix.sample_rate, neutral_settings(mix), mix.channels, layout=layout, muted=mix.muted)
    blocks = song_blocks(task.cache, song, block_frames(sum(song.channels)))
    assert blocks is not None  # `_prepare_song` has seen to it
    profile = Profile(mix.sample_rate)
    with reporter.phase("rendering the mix before", song.frames) as advance:
        made = _advancing((stream.process(block).mix for block in blocks), advance)
        _write(task, "before", mix.sample_rate, key, _heard(made, profile))
        write_sound(task.cache, "before", sound_of(profile, key))
    _tell(reporter, task, "before")


def _prepare_references(task: Task, sample_rate: int | None, reporter: Reporter) -> None:
    """All references of the session, at the rate of the song."""
    total_s = sum(reference.seconds for reference in task.info.references)
    with reporter.phase("reading the references", total_s) as advance:
        for reference in task.info.references:
            with AudioReader(task.folder / reference.file, sample_rate) as reader:
                source = f"reference-{reference.id}"
                key = key_of("reference", reader.sample_rate, file_key(reader.info.path))
                if not (_is_there(task.cache, source, key) and _is_heard(task.cache, source, key)):
                    _prepare_reference(task, source, key, reader, advance)
                    _tell(reporter, task, source)


def _prepare_reference(task: Task, source: str, key: str, reader: AudioReader, advance: Advance) -> None:
    """One reference; its sound is that of the file, which may have what no song of this rate can hold."""
    own_rate = reader.info.sample_rate
    profile = Profile(own_rate)
    if own_rate == reader.sample_rate:
        blocks = _heard(_advancing(reader.blocks(BLOCK_FRAMES), advance, own_rate), profile)
        _write(task, source, own_rate, key, blocks)
    else:
        blocks = _advancing(reader.blocks(BLOCK_FRAMES), advance, 2 * reader.sample_rate)
        _write(task, source, reader.sample_rate, key, blocks)
        with AudioReader(reader.info.path) as original:
            for block in _advancing(original.blocks(BLOCK_FRAMES), advance, 2 * own_rate):
                profile.add(block)
    write_sound(task.cache, source, sound_of(profile, key))


def _write(task: Task, source: str, sample_rate: int, key: str, blocks: Iterable[Audio]) -> None:
    """Blocks [1 or 2, frames] into the cache, on two sides."""
    with PcmWriter(task.cache, source, (2,), sample_rate, key) as writer:
        for block in blocks:
            writer.write(np.repeat(block, 2 // block.shape[0], axis=0))


def _heard(blocks: Iterable[Audio], profile: Profile) -> Iterator[Audio]:
    for block in blocks:
        profile.add(block)
        yield block


def _advancing(blocks: Iterable[Audio], advance: Advance, unit: float = 1.0) -> Iterator[Audio]:
    for block in blocks:
        yield block
        advance(block.shape[1] / unit)


def _is_there(cache: Path, source: str, key: str) -> bool:
    found = PcmReader.open(cache, source)
    return found is not None and found.info.key == key


def _is_heard(cache: Path, source: str, key: str) -> bool:
    sound = read_sound(cache, source)
    return sound is not None and sound.key == key


def _remove_leftovers(task: Task) -> None:
    """What is in the cache of references that are no longer in the session, and what a killed process left."""
    wanted = {f"reference-{reference.id}" for reference in task.info.references}
    for path in task.cache.glob("reference-*.pcm"):
        if path.stem not in wanted:
            path.unlink(missing_ok=True)
            sound_path(task.cache, path.stem).unlink(missing_ok=True)


def _prepared(task: Task) -> dict[str, dict[str, object]]:
    names = ["song", "before", *(f"reference-{reference.id}" for reference in task.info.references)]
    found = {name: PcmReader.open(task.cache, name) for name in names}
    return {name: _described(source.info) for name, source in found.items() if source}


def _described(info: PcmInfo) -> dict[str, object]:
    return {"rows": info.rows, "frames": info.frames, "sample_rate": info.sample_rate}


def _tell(reporter: Reporter, task: Task, source: str) -> None:
    found = PcmReader.open(task.cache, source)
    assert found is not None
    reporter.event({"type": "prepared", "source": source, **_described(found.info)})
