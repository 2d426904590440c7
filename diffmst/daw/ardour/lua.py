"""Processors in Lua, made from templates and from the controls of the console."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from diffmst.params import Param


class Knob(NamedTuple):
    """A knob as Ardour shows it.

    Attributes:
        title: its name.
        param: its range, default and unit.
    """

    title: str
    param: Param


def rendered(template: str, **values: object) -> str:
    """The text of a processor.

    Args:
        template: its name.
        values: by the names that the template has for them.
    """
    return _environment().get_template(f"{template}.lua").render(values)


@cache
def _environment() -> Environment:
    loader = PackageLoader("diffmst.daw.ardour")
    return Environment(loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
