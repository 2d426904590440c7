"""The renderer: a mix document and its song, block by block, into audio files."""

import logging
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from diffmst import mastering
from diffmst.audio import SAMPLE_BYTES, AudioWriter, StemFile
from diffmst.data.checksum import file_sha256
from diffmst.data.parallel import Ahead
from diffmst.data.song import Song
from diffmst.dsp import recurrence
from diffmst.dsp.kernels.threads import working_threads
from diffmst.dsp.loudness import LoudnessMeter
from diffmst.errors import UserError
from diffmst.mastering import Audio, Output, write_master
from diffmst.mix import STEMS_SUFFIX, Mix, RenderSettings
from diffmst.mix_parts import Subtype
from diffmst.outputs import OutputFolder, file_name
from diffmst.progress import SILENT, Advance, Progress
from diffmst.spool import Spool
from diffmst.stream import Buses, ConsoleStream
from diffmst.tail import dying_s

BLOCK_FRAMES = 65_536
"""At most. What it is depends on the number of rows alone, so that a mix rendered twice is the same to the bit."""

_BLOCK_SAMPLES = 1 << 22  # of all rows together: the pipeline holds half a dozen blocks, of 16 MB at most

_logger = logging.getLogger(__name__)


def compile_kernels(progress: Progress, *, gradients: bool = True) -> None:
    """Compiles the kernels where this machine has not done so yet: it takes so long that it ought to be seen.

    Args:
        progress: told while it lasts.
        gradients: also those that only matching needs.
    """
    if gradients:
        from diffmst import distance  # which loads torch
    if not (recurrence.is_warm(gradients=gradients) and mastering.is_warm() and (not gradients or distance.is_warm())):
        with progress.phase("compiling (first run only)", 1):
            recurrence.warm_up(gradients=gradients)
            mastering.warm_up()
            if gradients:
                distance.warm_up()


def block_frames(rows: int) -> int:
    """Length of the blocks in which a song of so many rows is rendered: memory hardly grows with the number of tracks.

    >>> block_frames(16), block_frames(128)
    (65536, 32768)
    """
    return BLOCK_FRAMES >> max(0, math.ceil(math.log2(rows * BLOCK_FRAMES / _BLOCK_SAMPLES)))


class Taps(NamedTuple):
    """Where the parts of a mix in the making are listened to, or written.

    Each is called with every block in turn: `input` on a thread of its own, the others where the mix is made.
    """

    input: Callable[[Audio], None] | None = None  # [rows, frames], before the strips
    mix: Callable[[Audio], None] | None = None
    stems: Callable[[Audio], None] | None = None  # [tracks, 2, frames], before the master
    reverb: Callable[[Audio], None] | None = None
    fading: Callable[[Audio], None] | None = None  # after the last block: what the reverb would go on with in the mix


def run_console(mix: Mix, blocks: Iterable[Audio], spool: Spool | None, taps: Taps | None = None) -> LoudnessMeter:
    """Sends a song through the console into the spool, before loudness and ceiling; returns the meter that heard it.

    The strips, reverb and master, and all that follows them work at the same time, each on another block, as long as
    there is more than one thread to work on. The result does not depend on it.

    Args:
        mix: the settings.
        blocks: [rows, frames] each, the rows of the document's tracks in order.
        spool: takes the mix, if anyone wants it.
        taps: who else listens.
    """
    taps = taps or Taps()
    meter = LoudnessMeter(mix.sample_rate, channels=2)
    stream = ConsoleStream(
        mix.sample_rate,
        mix.settings,
        mix.channels,
        layout=mix.console_layout,
        muted=mix.muted,
        stems=taps.stems is not None,
    )

    def to_buses(block: Audio) -> Buses:
        if taps.input:
            taps.input(block)
        return stream.to_buses(block)

    depth = 2 if working_threads() > 1 else 0
    with Ahead(map(to_buses, blocks), depth) as buses, Ahead(map(stream.to_mix, buses), depth) as made:
        for block in made:
            mixed = block.mix
            if spool is not None:
                spool.append(mixed)
            meter.add(mixed)
            if taps.stems and block.stems is not None:
                taps.stems(block.stems)
            if taps.reverb:
                taps.reverb(block.reverb)
            if taps.mix:
                taps.mix(mixed)
    if taps.fading:
        for rest in stream.fading(BLOCK_FRAMES):
            taps.fading(rest)
    return meter


