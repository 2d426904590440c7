"""The parts of the page's program that need no browser, run by Node.js where there is one."""

import json
import shutil
import subprocess
from importlib.resources import files

import pytest
from listening_sources import make_key

from diffmst.listening_test.page import _public
from diffmst.listening_test.results import read_results

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="Node.js is not installed")

BROWSER = """
globalThis.location = { search: "?participant=P%2007&seed=7" };
const kept = {};
globalThis.localStorage = { getItem: (name) => kept[name] ?? null, setItem: (name, text) => (kept[name] = text) };
"""


def run(program, *scripts):
    """What a program prints as JSON, behind some scripts of the page."""
    assets = files("diffmst.listening_test") / "assets"
    text = "\n".join([BROWSER, *((assets / f"{name}.js").read_text(encoding="utf-8") for name in scripts), program])
    done = subprocess.run([NODE, "-"], input=text, capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)


def told(key):
    return json.dumps(_public(key) | {"instructions": [], "sendTo": ""})


def test_numbers_are_those_of_mulberry32():
    """The first three of seed 1, by the published algorithm in unbounded integers."""

    def mulberry32(seed, count):
        mask, out = 0xFFFF_FFFF, []
        for _ in range(count):
            seed = (seed + 0x6D2B_79F5) & mask
            x = ((seed ^ (seed >> 15)) * (seed | 1)) & mask
            x ^= (x + (((x ^ (x >> 7)) * (x | 61)) & mask)) & mask
            out.append(((x ^ (x >> 14)) & mask) / 2**32)
        return out

    drawn = run("const r = randomNumbers(1); console.log(JSON.stringify([r(), r(), r()]));", "random")
    assert drawn == pytest.approx(mulberry32(1, 3), abs=1e-12)


def test_every_order_is_as_likely_as_any_other():
    program = """
    const counts = {};
    for (let seed = 0; seed < 6000; seed++) {
      const order = shuffled(["a", "b", "c"], randomNumbers(seed)).join("");
      counts[order] = (counts[order] ?? 0) + 1;
    }
    console.log(JSON.stringify(counts));"""
    counts = run(program, "random")
    assert len(counts) == 6
    assert all(abs(count - 1000) < 5 * 1000**0.5 for count in counts.values())  # five standard deviations


def test_participants_get_every_page_once_and_repeats_last():
    key = make_key("preference", songs=5, repeats=2)
    program = f"""
    const plans = [3, 3, 4].map((seed) => plannedPages({told(key)}, seed));
    console.log(JSON.stringify(plans.map((plan) => plan.map((p) => [p.trial.id, p.repeat, p.stimuli]))));"""
    first, again, other = run(program, "random")
    assert first == again != other
    pages = [page for page, _, _ in first]
    assert sorted(pages[:5]) == sorted(trial.id for trial in key.trials)
    assert sorted(pages[5:]) == sorted(pages[:2])
    assert [repeat for _, repeat, _ in first] == [0] * 5 + [1] * 2
    for trial, _, stimuli in first:
        of_key = next(x.stimuli for x in key.trials if x.id == trial)
        assert sorted(stimuli) == sorted(stimulus.id for stimulus in of_key)


SESSION = """
const test = %s;
const session = new Session(test);
session.keep({ started: "2026-01-01T10:00:00Z" });
for (const { trial, repeat, stimuli } of plannedPages(test, session.state.seed))
  session.state.pages.push({ trial: trial.id, repeat, seconds: 61.24,
    ratings: stimuli.map((stimulus, n) => ({ stimulus, position: n + 1, score: 10 * n, heard: 1 })) });
session.keep({ answers: { experience: "amateur", device: "headphones", remarks: 'one "two",\\nthree; four' } });
"""


def test_results_that_the_page_writes_are_read_back(tmp_path):
    key = make_key(songs=3)
    program = SESSION % told(key) + "console.log(JSON.stringify([session.csv, session.fileName, session.state]));"
    text, name, state = run(program, "random", "session")
    assert name == f"{key.test}-P_07-{state['session']}.csv"
    (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    (listener,) = read_results([tmp_path], key)
    assert (listener.name, listener.session) == ("P 07", state["session"])
    assert listener.about["remarks"] == 'one "two", three; four'
    for page in state["pages"]:
        for rating in page["ratings"]:
            assert listener.scores[page["trial"], rating["stimulus"], 0] == rating["score"]
    assert listener.page_seconds["01", 0] == 61.2


def test_progress_survives_a_restart_of_the_browser():
    program = SESSION % told(make_key()) + "console.log(JSON.stringify([session.state, new Session(test).state]));"
    before, after = run(program, "random", "session")
    assert before == after


def test_a_browser_that_keeps_nothing_is_noticed():
    program = "delete globalThis.localStorage;" + SESSION % told(make_key())
    program += "session.keep({ step: 'page' }); console.log(JSON.stringify([session.stored, session.atRisk]));"
    assert run(program, "random", "session") == [False, True]
