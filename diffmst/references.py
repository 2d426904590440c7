"""The references that a mix is to follow: several with weights, and some for one aspect of it alone."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Protocol

from diffmst.aspects import ASPECTS, Aspect
from diffmst.audio import same_file
from diffmst.errors import UserError

MOST_REFERENCES = 8
"""Each is listened to in full and heard at every step of refinement."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?(nan|inf)", re.IGNORECASE)


@dataclass(frozen=True)
class ReferenceChoice:
    """A song to mix like, in some aspects or all.

    Attributes:
        path: the audio file.
        weight: against the other references that an aspect is taken from.
        aspects: what is taken from it.
        main: whether it also says how loud the mix becomes, as the references do that are for no aspect alone.

    Raises:
        ValueError: the weight is not above 0 and finite.
    """

    path: Path
    weight: float = 1.0
    aspects: tuple[Aspect, ...] = ASPECTS
    main: bool = True

    def __post_init__(self) -> None:
        if not 0 < self.weight < math.inf:
            raise ValueError(f"the weight of a reference must be above 0 and finite, got {self.weight:g}")


def parse_reference(text: str) -> ReferenceChoice:
    """`PATH` or `PATH:WEIGHT` as it is typed; a file that is called so counts before a weight.

    >>> parse_reference("their song.wav:0.5").weight, str(parse_reference("C:/a song.wav").path)
    (0.5, 'C:/a song.wav')

    Raises:
        UserError: the weight is not above 0 and finite.
    """
    path, colon, weight = text.rpartition(":")
    if not colon or not path or not _NUMBER.fullmatch(weight.strip()) or Path(text).exists():
        return ReferenceChoice(Path(text))
    if not 0 < float(weight) < math.inf:
        raise UserError(f"--reference {text}: the weight must be a number above 0, got {weight}")
    return ReferenceChoice(Path(path), float(weight))


def choose_references(main: Sequence[ReferenceChoice], own: Mapping[Aspect, Path]) -> tuple[ReferenceChoice, ...]:
    """Who says what, where some aspects have a reference of their own: those are taken from no other.

    Args:
        main: for all the rest.
        own: files by the aspect that they are for; one may be for several, and be a main reference too.

    Raises:
        UserError: none, too many, or one of the main references twice.
    """
    if not main:
        raise UserError("there is no reference; give a song to mix like")
    rest = tuple(aspect for aspect in ASPECTS if aspect not in own)
    chosen = [replace(choice, aspects=rest) for choice in main]
    for choice, other in combinations(main, 2):
        if same_file(choice.path, other.path):
            raise UserError(f"{other.path}: is given twice as a reference; give it once, weighted as {other.path}:2")
    for aspect in ASPECTS:
        if aspect in own:
            _give(chosen, aspect, own[aspect])
    if len(chosen) > MOST_REFERENCES:
        raise UserError(f"there are {len(chosen)} references; give {MOST_REFERENCES} at most")
    return tuple(chosen)


def _give(chosen: list[ReferenceChoice], aspect: Aspect, path: Path) -> None:
    """Adds an aspect to what is taken from a file, which is chosen already or now."""
    for number, choice in enumerate(chosen):
        if choice.path == path or same_file(choice.path, path):
            aspects = tuple(one for one in ASPECTS if one == aspect or one in choice.aspects)
            chosen[number] = replace(choice, aspects=aspects)
            return
    chosen.append(ReferenceChoice(path, aspects=(aspect,), main=False))


class Counted(Protocol):
    """Whatever stands for one of several references."""

    @property
    def weight(self) -> float:
        """Against the others."""

    @property
    def aspects(self) -> Sequence[Aspect]:
        """What is taken from it."""


def shares(references: Sequence[Counted], aspect: Aspect) -> list[float]:
    """What each reference counts in an aspect: in proportion to the weights of those it is taken from.

    Where an aspect is taken from none, all count. Returns one number per reference, of sum 1.
    """
    somewhere = any(aspect in reference.aspects for reference in references)
    counted = [reference.weight if aspect in reference.aspects or not somewhere else 0.0 for reference in references]
    return [weight / sum(counted) for weight in counted]