def render(
    mix: Mix,
    song: Song,
    outputs: OutputFolder,
    name: str,
    *,
    stems: bool = False,
    progress: Progress = SILENT,
    on_input: Callable[[Audio], None] | None = None,
    on_mix: Callable[[Audio], None] | None = None,
) -> Output:
    """Renders a whole song with its tail into a WAV file, and its processed stems if asked for.

    Args:
        mix: the settings.
        song: its tracks are those of the document, in order; it has the tail that is wanted.
        outputs: where the files go.
        name: of the WAV file.
        stems: also write the processed stems and the reverb return, which sum to the mix before the master bus.
        progress: told how far it is.
        on_input: called with every block of the song, [rows, frames], on a thread of its own.
        on_mix: called with every block of the mix before its loudness and ceiling, [2, frames].

    Raises:
        UserError: a stem cannot be read, or an output not written.
    """
    path = outputs.path(name)
    with Spool(path.parent) as spool:
        with (
            progress.phase("rendering", song.frames) as advance,
            song.reader(block_frames(sum(song.channels))) as reader,
            ExitStack() as writers,
        ):
            taps = _stem_taps(writers, outputs, name, mix) if stems else Taps()
            fading = LoudnessMeter(mix.sample_rate, channels=2)
            taps = taps._replace(input=on_input, mix=_advancing(advance, on_mix), fading=fading.add)
            meter = run_console(mix, reader, spool, taps)
        with progress.phase("finishing", 1) as advance:
            output = write_master(spool, meter, path, mix.render, advance)
    missing_s = dying_s(fading, meter.integrated_lufs)
    return replace(output, wanted_tail_s=song.tail_s + missing_s) if missing_s else output


def rendered_bytes(song: Song, subtype: Subtype, *, stems: bool = False) -> int:
    """Room that `render` takes on the disk: the mix, on its way there in float too, and the stems in float."""
    stereo = 2 * SAMPLE_BYTES["FLOAT"]
    parts = 1 + (len(song.tracks) + 1 if stems else 0)
    return song.frames * (2 * SAMPLE_BYTES[subtype] + parts * stereo)


def render_document(
    path: Path,
    out: Path,
    *,
    stems: bool = False,
    tail_s: float | None = None,
    force: bool = False,
    progress: Progress = SILENT,
) -> Output:
    """Renders a mix document into a WAV file.

    Args:
        path: of the document.
        out: the WAV file.
        stems: also write the processed stems, into a folder beside it.
        tail_s: how long it goes on after the stems; as in the document if not given.
        force: replace what is there.
        progress: told how far it is.

    Raises:
        UserError: the document or a stem cannot be used, or the output not written.
        ValueError: there is no such tail.
    """
    mix = Mix.read(path)
    if tail_s is not None:
        mix = mix.model_copy(update={"render": RenderSettings(**mix.render.model_dump() | {"tail_s": tail_s})})
    if out.suffix.lower() != ".wav":
        raise UserError(f"{out}: must end in .wav, as that is what it will be")
    names = [out.name, *(stem_names(out.name, [track.name for track in mix.tracks]) if stems else ())]
    with OutputFolder(out.parent, force=force) as outputs:
        outputs.claim(names, inputs=[path, *(path.parent / track.path for track in mix.tracks)])
        song = song_of(mix, path.parent)
        outputs.check_room(rendered_bytes(song, mix.render.subtype, stems=stems))
        compile_kernels(progress, gradients=False)
        return render_again(mix, song, outputs, out.name, stems=stems, progress=progress)


