import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from bench import pictures
from bench.cases import console, growth
from bench.contenders import DASP, TORCHLPC
from bench.measurements import OURS, Measurement, Ratio
from bench.plan import CORES, MAIN
from bench.results import Results
from bench.tables import BEGIN, END, all_tables, write_between_markers

PAGE = Path(__file__).parents[2] / "docs" / "bench.md"


@pytest.fixture
def results():
    at = {"threads": CORES, **MAIN.at}
    found = [
        Measurement(console.CASE, console.FORWARD_BACKWARD, OURS, "s", (0.05, 0.06), at),
        Measurement(console.CASE, console.FORWARD_BACKWARD, DASP, "s", (5.0, 6.6), at),
        Measurement(console.CASE, console.FORWARD_BACKWARD, TORCHLPC, "s", (), at, "out of memory above 19.8 GB"),
    ]
    for tracks in (1, 8, 64):
        for seconds in (growth.SECONDS, 100.0):
            at = {"threads": CORES, "tracks": tracks, "seconds": seconds}
            found.append(Measurement(growth.CASE, console.FORWARD_BACKWARD, OURS, "s", (1e-4 * tracks * seconds,), at))
    machine = {"processor": "a <processor>", "cores": 2, "memory_gb": 25.3, "system": "Linux", "accelerator": None}
    return Results(False, machine, {"torch": "2.13.0", "dasp-pytorch": None}, tuple(found))


def test_the_tables_tell_ratio_spread_machine_and_versions(results):
    text = all_tables(results)
    assert "105 x (100 .. 110)" in text and "| 2 |" in text
    assert "2 cores, 25.3 GB" in text and "torch 2.13.0, dasp-pytorch not installed" in text


def test_who_ran_out_of_memory_is_in_the_table(results):
    assert "out of memory above 19.8 GB" in all_tables(results)


def test_every_row_of_a_table_has_the_columns_of_its_header(results):
    columns = None
    for line in all_tables(results).splitlines():
        if not line.startswith("|"):
            columns = None
            continue
        columns = columns or line.count("|")
        assert line.count("|") == columns


def test_only_what_is_between_the_markers_is_replaced(tmp_path):
    page = tmp_path / "bench.md"
    page.write_text(f"above\n{BEGIN}\nold\n{END}\nbelow\n")
    write_between_markers(page, "new")
    write_between_markers(page, "newer")
    assert page.read_text() == f"above\n{BEGIN}\n\nnewer\n\n{END}\nbelow\n"


def test_a_page_without_markers_is_refused(tmp_path):
    (tmp_path / "bench.md").write_text("nothing")
    with pytest.raises(ValueError, match="must hold the markers"):
        write_between_markers(tmp_path / "bench.md", "new")


def test_the_page_of_the_documentation_has_the_markers():
    assert re.search(f"{re.escape(BEGIN)}.*{re.escape(END)}", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_pictures_are_whole_files_that_load_nothing(results, tmp_path):
    pictures.write_pictures(results, tmp_path)
    for name in (pictures.RATIOS, pictures.GROWTH):
        text = (tmp_path / name).read_text(encoding="utf-8")
        ET.fromstring(text)  # well-formed
        assert "prefers-color-scheme" in text and "href" not in text and "url(" not in text


def test_a_longer_bar_is_a_larger_ratio():
    widths = [
        float(re.search(r'width="([\d.]+)"', str(bar)).group(1))
        for value in (2.0, 20.0, 200.0)
        for bar in pictures._bar(0, DASP, Ratio(1.0, value, "s", (value,), ""))
        if "<rect" in bar
    ]
    assert widths[1] - widths[0] == pytest.approx(widths[2] - widths[1], abs=0.2)  # ten times more: one decade
