import json

import pytest

from bench.cases import accuracy, console, memory, render
from bench.contenders import DASP, GRAFX, TORCHLPC
from bench.measurements import OURS, Measurement, paired_ratio, select, single
from bench.plan import CORES, FULL, MAIN
from bench.results import Results, quoted

AT = {"threads": CORES, **MAIN.at}


def taken(who, *samples, what=console.FORWARD_BACKWARD, case=console.CASE, unit="s", at=AT, note=""):
    return Measurement(case, what, who, unit, samples, at, note)


def test_a_ratio_is_the_median_of_the_ratios_and_not_the_ratio_of_the_medians():
    ratio = paired_ratio(taken(OURS, 1.0, 2.0, 10.0), taken(DASP, 100.0, 100.0, 100.0))
    assert ratio.ratios == (100.0, 50.0, 10.0) and ratio.value == 50.0
    assert ratio.ours == 2.0 and ratio.peer == 100.0


def test_rounds_that_only_one_side_took_part_in_do_not_count():
    ratio = paired_ratio(taken(OURS, 1.0, 2.0, 1000.0), taken(DASP, 5.0, 20.0))
    assert ratio.ratios == (5.0, 10.0) and ratio.ours == 1.5


def test_without_samples_there_is_no_ratio():
    assert paired_ratio(taken(OURS, 1.0), taken(DASP, note="out of memory above 19.8 GB")) is None
    assert taken(DASP).value is None


def test_measurements_are_found_by_what_their_conditions_hold_at_least():
    found = [taken(OURS, 1.0), taken(DASP, 2.0), taken(OURS, 3.0, at={**AT, "threads": 1})]
    assert select(found, console.FORWARD_BACKWARD, at={"tracks": 16}) == found
    assert single(found, console.FORWARD_BACKWARD, at={"threads": 1}) is found[2] or CORES == 1
    assert single(found, console.FORWARD_BACKWARD, GRAFX) is None


@pytest.fixture
def whole_run():
    """What a run at the sizes that are quoted would find, in round numbers."""
    song, long = {"threads": CORES, **FULL.render.at}, {"threads": CORES, **FULL.long_render.at}
    return [
        *(taken(who, samples, samples) for who, samples in ((OURS, 0.1), (DASP, 12.0), (TORCHLPC, 3.0), (GRAFX, 2.0))),
        taken(OURS, 0.7, 0.6, what=render.RENDER, case=render.CASE, at=song),
        taken(render.PEDALBOARD, 2.8, 3.0, what=render.RENDER, case=render.CASE, at=song),
        taken(OURS, 2.0, what=render.WHOLE, case=render.CASE, at=song),
        taken(OURS, 250.0, what=render.LONG_PEAK, case=render.CASE, unit="MB", at=long),
        taken(OURS, 19.0, 21.0, 20.0, what=memory.EXTRA, case=memory.CASE, unit="MB"),
        taken(OURS, 3e-8, what=accuracy.EQUALIZER, case=accuracy.CASE, unit="", at={"sample_rate": 44_100}),
        taken(OURS, 5e-8, what=accuracy.EQUALIZER, case=accuracy.CASE, unit="", at={"sample_rate": 192_000}),
    ]


def test_the_figures_are_quoted_by_their_names(whole_run, tmp_path):
    Results(False, {}, {}, tuple(whole_run)).write(tmp_path / "results.json")
    data = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    for name, value in (
        ("console_fwd_bwd_16x10_vs_dasp", 120),
        ("console_fwd_bwd_16x10_vs_torchlpc_torchcomp", 30),
        ("render_16x240_vs_pedalboard", 4.5),
        ("render_16x240_realtime_factor", (240 / 0.7 + 240 / 0.6) / 2),
        ("render_full_16x240_realtime_factor", 120),
    ):
        assert data[name]["value"] == pytest.approx(value, rel=1e-4)
        assert {"ours", "peer", "unit", "n", "low", "high", "what"} <= data[name].keys()
    assert data["extra_peak_mb_fwd_bwd_16x10"] == 21  # the worst
    assert data["peak_mb_render_16x3600"] == 250
    assert data["eq_max_relative_error"] == 5e-8


def test_nothing_is_quoted_at_another_size_than_its_name_says(whole_run):
    half = [one for one in whole_run if one.case == render.CASE]
    shrunk = [taken(one.who, *one.samples, what=one.what, case=one.case, at={"seconds": 10.0}) for one in half]
    assert quoted(shrunk) == {}


def test_results_are_read_as_they_were_written(whole_run, tmp_path):
    results = Results(True, {"cores": 2}, {"torch": "2"}, tuple(whole_run))
    results.write(tmp_path / "results.json")
    assert Results.read(tmp_path / "results.json") == results
