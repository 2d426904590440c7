import csv
import io
import re
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from evaluated import METRICS, SCALES, make_rows, row

from diffmst.errors import UserError
from diffmst.evaluation.summary import summarize
from diffmst.evaluation.tables import all_tables, published_table
from diffmst.evaluation.tables_csv import comparisons_csv, controls_csv, read_rows, rows_csv, summary_csv
from diffmst.evaluation.tables_markup import latex, latex_text, markdown, terminal_tables
from diffmst.terminal import report_table

COMMAND = "diffmst evaluate --pairs 'my pairs_50%.csv' -o out"
HOSTILE = ("a & b_c 50% #1 {x} ~^\\ $y$", "<script>|`*_[x](y)", '"Ünï", 中文 🎵', "--- '’”…")


@pytest.fixture(scope="module")
def rows():
    return make_rows()


@pytest.fixture(scope="module")
def summary(rows):
    return summarize(rows, [], METRICS)


@pytest.fixture(scope="module")
def hostile_tables():
    rows = make_rows(songs=6, takes=1, systems=("equal-loudness", *HOSTILE), listening=HOSTILE)
    named = [replace(r, pair=f"{r.pair} {HOSTILE[0]}", task=HOSTILE[3]) for r in rows]
    return list(all_tables(summarize(named, [], METRICS), SCALES))


def table(summary, name):
    return next(t for t in all_tables(summary, SCALES) if t.name == name)


def test_tables_are_ordered_by_the_most_telling_metric(summary):
    nearness = table(summary, "nearness-same-song")
    assert [name for name, _ in nearness.rows] == ["refine", "equal-loudness", "guess"]
    assert [(c.heading, c.unit, c.arrow) for c in nearness.columns] == [
        ("level", "LU", "↓"),
        ("sdr", "LU", "↑"),
        ("af", "LU", "↓"),
    ]
    assert "16 pairs of 8 songs" in nearness.caption and "seed 0" in nearness.caption


def test_the_best_is_bold_and_what_is_told_apart_from_it_has_no_mark(summary):
    for _, entries in table(summary, "nearness-same-song").rows[1:]:
        assert not any(entry.best or entry.alike for entry in entries)
    best = dict(table(summary, "nearness-same-song").rows)["refine"]
    assert all(entry.best and not entry.alike and entry.interval for entry in best)
    assert best[0].note.startswith("×0.5") and best[1].note == ""
    seconds = dict(table(summary, "sanity-same-song").rows)
    assert seconds["guess"][1].best and not any(entries[0].best for entries in seconds.values())


def test_nothing_is_best_where_all_are_alike():
    alike = [replace(r, figures=r.figures | {"af": 0.2}) for r in make_rows()]
    rows = dict(table(summarize(alike, [], METRICS), "nearness-same-song").rows)
    assert not any(entries[2].best for entries in rows.values()) and rows["refine"][0].best


def test_what_is_not_told_apart_from_the_best_says_so():
    rows = make_rows(songs=9)
    twin = [replace(r, system="twin") for r in make_rows(songs=9) if r.system == "refine" and not r.wrong]
    rng = np.random.default_rng(1)
    shaken = [replace(r, figures={k: v + rng.normal(0, 0.2) for k, v in r.figures.items()}) for r in twin]
    entries = dict(table(summarize([*rows, *shaken], [], METRICS), "nearness-same-song").rows)
    assert entries["twin"][0].alike != entries["refine"][0].alike
    assert not entries["guess"][0].alike


def test_published_terms_are_scaled_as_published(summary):
    published = published_table(summary, summary.tasks[0], SCALES)
    assert [(c.heading, c.unit) for c in published.columns] == [("af", "×10⁻³"), ("af", "")]
    mean = summary.tasks[0].cell("refine", "af_rms").mean
    assert dict(published.rows)["refine"][0].text == f"{1000 * mean:.2f}"


def test_control_says_who_listens(summary):
    ((name, entries),) = table(summary, "control-same-song").rows
    assert name == "refine" and entries[-1].text == "listens" and entries[-1].best
    assert entries[0].note.startswith("p=0.0") and entries[0].best


def test_terminal_rows_fit_their_headings_and_print(summary, capsys):
    shown_tables = terminal_tables(all_tables(summary, SCALES))
    assert len(shown_tables) == 3
    for shown in shown_tables:
        assert all(len(texts) == len(shown.headings) for texts in shown.rows)
        report_table(*shown)
    assert "refine" in capsys.readouterr().out


def test_markdown_stands_under_its_command_and_keeps_its_columns(summary):
    text = markdown(all_tables(summary, SCALES), title="Results", command=COMMAND)
    assert text.count(f"    {COMMAND}\n") == 5
    for block in re.findall(r"(?:^\|.*\n)+", text, re.M):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1
    assert "**" in text and "×0.5" in text


def test_names_stay_texts_in_markdown(hostile_tables):
    text = markdown(hostile_tables, title="<b>", command="a `b`\n# c")
    assert "<script>" not in text and "\\<script\\>\\|\\`\\*\\_\\[x\\](y)" in text
    assert text.startswith("# \\<b\\>\n") and "\n# c" not in text
    for block in re.findall(r"(?:^\|.*\n)+", text, re.M):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1


