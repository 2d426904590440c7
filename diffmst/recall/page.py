"""The report of a recall: one page that shows what of the mix is explained, and every setting; nothing is loaded."""

from functools import cache
from importlib.resources import files

import numpy as np
from jinja2 import BaseLoader, Environment, StrictUndefined, Template
from markupsafe import Markup
from numpy.typing import NDArray

from diffmst.mix import Mix
from diffmst.recall.explain import Explained, FloatArray, begins
from diffmst.recall.find import Found
from diffmst.report import strips, tables
from diffmst.report.summary import Fact
from diffmst.report.svg import Axis, Frame, Plot, Tick, db_axis, time_axis
from diffmst.report.words import duration, label, number, shown

_PAGE = "page.html.j2"
_LOWEST_DB = -60.0
_SURE_DB, _UNSURE_DB = 10.0, 0.0
_LABELLED_HZ = (50, 100, 200, 500, 1000, 2000, 5000, 10_000)
_FREQUENCIES = Axis(
    20, 20_000, tuple(Tick(hz, f"{hz / 1000:g}k" if hz >= 1000 else f"{hz}") for hz in _LABELLED_HZ), log=True
)


def build_page(mix: Mix, title: str, found: Found, explained: Explained, notes: list[str]) -> str:
    """The page, the same for the same recall."""
    tracks = strips.track_strips(mix)
    return _template().render(
        mix=mix,
        title=shown(title),
        original=shown(mix.references[0].path.rpartition("/")[2]),
        notes=[shown(note) for note in notes],
        facts=_facts(mix, found, explained),
        tracks=_tracks(mix, found),
        plots=(_by_band(explained), _over_time(explained)),
        tables=tables.control_tables(tracks, strips.bus_strips(mix)),
        style=Markup(_text("diffmst.report", "style.css")),
    )


def _facts(mix: Mix, found: Found, explained: Explained) -> tuple[Fact, ...]:
    alignment = found.paired.alignment
    offset_s = abs(alignment.offset_samples) / mix.sample_rate
    return (
        Fact("Explained", f"{100 * explained.share:.1f} %", "of the power of the mix"),
        Fact("SI-SDR", f"{number(explained.si_sdr_db)} dB", "made mix against the original"),
        Fact("Offset", f"{number(offset_s, 4)} s", begins(alignment, mix.sample_rate)),
        Fact("Speed", f"{number(alignment.drift_ppm, 1, sign=True)} ppm", "of the mix against the stems"),
        Fact("Polarity", "inverted" if alignment.inverted else "the same"),
    )


def _tracks(mix: Mix, found: Found) -> list[Fact]:
    """Every track with its level over the residual: what is not explained hides what was done to quiet ones."""
    facts = []
    for track, over_db in zip(mix.tracks, found.over_residual_db, strict=True):
        sure = "sure" if over_db > _SURE_DB else "doubtful" if over_db > _UNSURE_DB else "guessed"
        facts.append(Fact(shown(track.name), f"{number(over_db, sign=True)} dB", track.note or sure))
    return facts


def _by_band(explained: Explained) -> Plot:
    centres = np.sqrt(explained.edges_hz[1:] * explained.edges_hz[:-1])
    frame = Frame(_FREQUENCIES, db_axis(_LOWEST_DB, 0, 10))
    summary = f"Residual under the mix by frequency, in dB: {_spoken(explained.bands_db)}."
    return Plot(
        "By frequency", summary, frame, _curve(frame, centres, explained.bands_db), "residual under the mix, dB"
    )


def _over_time(explained: Explained) -> Plot:
    seconds = np.arange(len(explained.over_time_db)) + 0.5
    frame = Frame(time_axis(max(1.0, float(len(seconds)))), db_axis(_LOWEST_DB, 0, 10))
    summary = f"Residual under the mix over {duration(len(seconds))}, in dB: {_spoken(explained.over_time_db)}."
    return Plot(
        "Over time", summary, frame, _curve(frame, seconds, explained.over_time_db), "residual under the mix, dB"
    )


def _curve(frame: Frame, x: NDArray[np.floating], values_db: FloatArray) -> tuple[Markup, ...]:
    known = np.isfinite(values_db)
    if not known.any():
        return ()
    return frame.area(x[known], values_db[known], "ref fill"), frame.line(x[known], values_db[known], "after")


def _spoken(values_db: FloatArray) -> str:
    known = values_db[np.isfinite(values_db)]
    if not len(known):
        return "nothing was heard"
    low, middle, high = np.percentile(known, (0, 50, 100))
    return f"{number(middle)} in the middle, from {number(low)} to {number(high)}"


@cache
def _template() -> Template:
    environment = Environment(
        loader=_Beside(), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"label": label, "shown": shown}
    return environment.get_template(_PAGE)


class _Beside(BaseLoader):
    """The page from beside this module, what it is made of from the report of mixes."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, None]:
        package = "diffmst.recall" if template == _PAGE else "diffmst.report"
        return _text(package, template), None, None


def _text(package: str, name: str) -> str:
    return files(package).joinpath(name).read_text(encoding="utf-8")
