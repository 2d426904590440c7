"""The settings sheet: every control of a mix on a page to print, for whoever dials it in by hand."""

from collections.abc import Sequence

from diffmst.mix import Mix
from diffmst.report import strips, tables, words
from diffmst.report.pages import render_page


def build_sheet(mix: Mix, title: str, notes: Sequence[str]) -> str:
    """The settings sheet as one self-contained HTML page, the same for the same mix.

    Args:
        mix: every setting.
        title: the song.
        notes: sentences that stand above the strips.
    """
    tracks, (fx, master) = strips.track_strips(mix), strips.bus_strips(mix)
    return render_page(
        "sheet.html.j2",
        kind="settings sheet",
        mix=mix,
        title=words.shown(title),
        notes=[words.shown(note) for note in notes],
        tracks=tracks,
        fx=fx,
        master=master,
        tables=tables.control_tables(tracks, (fx, master)),
        symbols=strips.symbols(mix),
    )
