"""Pages from the templates beside this module: self-contained, with one style."""

from functools import cache
from importlib.resources import files

from jinja2 import BaseLoader, Environment, StrictUndefined
from markupsafe import Markup, escape

from diffmst.report import words


def render_page(template: str, **shown: object) -> str:
    """A page as HTML.

    Args:
        template: name of its file.
        shown: what the template speaks of.
    """
    return _environment().get_template(template).render(**shown, style=Markup(_text("style.css")))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=_Beside(), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "breakable": _breakable,
        "initials": words.initials,
        "label": words.label,
        "shown": words.shown,
    }
    return environment


def _breakable(name: str) -> Markup:
    """A file's name that may go on in a new line behind an underscore."""
    return escape(name).replace("_", Markup("_<wbr>"))


class _Beside(BaseLoader):
    """Templates from the files beside this module, wherever the package is installed."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, None]:
        return _text(template), None, None


def _text(name: str) -> str:
    return files("diffmst.report").joinpath(name).read_text(encoding="utf-8")
