"""What the command line prints: progress, notes, errors and tables, at a terminal and into files.

Light to import: what the tables are made of is named in annotations only.
"""

from __future__ import annotations

import logging
import re
import shlex
import signal
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console as Terminal
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table

from diffmst.progress import Advance, Progress, Tenths

if TYPE_CHECKING:
    from diffmst.data.check import CheckReport
    from diffmst.layout import Layout
    from diffmst.mastering import Output
    from diffmst.match import Matched
    from diffmst.mix import Mix, TrackMix

_FILE_WIDTH = 200  # of tables where no terminal sets it
_MARGIN, _GAP = 2, 3  # around a table, and between its columns

# Names of files and songs are printed as they are: brackets are no markup, colons no emoji, digits no highlights.
_PLAIN: dict[str, Any] = {"markup": False, "emoji": False, "highlight": False}
_out, _err = Terminal(**_PLAIN), Terminal(**_PLAIN, stderr=True)


def say(text: str) -> None:
    """One line of result."""
    _out.print(one_line(text), soft_wrap=True)


def note(text: str) -> None:
    """One line that the user should know of."""
    _err.print(f"note: {one_line(text)}", soft_wrap=True)


def command_line() -> str:
    """The command that is running, as it would be typed."""
    return shlex.join(["diffmst", *sys.argv[1:]])


def complain(text: str) -> None:
    """One line on why it went no further."""
    _err.print(one_line(text), soft_wrap=True)


def one_line(text: str) -> str:
    r"""A text that stays on its line, whatever a file's name holds.

    >>> one_line("Usage:\n  see 'a  b'"), one_line("a\x1b[2J.wav")
    ("Usage: see 'a  b'", 'a�[2J.wav')
    """
    text = re.sub(r"\s*\n\s*", " ", text.strip())
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)


@contextmanager
def logged_notes() -> Iterator[None]:
    """Prints what the library logs as notes."""
    logger, handler = logging.getLogger("diffmst"), _NoteHandler(logging.WARNING)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


class _NoteHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        note(record.getMessage())


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """Bars with the time left on a terminal; elsewhere a line as each phase begins, and now and then while it lasts."""
    if not _err.is_terminal or _err.is_dumb_terminal:
        yield _Lines()
        return
    columns = (
        TextColumn("{task.description:<28}"),
        BarColumn(bar_width=30),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=_err) as bars:
        yield _Bars(bars)


class _Lines:
    """Progress for log files."""

    @contextmanager
    def phase(self, description: str, total: float) -> Iterator[Advance]:
        """One line, and more of them as long work goes on."""
        _interruption.check()
        _err.print(description, soft_wrap=True)
        tenths = Tenths(total)

        def advance(amount: float) -> None:
            _interruption.check()
            if text := tenths.after(amount):
                _err.print(f"{description}: {text}", soft_wrap=True)

        yield advance


class _Bars:
    """Progress for terminals."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars

    @contextmanager
    def phase(self, description: str, total: float) -> Iterator[Advance]:
        """One bar, full at the end even where the work turned out to be less than expected."""
        _interruption.check()
        task = self._bars.add_task(description, total=total)

        def advance(amount: float) -> None:
            _interruption.check()
            self._bars.update(task, advance=amount)

        yield advance
        self._bars.update(task, completed=total)


class _Interruption:
    """Ctrl-C, remembered: Python drops an exception that comes up within a callback, and the work would go on."""

    def __init__(self) -> None:
        self._came = False

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Handles the signal."""
        self._came = True
        raise KeyboardInterrupt

    def check(self) -> None:
        """Raises it again."""
        if self._came:
            raise KeyboardInterrupt


_interruption = _Interruption()


def mind_interruptions() -> None:
    """Ctrl-C ends the work that is shown, even where its exception is lost."""
    if signal.getsignal(signal.SIGINT) == signal.default_int_handler:
        signal.signal(signal.SIGINT, _interruption.handle)


def report_match(matched: Matched, folder: Path, name: str = "mix") -> None:
    """What was found, and where it lies: document and WAV file by their name."""
    for text in matched.notes:
        note(text)
    before, after = sum(matched.refined.before.values()), sum(matched.refined.after.values())
    became = "matched" if matched.refined.history else "predicted" if after != before else "left so"
    references = "references" if len(matched.mix.references) > 1 else "reference"
    say(f"distance to the {references}: {before:.3f} balanced, {after:.3f} {became}")
    if any(percent != 100 for _, percent in matched.mix.amounts):
        report_amounts(matched.mix)
    report_output(folder / f"{name}.wav", matched.output)
    say(f"{folder / f'{name}.json'}: every setting; change it, then `diffmst render`")
    say(f"{folder / 'report.html'}: what was done, in pictures")
    report_roles(matched.mix.tracks)


