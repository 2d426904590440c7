"""The aspects of a mix: what an engineer listens for one at a time.

This is the one declaration of which control, and which term of the distance to a reference, serves which aspect; what
takes an aspect from a reference of its own, or does more or less of it, asks here.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

Aspect = Literal["level", "tone", "dynamics", "width", "space"]
"""Level is how loud the stems stand against each other, space the reverb around them."""

ASPECTS: tuple[Aspect, ...] = get_args(Aspect)

_OF_EFFECTS: Mapping[str, Aspect] = MappingProxyType(
    {
        "input": "level",
        "eq": "tone",
        "compressor": "dynamics",
        "panner": "width",
        "image": "width",
        "fader": "level",
        "send": "space",
        "reverb": "space",
    }
)

# Mixes are compared at equal loudness, so what is left of the RMS is how it shares out over channels and windows.
TERM_ASPECTS: Mapping[str, Aspect] = MappingProxyType(
    {
        "tone": "tone",
        "dynamics": "dynamics",
        "width": "width",
        "balance": "width",
        "af.rms": "level",
        "af.crest_factor_db": "dynamics",
        "af.stereo_width": "width",
        "af.stereo_imbalance": "width",
        "af.bark_spectrum": "tone",
    }
)
"""Of the terms of `distance.ReferenceDistance`, by name. Space has none: a long-time distance does not hear reverb."""


def aspect_of(control: str) -> Aspect:
    """The aspect that a control serves, by its dotted name, on a track and on a bus alike.

    >>> aspect_of("eq.low_shelf.gain_db"), aspect_of("fader.gain_db"), aspect_of("reverb.mix")
    ('tone', 'level', 'space')
    """
    return _OF_EFFECTS[control.partition(".")[0]]
