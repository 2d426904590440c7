"""What is to be solved for one song and one reference: the excerpts to match, and what is known before."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from diffmst.dsp.loudness import pooled_loudness
from diffmst.excerpts import Excerpts
from diffmst.layout import Layout, Settings
from diffmst.listening import Heard
from diffmst.passages import ANYWHERE, Listening, Windows, reference_passages, song_passages
from diffmst.prior import MASTER_LUFS, Prior, Stem, sane_prior

SONG_WINDOWS = Windows(seconds=6.0, count=4)
REFERENCE_WINDOWS = Windows(seconds=6.0, count=8)


@dataclass(frozen=True)
class Task:
    """What refinement needs, and where it was taken from.

    Attributes:
        excerpts: of the song.
        stems: what the prior knows of its tracks.
        reference: windows of the reference at the song's rate, [windows, 2, time].
        prior: balanced, neutral, sane.
        layout: the console's controls.
        song_windows_at_s: where the excerpts start.
        reference_windows_at_s: where the windows of the reference start.
        song_window_s: length of the excerpts without their lead.
        reference_window_s: length of the windows of the reference.
    """

    excerpts: Excerpts
    stems: Sequence[Stem]
    reference: Tensor
    prior: Prior
    layout: Layout
    song_windows_at_s: tuple[float, ...]
    reference_windows_at_s: tuple[float, ...]
    song_window_s: float
    reference_window_s: float


def prepare(heard: Heard, layout: Layout, where: Listening = ANYWHERE) -> Task:
    """Chooses excerpts of song and reference, reads them, and sets up the prior.

    Raises:
        UserError: a start that the user chose lies beyond the end, or where nothing sounds.
    """
    song = song_passages(heard, where, SONG_WINDOWS)
    reference = reference_passages(heard, where, REFERENCE_WINDOWS, heard.song.sample_rate)
    return Task(
        excerpts=song.excerpts,
        stems=heard.stems,
        reference=reference.audio,
        prior=at_master_level(sane_prior(layout, heard.stems), song.excerpts, layout),
        layout=layout,
        song_windows_at_s=song.starts_s,
        reference_windows_at_s=reference.starts_s,
        song_window_s=song.window_s,
        reference_window_s=reference.window_s,
    )


def at_loudness(task: Task, settings: Settings, loudness_lufs: float) -> Settings:
    """Settings whose master fader brings the excerpts of a task to a loudness."""
    with torch.no_grad():
        mixed = task.excerpts.mixed(settings, task.layout)
    change_db = loudness_lufs - float(pooled_loudness(mixed, task.excerpts.sample_rate))
    if not math.isfinite(change_db):
        return settings
    return settings._replace(master=_moved(settings.master, task.layout, "fader.gain_db", change_db))


def at_master_level(prior: Prior, excerpts: Excerpts, layout: Layout) -> Prior:
    """The prior with the master's input gain such that the balanced tracks arrive at `MASTER_LUFS`."""
    with torch.no_grad():
        mixed = excerpts.mixed(layout.from_unit(prior.start), layout)
    loudness_lufs = float(pooled_loudness(mixed, excerpts.sample_rate))
    if not math.isfinite(loudness_lufs):
        return prior

    def moved(unit: Settings) -> Settings:
        master = layout.master.from_unit(unit.master)
        master = _moved(master, layout, "input.gain_db", MASTER_LUFS - loudness_lufs)
        return unit._replace(master=layout.master.to_unit(master))

    return prior._replace(mean=moved(prior.mean), start=moved(prior.start))


def _moved(master: Tensor, layout: Layout, control: str, change: float) -> Tensor:
    """Master settings [batch, controls] with one control changed, within its range."""
    column, param = list(layout.master.params).index(control), layout.master.params[control]
    master = master.clone()
    master[..., column] = (master[..., column] + change).clamp(param.low, param.high)
    return master
