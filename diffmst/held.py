"""Settings that the user has locked: finding a mix starts from them, goes around them, and gives them back."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from diffmst.excerpts import Excerpts
from diffmst.layout import Layout, Settings
from diffmst.mix import Mix
from diffmst.prior import Prior, Stem, level_control
from diffmst.task import at_master_level

_INPUT = "input.gain_db"


class Held(NamedTuple):
    """A mix that the user has locked in places.

    Attributes:
        locked: what is to stay, bool tensors of the shape of the settings.
        settings: physical, batch of one, float64, what is not locked included.
    """

    locked: Settings[Tensor]
    settings: Settings[Tensor]

    @staticmethod
    def of(mix: Mix) -> "Held":
        """What is locked in a mix document."""
        return Held(mix.locked.tensors(), mix.settings.tensors())

    def keep(self, settings: Settings[Tensor]) -> Settings[Tensor]:
        """Physical settings with those that are locked as they are held."""
        return Settings(*(map(torch.where, self.locked, self.settings, settings)))


def held_prior(prior: Prior, held: Held, excerpts: Excerpts, stems: Sequence[Stem], layout: Layout) -> Prior:
    """A prior that starts at what is held and leaves it there, with the rest fitted in around it.

    A prior knows how loud the tracks are against each other, not how loud in all. Where faders are locked, the others
    are raised by what the tracks of the mix typically (in the median) lie above the prior, so that one that the user
    made louder stays louder than they; the input of the master takes it back. Where no fader but the input of the
    master is locked, all move, so that its compressor works as the prior meant it to. A free fader makes up for an
    input gain that is locked.

    Args:
        prior: of the same tracks, as if nothing were locked.
        held: what is locked.
        excerpts: of the song.
        stems: what is known of its tracks.
        layout: the console's controls.
    """
    if not any(part.any() for part in held.locked):
        return prior
    mean, start = layout.from_unit(prior.mean), layout.from_unit(prior.start)
    audible = torch.tensor([stem.audible for stem in stems])
    raised_db, master_db = _raised_db(mean, held, audible, layout)
    width = Settings(*(part.masked_fill(locked, 0) for part, locked in zip(prior.width, held.locked, strict=True)))

    def fitted(settings: Settings[Tensor]) -> Settings[Tensor]:
        tracks = layout.track.moved(settings.tracks, level_control(layout.track), raised_db)
        master = layout.master.moved(settings.master, _INPUT, master_db)
        return layout.to_unit(held.keep(Settings(tracks, settings.fx, master)))

    held_at = Prior(fitted(mean), width, fitted(start))
    column = layout.master.column(_INPUT)
    settled = held.locked.master[0, column] or prior.width.master[0, column] > 0
    return held_at if settled else at_master_level(held_at, excerpts, layout)


def levels_together(held: Tensor, layout: Layout) -> Tensor:
    """What is held, with all that sets the level of a track where one of it is: the other may have to make up for it.

    Shape: held [tracks, controls], bool; returns the same.
    """
    columns = [layout.track.column(control) for control in (_INPUT, level_control(layout.track))]
    together = held.clone()
    together[:, columns] = held[:, columns].any(-1, keepdim=True)
    return together


def _raised_db(settings: Settings[Tensor], held: Held, audible: Tensor, layout: Layout) -> tuple[Tensor, Tensor]:
    """By how much the faders of the tracks and the input of the master are to be raised, [tracks] and []."""
    fader = level_control(layout.track)
    columns = [layout.track.column(control) for control in dict.fromkeys((_INPUT, fader))]
    faders_locked = held.locked.tracks[0, :, layout.track.column(fader)]
    kept = held.keep(settings)
    excess_db = (kept.tracks - settings.tracks)[0][:, columns].sum(-1).where(~faders_locked, 0.0)
    if not (faders_locked & audible).any():
        taken_back_db = (settings.master - kept.master)[0, layout.master.column(_INPUT)]
        return taken_back_db - excess_db, torch.zeros_like(taken_back_db)
    above_db = (held.settings.tracks - settings.tracks)[0][:, columns].sum(-1)
    common_db = above_db[audible].quantile(0.5)
    return common_db - excess_db, -common_db
