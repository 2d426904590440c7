from dataclasses import replace

import numpy as np
import pytest
from evaluated import AF, BASELINE, LEVEL, METRICS, PEAK, SDR, make_rows, metric, row
from scipy import stats

from diffmst.evaluation.row import SetFigure
from diffmst.evaluation.summary import summarize
from diffmst.statistics import Interval


def summary_of(rows, set_figures=(), metrics=METRICS, **more):
    (task,) = summarize(rows, set_figures, metrics, **more).tasks
    return task


@pytest.fixture(scope="module")
def rows():
    return make_rows()


@pytest.fixture(scope="module")
def task(rows):
    return summary_of(rows)


def values_of(rows, system, key, wrong=False):
    return np.array([r.figures[key] for r in rows if (r.system, r.wrong) == (system, wrong)])


def test_means_medians_and_worst_cases_are_those_of_the_rows(rows, task):
    values = values_of(rows, "refine", "level_error_lu")
    cell = task.cell("refine", "level_error_lu")
    assert (cell.n, cell.songs) == (16, 8)
    assert cell.mean == pytest.approx(values.mean()) and cell.median == pytest.approx(np.median(values))
    assert cell.worst == values.max() and cell.worst_pair == rows_with(rows, "refine", values.max())
    assert cell.interval.low < cell.mean < cell.interval.high
    sdr = task.cell("refine", "sdr_db")
    assert sdr.worst == values_of(rows, "refine", "sdr_db").min()
    assert np.isnan(task.cell("refine", "peak_dbtp").worst)


def rows_with(rows, system, value):
    return next(r.pair for r in rows if r.system == system and r.figures["level_error_lu"] == value)


def test_ratio_is_that_of_the_means_with_an_interval_around_it(rows, task):
    cell = task.cell("refine", "level_error_lu")
    expected = values_of(rows, "refine", "level_error_lu").mean() / values_of(rows, BASELINE, "level_error_lu").mean()
    assert cell.ratio == pytest.approx(expected) and cell.better == 1.0
    assert cell.ratio_interval.low < expected < cell.ratio_interval.high
    # songs are hard for both alike, which the paired ratio knows and the two means do not
    assert cell.ratio_interval.high - cell.ratio_interval.low < 0.1
    assert np.isnan(task.cell(BASELINE, "level_error_lu").ratio)
    assert np.isnan(task.cell("refine", "af").ratio), "it is not declared to be compared"


def test_pairs_that_a_system_lacks_count_for_none(rows):
    lost = [replace(r, figures={}, error="gone") if r.system == "guess" and r.pair == "song3-1" else r for r in rows]
    task = summary_of(lost)
    assert task.left_out == ("song3-1",) and len(task.pairs) == 15
    assert {cell.n for cell in task.cells} == {15}
    kept = [r for r in rows if r.pair != "song3-1"]
    assert task.cell("refine", "af").mean == pytest.approx(values_of(kept, "refine", "af").mean())
    assert any("song3-1" in note and "1 of 16" in note for note in task.notes())
    assert [r.error for r in task.failed] == ["gone"]


def test_tests_use_the_pairs_that_both_systems_have(rows):
    lost = [replace(r, figures={}, error="gone") if r.system == "guess" and r.pair == "song3-1" else r for r in rows]
    compared = {(c.system, c.against): c.difference.n for c in summary_of(lost).comparisons if c.key == "af"}
    assert compared == {("refine", BASELINE): 16, (BASELINE, "guess"): 15, ("refine", "guess"): 15}


def test_a_system_without_any_mix_does_not_empty_the_tables(rows):
    lost = [replace(r, figures={}, error="no") if r.system == "guess" else r for r in rows]
    task = summary_of(lost)
    assert len(task.pairs) == 16 and task.cell("guess", "af") is None
    assert "guess has no mix of any pair" in list(task.notes())
    assert not any("guess" in (c.system, c.against) for c in task.comparisons)


def test_a_figure_that_is_missing_or_infinite_leaves_its_pair_out_of_that_column_only(rows):
    odd = [replace(r, figures=r.figures | {"sdr_db": np.inf}) if r.pair == "song0-0" else r for r in rows]
    task = summary_of(odd)
    assert {c.n for c in task.cells if c.key == "sdr_db"} == {15}
    assert {c.n for c in task.cells if c.key == "af"} == {16}


def test_a_figure_that_a_system_never_has_does_not_empty_the_column(rows):
    without = [
        replace(r, figures={k: v for k, v in r.figures.items() if k != "sdr_db"}) if r.system == "guess" else r
        for r in rows
    ]
    task = summary_of(without)
    assert task.cell("guess", "sdr_db") is None and task.cell("refine", "sdr_db").n == 16


def test_comparisons_are_signed_rank_tests_over_songs(rows, task):
    (one,) = (c for c in task.comparisons if c.key == "level_error_lu" and {c.system, c.against} == {"guess", BASELINE})
    difference = values_of(rows, BASELINE, "level_error_lu") - values_of(rows, "guess", "level_error_lu")
    by_song = difference.reshape(8, 2).mean(1)
    assert (one.system, one.against) == (BASELINE, "guess") and one.difference.unit == "songs"
    assert one.difference.value == pytest.approx(difference.mean())
    assert one.difference.p == pytest.approx(stats.wilcoxon(by_song, method="exact").pvalue)
    assert one.difference.p <= one.difference.p_holm <= 3 * one.difference.p
    assert one.difference.better == pytest.approx((difference < 0).mean())


