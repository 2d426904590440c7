"""What is wrong with a document, on one line, from what pydantic finds wrong with it."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

Keys = Sequence[int | str]
"""Where a value stands in a document, from its root."""

_SAID = {
    "extra_forbidden": "there is no such key",
    "missing": "is missing",
    "too_short": "must have at least one entry",
    "model_type": "should be an object",
    "bool_type": "should be true or false",
}


_WITHOUT_VALUE = ("extra_forbidden", "missing", "unknown_role")


def dotted(keys: Keys) -> str:
    """A place by its keys.

    >>> dotted(("tracks", 0, "name"))
    'tracks.0.name'
    """
    return ".".join(map(str, keys))


def first_problem(error: ValidationError, place: Callable[[Keys], str] = dotted) -> str:
    """The first problem of a validation: where it is, what is wrong, what stands there, and how many more there are.

    Args:
        error: what pydantic raised.
        place: names a place in the document.
    """
    return first_of(error.errors(include_url=False), place)


def first_of(problems: Sequence[Mapping[str, Any]], place: Callable[[Keys], str] = dotted) -> str:
    """As `first_problem`, of the list that an error holds."""
    first = problems[0]
    where = place(first["loc"])
    said = _SAID.get(first["type"], first["msg"].removeprefix("Value error, ").removeprefix("Input "))
    tells_value = where and first["type"] not in _WITHOUT_VALUE and isinstance(first["input"], str | int | float | None)
    got = f", got {as_written(first['input'])}" if tells_value else ""
    others = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{f'{where}: ' if where else ''}{said}{got}{others}"


def as_written(value: object) -> str:
    """A value of a document as it stands there; texts as messages quote them.

    >>> as_written(None), as_written(True), as_written("yes")
    ('null', 'true', "'yes'")
    """
    return repr(value) if isinstance(value, str) else json.dumps(value)
