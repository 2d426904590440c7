"""The mix made again in full, as loud as the finished one where both are."""

import math

from diffmst.data.song import Song
from diffmst.dsp.loudness import LoudnessMeter
from diffmst.mastering import Audio, Output, write_master
from diffmst.mix import Mix
from diffmst.outputs import OutputFolder
from diffmst.progress import Progress
from diffmst.recall.align import Alignment, within
from diffmst.render import Taps, block_frames, run_console
from diffmst.spool import Spool


def make_again(
    mix: Mix, song: Song, finished: Audio, alignment: Alignment, outputs: OutputFolder, name: str, progress: Progress
) -> tuple[Mix, Output]:
    """Renders a song as `render` does; the mix is returned with the loudness that it has then.

    A finished mix may hold a part of the song alone, a loud one say, and more besides. So the whole is made as much
    louder than the finished mix as it is than that part of itself.

    Args:
        mix: the settings.
        song: its tracks are those of the mix, in order.
        finished: the mix that is made again, [2, time].
        alignment: of song and finished mix.
        outputs: where the file goes.
        name: of the WAV file.
        progress: told how far it is.

    Raises:
        UserError: a stem cannot be read, or the output not written.
    """
    shared = alignment.shared(song.frames, finished.shape[1])
    wanted, of_part = (LoudnessMeter(mix.sample_rate, channels=2) for _ in range(2))
    wanted.add(finished[:, alignment.in_mix(shared)])
    path, done = outputs.path(name), 0
    with Spool(path.parent) as spool:
        with (
            progress.phase("rendering", song.frames) as advance,
            song.reader(block_frames(sum(song.channels))) as blocks,
        ):

            def hear(block: Audio) -> None:
                nonlocal done
                of_part.add(block[:, within(shared, done, block.shape[1])])
                done += block.shape[1]
                advance(block.shape[1])

            meter = run_console(mix, blocks, spool, Taps(mix=hear))
        loudness_lufs = meter.integrated_lufs + wanted.integrated_lufs - of_part.integrated_lufs
        if math.isfinite(loudness_lufs):
            settings = mix.render.model_copy(update={"loudness_lufs": min(0.0, round(loudness_lufs, 2))})
            mix = mix.model_copy(update={"render": settings})
        with progress.phase("finishing", 1) as advance:
            return mix, write_master(spool, meter, path, mix.render, advance)
