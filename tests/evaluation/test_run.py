import json
import os
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from plain_systems import Broken, Changing, Endless, Killed, Refusing, SumOfStems
from songs import noise, write, write_reference, write_song

from diffmst.audio import read
from diffmst.errors import UserError
from diffmst.evaluation.pair import Pair
from diffmst.evaluation.run import Options, run, units_of, with_wrong_references
from diffmst.evaluation.work import Plan
from diffmst.evaluation.workers import DIED, ProcessWorker

QUICK = Options(jobs=1, embedding=None)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Two songs of three stems and 3 s, with two references."""
    folder = tmp_path_factory.mktemp("pairs")
    made = []
    for name in ("one", "two"):
        song = write_song(folder / name, seconds=6.5)
        reference = write_reference(folder / f"{name} reference.wav", seconds=6.5)
        wrong = write(folder / f"{name} wrong.wav", noise(6.5))
        made.append(Pair(name, name, song, reference, wrong_reference=wrong))
    return made


def of(rows):
    return [(row.pair, row.system, row.wrong, row.error) for row in rows]


def test_every_system_mixes_every_pair_and_those_that_listen_hear_a_wrong_reference_too(pairs, tmp_path):
    done = run(pairs, [SumOfStems(), SumOfStems("listener", listens=True)], tmp_path, QUICK)
    assert of(done.rows) == [
        (name, *rest, "")
        for name in ("one", "two")
        for rest in (("sum", False), ("listener", False), ("listener", True))
    ]
    right, wrong = done.rows[1:3]
    assert right.reference == wrong.reference == "one reference.wav"
    assert right.figures["seconds"] == 0.5
    assert right.figures["af"] != wrong.figures["af"]


def test_the_mixes_are_kept_as_they_were(pairs, tmp_path):
    done = run(pairs[:1], [SumOfStems(gain=0.5)], tmp_path, QUICK)
    kept = read(tmp_path / done.rows[0].mix)
    stems = [read(path) for path in sorted(pairs[0].stems.iterdir())]
    expected = 0.5 * sum(np.broadcast_to(stem, (2, stem.shape[1])) for stem in stems)
    assert done.rows[0].mix == "mixes/one/sum.flac"
    np.testing.assert_allclose(kept, expected, atol=2**-23)  # one step of 24 bits


def test_without_a_named_wrong_reference_it_is_that_of_another_pair_of_the_same_task(pairs):
    first, second = (replace(pair, wrong_reference=None, task="a") for pair in pairs)
    apart = replace(second, name="apart", task="b")
    made = with_wrong_references([first, second, apart], seed=0)
    assert [pair.wrong_reference for pair in made] == [second.reference, first.reference, None]


def test_a_missing_reference_or_the_same_by_another_path_is_no_wrong_one(pairs, tmp_path):
    first, second = (replace(pair, wrong_reference=None) for pair in pairs)
    (tmp_path / "link.wav").symlink_to(first.reference)
    linked = replace(second, reference=tmp_path / "link.wav")
    missing = replace(second, name="missing", reference=tmp_path / "no.wav")
    assert [pair.wrong_reference for pair in with_wrong_references([first, linked, missing], seed=0)[:2]] == [None] * 2


def test_a_copy_of_the_right_reference_is_refused_as_a_wrong_one(pairs, tmp_path):
    copy = shutil.copy(pairs[0].reference, tmp_path / "copy.wav")
    pair = replace(pairs[0], wrong_reference=Path(copy))
    right, wrong = run([pair], [SumOfStems(listens=True)], tmp_path / "out", QUICK).rows
    assert not right.error and wrong.error == f"{copy}: the wrong reference is the right one; give another"


def test_a_reference_among_the_stems_is_no_stem_of_the_mix_with_the_wrong_one(pairs, tmp_path):
    song = shutil.copytree(pairs[0].stems, tmp_path / "song")
    pair = replace(pairs[0], stems=song, reference=Path(shutil.copy(pairs[0].reference, song / "reference.wav")))
    done = run([pair], [SumOfStems(listens=True)], tmp_path / "out", QUICK)
    right, wrong = (read(tmp_path / "out" / row.mix) for row in done.rows)
    # The listener swaps the sides of what it hears with the wrong one, and halves one of them; see `SumOfStems`.
    np.testing.assert_allclose(wrong, right[::-1] * np.array([[1.0], [0.5]]), atol=2**-22)


def test_paths_of_pairs_may_be_relative(pairs, tmp_path, monkeypatch):
    monkeypatch.chdir(pairs[0].stems.parent)
    relative = replace(pairs[0], **{name: Path(getattr(pairs[0], name).name) for name in ("stems", "reference")})
    done = run([relative, pairs[1]], [SumOfStems()], tmp_path / "out", replace(QUICK, jobs=2))
    assert not any(row.error for row in done.rows)


def test_control_can_be_left_out(pairs):
    listener = SumOfStems(listens=True)
    assert [len(group) for group in units_of(pairs, [listener], Options())] == [2, 2]
    assert [len(group) for group in units_of(pairs, [listener], Options(control=False))] == [1, 1]


def test_seeds_differ_from_pair_to_pair_and_are_the_same_for_all_systems(pairs):
    (a, b), (c, d) = units_of(pairs, [SumOfStems("x"), SumOfStems("y")], Options(seed=3))
    assert a.seed == b.seed != c.seed == d.seed
    assert units_of(pairs, [SumOfStems()], Options(seed=4))[0][0].seed != a.seed


@pytest.mark.parametrize("names", [("a/b", "a:b"), ("../x", "x"), ("...", "!!!"), ("x", "x.wrong"), ("x.wrong", "x")])
def test_names_of_systems_become_different_names_of_files(pairs, names):
    group = units_of(pairs[:1], [SumOfStems(name) for name in names], Options())[0]
    assert len({unit.name for unit in group} | {unit.name + ".wrong" for unit in group}) == 4
    assert not any("/" in unit.name or unit.name.startswith(".") for unit in group)


def silent(folder, pair):
    song = write_song(folder / "silent", seconds=6.5)
    for path in song.iterdir():
        write(path, 0 * noise(6.5))
    return replace(pair, name="bad", stems=song)


def short(folder, pair):
    return replace(pair, name="bad", stems=write_song(folder / "short", seconds=2.0))


def mono(folder, pair):
    return replace(pair, name="bad", reference=write(folder / "mono.wav", noise(6.5)))


BAD = {
    "short": (short, "lasts 2.0 s; an evaluation needs 6 s"),
    "mono reference": (
        mono,
        "is mono; distances to it tell nothing of width, or little but that a mix is not mono; give a stereo",
    ),
    "no stems": (lambda folder, pair: replace(pair, name="bad", stems=folder / "no"), "no such file or folder"),
    "no reference": (lambda folder, pair: replace(pair, name="bad", reference=folder / "no.wav"), "no such file"),
    "silent": (silent, "every stem is silent"),
    "no truth": (lambda folder, pair: replace(pair, name="bad", truth=folder / "no.wav"), "no such file"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_pair_that_cannot_be_used_is_a_row_that_says_so(pairs, tmp_path, what):
    spoil, words = BAD[what]
    done = run([spoil(tmp_path, pairs[0]), pairs[1]], [SumOfStems()], tmp_path / "out", QUICK)
    bad, good = done.rows
    assert words in bad.error and not bad.figures and not bad.mix
    assert not good.error and good.figures


def test_a_system_that_refuses_or_breaks_leaves_the_others_alone(pairs, tmp_path):
    done = run(pairs[:1], [Refusing(), Broken(), SumOfStems()], tmp_path, QUICK)
    assert [row.error for row in done.rows] == ["not this song", "ZeroDivisionError: a fault", ""]
    log = (tmp_path / "errors.log").read_text()
    assert log.startswith("one, broken\nTraceback") and "not this song" not in log


def test_processes_give_the_figures_that_this_process_gives(pairs, tmp_path):
    systems = [SumOfStems(), Killed(), SumOfStems("listener", listens=True)]
    alone = run(pairs, [systems[0], systems[2]], tmp_path / "alone", QUICK)
    shared = run(pairs, systems, tmp_path / "shared", replace(QUICK, jobs=2))
    killed = [row for row in shared.rows if row.system == "killed"]
    assert len(killed) == 2 and all("was ended" in row.error for row in killed)
    assert [row for row in shared.rows if row.system != "killed"] == alone.rows


def test_a_run_goes_on_where_it_was_left(pairs, tmp_path):
    first = run(pairs[:1], [SumOfStems(), Refusing()], tmp_path, QUICK)
    assert first.reused == 0
    resumed = run(pairs, [SumOfStems(), Refusing()], tmp_path, replace(QUICK, resume=True))
    assert resumed.reused == 1  # what was refused is tried again
    assert resumed.rows[:2] == first.rows
    changed = run(pairs, [SumOfStems(gain=0.1)], tmp_path, replace(QUICK, resume=True))
    assert changed.reused == 0
    (pairs[0].stems / "bass.wav").touch()
    assert run(pairs, [SumOfStems(gain=0.1)], tmp_path, replace(QUICK, resume=True)).reused == 1


def test_a_mix_that_is_gone_is_made_again(pairs, tmp_path):
    (row,) = run(pairs[:1], [SumOfStems()], tmp_path, QUICK).rows
    (tmp_path / row.mix).unlink()
    assert run(pairs[:1], [SumOfStems()], tmp_path, replace(QUICK, resume=True)).reused == 0
    assert (tmp_path / row.mix).exists()


def test_what_was_measured_before_a_file_was_changed_is_not_used_after_it(pairs, tmp_path):
    song = shutil.copytree(pairs[0].stems, tmp_path / "song")
    pair = replace(pairs[0], stems=song)
    assert not run([pair], [Changing()], tmp_path / "out", QUICK).rows[0].error
    assert run([pair], [Changing()], tmp_path / "out", replace(QUICK, resume=True)).reused == 0


def test_a_mix_that_was_replaced_by_that_of_other_settings_is_made_again(pairs, tmp_path):
    resumed = replace(QUICK, resume=True)
    (first,) = run(pairs[:1], [SumOfStems()], tmp_path, QUICK).rows
    run(pairs[:1], [SumOfStems(gain=0.1)], tmp_path, resumed)
    again = run(pairs[:1], [SumOfStems()], tmp_path, resumed)
    assert again.reused == 0 and again.rows == [first]
    assert run(pairs[:1], [SumOfStems()], tmp_path, resumed).reused == 1


def test_the_wanted_mix_that_is_kept_is_that_of_the_last_truth(pairs, tmp_path):
    for level in (0.1, 0.2):
        pair = replace(pairs[0], truth=write(tmp_path / f"{level}.wav", noise(3.0, level=level)))
        run([pair], [SumOfStems()], tmp_path / "out", replace(QUICK, resume=True))
    kept = read(tmp_path / "out" / "mixes" / "one" / "truth.flac")
    np.testing.assert_allclose(kept[:1], read(pair.truth), atol=2**-23)


def test_a_run_in_which_nothing_was_done_is_none(pairs, tmp_path):
    run(pairs[:1], [Refusing()], tmp_path, QUICK)
    assert not run(pairs[:1], [SumOfStems()], tmp_path, QUICK).rows[0].error


def test_a_folder_with_an_evaluation_is_refused_or_replaced(pairs, tmp_path):
    run(pairs[:1], [SumOfStems()], tmp_path, QUICK)
    (tmp_path / "mine.txt").write_text("kept")
    with pytest.raises(UserError, match="holds an evaluation; --resume goes on with it, --force starts again"):
        run(pairs[:1], [SumOfStems()], tmp_path, QUICK)
    (mine := tmp_path / "mixes" / "human" / "one.wav").parent.mkdir()
    mine.write_bytes(b"kept")
    done = run(pairs[1:], [SumOfStems()], tmp_path, replace(QUICK, force=True))
    assert done.reused == 0 and (tmp_path / "mine.txt").exists()
    assert sorted(path.name for path in (tmp_path / "mixes").iterdir()) == ["human", "two"] and mine.exists()


def test_mixes_that_no_evaluation_has_made_are_left_alone(pairs, tmp_path):
    (tmp_path / "mixes").mkdir()
    with pytest.raises(UserError, match="no evaluation has made it"):
        run(pairs[:1], [SumOfStems()], tmp_path, replace(QUICK, force=True))


def test_a_journal_whose_last_line_was_cut_off_is_used_up_to_there(pairs, tmp_path):
    run(pairs, [SumOfStems()], tmp_path, QUICK)
    journal = tmp_path / "journal.jsonl"
    os.truncate(journal, journal.stat().st_size - 10)
    resumed = run(pairs, [SumOfStems()], tmp_path, replace(QUICK, resume=True))
    assert resumed.reused == 1
    assert len([json.loads(line) for line in journal.read_text().splitlines()]) == 2


def test_a_journal_of_something_else_is_refused(pairs, tmp_path):
    (tmp_path / "journal.jsonl").write_text('{"mine": 1}\n')
    with pytest.raises(UserError, match="is not the journal of an evaluation"):
        run(pairs[:1], [SumOfStems()], tmp_path, replace(QUICK, resume=True))


def test_what_is_done_remains_when_the_work_is_interrupted(pairs, tmp_path):
    class Interrupting:
        def __init__(self):
            self.calls = 0

        def phase(self, description, total):
            import contextlib

            @contextlib.contextmanager
            def opened():
                yield self.advance

            return opened()

        def advance(self, amount):
            self.calls += amount
            if self.calls == 1:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(pairs, [SumOfStems()], tmp_path, QUICK, Interrupting())
    assert run(pairs, [SumOfStems()], tmp_path, replace(QUICK, resume=True)).reused == 1


def test_a_process_that_is_closed_at_work_leaves_nothing_behind_and_does_not_start_again(pairs, tmp_path):
    pair = replace(pairs[0], reference=Path(shutil.copy(pairs[0].reference, tmp_path)))
    unit = units_of([pair], [Endless()], Options())[0][0]
    worker, outcomes = ProcessWorker(Plan(tmp_path, None, False), 1), []
    thread = Thread(target=lambda: outcomes.append(worker.do(unit)), daemon=True)
    thread.start()
    while not (tmp_path / "working").exists() and thread.is_alive():
        time.sleep(0.05)
    worker.close()
    thread.join()
    assert outcomes[0].row.error == DIED and worker.do(unit).row.error == DIED
    assert not Path((tmp_path / "working").read_text()).exists()
    assert not worker._process.is_alive()


def test_mixes_are_embedded_where_wanted(pairs, tmp_path):
    options = replace(QUICK, embedding="style", keep_mixes=False)
    done = run(pairs, [SumOfStems("listener", listens=True)], tmp_path, options)
    assert set(done.embedded) == {(pair.name, "listener", wrong) for pair in pairs for wrong in (False, True)}
    assert done.embedded["one", "listener", False].ndim == 2
    assert not (tmp_path / "mixes").exists() and not done.rows[0].mix
    assert run(pairs, [SumOfStems("listener", listens=True)], tmp_path, replace(options, resume=True)).reused == 4


def test_a_local_ray_gives_the_same_figures(pairs, tmp_path, monkeypatch):
    ray = pytest.importorskip("ray", reason="Ray is not installed")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))  # its processes know nothing of pytest's paths
    alone = run(pairs, [SumOfStems()], tmp_path / "alone", QUICK)
    try:
        far = run(pairs, [SumOfStems(), Killed()], tmp_path / "far", replace(QUICK, jobs=2, ray="local"))
    finally:
        ray.shutdown()
    assert [row for row in far.rows if row.system == "sum"] == alone.rows
    assert all("was ended" in row.error for row in far.rows if row.system == "killed")


def test_an_address_at_which_nobody_answers_is_one_line(pairs, tmp_path):
    pytest.importorskip("ray", reason="Ray is not installed")
    with pytest.raises(UserError, match=r"--ray 127\.0\.0\.1:1: nobody answers there"):
        run(pairs, [SumOfStems()], tmp_path, replace(QUICK, ray="127.0.0.1:1"))
