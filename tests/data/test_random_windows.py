import numpy as np
import pytest

from diffmst.data.random_windows import draw_starts, draw_windows

HOP_S = 0.1


def rng(seed=0):
    return np.random.default_rng(seed)


def active(*spans_s, hops=600):
    """Tracks that sound from one time to another."""
    rows = np.zeros((len(spans_s), hops), bool)
    for row, (begin_s, end_s) in zip(rows, spans_s, strict=True):
        row[round(begin_s / HOP_S) : round(end_s / HOP_S)] = True
    return rows


def test_windows_lie_in_the_song_apart_and_in_order():
    for seed in range(50):
        starts_s, _ = draw_windows(rng(seed), active((0, 60)), 6.0, 4, None)
        assert starts_s == sorted(starts_s) and len(starts_s) == 4
        assert starts_s[0] >= 0 and starts_s[-1] <= 54
        assert min(np.diff(starts_s)) > 6 - HOP_S  # starts are drawn within hops


def test_the_same_seed_gives_the_same_windows():
    tracks = active(*[(second, second + 20) for second in range(40)])
    assert draw_windows(rng(3), tracks, 6.0, 3, 8) == draw_windows(rng(3), tracks, 6.0, 3, 8)
    assert draw_windows(rng(3), tracks, 6.0, 3, 8) != draw_windows(rng(4), tracks, 6.0, 3, 8)


def test_windows_are_where_something_sounds():
    for seed in range(50):
        starts_s, tracks = draw_windows(rng(seed), active((30, 38), (30, 38)), 4.0, 1, None)
        assert 26.4 <= starts_s[0] <= 37.6
        assert tracks == [0, 1]


def test_windows_in_which_more_sounds_are_drawn_more_often():
    tracks = active((0, 30), *[(30, 60)] * 4)
    late = [draw_windows(rng(seed), tracks, 5.0, 1, None).starts_s[0] > 27.5 for seed in range(400)]
    assert np.mean(late) == pytest.approx(0.8, abs=0.08)  # 4 to 1; four standard deviations of 400 draws


def test_every_window_of_a_song_can_be_drawn():
    starts_s = [draw_windows(rng(seed), active((0, 60)), 6.0, 1, None).starts_s[0] for seed in range(400)]
    counts, _ = np.histogram(starts_s, 6, (0, 54))
    assert counts.min() > 400 / 6 - 5 * np.sqrt(400 / 6)


def test_tracks_are_those_that_sound_in_the_windows():
    tracks = active((0, 60), (0, 2), (58, 60), (0, 60), (0, 0))
    for seed in range(30):
        starts_s, chosen = draw_windows(rng(seed), tracks, 10.0, 1, None)
        assert {0, 3} <= set(chosen) and 4 not in chosen
        if 3 < starts_s[0] < 47:
            assert chosen == [0, 3]


def test_so_many_tracks_as_asked_are_drawn_and_all_of_fewer():
    tracks = active(*[(0, 60)] * 10)
    assert len(draw_windows(rng(), tracks, 6.0, 2, 4).tracks) == 4
    assert draw_windows(rng(), tracks, 6.0, 2, 40).tracks == list(range(10))
    drawn = {track for seed in range(100) for track in draw_windows(rng(seed), tracks, 6.0, 2, 4).tracks}
    assert drawn == set(range(10))


def test_a_track_that_sounds_but_for_a_moment_counts_while_it_does():
    tracks = active((0, 60), (30, 30.2))
    found = [draw_windows(rng(seed), tracks, 10.0, 1, None) for seed in range(50)]
    assert all((1 in chosen) == (starts_s[0] + HOP_S >= 20.2 and starts_s[0] <= 30.1) for starts_s, chosen in found)


@pytest.mark.parametrize("seconds", [6.0, 20.0, 100.0])
def test_a_short_song_has_as_many_windows_as_asked(seconds):
    starts_s, tracks = draw_windows(rng(), active((0, 10), (0, 10), hops=100), seconds, 4, None)
    assert len(starts_s) == 4 and tracks == [0, 1]
    assert all(0 <= start_s <= max(0, 10 - seconds) for start_s in starts_s)


def test_silence_is_drawn_from_without_complaint():
    starts_s, tracks = draw_windows(rng(), active((0, 0), (0, 0)), 6.0, 2, 4)
    assert len(starts_s) == 2 and tracks == []


def test_windows_of_a_reference_avoid_its_pauses():
    gated = active((20, 60))[0]
    starts_s = [draw_starts(rng(seed), gated, 5.0, 1)[0] for seed in range(200)]
    assert min(starts_s) > 15 - HOP_S
    assert len(draw_starts(rng(), gated, 5.0, 4)) == 4
