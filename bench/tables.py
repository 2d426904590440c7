"""The results as Markdown tables, and their place in a page between two markers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.cases import accuracy, console, first_use, floor, growth, listening, memory, refinement, render
from bench.contenders import CONSOLES
from bench.measurements import OURS, At, Measurement, Ratio, paired_ratio, select, single
from bench.plan import MAIN
from bench.results import Results, quoted

BEGIN, END = "<!-- bench: written by `make bench` -->", "<!-- bench: end -->"


def write_between_markers(page: Path, text: str) -> None:
    """Replaces what a page holds between the markers.

    Raises:
        ValueError: the page lacks a marker.
    """
    whole = page.read_text(encoding="utf-8")
    before, begin, rest = whole.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{page} must hold the markers {BEGIN} and {END}")
    page.write_text(f"{before}{BEGIN}\n\n{text.strip()}\n\n{END}{after}", encoding="utf-8")


def all_tables(results: Results) -> str:
    """Every case that was measured, under headings, machine and versions first."""
    found = results.measurements
    parts = {
        "": _provenance(results),
        "Figures": _figures(found),
        "Console": _consoles(found),
        "Extra memory": _memory(found),
        "Accuracy": _accuracy(found),
        "Listening": _listening(found),
        "Rendering": _render(found),
        "Refinement": _refinement(found),
        "Growth": _growth(found),
        "Floor": _floor(found),
        "First use": _first_use(found),
        "Accelerator": _accelerator(found),
    }
    return "\n\n".join(f"## {name}\n\n{text}" if name else text for name, text in parts.items() if text)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, its first column left and the others right; empty without rows.

    >>> print(table(("", "time"), [("a", "1 s")]))
    |  | time |
    |---|--:|
    | a | 1 s |
    """
    lines = [f"| {' | '.join(row)} |" for row in rows]
    if not lines:
        return ""
    return "\n".join([f"| {' | '.join(header)} |", f"|---|{'--:|' * (len(header) - 1)}", *lines])


def amount(value: float | None, unit: str) -> str:
    """A number with its unit, in three digits.

    >>> amount(0.01234, "s"), amount(75.6, "s"), amount(1234.5, "MB"), amount(3e-8, ""), amount(None, "s")
    ('12.3 ms', '75.6 s', '1230 MB', '3e-08', '-')
    """
    if value is None:
        return "-"
    if unit == "s" and abs(value) < 1:
        value, unit = 1000 * value, "ms"
    text = f"{value:.2g}" if abs(value) < 1e-2 else f"{float(f'{value:.3g}'):g}"
    return f"{text} {unit}".strip()


def times(ratio: Ratio) -> str:
    """How many times as much.

    >>> times(Ratio(1.0, 112.0, "s", (100.0, 112.0, 113.0), ""))
    '112 x (100 .. 113)'
    """
    low, high = min(ratio.ratios), max(ratio.ratios)
    return f"{ratio.value:.3g} x ({low:.3g} .. {high:.3g})"


def _provenance(results: Results) -> str:
    machine, versions = results.machine, results.versions
    memory_gb = f", {machine['memory_gb']:g} GB" if machine["memory_gb"] else ""
    packages = ", ".join(f"{name} {number or 'not installed'}" for name, number in versions.items())
    quick = "**A quick run, only to see that it works.** " if results.quick else ""
    return (
        f"{quick}{machine['processor']}, {machine['cores']} cores{memory_gb}, {machine['system']}, "
        f"accelerator: {machine['accelerator'] or 'none'}.\n\n{packages}."
    )


def _figures(found: Sequence[Measurement]) -> str:
    rows = []
    for name, figure in quoted(found).items():
        if isinstance(figure, Ratio):
            sides = (amount(figure.ours, figure.unit), amount(figure.peer, figure.unit))
            rows.append((f"`{name}`", times(figure), *sides, str(len(figure.ratios))))
        else:
            rows.append((f"`{name}`", amount(figure, ""), "", "", ""))
    return table(("figure", "value", "ours", "against", "n"), rows)


def _consoles(found: Sequence[Measurement]) -> str:
    found = [one for one in found if one.case == console.CASE]
    rows = []
    for ours in found:
        if ours.who == OURS and ours.what in console.METHODS:
            peers = (single(found, ours.what, who, ours.at) for who in CONSOLES[1:])
            name = f"{_size(ours)}, {ours.what.removeprefix('console ')}, threads: {ours.at.get('threads')}"
            rows.append((name, amount(ours.value, "s"), *(_against(ours, peer) for peer in peers)))
    return table(("", *CONSOLES), rows) + _notes(found)


def _against(ours: Measurement, peer: Measurement | None) -> str:
    ratio = peer and paired_ratio(ours, peer)
    if peer is None or ratio is None:
        return peer.note if peer else "-"
    return f"{amount(peer.value, peer.unit)}, {ratio.value:.3g} x"


def _memory(found: Sequence[Measurement]) -> str:
    extra = select(found, memory.EXTRA)
    rows = []
    for size in dict.fromkeys(_size(one) for one in extra):
        of_size = {one.who: one for one in extra if _size(one) == size}
        rows.append((size, *(_value(of_size.get(who)) for who in CONSOLES)))
    return table(("forward + backward", *CONSOLES), rows)


