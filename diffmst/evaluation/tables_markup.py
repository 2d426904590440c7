"""Tables as Markdown, as LaTeX, and as rows for the terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from diffmst.evaluation.tables_record import Column, Entry, Table

_MARKDOWN_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&])")
_SPACE = re.compile(r"\s+")
_IN_TERMINAL = ("nearness", "sanity", "control", "paper")


class TerminalTable(NamedTuple):
    """A table of texts."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def terminal_tables(tables: Iterable[Table]) -> list[TerminalTable]:
    """What a terminal has room for: means, ratios and verdicts; intervals and all else stand in the files."""
    return [_terminal_table(table) for table in tables if table.name.startswith(_IN_TERMINAL)]


def _terminal_table(table: Table) -> TerminalTable:
    """A table whose best figures carry a star."""
    headings = (table.rows_are, *map(_plain_heading, table.columns))
    rows = tuple((name, *map(_plain_entry, entries, table.columns)) for name, entries in table.rows)
    return TerminalTable(table.title, headings, rows)


def _plain_heading(column: Column) -> str:
    return " ".join(filter(None, [column.heading, column.unit, column.arrow]))


def _plain_entry(entry: Entry, column: Column) -> str:
    mark = "*" if entry.best and column.key else "≈" if entry.alike else ""
    return " ".join(filter(None, [entry.text + mark, entry.note]))


# --- Markdown ---------------------------------------------------------------------------------------------------------


def markdown(tables: Iterable[Table], *, title: str, command: str) -> str:
    """Tables as GitHub's Markdown, each under the command that makes it.

    Args:
        tables: in their order.
        title: of the document.
        command: that makes them.
    """
    return "\n\n".join([f"# {_markdown_text(title)}", *(_markdown_table(table, command) for table in tables)]) + "\n"


def _markdown_table(table: Table, command: str) -> str:
    headings = [table.rows_are, *(_plain_heading(column) for column in table.columns)]
    lines = [
        f"## {_markdown_text(table.title)}",
        "",
        f"    {_SPACE.sub(' ', command)}",  # an indented block ends with its line, whatever the line holds
        "",
        _markdown_line(map(_markdown_text, headings)),
        _markdown_line([":---", *["---:"] * len(table.columns)]),
        *(_markdown_line([_markdown_text(name), *map(_markdown_entry, entries)]) for name, entries in table.rows),
        "",
        _markdown_text(table.caption),
    ]
    return "\n".join(lines)


def _markdown_line(parts: Iterable[str]) -> str:
    return f"| {' | '.join(parts)} |"


def _markdown_entry(entry: Entry) -> str:
    text = _markdown_text(entry.text)
    text = f"**{text}**" if entry.best else f"{text} ≈" if entry.alike else text
    return " ".join(filter(None, [text, f"({entry.interval})" if entry.interval else "", entry.note]))


def _markdown_text(text: str) -> str:
    r"""A text that stays one, in one line.

    >>> print(_markdown_text("a|b <i>_x_"))
    a\|b \<i\>\_x\_
    """
    return _MARKDOWN_SPECIAL.sub(r"\\\1", _SPACE.sub(" ", text))


# --- LaTeX ------------------------------------------------------------------------------------------------------------

_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "-": r"-{}",  # or two of them become a dash
    "−": r"$-$",
    "–": r"\textendash{}",
    "…": r"\,\ldots\,",
    "×": r"$\times$",
    "≈": r"$\approx$",
    "↓": r"$\downarrow$",
    "↑": r"$\uparrow$",
    "∞": r"$\infty$",
    "⁻": r"$^{-}$",
    **{superscript: f"$^{{{digit}}}$" for digit, superscript in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
    "“": r"\textquotedblleft{}",
    "”": r"\textquotedblright{}",
    "’": r"\textquoteright{}",
}
_LATEX_LETTERS = re.compile("[ -~À-ÖØ-öø-ĥĨ-ķĹ-ľŁ-ňŊ-ťŨ-ž]")
"""What LaTeX prints as it is: ASCII, and letters of the T1 encoding."""


def latex(tables: Iterable[Table], *, command: str) -> str:
    r"""Tables for `\input` into a LaTeX document, each under the command that makes it.

    They need the packages that their first line names, and compile with any engine.

    Args:
        tables: in their order.
        command: that makes them.
    """
    head = "% needs \\usepackage{booktabs,graphicx,textcomp} and \\usepackage[T1]{fontenc}\n"
    return head + "".join(_latex_table(table, command) for table in tables)


def _latex_table(table: Table, command: str) -> str:
    headings = [latex_text(column.heading) for column in table.columns]
    units = [" ".join(filter(None, map(latex_text, [column.unit, column.arrow]))) for column in table.columns]
    caption = latex_text(f"{table.title}. {table.caption}")
    body = [line for name, entries in table.rows for line in _latex_rows(name, entries)]
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption[{{{latex_text(table.title)}}}]{{{caption} Made by \texttt{{{latex_text(command)}}}.}}",
        rf"\label{{tab:{table.name}}}",
        r"\footnotesize",
        r"\setlength{\tabcolsep}{4pt}",
        r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        rf"\begin{{tabular}}{{l{'r' * len(table.columns)}}}",
        r"\toprule",
        _latex_line([latex_text(table.rows_are), *headings]),
        *([_latex_line(["", *units])] if any(units) else []),
        r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}}",
        r"\end{table}",
    ]
    return "\n" + "\n".join(lines) + "\n"


def _latex_rows(name: str, entries: Sequence[Entry]) -> list[str]:
    """The figures, and their intervals in small beneath."""
    lines = [_latex_line([latex_text(name), *map(_latex_entry, entries)])]
    if any(entry.interval for entry in entries):
        small = [rf"{{\tiny {latex_text(entry.interval)}}}" if entry.interval else "" for entry in entries]
        lines.append(_latex_line(["", *small]))
    return lines


def _latex_entry(entry: Entry) -> str:
    text = latex_text(entry.text)
    text = rf"\textbf{{{text}}}" if entry.best else rf"$\approx$\,{text}" if entry.alike else text
    return rf"{text} {{\tiny {latex_text(entry.note)}}}" if entry.note else text


def _latex_line(parts: Iterable[str]) -> str:
    return " & ".join(parts) + r" \\"


def latex_text(text: str) -> str:
    r"""A text as LaTeX prints it; what it has no letters for is printed as its number.

    >>> print(latex_text("50 % of A_B & 🎵"))
    50 \% of A\_B \& [U+1F3B5]
    """
    return "".join(_latex_character(char) for char in _SPACE.sub(" ", text))


def _latex_character(char: str) -> str:
    if char in _LATEX:
        return _LATEX[char]
    return char if _LATEX_LETTERS.fullmatch(char) else f"[U+{ord(char):04X}]"