def render_again(
    mix: Mix, song: Song, outputs: OutputFolder, name: str, *, stems: bool = False, progress: Progress = SILENT
) -> Output:
    """Renders the song of a document as `render` does, and logs which of its files have changed since it was made."""
    with noted_changes(mix, song, progress):
        return render(mix, song, outputs, name, stems=stems, progress=progress)


@contextmanager
def noted_changes(mix: Mix, song: Song, progress: Progress = SILENT) -> Iterator[None]:
    """Logs which files of a song have changed since its document was made; they are read while the block runs."""
    with Ahead(map(file_sha256, (track.path for track in song.tracks)), depth=len(song.tracks)) as checksums:
        yield
        _warn_of_changes(mix, checksums, progress)


def song_of(mix: Mix, folder: Path) -> Song:
    """The song that a document in `folder` mixes, with the tail that it asks for.

    Raises:
        UserError: a file is missing, cannot be read, or no longer has the channels that were mixed.
    """
    song = Song.of_stems(stem_files(mix, folder), mix.sample_rate)
    for wanted, found in zip(mix.tracks, song.tracks, strict=True):
        if found.channels < wanted.channels:
            raise UserError(f"{found.path}: is mono now, track {wanted.name!r} was stereo; run `diffmst mix` again")
    return song.with_channels(mix.channels).with_tail(mix.render.tail_s)


def stem_files(mix: Mix, folder: Path) -> list[StemFile]:
    """The files of the tracks of a document in `folder`.

    Raises:
        UserError: one is missing.
    """
    files = [StemFile(folder / track.path, track.name) for track in mix.tracks]
    for file in files:
        if not file.path.exists():
            raise UserError(f"{file.path}: no such file; track {file.name!r} was made from it, correct its path")
    return files


def _warn_of_changes(mix: Mix, checksums: Iterable[str], progress: Progress) -> None:
    """Logs which files are not those that the document was made from."""
    with progress.phase("checking", len(mix.tracks)) as advance:
        for track, sha256 in zip(mix.tracks, checksums, strict=True):
            if sha256 != track.sha256:
                _logger.warning("%s has changed since track “%s” was mixed from it", track.path, track.name)
            advance(1)


def stem_names(mix_name: str, track_names: Sequence[str]) -> list[str]:
    """Names for the processed stems of a mix, in order, then the reverb return: numbered, safe on every system.

    They lie in a folder of their own beside the mix.

    >>> stem_names("mix.wav", ["Kick", "Drums/Snare"])
    ['mix_stems/01 Kick.wav', 'mix_stems/02 Drums_Snare.wav', 'mix_stems/reverb.wav']
    """
    digits = max(2, len(str(len(track_names))))
    numbered = [f"{number:0{digits}d} {file_name(name)}.wav" for number, name in enumerate(track_names, 1)]
    return [f"{Path(mix_name).stem}{STEMS_SUFFIX}/{name}" for name in (*numbered, "reverb.wav")]


def _stem_taps(writers: ExitStack, outputs: OutputFolder, mix_name: str, mix: Mix) -> Taps:
    """Writers of the processed stems, in float: they may exceed full scale, and have to add up."""
    *tracks, reverb = (
        writers.enter_context(AudioWriter(outputs.path(path), mix.sample_rate, 2, "FLOAT"))
        for path in stem_names(mix_name, [track.name for track in mix.tracks])
    )

    def write(blocks: Audio) -> None:
        for writer, block in zip(tracks, blocks, strict=True):
            writer.write(block)

    return Taps(stems=write, reverb=reverb.write)


def _advancing(advance: Advance, on_mix: Callable[[Audio], None] | None) -> Callable[[Audio], None]:
    """`on_mix`, and progress as blocks of the mix are done."""

    def hear(block: Audio) -> None:
        if on_mix:
            on_mix(block)
        advance(block.shape[1])

    return hear
