"""The settings of a mix as a table for spreadsheets and scripts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping

from diffmst.daw.console_mix import ConsoleMix, Strip
from diffmst.layout import Section
from diffmst.report.controls import NOTICEABLE
from diffmst.report.words import setting

HEADINGS = ("part", "track", "file", "muted", "control", "value", "unit", "shown", "default", "moved")
"""`value` is exact, `shown` as the page prints it, `moved` says whether it is noticeably away from its default."""

_BYTE_ORDER_MARK = "\ufeff"  # Excel takes a table for UTF-8 by it, and by nothing else


def settings_csv(mix: ConsoleMix) -> str:
    """Every control of every track, of the reverb and of the master, a line each under `HEADINGS`."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADINGS)
    for strip in mix.tracks:
        writer.writerows(_rows("track", strip, mix.layout.track))
    reverb = Strip("fx", mix.reverb_name, None, mix.reverb_return, mix.fx)
    writer.writerows(_rows("fx", reverb, mix.layout.fx))
    writer.writerows(_rows("master", mix.master, mix.layout.master))
    return _BYTE_ORDER_MARK + text.getvalue()


def _rows(part: str, strip: Strip, section: Section) -> Iterator[tuple[object, ...]]:
    whose = part, strip.name, strip.processed.path.name if strip.processed else "", _yes(strip.muted)
    moved = _moved(section, strip.values)
    for control, param in section.params.items():
        value = strip.values[control]
        shown = setting(param, value)
        yield *whose, control, f"{value:.10g}", param.unit, shown, f"{param.default:.10g}", _yes(moved[control])


def _moved(section: Section, values: Mapping[str, float]) -> dict[str, bool]:
    travel = abs(section.to_unit(section.vector(values)) - section.to_unit(section.defaults()))
    return dict(zip(section.params, (travel > NOTICEABLE).tolist(), strict=True))


def _yes(truth: bool) -> str:
    return "yes" if truth else "no"
