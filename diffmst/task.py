"""What is to be solved for one song and its references: the excerpts to match, and what is known before."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from diffmst.aspects import ASPECTS, Aspect
from diffmst.dsp.loudness import pooled_loudness
from diffmst.ear import hear_roles
from diffmst.errors import UserError
from diffmst.excerpts import Excerpts
from diffmst.groups import Group
from diffmst.layout import Layout, Settings
from diffmst.listening import Heard, HeardReference
from diffmst.models.scene import ROLE_NAMES
from diffmst.passages import ANYWHERE, Listening, Windows, reference_passages, song_passages
from diffmst.prior import MASTER_LUFS, Prior, Stem, sane_prior
from diffmst.roles import TrackRole, roles_heard
from diffmst.ties import Ties

SONG_WINDOWS = Windows(seconds=6.0, count=4)
REFERENCE_WINDOWS = Windows(seconds=6.0, count=8)

KNOWN = 0.5
"""Confidence from which on a role stays what it is said to be: the ear is wrong about one in three."""


@dataclass(frozen=True)
class TaskReference:
    """What is compared of one reference.

    Attributes:
        audio: windows of it at the song's rate, [windows, 2, time].
        windows_at_s: where they start.
        window_s: their length.
        weight: against the other references that an aspect is taken from.
        aspects: what is taken from it.
    """

    audio: Tensor
    windows_at_s: tuple[float, ...]
    window_s: float
    weight: float = 1.0
    aspects: tuple[Aspect, ...] = ASPECTS


@dataclass(frozen=True)
class Task:
    """What refinement needs, and where it was taken from.

    Attributes:
        excerpts: of the song.
        stems: what the prior knows of its tracks.
        roles: of its tracks, by all that tells them.
        groups: of its tracks.
        references: what is compared of each, in the order in which they were heard.
        prior: balanced, neutral, sane.
        layout: the console's controls.
        song_windows_at_s: where the excerpts start.
        song_window_s: length of the excerpts without their lead.
        ties: controls of the tracks that are one.
    """

    excerpts: Excerpts
    stems: Sequence[Stem]
    roles: tuple[TrackRole, ...]
    groups: tuple[Group, ...]
    references: tuple[TaskReference, ...]
    prior: Prior
    layout: Layout
    song_windows_at_s: tuple[float, ...]
    song_window_s: float
    ties: Ties


def prepare(heard: Heard, layout: Layout, where: Listening = ANYWHERE) -> Task:
    """Chooses excerpts of song and references, reads them, and sets up the prior.

    Raises:
        UserError: a start that the user chose lies beyond the end, or where nothing sounds, or in one of several
            references.
    """
    if where.reference_start_s is not None and len(heard.references) > 1:
        raise UserError("--reference-start says where in one reference; leave it out where there are several")
    song = song_passages(heard, where, SONG_WINDOWS)
    heard = replace(heard, told_roles=roles_with_ear(heard.roles, song.excerpts))
    groups = heard.groups
    ties = Ties.of(groups, layout.track, len(heard.stems))
    prior = ties.share_prior(sane_prior(layout, heard.stems))
    return Task(
        excerpts=song.excerpts,
        stems=heard.stems,
        roles=heard.told_roles,
        groups=tuple(groups),
        references=tuple(_compared(reference, where, heard.song.sample_rate) for reference in heard.references),
        prior=at_master_level(prior, song.excerpts, layout),
        layout=layout,
        song_windows_at_s=song.starts_s,
        song_window_s=song.window_s,
        ties=ties,
    )


def roles_with_ear(roles: Sequence[TrackRole], excerpts: Excerpts) -> tuple[TrackRole, ...]:
    """Roles of tracks, by ear where nothing else tells them well.

    Args:
        roles: by what was told and by names.
        excerpts: of the tracks.
    """
    sounds = (bool(part.any()) for part in excerpts.audio.split(excerpts.channels, dim=1))
    wanted = [sound and known.confidence < KNOWN for sound, known in zip(sounds, roles, strict=True)]
    probabilities = hear_roles(excerpts).tolist() if any(wanted) else [[]] * len(roles)
    by_ear = [
        dict(zip(ROLE_NAMES, row, strict=False)) if listened else None
        for row, listened in zip(probabilities, wanted, strict=True)
    ]
    return tuple(roles_heard(roles, by_ear))


def _compared(reference: HeardReference, where: Listening, sample_rate: int) -> TaskReference:
    audio, starts_s, window_s = reference_passages(reference.survey, where, REFERENCE_WINDOWS, sample_rate)
    return TaskReference(audio, starts_s, window_s, reference.weight, reference.aspects)


def at_loudness(task: Task, settings: Settings, loudness_lufs: float) -> Settings:
    """Settings whose master fader brings the excerpts of a task to a loudness."""
    with torch.no_grad():
        mixed = task.excerpts.mixed(settings, task.layout)
    change_db = loudness_lufs - float(pooled_loudness(mixed, task.excerpts.sample_rate))
    if not math.isfinite(change_db):
        return settings
    return settings._replace(master=task.layout.master.moved(settings.master, "fader.gain_db", change_db))


def at_master_level(prior: Prior, excerpts: Excerpts, layout: Layout) -> Prior:
    """The prior with the master's input gain such that the balanced tracks arrive at `MASTER_LUFS`."""
    with torch.no_grad():
        mixed = excerpts.mixed(layout.from_unit(prior.start), layout)
    loudness_lufs = float(pooled_loudness(mixed, excerpts.sample_rate))
    if not math.isfinite(loudness_lufs):
        return prior

    def moved(unit: Settings) -> Settings:
        master = layout.master.from_unit(unit.master)
        master = layout.master.moved(master, "input.gain_db", MASTER_LUFS - loudness_lufs)
        return unit._replace(master=layout.master.to_unit(master))

    return prior._replace(mean=moved(prior.mean), start=moved(prior.start))
