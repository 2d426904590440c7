"""Training scenes drawn and mixed in band powers: hundreds of times faster than audio, off by some tenths of a dB."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from diffmst.band_console import equalizer_gains, master_bands, mix_bands
from diffmst.dsp.band_powers import HOP_S, band_loudness_lufs, k_weights
from diffmst.layout import Layout, Settings
from diffmst.models.hearing_bands import SceneBands
from diffmst.models.scene import ROLE_NAMES, Hearing, role_places
from diffmst.prior import MASTER_LUFS
from diffmst.random_mix.amounts import FULL
from diffmst.random_mix.dice import Dice
from diffmst.random_mix.draw import MixDraw
from diffmst.training.example import Method
from diffmst.training.packs.band_song import SAMPLE_RATE, BandSong
from diffmst.training.staging import FAINT_DB, FEWEST_TRACKS, UnusableError

_SILENT_LUFS = -70.0


class Variety(NamedTuple):
    """How stems are made to sound otherwise than they do: there are never enough of them.

    Attributes:
        tone_db: standard deviation of each band of an equalizer that every stem goes through.
        folded: share of the stereo tracks that are summed to one channel.
        parted: share of the others that become two files, one for each side.
    """

    tone_db: float = 4.0
    folded: float = 0.5
    parted: float = 0.2


VARIED = Variety()


class BandScene(NamedTuple):
    """A scene and what is true of it.

    Attributes:
        bands: what is heard; no roles are told.
        settings: the truth for the staged tracks, physical, batch of one, float64.
        roles: true ones, as places in `ROLE_NAMES`, int64 [tracks].
        method: that made it.
    """

    bands: SceneBands
    settings: Settings[Tensor]
    roles: Tensor
    method: Method


class SceneDraw:
    """One attempt at a scene.

    Args:
        hearing: of the model.
        layout: the console's controls.
        tracks: fewest and most.
        variety: of the stems.
        dice: that all is drawn with.
    """

    def __init__(self, hearing: Hearing, layout: Layout, tracks: tuple[int, int], variety: Variety, dice: Dice) -> None:
        self._hearing, self._layout, self._tracks, self._variety, self._dice = hearing, layout, tracks, variety, dice
        self._frames = math.floor(hearing.window_s / HOP_S) - 1

    def same_song(self, song: BandSong) -> BandScene:
        """Song and reference are windows of one mix."""
        heard = self._hearing.song_windows
        part = self._part(song, heard + self._hearing.reference_windows, heard)
        mixed, settings = self._mixed(part, self._draw(), heard)
        return self._scene(part.first(heard), settings, mixed[heard:], "same-song")

    def shared_style(self, song: BandSong, other: BandSong) -> BandScene:
        """The reference is another song, mixed in the same style."""
        heard, drawn = self._hearing.song_windows, self._draw()
        part = self._part(song, heard, heard)
        _, settings = self._mixed(part, drawn, heard)
        there = self._part(other, self._hearing.reference_windows, self._hearing.reference_windows)
        reference, _ = self._mixed(there, drawn._replace(seed=self._dice.seed()), self._hearing.reference_windows)
        return self._scene(part, settings, reference, "shared-style")

    def _draw(self) -> MixDraw:
        return MixDraw("sane", self._dice.seed(), self._dice.seed(), FULL)

    def _part(self, song: BandSong, windows: int, heard: int) -> BandSong:
        """Windows of some tracks, each of which sounds in one of the first `heard`, varied."""
        part = song.windows(self._starts(song, windows), self._frames)
        faint = 10 ** ((self._hearing.track_lufs + FAINT_DB) / 20)
        sounding = (part.first(heard).peaks.amax((1, 2)) >= faint).nonzero().flatten().tolist()
        if len(sounding) < FEWEST_TRACKS:
            raise UnusableError("less than two tracks that sound")
        order = self._dice.uniform(0, 1, (len(sounding),)).argsort()[: self._dice.integer(*self._tracks)]
        return self._varied(part.tracks(sorted(sounding[place] for place in order)))

    def _starts(self, song: BandSong, windows: int) -> list[int]:
        """Frames at which windows begin that do not overlap, unless the song is too short, in any order."""
        frames = song.powers.shape[-2]
        if frames < self._frames:
            raise UnusableError("a song shorter than a window")
        spare = frames - windows * self._frames
        if spare < 0:
            steps = torch.linspace(0, frames - self._frames, windows).long().tolist()
        else:
            pauses = sorted(self._dice.integer(0, spare) for _ in range(windows))
            steps = [pause + place * self._frames for place, pause in enumerate(pauses)]
        return [steps[place] for place in self._dice.uniform(0, 1, (windows,)).argsort()]

    def _varied(self, part: BandSong) -> BandSong:
        part = part.folded(self._some(part, self._variety.folded))
        part = part.parted(self._some(part, self._variety.parted))
        part = part.swapped() if self._dice.chance(0.5, ()) else part
        count = (len(part.roles),)
        before = part.energies
        section = self._layout.track
        values = torch.from_numpy(section.defaults()).repeat(*count, 1)
        bands = section.controls(values, "eq")
        bands["gain_db"][:] = torch.from_numpy(self._dice.normal(0, self._variety.tone_db, bands["gain_db"].shape))
        bands["freq_hz"][:] *= torch.from_numpy(self._dice.log_normal(1, 1.5, bands["freq_hz"].shape))
        part = part.scaled(equalizer_gains(section, values, SAMPLE_RATE).float())
        return part.scaled((before / part.energies.clamp(min=1e-12))[:, None].expand(-1, len(k_weights())))

    def _some(self, part: BandSong, share: float) -> Tensor:
        """A share of the tracks of two channels, bool [tracks]."""
        return torch.from_numpy(self._dice.chance(share, (len(part.roles),))) & ~part.mono

    def _mixed(self, part: BandSong, drawn: MixDraw, heard: int) -> tuple[Tensor, Settings[Tensor]]:
        """The windows mixed, [windows, 3, frames, bands], so that the first have the levels that are wanted."""
        settings = drawn.settings(part.first(heard).sound(self._hearing.track_lufs), self._layout).tensors()
        bus = mix_bands(part.powers.transpose(0, 1), part.mono, settings, SAMPLE_RATE, self._layout).bus[None]
        master = self._raised(settings.master, "input.gain_db", MASTER_LUFS - _loudness(bus[0, :heard]))
        mixed = master_bands(bus, master.float(), SAMPLE_RATE, self._layout)
        missing_db = self._hearing.reference_lufs - _loudness(mixed[0, :heard])
        return mixed[0], settings._replace(master=self._raised(master, "fader.gain_db", missing_db))

    def _raised(self, master: Tensor, control: str, change_db: Tensor) -> Tensor:
        column, param = self._layout.master.column(control), self._layout.master.params[control]
        master = master.clone()
        master[0, column] = (master[0, column] + change_db).clamp(param.low, param.high)
        return master

    def _scene(self, part: BandSong, settings: Settings[Tensor], reference: Tensor, method: Method) -> BandScene:
        gain_db = self._hearing.reference_lufs - _loudness(reference)
        told = torch.zeros(len(part.roles), len(ROLE_NAMES))
        told[:, -1] = 1
        bands = SceneBands(part.powers, reference * 10 ** (gain_db / 10).to(reference), told, part.sides, part.mono)
        return BandScene(bands, settings, role_places(part.roles), method)


def _loudness(powers: Tensor) -> Tensor:
    """Of windows [windows, 3, frames, bands] as one programme, LUFS."""
    lufs = band_loudness_lufs(powers.transpose(0, 1).flatten(1, 2)).double()
    if not lufs > _SILENT_LUFS:
        raise UnusableError("a mix that is silent")
    return lufs
