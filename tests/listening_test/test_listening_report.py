import csv

import numpy as np
import pytest
from html_checks import Page
from listening_sources import SYSTEMS, honest, lines_of, make_key, save

from diffmst.errors import UserError
from diffmst.listening_test.key import KEY_NAME
from diffmst.listening_test.report import report_test
from diffmst.listening_test.report_page import build_report_page, verdict
from diffmst.listening_test.tables import terminal_tables

LISTENERS = 8


def random_opinion(trial, system, repeat, rng=np.random.default_rng(9)):  # noqa: B008 one stream for all ratings
    return int(rng.integers(0, 80))


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def taken(folder, key, opinions):
    """A test folder with its key and its results."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / KEY_NAME).write_text(key.to_json(), encoding="utf-8")
    for number, opinion in enumerate(opinions):
        save(folder / "results" / f"{number}.csv", lines_of(key, f"session{number}", opinion, name=f"L{number}"))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    opinions = [*(honest(seed, spread=6) for seed in range(LISTENERS)), random_opinion]
    return taken(tmp_path_factory.mktemp("taken") / "test", make_key(songs=6), opinions)


@pytest.fixture(scope="module")
def report(folder):
    return report_test([folder / "results"], test=folder)


def test_systems_are_ranked_as_listeners_like_them(report):
    ranked = [report.conditions[index] for index in report.ranking]
    assert ranked == ["reference", *SYSTEMS, "anchor 7 kHz", "anchor 3.5 kHz"]
    assert [(c.better, c.worse) for c in report.comparisons] == [(0, 2), (0, 1), (1, 2)]
    assert all(c.p_holm < 0.05 for c in report.comparisons)


def test_whoever_guesses_is_left_out_and_named(report):
    assert len(report.counted) == LISTENERS
    (out,) = (listener for listener in report.listeners if listener.left_out)
    assert out.participant.name == "L8" and "hidden reference" in out.left_out
    assert report.scores.shape == (LISTENERS, 6, 6)


def test_everybody_can_be_kept(folder):
    assert len(report_test([folder / "results"], test=folder, keep_all=True).counted) == LISTENERS + 1


def test_key_is_found_beside_the_results(folder, report, tmp_path):
    assert report_test([folder / "results"]).key == report.key
    assert report_test([folder / "results" / "0.csv"]).key == report.key
    stray = save(tmp_path / "stray" / "a.csv", lines_of(report.key, "x", honest(0)))
    with pytest.raises(UserError, match="give the folder of the test with --test"):
        report_test([stray])
    assert report_test([stray], test=folder / KEY_NAME).key == report.key


def test_files_hold_every_figure(folder, report, tmp_path):
    out = tmp_path / "report"
    report_test([folder / "results"], test=folder, out=out)
    assert {path.name for path in out.iterdir()} == {"report.csv", "pairs.csv", "listeners.csv", "report.html"}
    rows = {row["system"]: row for row in rows_of(out / "report.csv")}
    for name, spread in zip(report.conditions, report.spreads, strict=True):
        assert float(rows[name]["mean"]) == pytest.approx(spread.mean, rel=1e-4)
        assert float(rows[name]["low"]) == pytest.approx(spread.both.low, rel=1e-4)
    assert rows["anchor 7 kHz"]["role"] == "anchor"
    assert len(rows_of(out / "pairs.csv")) == 3
    people = rows_of(out / "listeners.csv")
    assert [row["counts"] for row in people] == ["1"] * LISTENERS + ["0"]
    with pytest.raises(UserError, match="already exists"):
        report_test([folder / "results"], test=folder, out=out)


def test_page_is_well_formed_and_loads_nothing(report):
    html = build_report_page(report)
    page = Page(html)
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in page.tags}
    assert "http" not in html.replace("http-equiv", "")
    for name in (*SYSTEMS, "anchor 7 kHz", "song 5", "L8", "left out: the hidden reference under 90"):
        assert name in page.text
    assert html == build_report_page(report)


def test_names_cannot_become_markup(tmp_path):
    nasty = "<script>alert(1)</script>"
    key = make_key("preference", systems=(nasty, "b", "c"), repeats=0)
    folder = taken(tmp_path / "test", key, [lambda trial, system, repeat: len(system) % 100] * 3)
    html = build_report_page(report_test([folder]))
    Page(html)
    assert nasty not in html and "&lt;script&gt;" in html


def test_verdict_says_who_is_ahead_and_of_whom(report):
    headline, sentence = verdict(report)
    assert headline == "gentle giant is rated highest"
    assert "Rated above loudness war and plain sum." in sentence and "Not told apart" not in sentence


def test_verdict_does_not_claim_what_chance_explains(tmp_path):
    rng = np.random.default_rng(3)
    key = make_key("preference", songs=5, repeats=0)
    opinions = [lambda trial, system, repeat: int(rng.integers(30, 70))] * 8
    report = report_test([taken(tmp_path / "test", key, opinions)])
    headline, sentence = verdict(report)
    assert headline == "No system stands out" and "No other is told apart from it." in sentence


def test_one_listener_makes_a_report_that_says_how_little_it_is(tmp_path):
    report = report_test([taken(tmp_path / "test", make_key("preference", songs=1), [honest(0)])])
    assert np.isnan(report.spreads[0].listeners.low)
    notes = " / ".join(report.notes)
    assert (
        "no difference can be significant" in notes and "songs: 1; they say little" in notes and "came twice" in notes
    )
    Page(build_report_page(report))
    assert terminal_tables(report)[0].rows[0][4] == "–"


def test_one_system_is_reported_without_comparisons(tmp_path):
    key = make_key(systems=("gentle giant",))
    report = report_test([taken(tmp_path / "test", key, [honest(n) for n in range(3)])])
    assert report.comparisons == ()
    assert "nothing to compare" in verdict(report)[1]
    Page(build_report_page(report))


def test_terminal_rows_fit_their_headings(report):
    systems, pairs, left_out = terminal_tables(report)
    assert (len(systems.rows), len(pairs.rows), len(left_out.rows)) == (6, 3, 1)
    for table in (systems, pairs, left_out):
        assert all(len(row) == len(table.headings) for row in table.rows)
    name, mean, low, high, *_ = systems.rows[1]
    assert name == "gentle giant" and float(low) <= float(mean) <= float(high)


def test_mixed_headphones_and_loudspeakers_are_noted(tmp_path):
    key = make_key()
    folder = taken(tmp_path / "test", key, [honest(0)])
    lines = [line | {"device": "monitors"} for line in lines_of(key, "other", honest(1))]
    save(folder / "results" / "other.csv", lines)
    assert any("headphones, monitors" in note for note in report_test([folder]).notes)


def test_nobody_left_is_an_error_that_says_why(tmp_path):
    folder = taken(tmp_path / "test", make_key(), [random_opinion])
    with pytest.raises(UserError, match="nobody is left: the hidden reference under 90"):
        report_test([folder])
    assert len(report_test([folder], keep_all=True).counted) == 1
