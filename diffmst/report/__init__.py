"""The report: one page that shows what was done to a song, how near it came, and every setting; nothing is loaded."""

from collections.abc import Mapping, Sequence

from diffmst.aspects import ASPECTS, Aspect
from diffmst.mastering import Output
from diffmst.mix import Mix
from diffmst.profile import Profile
from diffmst.report import figures, strips, summary, tables, words
from diffmst.report.figures import Heard
from diffmst.report.pages import render_page

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
    return render_page(
        "page.html.j2",
        kind="mix report",
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
        symbols=strips.symbols(mix),
    )
