"""The text of REAPER's projects: chunks `<TAG …` to `>` of lines of tokens."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

_QUOTES = "\"'`"
_RAW = "|"  # begins a line of notes, which is text and not tokens
_TOKEN = re.compile(r"\"([^\"]*)\"?|'([^']*)'?|`([^`]*)`?|(\S+)")
_PLAIN = re.compile(rf"[^\s{_QUOTES}<>|][^\s]*")

Line = tuple[str, ...]


@dataclass
class Chunk:
    """A chunk of a project.

    Attributes:
        head: its tag and what stands behind it.
        items: lines of tokens and chunks, in order. A line of notes is one token that begins with `|`.
    """

    head: Line
    items: list[Line | Chunk] = field(default_factory=list)

    @property
    def tag(self) -> str:
        """What kind of chunk it is, such as TRACK."""
        return self.head[0]

    def add(self, *tokens: str | float) -> None:
        """Appends a line."""
        self.items.append(tuple(token if isinstance(token, str) else decimal(token) for token in tokens))

    def lines(self, name: str) -> Iterator[Line]:
        """Its own lines that begin with `name`, without that."""
        yield from (item[1:] for item in self.items if isinstance(item, tuple) and item[:1] == (name,))

    def line(self, name: str) -> Line:
        """The first of `lines`; empty when there is none."""
        return next(self.lines(name), ())

    def chunks(self, tag: str) -> Iterator[Chunk]:
        """Its own chunks of a kind."""
        yield from (item for item in self.items if isinstance(item, Chunk) and item.tag == tag)

    def chunk(self, tag: str) -> Chunk:
        """The first of `chunks`; an empty one when there is none."""
        return next(self.chunks(tag), Chunk((tag,)))


def decimal(value: float) -> str:
    """A number in the fewest digits that say it exactly, without exponent, which REAPER's scripts do not read.

    >>> decimal(0.1), decimal(1e-7), decimal(-3.0)
    ('0.1', '0.0000001', '-3')
    """
    return np.format_float_positional(value + 0.0, trim="-")


def number_at(line: Line, index: int, default: float) -> float:
    """A number of a line; the default where there is none, or one that is not finite.

    >>> number_at(("0.5", "x"), 0, 1.0), number_at(("0.5", "x"), 1, 1.0), number_at((), 0, 1.0)
    (0.5, 1.0, 1.0)
    """
    try:
        value = float(line[index])
    except (IndexError, ValueError):
        return default
    return value if math.isfinite(value) else default


def to_text(project: Chunk) -> str:
    """A project as REAPER writes it.

    >>> print(to_text(Chunk(("TRACK", "{1}"), [("NAME", 'the "Kick"'), Chunk(("FXCHAIN",), [("SHOW", "0")])])), end="")
    <TRACK {1}
      NAME 'the "Kick"'
      <FXCHAIN
        SHOW 0
      >
    >
    """
    return "\n".join(_written(project, "")) + "\n"


def from_text(text: str) -> Chunk:
    r"""The first chunk of a text, with all that is in it.

    >>> project = from_text('<A 0.1 "7.0/win64"\r\n  <B\r\n    NAME `x`\r\n  >\r\n>')
    >>> project.head, project.chunk("B").line("NAME")
    (('A', '0.1', '7.0/win64'), ('x',))

    Raises:
        ValueError: there is none, or it does not end.
    """
    whole = Chunk(("",))
    opened = [whole]
    for raw in text.removeprefix("\ufeff").split("\n"):  # a name may hold what else Unicode takes for an end of line
        line = raw.strip()
        if line.startswith("<"):
            chunk = Chunk(_tokens(line[1:]) or ("",))
            opened[-1].items.append(chunk)
            opened.append(chunk)
        elif line == ">":
            opened.pop()
            if len(opened) < 2:
                break
        elif line:
            opened[-1].items.append((line,) if line.startswith(_RAW) else _tokens(line))
    if len(opened) != 1 or not whole.items or not isinstance(whole.items[0], Chunk):
        raise ValueError("a project must be a chunk from < to >")
    return whole.items[0]


def _written(chunk: Chunk, indent: str) -> Iterator[str]:
    yield f"{indent}<{chunk.tag}{''.join(f' {_quoted(token)}' for token in chunk.head[1:])}"
    for item in chunk.items:
        if isinstance(item, Chunk):
            yield from _written(item, f"{indent}  ")
        elif item[0].startswith(_RAW):
            yield f"{indent}  {item[0]}"
        else:
            yield f"{indent}  {' '.join([item[0], *map(_quoted, item[1:])])}"
    yield f"{indent}>"


def _tokens(line: str) -> Line:
    return tuple(next((group for group in match.groups() if group is not None), "") for match in _TOKEN.finditer(line))


def _quoted(token: str) -> str:
    """A token in the first kind of quotes that it does not contain; as REAPER does, in ` when it contains them all."""
    token = re.sub(r"[\r\n\x00]+", " ", token)
    if _PLAIN.fullmatch(token):
        return token
    quote = next((quote for quote in _QUOTES if quote not in token), None)
    return f"{quote}{token}{quote}" if quote else f"`{token.replace('`', chr(39))}`"
