"""From the results that listeners handed in to a report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from diffmst.errors import UserError
from diffmst.listening_test.analysis import Report, analyse
from diffmst.listening_test.key import KEY_NAME, read_key
from diffmst.listening_test.report_page import build_report_page
from diffmst.listening_test.results import read_results
from diffmst.listening_test.tables import LISTENERS_NAME, PAIRS_NAME, SYSTEMS_NAME, csv_files
from diffmst.outputs import OutputFolder

PAGE_NAME = "report.html"


def report_test(
    results: Sequence[Path],
    *,
    test: Path | None = None,
    out: Path | None = None,
    keep_all: bool = False,
    seed: int = 0,
    force: bool = False,
) -> Report:
    """Analyses the results of a listening test, and writes `report.csv` and the rest if wanted.

    Args:
        results: CSV files that listeners saved, or those of webMUSHRA, and folders of them.
        test: the folder that `make_test` wrote, or its key; looked for beside the results when not given.
        out: folder for `report.csv`, `pairs.csv`, `listeners.csv` and `report.html`.
        keep_all: leave nobody out but those who did not finish.
        seed: of the bootstrap.
        force: replace outputs that are there.

    Raises:
        UserError: there is no key, a result cannot be read or is of another test, nobody is left, or the report
            cannot be written.
    """
    key = read_key(test or _key_beside(results))
    report = analyse(read_results(results, key), key, keep_all=keep_all, seed=seed)
    if out is not None:
        with OutputFolder(out, [SYSTEMS_NAME, PAIRS_NAME, LISTENERS_NAME, PAGE_NAME], force=force) as outputs:
            for name, text in csv_files(report):
                outputs.path(name).write_text(text, encoding="utf-8")
            outputs.path(PAGE_NAME).write_text(build_report_page(report), encoding="utf-8")
    return report


def _key_beside(results: Sequence[Path]) -> Path:
    """The key in the folder of a result, or one above it."""
    for path in results:
        folder = path if path.is_dir() else path.parent
        for place in (folder, folder.resolve().parent):
            if (place / KEY_NAME).is_file():
                return place
    raise UserError(f"no {KEY_NAME} beside the results; give the folder of the test with --test")
