"""The report: one page that shows what was done to a song, how near it came, and every setting; nothing is loaded."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from jinja2 import BaseLoader, Environment, StrictUndefined, Template
from markupsafe import Markup, escape

from diffmst.aspects import ASPECTS, Aspect
from diffmst.mastering import Output
from diffmst.mix import Mix
from diffmst.profile import Profile
from diffmst.report import figures, strips, summary, tables, words
from diffmst.report.figures import Heard

__all__ = ["build_report"]


def build_report(
    mix: Mix,
    *,
    title: str,
    reference: Profile,
    before: Profile,
    after: Profile,
    warnings: Sequence[str],
    output: Output,
    of_aspects: Mapping[Aspect, Profile] | None = None,
) -> str:
    """The report as one self-contained HTML page, the same for the same mix.

    Args:
        mix: every setting, and what was matched.
        title: the song.
        reference: heard in full; of several, that which weighs most.
        before: the balanced mix with neutral settings.
        after: the mix, before or after its final gain.
        warnings: sentences for the user; see `diffmst.advice`.
        output: what became of the mix on its way out.
        of_aspects: references that stand for `reference` in these aspects.
    """
    heard = Heard(reference, before, after)
    against = {aspect: Heard((of_aspects or {}).get(aspect, reference), before, after) for aspect in ASPECTS}
    tracks = strips.track_strips(mix)
    fx, master = strips.bus_strips(mix)
    return _template().render(
        mix=mix,
        title=words.shown(title),
        warnings=[words.shown(warning) for warning in warnings],
        headline=summary.headline(mix, against, output),
        spectra=figures.spectra(against["tone"]),
        tone=figures.tone_difference(against["tone"]),
        loudness=figures.loudness_over_time(heard, mix.comparison, output.loudness_lufs),
        fields=figures.stereo_fields(against["width"]),
        width=figures.width(against["width"]),
        figures_table=summary.figures_table(heard, output),
        distances=summary.distances(mix.comparison),
        tracks=tracks,
        fx=fx,
        master=master,
        tables=tables.control_tables(tracks, (fx, master)),
        facts=summary.facts(mix, output),
        symbols=strips.symbols(),
        style=Markup(_text("style.css")),
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=_Beside(), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "breakable": _breakable,
        "initials": words.initials,
        "label": words.label,
        "shown": words.shown,
    }
    return environment.get_template("page.html.j2")


def _breakable(name: str) -> Markup:
    """A file's name that may go on in a new line behind an underscore."""
    return escape(name).replace("_", Markup("_<wbr>"))


class _Beside(BaseLoader):
    """Templates from the files beside this module, wherever the package is installed."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, None]:
        return _text(template), None, None


def _text(name: str) -> str:
    return files("diffmst.report").joinpath(name).read_text(encoding="utf-8")
