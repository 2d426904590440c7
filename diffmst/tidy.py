"""A found mix made readable: controls that refinement moved by less than one hears go back to where they do nothing."""

import torch
from torch import Tensor

from diffmst.layout import Layout, Section, Settings

INAUDIBLE_DB = 0.15
"""An equalizer band of less gain than this is set back."""

INAUDIBLE_WIDTH = 0.02
"""So is a width of the mix that is as near to 1: that much of the side is 0.17 dB."""

INAUDIBLE_RATIO = 1.03
"""So is a compressor of less ratio: 6 dB over the threshold, it takes 0.17 dB."""

FAINT_SEND_DB = -30.0
"""A send under this is turned off: a reverb that faint is not heard, and a reference does not tell it."""


def tidy(settings: Settings, layout: Layout) -> Settings:
    """The same mix to the ear, physical settings both."""
    moved = settings._replace(
        tracks=_without_small_moves(layout.track, settings.tracks),
        master=_without_small_moves(layout.master, settings.master),
    )
    return without_faint_sends(moved, layout, FAINT_SEND_DB)


def without_faint_sends(settings: Settings, layout: Layout, faint_db: float) -> Settings:
    """The same without sends under a level; the effect bus goes back to its defaults once nothing is sent to it.

    Args:
        settings: physical.
        layout: the console's controls.
        faint_db: sends under it are turned off.
    """
    tracks = _sends_off(layout.track, settings.tracks, faint_db)
    sends = layout.track.controls(tracks, "send").get("gain_db")
    unused = sends is None or bool((sends <= layout.track.params["send.gain_db"].low).all())
    defaults = torch.as_tensor(layout.fx.defaults()).expand_as(settings.fx).clone()
    return settings._replace(tracks=tracks, fx=defaults if unused else settings.fx)


def _without_small_moves(section: Section, values: Tensor) -> Tensor:
    """Equalizer bands, compressors and widths that do next to nothing at their defaults; values [..., controls]."""
    defaults = torch.as_tensor(section.defaults()).expand_as(values)
    idle = torch.zeros_like(values, dtype=torch.bool)
    names = list(section.params)
    for column, name in enumerate(names):
        effect = name.partition(".")[0]
        if effect == "eq":
            gain = names.index(f"{name.rpartition('.')[0]}.gain_db")
            idle[..., column] = values[..., gain].abs() < INAUDIBLE_DB
        elif effect == "compressor":
            idle[..., column] = values[..., names.index("compressor.ratio")] < INAUDIBLE_RATIO
        elif effect == "image":
            idle[..., column] = (values[..., column] - defaults[..., column]).abs() < INAUDIBLE_WIDTH
    return torch.where(idle, defaults, values)


def _sends_off(section: Section, values: Tensor, faint_db: float) -> Tensor:
    name = "send.gain_db"
    if name not in section.params:
        return values
    column, values = section.column(name), values.clone()
    faint = values[..., column] < faint_db
    values[..., column] = torch.where(faint, section.params[name].low, values[..., column])
    return values
