"""What the tests of the page stand on is what the package declares."""

import importlib.util
import json

import pytest

from bench.browser.page import WEB

_SPEC = importlib.util.spec_from_file_location("make_fixtures", WEB / "test" / "make_fixtures.py")
make_fixtures = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(make_fixtures)

ROUNDING = 1e-9
"""Relative: the libraries of another machine may differ in the last digits."""


def test_the_fixtures_are_those_of_the_package():
    """After a change of the console, `python web/test/make_fixtures.py` writes them."""
    made = make_fixtures.fixtures()
    kept = {path.stem: json.loads(path.read_text("utf-8")) for path in make_fixtures.FOLDER.glob("*.json")}
    assert sorted(kept) == sorted(made)
    for name, content in made.items():
        assert numbers(kept[name]) == pytest.approx(numbers(content), rel=ROUNDING, abs=ROUNDING), name
        assert words(kept[name]) == words(content), name


def numbers(content):
    """All of them, in their order."""
    return [leaf for leaf in leaves(content) if isinstance(leaf, float)]


def words(content):
    """All but the numbers."""
    return [leaf for leaf in leaves(content) if not isinstance(leaf, float)]


def leaves(content):
    """Keys and values, in order."""
    if isinstance(content, dict):
        return [leaf for key, value in content.items() for leaf in (key, *leaves(value))]
    if isinstance(content, (list, tuple)):
        return [leaf for value in content for leaf in leaves(value)]
    return [float(content) if isinstance(content, int) and not isinstance(content, bool) else content]