def test_names_stay_texts_in_latex():
    assert latex_text(HOSTILE[0]) == (
        r"a \& b\_c 50\% \#1 \{x\} \textasciitilde{}\textasciicircum{}\textbackslash{} \$y\$"
    )
    assert latex_text("--") == "-{}-{}" and latex_text("a\nb") == "a b"
    assert latex_text("é 中🎵\u202e") == "é [U+4E2D][U+1F3B5][U+202E]"


def test_every_latex_table_is_complete(summary):
    text = latex(all_tables(summary, SCALES), command=COMMAND)
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") == text.count(r"\bottomrule") == 5
    assert text.count("Made by \\texttt{diffmst evaluate -{}-{}pairs") == 5
    assert r"\label{tab:nearness-same-song}" in text and r"\textbf{" in text
    for body in re.findall(r"\\toprule\n(.*?)\\bottomrule", text, re.S):
        assert len({len(re.findall(r"(?<!\\)&", line)) for line in body.splitlines() if line.endswith(r"\\")}) == 1


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX is not installed")
def test_latex_compiles_whatever_the_names(hostile_tables, tmp_path):
    letters = latex_text("".join(map(chr, range(0x20, 0x300))) + "…−–×≈↓↑∞⁻¹²³“”’")
    head = r"\documentclass{article}\usepackage{booktabs,graphicx,textcomp}\usepackage[T1]{fontenc}\begin{document}"
    body = latex(hostile_tables, command=COMMAND) + f"\n\n{letters}\n" + r"\listoftables\end{document}"
    (tmp_path / "doc.tex").write_text(f"{head}\n{body}", encoding="utf-8")
    for _ in range(2):
        done = subprocess.run(
            ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "-draftmode", "doc.tex"],
            cwd=tmp_path,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout.decode("latin-1")[-800:]


def test_rows_come_back_from_csv_as_they_were(rows, tmp_path):
    odd = [
        *rows,
        row('p "1", x', "a,b\nc", task="", error="no; such: file", mix="mixes/p/x.flac"),
        row("p 2", "=SUM(1)", wrong=True, figures={"af": 1 / 3, "new": -1e-17, "sdr_db": float("-inf")}),
    ]
    path = tmp_path / "table.csv"
    path.write_text(rows_csv(odd, METRICS), encoding="utf-8", newline="")
    assert read_rows(path) == odd
    header = path.read_text(encoding="utf-8").split("\n", 1)[0]
    assert header == (
        "song,reference,task,pair,system,heard,level_error_lu,sdr_db,af,af_rms,peak_dbtp,seconds,new,error,mix"
    )


def test_broken_file_names_can_be_written(tmp_path):
    text = rows_csv([row("p", "s", error="stem\udcff.wav: cannot be read")])
    (tmp_path / "table.csv").write_text(text, encoding="utf-8")
    assert read_rows(tmp_path / "table.csv")[0].error == "stem?.wav: cannot be read"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n", "has no column song and reference and task and pair and system and heard and error and mix"),
        ("song,reference,task,pair,system,heard,af,error,mix\ns,r,t,p,x,right,much,,\n", "line 2: could not convert"),
        ("song,reference,task,pair,system,heard,af,error,mix\ns,r,t,p,x,left,1,,\n", "heard is 'left'"),
        ("\xff", "cannot be read as text"),
    ],
)
def test_tables_that_are_none_are_refused_in_one_line(text, said, tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(UserError, match=said) as refused:
        read_rows(path)
    assert "\n" not in str(refused.value) and str(path) in str(refused.value)


def test_summary_csv_holds_every_figure(summary):
    lines = list(csv.DictReader(io.StringIO(summary_csv(summary))))
    assert len(lines) == len(summary.tasks[0].cells) == 4 * len(METRICS)
    line = next(x for x in lines if (x["system"], x["heard"], x["metric"]) == ("refine", "right", "level_error_lu"))
    cell = summary.tasks[0].cell("refine", "level_error_lu")
    for name, value in (
        ("mean", cell.mean),
        ("low", cell.interval.low),
        ("ratio", cell.ratio),
        ("median", cell.median),
    ):
        assert float(line[name]) == pytest.approx(value, rel=1e-5)
    assert (line["pairs"], line["songs"], line["worst_pair"]) == ("16", "8", cell.worst_pair)
    guess = next(x for x in lines if (x["system"], x["metric"]) == ("guess", "af"))
    assert guess["ratio"] == "" and float(guess["better_than_baseline"]) == 0


def test_tests_are_written_in_full(summary):
    compared = list(csv.DictReader(io.StringIO(comparisons_csv(summary))))
    assert len(compared) == len(summary.tasks[0].comparisons) == 3 * 5  # pairs of systems, metrics with a better side
    assert {line["test_over"] for line in compared} == {"songs"}
    heard = list(csv.DictReader(io.StringIO(controls_csv(summary))))
    assert [(x["system"], x["verdict"]) for x in heard] == [("refine", "listens")] * 4