def _accuracy(found: Sequence[Measurement]) -> str:
    rows: list[tuple[str, ...]] = []
    equalizers = select(found, accuracy.EQUALIZER)
    for at in _distinct(equalizers):
        row = (single(equalizers, accuracy.EQUALIZER, who, at) for who in CONSOLES)
        rows.append((f"equalizer: {at.get('signal')}, {at.get('sample_rate')} Hz", *map(_value, row)))
    rows.append(("compressor gain", *(_value(single(found, accuracy.COMPRESSOR, who)) for who in CONSOLES)))
    gradients = select(found, accuracy.GRADIENTS)
    for effect in dict.fromkeys(one.at["effect"] for one in gradients):
        cells = []
        for who in CONSOLES:
            errors = select(gradients, accuracy.GRADIENTS, who, {"effect": effect})
            cells.append(amount(max((one.value or 0.0 for one in errors), default=None), ""))
        rows.append((f"gradients: {effect}", *cells))
    return table(("error against float64", *CONSOLES), rows) if equalizers else ""


def _listening(found: Sequence[Measurement]) -> str:
    """Times, processor times, and how many times as long the survey takes."""
    whole = single(found, listening.SURVEY)
    rows = []
    for one in (one for what in listening.METHODS for one in select(found, what)):
        longer = f"{whole.value / one.value:.3g} x" if whole and whole.value and one.value else "-"
        rows.append((f"{one.what}, {_size(one)}", _value(one), amount(one.cpu_s, "s"), longer, _n(one)))
    return table(("", "time", "processor time", "the survey takes", "n"), rows)


def _render(found: Sequence[Measurement]) -> str:
    rows = []
    for what in (render.RENDER, render.WHOLE, render.LONG):
        for one in select(found, what):
            factor = f"{float(one.at['seconds']) / one.value:.3g} x" if one.value else "-"
            rows.append((f"{what}, {_size(one)}", one.who, _value(one), factor, _render_memory(found, one), _n(one)))
    return table(("", "by", "time", "real time over it", "memory", "n"), rows)


def _render_memory(found: Sequence[Measurement], of: Measurement) -> str:
    """Beyond what was there, or of the whole process for the command line."""
    extra = [one for one in select(found, render.EXTRA, of.who, of.at) if one.note == of.what]
    if extra and of.what != render.LONG:
        return f"{_value(extra[0])} extra"
    return f"{_value(single(found, render.LONG_PEAK, of.who, of.at))} in all" if of.what == render.LONG else "-"


def _refinement(found: Sequence[Measurement]) -> str:
    steps = single(found, refinement.STEPS)
    if steps is None:
        return ""
    parts = select(found, refinement.SHARE)
    whole = sum(one.value or 0.0 for one in parts if not str(one.at["part"]).startswith("of "))
    conditions = ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in steps.at.items())
    rows = [(str(one.at["part"]), _value(one), f"{100 * (one.value or 0.0) / whole:.0f} %") for one in parts]
    return f"{amount(steps.value, 'steps/s')} ({conditions}).\n\n" + table(("part of a step", "time", "share"), rows)


def _growth(found: Sequence[Measurement]) -> str:
    found = [one for one in found if one.case == growth.CASE]
    rows = []
    for at in _distinct(select(found, console.FORWARD_BACKWARD, OURS)):
        cells = (_value(single(found, console.FORWARD_BACKWARD, who, at)) for who in CONSOLES)
        rows.append((f"{at['tracks']} x {at['seconds']:g} s, forward + backward", *cells))
    for one in select(found, growth.STREAM):
        peak = single(found, growth.STREAM_PEAK, OURS, one.at)
        rows.append((f"{_size(one)}, streamed", f"{_value(one)}, {_value(peak)} extra", "", "", ""))
    return table(("", *CONSOLES), rows)


def _floor(found: Sequence[Measurement]) -> str:
    """Measured beside what the arithmetic alone would take."""
    peak = single(found, floor.MULTIPLY_ADD, OURS)
    rows = []
    for what in floor.METHODS:
        measured = single(found, what, OURS)
        if measured and measured.value and peak and peak.value:
            least_s = floor.least_s(what, peak.value)
            share = f"{least_s / measured.value:.0%}" if least_s else "-"
            rows.append((what, amount(measured.value, "s"), amount(least_s, "s"), share))
    return table(("one thread", "measured", "multiply-adds alone", "share"), rows)


def _first_use(found: Sequence[Measurement]) -> str:
    rows = [
        (one.what, _value(one), amount(max(one.samples), one.unit), _n(one))
        for one in found
        if one.case == first_use.CASE
    ]
    return table(("", "median", "longest", "n"), rows)


def _accelerator(found: Sequence[Measurement]) -> str:
    rows = [
        (f"{_size(one)}, {one.what.removeprefix('console ')}", one.who, _value(one))
        for one in found
        if one.case == "accelerator"
    ]
    return table(("", "by", "time"), rows)


def _value(found: Measurement | None) -> str:
    """The median, or why there is none."""
    if found is None:
        return "-"
    return amount(found.value, found.unit) if found.samples else found.note


def _n(found: Measurement) -> str:
    return str(len(found.samples))


def _size(found: Measurement) -> str:
    return f"{found.at.get('tracks', MAIN.tracks)} x {found.at.get('seconds', MAIN.seconds):g} s"


def _distinct(found: Iterable[Measurement]) -> list[At]:
    """The conditions that occur, in order."""
    return [dict(at) for at in dict.fromkeys(tuple(one.at.items()) for one in found)]


def _notes(found: Iterable[Measurement]) -> str:
    """Who was stopped, and why, though there are samples."""
    notes = [f"{one.who}, {_size(one)}, {one.what}: {one.note}." for one in found if one.note and one.samples]
    return "\n\n" + " ".join(notes) if notes else ""
