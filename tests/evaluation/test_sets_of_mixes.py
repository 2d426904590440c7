"""Which mixes a figure of a whole set is of."""

import numpy as np

from diffmst.evaluation.evaluate import _sets
from diffmst.evaluation.row import Row
from diffmst.evaluation.run import Done


def done(failing=()):
    """Two systems, the second tried with wrong references too, on three pairs of a task."""
    tried = [(pair, *rest) for pair in "abc" for rest in (("one", False), ("two", False), ("two", True))]
    rows = [
        Row(
            pair,
            f"song {pair}",
            "like.wav",
            "task",
            system,
            wrong,
            error="no" if (pair, system, wrong) in failing else "",
        )
        for pair, system, wrong in tried
    ]
    embedded = {(row.pair, row.system, row.wrong): np.zeros((1, 2)) for row in rows if not row.error}
    return Done(rows, embedded, reused=0, notes=[])


def songs(sets):
    return {heard: "".join(file.song[-1] for file in files) for heard, files in sets.items()}


def test_sets_are_of_the_pairs_of_which_every_system_has_a_mix():
    assert songs(_sets(done([("b", "one", False)]), "task")) == {
        ("one", False): "ac",
        ("two", False): "ac",
        ("two", True): "ac",
    }


def test_a_system_without_any_mix_does_not_empty_the_sets_of_others():
    failing = [(pair, "one", False) for pair in "abc"]
    assert songs(_sets(done(failing), "task")) == {("two", False): "abc", ("two", True): "abc"}


def test_a_mix_with_the_wrong_reference_that_is_missing_is_missing_there_alone():
    failing = [("a", "two", True), ("b", "two", True)]
    assert songs(_sets(done(failing), "task")) == {("one", False): "abc", ("two", False): "abc", ("two", True): "c"}


def test_a_task_of_which_nothing_is_done_has_no_sets():
    failing = [(pair, system, wrong) for pair in "abc" for system in ("one", "two") for wrong in (False, True)]
    assert _sets(done(failing), "task") == {}