def report_amounts(mix: Mix) -> None:
    """How much of what was matched is done, and that more of the width is narrower, where it is."""
    from diffmst.adjust import contrary_width

    if widths := contrary_width(mix):
        matched, now = widths
        note(
            f"The match narrows the mix, and amounts of width say how far: image.width is {matched:g} at 100 %, "
            f"{now:g} now. For a wider mix, give less, or set image.width in the document and render it."
        )
    say(", ".join(f"{name} {percent:g} %" for name, percent in mix.amounts))


def report_roles(tracks: Sequence[TrackMix]) -> None:
    """What every track was taken for, what told it, and what it belongs to."""
    rows = [(track.name, track.role or "unknown", track.role_origin, track.group) for track in tracks]
    used = 4 if any(track.group for track in tracks) else 3
    report_table("what the stems are", ("stem", "role", "told by", "group")[:used], [row[:used] for row in rows])
    if guesses := [track.name for track in tracks if track.role_is_guess]:
        note(f"A role with a ? is a guess: check it, and tell another with --role '{guesses[0]}=guitar'.")


def report_output(path: Path, output: Output) -> None:
    """Where a mix lies, and what became of it on its way out."""
    limited = f", limiter up to {output.limiting_db:.1f} dB" if output.limiting_db > 0 else ""
    say(f"{path}: {output.loudness_lufs:.1f} LUFS, {output.true_peak_dbtp:.1f} dBTP{limited}")


def report_controls(layout: Layout) -> None:
    """Every control of a console, a table per section."""
    for name, section in layout.sections():
        table = Table(title=f"{name}: {len(section)} controls", title_justify="left", title_style="bold")
        table.add_column("control", no_wrap=True)
        table.add_column("unit")
        for heading in ("from", "to", "default"):
            table.add_column(heading, justify="right")
        table.add_column("scale")
        table.add_column("what it is")
        for control, param in section.params.items():
            numbers = (f"{value:.5g}" for value in (param.low, param.high, param.default))
            table.add_row(control, param.unit, *numbers, param.scale, param.about)
        _print_table(table)


def report_facts(facts: Mapping[str, str]) -> None:
    """What is known of something, by heading."""
    table = Table(box=SIMPLE_HEAD, show_header=False, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for heading, value in facts.items():
        table.add_row(heading, one_line(value))
    _print_table(table)


def report_check(report: CheckReport) -> None:
    """What there is of every data set, and last what is wrong."""
    for dataset in report.datasets:
        report_facts(dict(dataset.rows()))
    problems = report.problems()
    if problems:
        report_table(f"{len(problems)} to look after", ("song", "file", "what is the matter"), problems)


def report_table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table of texts, in parts one under the other where the screen is too narrow; nothing where it has no rows."""
    if not rows:
        return
    lines = [[one_line(text) for text in line] for line in (headings, *rows)]
    for columns in _columns_that_fit([max(map(cell_len, column)) for column in zip(*lines, strict=True)]):
        table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
        for column in columns:
            table.add_column(lines[0][column], overflow="fold")
        for line in lines[1:]:
            table.add_row(*(line[column] for column in columns))
        _print_table(table)


def _columns_that_fit(widths: Sequence[int]) -> list[list[int]]:
    """Numbers of columns, in parts that each begin with the first and are as wide as the screen at most.

    A first column that is wider than half of the screen is folded, and so is any other that is wider than the rest.
    """
    room = (_out.width if _out.is_terminal else _FILE_WIDTH) - _MARGIN
    first = min(widths[0], room // 2)
    parts, left = [[0]], room - first
    for number, width in enumerate(widths[1:], start=1):
        if width + _GAP > left and len(parts[-1]) > 1:
            parts.append([0])
            left = room - first
        parts[-1].append(number)
        left -= width + _GAP
    return parts


def print_json(data: object) -> None:
    """Data for other programs to read."""
    _out.print_json(data=data)


def _print_table(table: Table) -> None:
    (_out if _out.is_terminal else Terminal(**_PLAIN, width=_FILE_WIDTH)).print(table)
