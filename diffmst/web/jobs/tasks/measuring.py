"""Measuring: the whole song through the console as it is set now, and how it would leave the master bus."""

from __future__ import annotations

from diffmst.data.parallel import Ahead
from diffmst.errors import UserError
from diffmst.mastering import measure_master
from diffmst.profile import Profile
from diffmst.render import Taps, block_frames, compile_kernels, run_console, song_of
from diffmst.spool import Spool
from diffmst.web.jobs.delivery import delivery_of
from diffmst.web.jobs.job import Done, Task
from diffmst.web.jobs.reporting import Reporter
from diffmst.web.jobs.sounds import write_sound
from diffmst.web.jobs.tasks.listening import sound_of
from diffmst.web.jobs.tasks.preparing import Audio, song_blocks
from diffmst.web.jobs.tasks.song import sounding_key


def run(task: Task, reporter: Reporter) -> Done:
    """What rendering would make of the mix, to the last digit; nothing is written but what it sounds like.

    Raises:
        UserError: there is no document, or a file cannot be read.
    """
    mix = task.mix
    if mix is None:
        raise UserError("there is no mix yet; match the song first")
    song = song_of(mix, task.scratch)
    frames = block_frames(sum(song.channels))
    compile_kernels(reporter, gradients=False)
    after = Profile(mix.sample_rate)
    with Spool(task.scratch) as spool:
        with reporter.phase("rendering", song.frames) as advance:

            def hear(block: Audio) -> None:
                after.add(block)
                advance(block.shape[1])

            cached = song_blocks(task.cache, song, frames)
            with Ahead(cached) if cached else song.reader(frames) as blocks:
                meter = run_console(mix, blocks, spool, Taps(mix=hear))
        with reporter.phase("finishing", 1) as advance:
            output = measure_master(spool, meter, mix.render, advance)
    with reporter.phase("drawing", 1):
        write_sound(task.scratch, "after", sound_of(after, sounding_key(mix), output))
    delivery = delivery_of(output)
    return Done(delivery, cached=("sound-after.json",), delivery=delivery)