def test_the_better_system_stands_first_whichever_way_is_better(task):
    assert all(c.difference.value <= 0 for c in task.comparisons if c.key == "level_error_lu")
    assert all(c.difference.value >= 0 for c in task.comparisons if c.key == "sdr_db")
    assert all(c.difference.interval.low <= c.difference.value <= c.difference.interval.high for c in task.comparisons)
    assert {c.key for c in task.comparisons}.isdisjoint({"peak_dbtp"})


def test_few_songs_are_tested_over_pairs_and_said_to_be_few():
    task = summary_of(make_rows(songs=4))
    assert {c.difference.unit for c in task.comparisons} == {"pairs"}
    assert min(c.difference.p_holm for c in task.comparisons) < 0.05
    assert not any(c.difference.significant for c in task.comparisons)  # pairs of one song are not independent
    assert any("4 songs are few" in note for note in task.notes())


def test_it_is_said_where_songs_are_too_few_for_so_many_comparisons():
    systems = ("equal-loudness", "refine", "guess", "a", "b", "c")
    notes = list(summary_of(make_rows(songs=8, takes=1, systems=systems)).notes())
    assert notes == [
        "8 songs are too few for 15 comparisons: no difference can be more than chance (it takes 10, or fewer systems)"
    ]
    two = summary_of(make_rows(songs=5, takes=1, systems=("equal-loudness", "refine")))
    assert two.too_few == "5 songs are too few for a comparison: no difference can be more than chance (it takes 6)"
    ten = summary_of(make_rows(songs=10, takes=1, systems=systems))
    assert list(ten.notes()) == [] and any(c.difference.significant for c in ten.comparisons)


def test_one_song_has_no_intervals_and_says_so():
    task = summary_of(make_rows(songs=1, takes=3))
    assert np.isnan(task.cell("refine", "af").interval.low)
    assert "one song says nothing of others: there are no intervals" in list(task.notes())
    assert task.too_few.startswith("one song is too few for")
    (control,) = (c for c in task.controls if c.key == "level_error_lu")
    assert control.verdict == "not shown: the songs are too few" and not control.listens


def test_who_listens_is_worse_with_the_wrong_reference(task):
    (control,) = (c for c in task.controls if c.key == "level_error_lu")
    assert (control.system, control.verdict) == ("refine", "listens")
    assert control.difference.value == pytest.approx(control.right - control.wrong) and control.difference.value < -0.5
    (sdr,) = (c for c in task.controls if c.key == "sdr_db")
    assert sdr.listens and sdr.difference.value > 0
    assert {c.key for c in task.controls} == {"level_error_lu", "sdr_db", "af", "af_rms"}


def test_who_ignores_the_reference_is_not_said_to_listen(rows):
    rng = np.random.default_rng(8)
    deaf = [r for r in rows if r.system == "guess"]
    deaf += [replace(r, wrong=True, figures={k: v + rng.normal(0, 0.1) for k, v in r.figures.items()}) for r in deaf]
    (control,) = (c for c in summary_of(deaf).controls if c.key == "level_error_lu")
    assert control.verdict == "not shown"


def test_who_does_the_opposite_is_found_out(rows):
    swapped = [replace(r, wrong=not r.wrong) if r.system == "refine" else r for r in rows]
    verdicts = {c.key: c.verdict for c in summary_of(swapped).controls}
    assert verdicts["level_error_lu"] == verdicts["sdr_db"] == "worse with the right reference"


def test_figures_of_whole_sets_stand_beside_the_others(rows):
    fad = metric("fad", "style", headline=True, compared_with_baseline=True)
    figures = [
        SetFigure("same-song", BASELINE, False, "fad", 4.0, Interval(3, 5)),
        SetFigure("same-song", "refine", False, "fad", 1.0, Interval(0.5, 2)),
        SetFigure("same-song", "guess", False, "fad", 2.0, Interval(1, 3), note="too few songs to believe"),
    ]
    task = summary_of(rows, figures, (*METRICS, fad))
    cell = task.cell("refine", "fad")
    assert (cell.mean, cell.interval, cell.n, cell.ratio) == (1.0, Interval(0.5, 2), 16, 0.25)
    assert np.isnan(task.cell("guess", "fad").ratio)  # of a value that is not to be believed
    assert "fad: too few songs to believe" in list(task.notes())
    assert fad in task.headline


def test_what_is_most_telling_heads_the_tables(rows, task):
    assert [m.key for m in task.headline] == ["level_error_lu", "sdr_db", "af", "peak_dbtp", "seconds"]
    assert task.primary == LEVEL
    unknown = [
        replace(r, figures={k: v for k, v in r.figures.items() if k not in ("level_error_lu", "sdr_db")}) for r in rows
    ]
    assert summary_of(unknown).primary == AF
    bare = tuple(replace(m, headline=False) for m in (PEAK, SDR, LEVEL))
    assert [m.key for m in summary_of(rows, metrics=bare).headline] == ["level_error_lu", "sdr_db", "peak_dbtp"]


def test_tasks_are_kept_apart(rows):
    summary = summarize([*rows, *make_rows(songs=3, task="real")], [], METRICS)
    assert [(task.task, len(task.pairs)) for task in summary.tasks] == [("same-song", 16), ("real", 6)]


def test_everything_failed_is_a_summary_too():
    task = summary_of([row("a", "refine", error="silent"), row("b", "refine", error="mono")])
    assert task.pairs == () and task.cells == () and len(task.failed) == 2


def test_the_same_seed_gives_the_same_intervals(rows, task):
    assert summary_of(rows).cells[0].interval == task.cells[0].interval
    assert summary_of(rows, seed=1).cells[0].interval != task.cells[0].interval
