import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from evaluated import METRICS, make_rows, metric

from diffmst.evaluation.plots import all_plots
from diffmst.evaluation.plots_drawing import WIDTH, axis_of, shortened, width_px
from diffmst.evaluation.summary import summarize

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '</svg><script>alert("1")</script>'


@pytest.fixture(scope="module")
def rows():
    return make_rows()


@pytest.fixture(scope="module")
def pictures(rows):
    return {picture.name: picture for picture in all_plots(summarize(rows, [], METRICS), rows)}


def parsed(picture):
    return ElementTree.fromstring(picture.standalone())


def texts(picture):
    return ["".join(element.itertext()) for element in parsed(picture).iter(f"{SVG}text")]


def dots(picture, css):
    return [e for e in parsed(picture).iter(f"{SVG}circle") if e.get("class") == css]


def test_every_task_has_its_pictures(pictures):
    assert set(pictures) == {
        "nearness-same-song",
        "sanity-same-song",
        "pairs-level_error_lu-same-song",
        "cost-same-song",
    }


def test_pictures_stand_alone_and_follow_the_theme(pictures):
    for picture in pictures.values():
        svg = picture.standalone()
        assert parsed(picture).get("role") == "img" and parsed(picture).get("aria-label") == picture.summary
        assert "prefers-color-scheme: dark" in svg and "--after:" in svg
        assert "http" not in svg.replace("http://www.w3.org/2000/svg", "") and "@import" not in svg
        assert "<style" not in picture.svg and 'id="' not in picture.svg


def test_right_and_wrong_references_stand_beside_each_other(pictures):
    picture = pictures["nearness-same-song"]
    assert len(dots(picture, "right")) == 3 * 3 + 1  # three systems, three metrics, and the legend
    assert len(dots(picture, "wrong")) == 1 * 3 + 1
    assert len({round(float(e.get("cy"))) for e in dots(picture, "wrong")[1:]}) == 1


def test_figures_are_texts_and_titles(pictures):
    picture = pictures["nearness-same-song"]
    assert {"refine", "guess", "equal-loudness", "level"} <= set(texts(picture))
    titles = ["".join(e.itertext()) for e in parsed(picture).iter(f"{SVG}title")]
    assert any(re.fullmatch(r"refine: level \d\.\d\d LU \(95 % .*….*\), worst .* on song\d-\d", t) for t in titles)
    assert "refine (wrong reference)" in picture.summary


def test_slopes_tell_which_pairs_get_worse(pictures, rows):
    picture = pictures["pairs-level_error_lu-same-song"]
    assert {"worse on 0 of 16", "worse on 16 of 16"} <= set(texts(picture))
    assert len(dots(picture, "better")) == len(dots(picture, "worse")) == 2 * 16
    assert any(text.startswith("most by +") for text in texts(picture))


def test_without_a_baseline_there_are_no_slopes(rows):
    others = [row for row in rows if row.system != "equal-loudness"]
    names = {picture.name for picture in all_plots(summarize(others, [], METRICS), others)}
    assert names == {"nearness-same-song", "sanity-same-song", "cost-same-song"}


def test_labels_of_systems_that_lie_together_do_not_overlap():
    rows = make_rows(songs=6, takes=1, systems=("equal-loudness", *(f"system number {n}" for n in range(6))))
    picture = next(p for p in all_plots(summarize(rows, [], METRICS), rows) if p.name.startswith("cost"))
    boxes = [
        (float(e.get("x")), float(e.get("y")) - 11, width_px(e.text), 14)
        for e in parsed(picture).iter(f"{SVG}text")
        if e.text.startswith("system number")
    ]
    assert len(boxes) == 6
    for index, (x, y, w, h) in enumerate(boxes):
        for x2, y2, w2, h2 in boxes[index + 1 :]:
            assert x >= x2 + w2 or x2 >= x + w or y >= y2 + h2 or y2 >= y + h
        assert x >= 0 and x + w <= WIDTH


def test_names_cannot_become_markup(rows):
    named = [replace(r, system=HOSTILE if r.system == "guess" else r.system, pair=f"{r.pair}{HOSTILE}") for r in rows]
    for picture in all_plots(summarize(named, [], METRICS), named):
        assert "<script" not in picture.standalone()
        parsed(picture)


def test_tasks_with_like_names_have_files_of_their_own(rows):
    tasks = ("a b", "a-b", "曲", "歌", "")
    named = [replace(r, task=task) for task in tasks for r in rows]
    names = [picture.name for picture in all_plots(summarize(named, [], METRICS), named)]
    assert len(set(names)) == len(names) == 4 * len(tasks)
    assert all(re.fullmatch(r"[\w-]+", name) for name in names)


def test_metrics_are_spread_over_rows_of_panels(rows):
    more = tuple(metric(f"m{n}_db", headline=True) for n in range(5))
    wide = [replace(r, figures=r.figures | {m.key: r.figures["af"] for m in more}) for r in rows]
    picture = next(all_plots(summarize(wide, [], more), wide))
    assert texts(picture).count("refine") == 2  # three panels above, two below


@pytest.mark.parametrize(
    ("values", "low", "high", "labels"),
    [
        ([1.2, 3.9], 0, 4, ["0", "1", "2", "3", "4"]),
        ([-7.0, 2.0], -7.5, 2.5, ["−7.5", "−5.0", "−2.5", "0.0", "2.5"]),
        ([100.0, 101.0], 100, 101, ["100.00", "100.25", "100.50", "100.75", "101.00"]),
        ([0.0, 0.0], -0.5, 0.5, ["−0.50", "−0.25", "0.00", "0.25", "0.50"]),
        ([-3.0, -1.0], -3, 0, ["−3", "−2", "−1", "0"]),
    ],
)
def test_axes_have_round_ends(values, low, high, labels):
    axis = axis_of(values)
    assert (axis.low, axis.high) == pytest.approx((low, high))
    assert [tick.label for tick in axis.ticks] == labels


def test_what_differs_by_far_is_drawn_on_a_log_scale():
    axis = axis_of([0.15, 33.4])
    assert axis.log and [tick.label for tick in axis.ticks] == ["1", "10"]
    assert axis_of([0.4, 45.0], most_ticks=6).ticks[0].label == "1"
    assert [tick.label for tick in axis_of([1.0, 29.0], most_ticks=6).ticks] == ["1", "3", "10", "30"]
    assert axis_of([float("nan"), 1.0, 2.0]).high == 2


def test_long_names_end_in_an_ellipsis():
    assert shortened("short", 100) == "short"
    assert width_px(shortened("a name far too long", 60)) <= 60
    assert shortened("日本語の名前", 40).endswith("…")
