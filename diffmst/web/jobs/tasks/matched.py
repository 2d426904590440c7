"""What both ways of matching have in common: the options, and what becomes of the outcome."""

from __future__ import annotations

import math
from dataclasses import replace

from diffmst.delivery import REPORT
from diffmst.match import Matched, Options
from diffmst.models.prediction import MixModel
from diffmst.passages import Listening
from diffmst.web.jobs.delivery import delivery_of
from diffmst.web.jobs.job import Done, Task
from diffmst.web.jobs.options import MatchOptions
from diffmst.web.jobs.sounds import write_sound
from diffmst.web.jobs.tasks.listening import sound_of
from diffmst.web.jobs.tasks.song import file_title, sounding_key, told_roles_of_task
from diffmst.web.session_info import Window


def core_options(task: Task, asked: MatchOptions, before: Options, model: MixModel | None) -> Options:
    """The options of the core.

    Args:
        task: of the job.
        asked: what the page says.
        before: what holds where the page says nothing.
        model: that predicts.
    """
    return replace(
        before,
        loudness=before.loudness if asked.loudness is None else asked.loudness,
        ceiling_dbtp=before.ceiling_dbtp if asked.ceiling_dbtp is None else asked.ceiling_dbtp,
        tail_s=before.tail_s if asked.tail_s is None else asked.tail_s,
        where=_listening(asked.window or task.info.window),
        steps=asked.most_steps,
        time_s=math.inf if asked.time_s is None else asked.time_s,
        model=model,
        amounts=asked.amounts or before.amounts,
        roles=told_roles_of_task(task),
        force=True,
    )


def _listening(window: Window | None) -> Listening:
    return Listening(window.start_s, window.reference_start_s, window.seconds) if window else Listening()


def done(task: Task, matched: Matched) -> Done:
    """What came of matching: a new document, its sound, and what the page wants to know at once."""
    mix, refined = matched.mix, matched.refined
    wav = f"{file_title(task)}.wav"
    (task.scratch / "mix.wav").rename(task.scratch / wav)
    write_sound(task.scratch, "after", sound_of(matched.sound, sounding_key(mix), matched.output))
    return Done(
        result={
            "files": [wav, REPORT],
            "notes": matched.notes,
            "distance_before": sum(refined.before.values()),
            "distance_after": sum(refined.after.values()),
            "steps": len(refined.history),
            "converged": refined.converged,
            "seconds": round(refined.seconds, 1),
        },
        files=(wav, REPORT),
        cached=("sound-after.json",),
        mix=mix,
        stopped=refined.stopped,
        delivery=delivery_of(matched.output),
    )
