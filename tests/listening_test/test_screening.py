import numpy as np
import pytest
from listening_sources import honest, lines_of, make_key, save

from diffmst.listening_test.results import read_results
from diffmst.listening_test.screening import agreement, reasons_to_leave_out


def reasons(tmp_path, key, opinions):
    for number, opinion in enumerate(opinions):
        save(tmp_path / f"{number}.csv", lines_of(key, f"session{number}", opinion))
    return reasons_to_leave_out(read_results([tmp_path], key), key)


def changed(opinion, **rules):
    """The same listener, but for some conditions on some songs: name -> (score, number of songs)."""

    def other(trial, system, repeat):
        score, songs = rules.get(system.replace(" ", "_").replace(".", "_"), (None, 0))
        return score if int(trial.id) <= songs else opinion(trial, system, repeat)

    return other


@pytest.mark.parametrize(("songs", "missed", "out"), [(20, 3, False), (20, 4, True), (4, 1, True), (4, 0, False)])
def test_who_misses_the_hidden_reference_on_more_than_15_percent_is_left_out(tmp_path, songs, missed, out):
    found = reasons(tmp_path, make_key(songs=songs), [changed(honest(0), reference=(89, missed)), honest(1)])
    assert found[1] == ""
    assert found[0] == (f"the hidden reference under 90 on {missed} of {songs} pages" if out else "")


def test_ninety_is_enough_for_the_hidden_reference(tmp_path):
    assert reasons(tmp_path, make_key(), [changed(honest(0), reference=(90, 4))]) == [""]


def test_who_takes_the_mid_anchor_for_the_reference_is_left_out(tmp_path):
    opinions = [changed(honest(0), anchor_7_kHz=(95, 2)), *(honest(n) for n in range(1, 6))]
    found = reasons(tmp_path, make_key(), opinions)
    assert found[0] == "the anchor 7 kHz over 90 on 2 of 4 pages" and not any(found[1:])


def test_a_mid_anchor_that_many_take_for_the_reference_says_nothing(tmp_path):
    opinions = [changed(honest(n), anchor_7_kHz=(95, 2)) if n < 2 else honest(n) for n in range(6)]
    assert not any(reasons(tmp_path, make_key(), opinions))


def test_who_did_not_finish_is_left_out(tmp_path):
    key = make_key()
    save(tmp_path / "0.csv", lines_of(key, "whole", honest(0)))
    save(tmp_path / "1.csv", lines_of(key, "part", honest(1))[:-5])
    assert reasons_to_leave_out(read_results([tmp_path], key), key) == ["", "5 of 24 ratings are missing"]


def test_who_turns_the_order_round_when_a_page_comes_again_is_left_out(tmp_path):
    key = make_key("preference", repeats=1)

    def fickle(trial, system, repeat):
        score = honest(0, spread=0)(trial, system, 0)
        return 100 - score if repeat else score

    found = reasons(tmp_path, key, [fickle, honest(1)])
    assert found == ["0 of 3 pairs of sounds in the same order when a page came again", ""]


def test_who_hears_no_difference_is_not_blamed(tmp_path):
    rng = np.random.default_rng(0)
    key = make_key("preference", repeats=2)
    assert reasons(tmp_path, key, [lambda trial, system, repeat: 50 + rng.integers(-4, 5)]) == [""]


def test_only_pairs_told_apart_twice_count():
    first, second = np.array([[80.0, 50, 45]]), np.array([[60.0, 70, 20]])
    assert agreement(first, second) == (1, 2)  # 80-50 turned round, 80-45 did not, 50-45 is too near
    assert agreement(first, np.full((1, 3), np.nan)) == (0, 0)
