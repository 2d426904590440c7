"""The page that ships in the package is the one that its sources make, and its types are those of the API."""

import subprocess
from pathlib import Path

import pytest

from bench.browser.page import WEB, node
from diffmst.web.app import STATIC
from diffmst.web.openapi import PLACE


@pytest.fixture
def in_web():
    """Runs a program of the packages of web/ there."""
    found = node()
    if found is None:
        pytest.skip("no Node with the packages of web/ to build the page: see `make test`")

    def run(program: str, *options: str | Path) -> None:
        command = [found, WEB / "node_modules" / program, *options]
        subprocess.run(command, cwd=WEB, check=True, capture_output=True, text=True)

    return run


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_built_files_are_those_of_the_sources(in_web, tmp_path):
    """After a change below web/, `make page` builds them."""
    in_web("vite/bin/vite.js", "build", "--outDir", tmp_path / "static", "--logLevel", "warn")
    built, shipped = contents(tmp_path / "static"), contents(STATIC)
    assert sorted(built) == sorted(shipped)
    assert built == shipped


def test_the_types_of_the_page_are_those_of_the_api(in_web, tmp_path):
    """After a change of the API, `make page` makes them."""
    in_web("openapi-typescript/bin/cli.js", PLACE, "--output", tmp_path / "schema.d.ts")
    assert (tmp_path / "schema.d.ts").read_text() == (WEB / "src" / "api" / "schema.d.ts").read_text()
