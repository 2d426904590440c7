"""Learning to hear roles: songs drawn at random, changed at random, a few minutes on a laptop."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from diffmst.dsp.band_powers import HOP_S
from diffmst.ear.material import EarSong, powers_of
from diffmst.ear.network import ROLES, EarConfig, RoleEar
from diffmst.ear.scores import Scores, scores
from diffmst.ear.sound import Levels, StemSounds, levels_of
from diffmst.ear.variation import draw_variation, vary
from diffmst.errors import UserError
from diffmst.progress import SILENT, Progress

_TEMPO = 0.25  # natural logarithm of the fastest against the song's own
_CLIPPED = 2.0
_MOST_WEIGHT = 2.0
_FEWEST_KEPT = 3  # stems of a song of which some may be left out
_TEMPERATURES = torch.logspace(-0.5, 0.5, 41)


@dataclass(frozen=True)
class Schedule:
    """How the ear learns.

    Attributes:
        steps: of the optimiser.
        songs: in each step.
        windows: of each of them.
        window_s: length of these.
        learning_rate: at its highest.
        weight_decay: of AdamW.
        label_smoothing: probability kept for the other roles.
        real: share of the songs that were recorded, not made, where there are both.
        whole: share of the songs of which no stem is left out.
        seed: of all chance.
    """

    steps: int = 600
    songs: int = 6
    windows: int = 3
    window_s: float = 3.0
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    label_smoothing: float = 0.1
    real: float = 0.25
    whole: float = 0.3
    seed: int = 0


@dataclass(frozen=True)
class Learnt:
    """An ear that has learnt.

    Attributes:
        ear: ready to hear.
        losses: of all steps, nats.
        seconds: that it took.
    """

    ear: RoleEar
    losses: tuple[float, ...]
    seconds: float


def learn(
    songs: Sequence[EarSong],
    schedule: Schedule | None = None,
    *,
    config: EarConfig | None = None,
    progress: Progress = SILENT,
) -> Learnt:
    """An ear that has learnt from songs.

    The same songs and the same schedule make the same ear, on one machine with one number of threads.

    Args:
        songs: of which some stems are of known role.
        schedule: how.
        config: sizes of the ear.
        progress: told of the steps.

    Raises:
        UserError: no stem has a known role.
    """
    schedule = schedule or Schedule()
    songs = [song for song in songs if (song.roles < ROLES).any()]
    if not songs:
        raise UserError("no stem of the songs to train on has a known role; name the files by what they are")
    began = time.perf_counter()
    with torch.random.fork_rng(devices=[]):  # first weights and dropout, and nobody else's numbers
        torch.manual_seed(schedule.seed)
        lesson = _Lesson(songs, schedule, RoleEar(config))
        with progress.phase("learning to hear roles", schedule.steps) as advance:
            losses = []
            for _ in range(schedule.steps):
                losses.append(lesson.step())
                advance(1)
    return Learnt(lesson.ear.eval(), tuple(losses), time.perf_counter() - began)


def calibrate(ear: RoleEar, songs: Sequence[EarSong]) -> None:
    """Sets the temperature of an ear such that its probabilities surprise least on songs that it has not learnt from.

    Reference: Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks", ICML 2017.
    """
    ear.temperature.fill_(1.0)
    probabilities, roles = heard_roles(ear, songs)
    if len(roles):
        logits = probabilities.clamp_min(torch.finfo(torch.float32).tiny).log()
        surprise = torch.stack([cross_entropy(logits / temperature, roles) for temperature in _TEMPERATURES])
        ear.temperature.copy_(_TEMPERATURES[surprise.argmin()])


def heard_roles(ear: RoleEar, songs: Sequence[EarSong]) -> tuple[Tensor, Tensor]:
    """Probabilities [stems, roles] of all stems of known role that can be heard, and their roles [stems]."""
    told, roles = [torch.zeros(0, ROLES)], [torch.zeros(0, dtype=torch.long)]
    with torch.no_grad():
        for song in songs:
            levels = levels_of(song.sounds)
            counts = (song.roles < ROLES) & (levels.active > 0).any(-1)
            told.append(ear.probabilities(levels)[counts])
            roles.append(song.roles[counts])
    return torch.cat(told), torch.cat(roles)


def judged(ear: RoleEar, songs: Sequence[EarSong]) -> dict[str, Scores]:
    """Figures of an ear on real songs and on made ones, of which there are any."""
    kinds = {"real": [song for song in songs if not song.made], "made": [song for song in songs if song.made]}
    heard = {kind: heard_roles(ear, of_kind) for kind, of_kind in kinds.items()}
    return {kind: scores(told, roles) for kind, (told, roles) in heard.items() if len(roles)}


class _Lesson:
    """An ear and what teaches it."""

    def __init__(self, songs: Sequence[EarSong], schedule: Schedule, ear: RoleEar) -> None:
        self.ear = ear.train()
        self._schedule = schedule
        self._kinds = [kind for made in (False, True) if (kind := [song for song in songs if song.made == made])]
        self._rng = np.random.default_rng(schedule.seed)
        self._generator = torch.Generator().manual_seed(schedule.seed)
        self._weights = _role_weights(songs)
        self._optimizer = torch.optim.AdamW(
            ear.parameters(), schedule.learning_rate, weight_decay=schedule.weight_decay
        )
        self._rate = torch.optim.lr_scheduler.OneCycleLR(
            self._optimizer, schedule.learning_rate, schedule.steps, pct_start=0.1
        )

    def step(self) -> float:
        """Learns from a few songs; returns the loss."""
        examples = [self._example() for _ in range(self._schedule.songs)]
        told = self.ear([levels for levels, _ in examples])
        roles = torch.cat([roles for _, roles in examples])
        heard = torch.cat([(levels.active > 0).any(-1) for levels, _ in examples]) & (roles < ROLES)
        loss = torch.stack([self._surprise(logits[heard], roles[heard]) for kind in told for logits in kind]).mean()
        self._optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.ear.parameters(), _CLIPPED)
        self._optimizer.step()
        self._rate.step()
        return float(loss.detach())

    def _surprise(self, logits: Tensor, roles: Tensor) -> Tensor:
        """Cross entropy, nats; nothing where no stem of known role is heard, of which the mean would be no number."""
        if not len(roles):
            return logits.sum()
        return cross_entropy(logits, roles, self._weights, label_smoothing=self._schedule.label_smoothing)

    def _example(self) -> tuple[Levels, Tensor]:
        """Windows of some stems of a song, changed, and their roles."""
        real = len(self._kinds) == 1 or self._rng.random() < self._schedule.real
        kind = self._kinds[0 if real else 1]
        song = kind[self._rng.integers(len(kind))]
        stems = self._stems(len(song.roles))
        sounds = StemSounds(*self._windows(song, stems))
        variation = draw_variation(len(stems), self._generator)
        return levels_of(vary(sounds, variation, self._generator)), song.roles[stems]

    def _stems(self, count: int) -> Tensor:
        """All stems of so many, or some of them."""
        if count <= _FEWEST_KEPT or self._rng.random() < self._schedule.whole:
            return torch.arange(count)
        kept = self._rng.integers(max(2, count // 3), count + 1)
        return torch.from_numpy(np.sort(self._rng.choice(count, kept, replace=False)))

    def _windows(self, song: EarSong, stems: Tensor) -> tuple[Tensor, Tensor]:
        """Powers and sides of parts of some windows, all at one new tempo."""
        windows, frames = song.levels.shape[1:3]
        tempo = np.exp(self._rng.uniform(-_TEMPO, _TEMPO))
        wanted = np.arange(round(self._schedule.window_s / HOP_S)) * tempo
        wanted = wanted[wanted <= frames - 1]
        chosen = self._rng.choice(windows, min(windows, self._schedule.windows), replace=False)
        parts = []
        for window in chosen:
            start = self._rng.uniform(0, frames - 1 - wanted[-1])
            parts.append(song.levels[stems, window][:, torch.from_numpy((start + wanted).astype(np.int64))])
        return powers_of(torch.stack(parts, 1)), song.sides[stems][:, torch.from_numpy(chosen)]


def _role_weights(songs: Sequence[EarSong]) -> Tensor:
    """Weights of the roles: rare ones count more, as the square root of how rare, up to twice the mean."""
    roles = torch.cat([song.roles for song in songs])
    counts = torch.bincount(roles, minlength=ROLES + 1)[:ROLES].float().clamp_min(1)
    return (counts.mean() / counts).sqrt().clamp(1 / _MOST_WEIGHT, _MOST_WEIGHT)
