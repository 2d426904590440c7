"""What a run of the bench finds: measurements with all their samples, and ratios of paired ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

OURS = "diffmst"

Condition = int | float | str
At = Mapping[str, Condition]
"""Conditions of a measurement by name: tracks, seconds, threads and so on."""

NOWHERE: At = {}
_DIGITS = 5


@dataclass(frozen=True)
class Measurement:
    """One quantity of one contender, measured n times.

    Attributes:
        case: of the bench.
        what: the quantity, the same for all contenders.
        who: the contender.
        unit: of the samples.
        samples: one per round; the i-th samples of all contenders were taken in the same round. Empty where it could
            not be measured.
        at: the conditions: tracks, seconds, threads and so on.
        note: how it was measured where that differs, or why it could not be.
        cpu_s: median processor time, of all threads, of what a sample measures.
    """

    case: str
    what: str
    who: str
    unit: str
    samples: tuple[float, ...]
    at: At = field(default_factory=dict)
    note: str = ""
    cpu_s: float | None = None

    @property
    def value(self) -> float | None:
        """The median, if there is any sample."""
        return median(self.samples) if self.samples else None

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Measurement:
        """What `to_json` wrote."""
        case, what, who, unit = (found[name] for name in ("case", "what", "who", "unit"))
        samples, note = tuple(found["samples"]), found.get("note", "")
        return cls(case, what, who, unit, samples, found["at"], note, found.get("cpu_s"))

    def to_json(self) -> dict[str, Any]:
        """All of it, and its statistics."""
        found = {"value": _rounded(self.value), "n": len(self.samples)}
        if self.samples:
            found |= {"low": _rounded(min(self.samples)), "high": _rounded(max(self.samples))}
        return {
            "case": self.case,
            "what": self.what,
            "who": self.who,
            "at": dict(self.at),
            **found,
            "unit": self.unit,
            "samples": [_rounded(sample) for sample in self.samples],
            **({} if self.cpu_s is None else {"cpu_s": _rounded(self.cpu_s)}),
            **({"note": self.note} if self.note else {}),
        }


@dataclass(frozen=True)
class Ratio:
    """How many times more a peer takes: the median over rounds of the peer's sample divided by ours of that round.

    Attributes:
        ours: median of our samples.
        peer: median of the peer's.
        unit: of both.
        ratios: one per round.
        what: was compared.
    """

    ours: float
    peer: float
    unit: str
    ratios: tuple[float, ...]
    what: str

    @property
    def value(self) -> float:
        """The median of the ratios."""
        return median(self.ratios)

    def to_json(self) -> dict[str, Any]:
        """All of it; `value`, `ours`, `peer` and `unit` first."""
        return {
            "value": _rounded(self.value),
            "ours": _rounded(self.ours),
            "peer": _rounded(self.peer),
            "unit": self.unit,
            "n": len(self.ratios),
            "low": _rounded(min(self.ratios)),
            "high": _rounded(max(self.ratios)),
            "what": self.what,
        }


def paired_ratio(ours: Measurement, peer: Measurement) -> Ratio | None:
    """The peer over ours, round by round; None where either has no sample.

    >>> ours, peer = (Measurement("c", "w", who, "s", s) for who, s in (("us", (1.0, 2.0, 2.0)), ("them", (8.0, 10.0))))
    >>> paired_ratio(ours, peer).ratios
    (8.0, 5.0)
    """
    pairs = list(zip(ours.samples, peer.samples, strict=False))
    if not pairs:
        return None
    mine, theirs = (median(side) for side in zip(*pairs, strict=True))
    ratios = tuple(other / own for own, other in pairs)
    conditions = ", ".join(f"{name}: {value}" for name, value in peer.at.items())
    return Ratio(mine, theirs, peer.unit, ratios, f"{peer.what}, {peer.who} over {ours.who} ({conditions})")


def select(measurements: Iterable[Measurement], what: str, who: str = "", at: At = NOWHERE) -> list[Measurement]:
    """Those of one quantity whose conditions hold at least `at`, of one contender or of all."""
    return [
        found
        for found in measurements
        if found.what == what
        and who in ("", found.who)
        and all(found.at.get(name) == value for name, value in at.items())
    ]


def single(measurements: Iterable[Measurement], what: str, who: str = OURS, at: At = NOWHERE) -> Measurement | None:
    """The first of `select`, if there is any."""
    return next(iter(select(measurements, what, who, at)), None)


def _rounded(value: float | None) -> float | None:
    """To the digits that mean something.

    >>> _rounded(123456.78), _rounded(1.23456789e-7)
    (123460.0, 1.2346e-07)
    """
    return None if value is None else float(f"{value:.{_DIGITS}g}")
