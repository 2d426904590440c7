"""The three methods: how one example is drawn, read, mixed and put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from diffmst.data.library import Library, LibraryReference, LibrarySong
from diffmst.dsp.loudness import gain_to_loudness, pooled_loudness
from diffmst.excerpts import Excerpts
from diffmst.layout import Layout, Settings
from diffmst.models.scene import Hearing, Scene
from diffmst.random_mix.amounts import Amounts
from diffmst.random_mix.dice import Dice
from diffmst.random_mix.draw import Kind, MixDraw
from diffmst.random_mix.rendering import RandomMix, mix_at_full_scale, mix_at_loudness
from diffmst.random_mix.song_sound import hear_song
from diffmst.training.example import Example, Method
from diffmst.training.role_noise import RoleNoise
from diffmst.training.staging import StagedSong, UnusableError, stage

Thing = TypeVar("Thing")

SAMPLE_RATE = 44_100
"""Of the examples of a model that hears any song at its own rate, Hz."""


@dataclass(frozen=True)
class Mixes:
    """How random mixes are drawn and rendered.

    Attributes:
        kind: as engineers mix (sane), at `Hearing.reference_lufs`, or with every control anywhere in its range
            (uniform), the peak at full scale. Where a style is shared, mixes are sane.
        fx: whether there is reverb.
        lead_s: played before each window so that the console has settled.
        contiguous: song and reference of method 1 are the first and the second half of one passage, not windows from
            all over the song.

    Raises:
        ValueError: a lead before contiguous halves.
    """

    kind: Kind = "sane"
    fx: bool = True
    lead_s: float = 1.0
    contiguous: bool = False

    def __post_init__(self) -> None:
        if self.contiguous and self.lead_s:
            raise ValueError(f"halves of one passage have no lead, got lead_s={self.lead_s}")


SANE = Mixes()
PUBLISHED = Mixes(kind="uniform", fx=False, lead_s=0.0, contiguous=True)
"""As Diff-MST was trained."""


@dataclass(frozen=True)
class Recipe:
    """What all examples of a run have in common.

    Attributes:
        library: songs and references.
        hearing: of the model.
        layout: the console's controls.
        mixes: how random mixes are drawn.
        tracks: fewest and most.
        roles: what the model is told of them.
    """

    library: Library
    hearing: Hearing
    layout: Layout
    mixes: Mixes
    tracks: tuple[int, int]
    roles: RoleNoise

    @property
    def sample_rate(self) -> int:
        """Of the examples, Hz."""
        return self.hearing.sample_rate or SAMPLE_RATE


class ExampleDraw:
    """One attempt at an example.

    Args:
        recipe: of the run.
        seed: of the example.
        attempt: which it is.
        amounts: of processing.
    """

    def __init__(self, recipe: Recipe, seed: int, attempt: int, amounts: Amounts) -> None:
        self._recipe, self._seed = recipe, seed
        self._amounts = amounts if recipe.mixes.fx else amounts._replace(space=0.0)
        self._dice = Dice(seed, attempt)
        self._windows = np.random.default_rng((seed, attempt))

    def same_song(self) -> Example:
        """Song and reference are windows of one mix, which is rendered once."""
        recipe, hearing = self._recipe, self._recipe.hearing
        source = self._any(recipe.library.songs)
        drawn = self._mix_draw(recipe.mixes.kind)
        if recipe.mixes.contiguous:
            heard, song = 1, self._halves(source)
            mixed = self._mixed_in_one(song, drawn)
        else:
            heard = hearing.song_windows
            song = self._song(source, heard + hearing.reference_windows, heard)
            mixed = self._mixed(song, drawn, heard)
        return self._example("same-song", song, heard, mixed.audio[heard:], mixed)

    def shared_style(self) -> Example:
        """The reference is another song, mixed in the same style."""
        hearing, songs = self._recipe.hearing, self._recipe.library.songs
        first = self._dice.integer(0, len(songs) - 1)
        second = (first + self._dice.integer(1, len(songs) - 1)) % len(songs)
        song = self._song(songs[first], hearing.song_windows, hearing.song_windows)
        other = self._song(songs[second], hearing.reference_windows, hearing.reference_windows)
        drawn = self._mix_draw("sane")
        reference = self._mixed(other, drawn._replace(seed=self._dice.seed()), hearing.reference_windows)
        mixed = self._mixed(song, drawn, hearing.song_windows)
        return self._example("shared-style", song, hearing.song_windows, reference.audio, mixed)

    def real_reference(self) -> Example:
        """The reference is a finished mix of another song; nobody knows the true settings."""
        recipe, hearing = self._recipe, self._recipe.hearing
        source = self._any(recipe.library.songs)
        song = self._song(source, hearing.song_windows, hearing.song_windows)
        reference = self._any(_of_others(recipe.library, source))
        starts_s = reference.choose(self._windows, hearing.window_s, hearing.reference_windows)
        audio = recipe.library.read_reference(reference, starts_s, hearing.window_s, recipe.sample_rate)
        if not np.isfinite(audio).all():
            raise UnusableError("values that are no numbers")
        audio = audio[:, ::-1].copy() if self._dice.chance(0.5, ()) else audio
        return self._example("real-reference", song, hearing.song_windows, torch.from_numpy(audio), None)

    def _any(self, things: Sequence[Thing]) -> Thing:
        return things[self._dice.integer(0, len(things) - 1)]

    def _mix_draw(self, kind: Kind) -> MixDraw:
        return MixDraw(kind, self._dice.seed(), self._dice.seed(), self._amounts)

    def _song(self, source: LibrarySong, windows: int, heard: int) -> StagedSong:
        """Windows of a song from all over it, in any order; each track sounds in one of the first `heard`."""
        recipe, lead_s = self._recipe, self._recipe.mixes.lead_s
        choice = source.choose(self._windows, recipe.hearing.window_s, windows, self._track_count())
        starts_s = self._windows.permutation(choice.starts_s) - lead_s
        seconds = lead_s + recipe.hearing.window_s
        audio = recipe.library.read(source, choice.tracks, starts_s.tolist(), seconds, recipe.sample_rate)
        return self._staged(audio, source, choice.tracks, heard)

    def _halves(self, source: LibrarySong) -> StagedSong:
        """One passage of a song, as two windows."""
        recipe, seconds = self._recipe, 2 * self._recipe.hearing.window_s
        choice = source.choose(self._windows, seconds, 1, self._track_count())
        audio = recipe.library.read(source, choice.tracks, choice.starts_s, seconds, recipe.sample_rate)[0]
        halves = audio[:, : audio.shape[1] // 2 * 2].reshape(len(audio), 2, -1).swapaxes(0, 1)
        return self._staged(np.ascontiguousarray(halves), source, choice.tracks, 1)

    def _track_count(self) -> int:
        return self._dice.integer(*self._recipe.tracks)

    def _staged(self, audio: np.ndarray, source: LibrarySong, tracks: Sequence[int], heard: int) -> StagedSong:
        recipe = self._recipe
        song = stage(
            audio,
            [source.tracks[track] for track in tracks],
            recipe.hearing,
            recipe.sample_rate,
            lead_frames=round(recipe.mixes.lead_s * recipe.sample_rate),
            heard=heard,
        ).first(recipe.tracks[1])
        return song.swap_sides() if self._dice.chance(0.5, ()) else song

    def _mixed(self, song: StagedSong, draw: MixDraw, heard: int) -> RandomMix:
        """All windows of a song mixed as the first `heard` of them ask for, which have the level that is wanted."""
        excerpts = song.excerpts._replace(audio=song.excerpts.audio[:heard])
        settings = draw.settings(hear_song(excerpts, song.stems), self._recipe.layout)
        return self._rendered(song.excerpts, settings, draw.kind, heard)

    def _mixed_in_one(self, song: StagedSong, draw: MixDraw) -> RandomMix:
        """Two windows that follow one another, mixed without a break."""
        settings = draw.settings(hear_song(song.excerpts, song.stems), self._recipe.layout)
        passage = song.excerpts._replace(audio=song.excerpts.audio.transpose(0, 1).flatten(1)[None])
        mixed = self._rendered(passage, settings, draw.kind, 1)
        return mixed._replace(audio=mixed.audio[0].unflatten(-1, (2, -1)).transpose(0, 1))

    def _rendered(self, excerpts: Excerpts, settings: Settings, kind: Kind, heard: int) -> RandomMix:
        layout, fx = self._recipe.layout, self._amounts.space > 0
        if kind == "uniform":
            return mix_at_full_scale(excerpts, settings, layout, windows=heard, fx=fx)
        loudness_lufs = self._recipe.hearing.reference_lufs
        return mix_at_loudness(excerpts, settings, layout, loudness_lufs, windows=heard, fx=fx)

    def _example(
        self, method: Method, song: StagedSong, heard: int, reference: Tensor, mixed: RandomMix | None
    ) -> Example:
        """The example whose scene has the first windows of a song."""
        excerpts = song.excerpts._replace(audio=_first(song.excerpts.audio, heard))
        told = self._recipe.roles.told(song.roles, self._dice)
        sides = torch.tensor([float(stem.side) for stem in song.stems])
        return Example(
            scene=Scene(excerpts, told, sides, self._at_level(reference)),
            method=method,
            seed=self._seed,
            settings=mixed and mixed.settings,
            target=mixed and _first(mixed.audio, heard),
        )

    def _at_level(self, reference: Tensor) -> Tensor:
        loudness_lufs = pooled_loudness(reference, self._recipe.sample_rate)
        if not loudness_lufs.isfinite():
            raise UnusableError("a silent reference")
        return reference * gain_to_loudness(loudness_lufs, self._recipe.hearing.reference_lufs)


def _first(x: Tensor, windows: int) -> Tensor:
    """The first windows, without keeping the others in memory."""
    return x if windows == len(x) else x[:windows].clone()


def _of_others(library: Library, song: LibrarySong) -> list[LibraryReference]:
    """The references that are not the finished mix of this song."""
    others = [reference for reference in library.references if reference is not song.mix]
    if not others:
        raise UnusableError("no finished mix of another song")
    return others


METHODS: Mapping[Method, Callable[[ExampleDraw], Example]] = MappingProxyType(
    {
        "same-song": ExampleDraw.same_song,
        "shared-style": ExampleDraw.shared_style,
        "real-reference": ExampleDraw.real_reference,
    }
)
