"""The text of SFZ files: what it includes and defines, and the samples that it names."""

from __future__ import annotations

import errno
import posixpath
import re
from collections.abc import Collection, Iterator
from pathlib import Path

DEEPEST_INCLUDE = 32
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_DIRECTIVE = re.compile(r'(#define[ \t]+\$\w+[ \t]+\S+|#include\s+"[^"\n]*")')
# A value ends where the next opcode or header begins, or the line does; it may hold spaces.
_FILE_OPCODE = re.compile(r"\b(default_path|sample)=[ \t]*(.*?)(?=\s+[\w$]+=|\s*<|\s*$)", re.MULTILINE)


def expanded(path: Path) -> str:
    """The text of an SFZ file without comments, with all that it includes, and with what it defines put in.

    Raises:
        OSError: it cannot be read, or one that it includes.
    """
    return "".join(_expanded(path, path.parent, {}, DEEPEST_INCLUDE))


def _expanded(path: Path, folder: Path, defined: dict[str, str], depth: int) -> Iterator[str]:
    """Pieces of the text of a file. What is defined counts for all that follows, in other files too."""
    if not depth:
        raise OSError(errno.ELOOP, f"more than {DEEPEST_INCLUDE} files include one another", str(path))
    # Names of samples stay what they are, byte for byte, whatever their encoding.
    text = path.read_text(encoding="utf-8-sig", errors="surrogateescape")
    for part in _DIRECTIVE.split(_COMMENT.sub("", text)):
        if part.startswith("#define"):
            _, name, value = part.split()
            defined[name] = _defined(value, defined)
        elif part.startswith("#include"):
            yield from _expanded(folder / _slashed(_defined(part.split('"')[1], defined)), folder, defined, depth - 1)
        else:
            yield _defined(part, defined)


def _defined(text: str, defined: dict[str, str]) -> str:
    """A text with the values of names that are defined; of two that fit, the longer name."""
    if not defined:
        return text
    names = "|".join(map(re.escape, sorted(defined, key=len, reverse=True)))
    return re.sub(names, lambda match: defined[match[0]], text)


def samples(text: str) -> list[str]:
    """Files that an expanded text names as samples, from the folder of the instrument, each once."""
    found: dict[str, None] = {}
    prefix = ""
    for opcode, value in _FILE_OPCODE.findall(text):
        if opcode == "default_path":
            prefix = _slashed(value)
        elif not _is_generated(value):
            found[prefix + _slashed(value)] = None
    return list(found)


def held_in_memory(text: str, folder: Path, unneeded: Collection[str]) -> str:
    """An expanded text that can lie in any folder, and whose samples are read as a whole before the first note.

    Args:
        text: as it was.
        folder: of the instrument.
        unneeded: samples by `sample_key` that no note asks for; they are not read.
    """
    prefix = ""

    def placed(match: re.Match[str]) -> str:
        nonlocal prefix
        opcode, value = match.groups()
        if opcode == "default_path":
            prefix = _slashed(value)
            return ""
        if _is_generated(value):
            return match[0]
        name = prefix + _slashed(value)
        return "sample=*silence" if sample_key(name) in unneeded else f"sample={folder.as_posix()}/{name}"

    return f"<control> hint_ram_based=1\n{_FILE_OPCODE.sub(placed, text)}\n"


def sample_key(name: str) -> str:
    """The name of a sample as it is compared: the case of letters does not count, nor the way to the folder."""
    return posixpath.normpath(_slashed(name)).casefold()


def _is_generated(value: str) -> bool:
    """Whether a sample is no file but a wave, as `*sine`."""
    return value.startswith("*")


def _slashed(name: str) -> str:
    """A path as written on Windows, as it is written everywhere else."""
    return name.replace("\\", "/")
