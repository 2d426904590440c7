from pathlib import Path

import numpy as np
import pytest

from diffmst.audio import AudioInfo
from diffmst.data.survey import Survey
from diffmst.data.windows import choose_reference_windows, choose_windows
from diffmst.dsp.bark_energies import BANDS
from diffmst.errors import UserError

RATE = 48_000


def survey(level_db, bands=None):
    """A survey of a file whose hops have the given levels."""
    energy = 10 ** ((np.asarray(level_db, float)[None] + 0.691) / 10)
    loud = energy[energy > 1e-7]
    info = AudioInfo(Path("a.wav"), RATE, 1, energy.shape[1] * RATE // 10, True, "", False)
    bands = energy[:, None].repeat(BANDS, 1) / BANDS if bands is None else bands
    loudness_lufs = float(10 * np.log10(loud.mean()) - 0.691) if len(loud) else -np.inf
    return Survey(info, energy, bands, loudness_lufs, 0.1, 0, 0, 0.0, 1.0, False, "")


def stem(seconds, *active):
    """A stem of -20 LUFS in the given spans, silent elsewhere."""
    level = np.full(round(seconds * 10), -200.0)
    for start, end in active:
        level[round(start * 10) : round(end * 10)] = -20
    return survey(level)


def heard_s(windows, seconds, start, end):
    return max(0.0, *(min(end, at + seconds) - max(start, at) for at in windows))


def test_every_stem_is_heard_in_some_window():
    spans = [(0, 180), (10, 170), (20, 25), (100, 103), (171, 179), (60, 61)]
    windows = choose_windows([*(stem(180, span) for span in spans), stem(180)], 10, 5)
    assert len(windows) == 5
    for start, end in spans:
        assert heard_s(windows, 10, start, end) >= min(5, end - start), (windows, start)


def test_windows_do_not_overlap_and_are_spread():
    windows = choose_windows([stem(180, (0, 180))], 10, 4)
    assert len(windows) == 4
    assert min(np.diff(windows)) >= 30
    assert all(0 <= start <= 170 for start in windows)


def test_one_window_is_where_most_sounds():
    (start,) = choose_windows([stem(100, (0, 100)), stem(100, (60, 80)), stem(100, (62, 90)), stem(100, (5, 9))], 10, 1)
    assert 60 <= start <= 72


def test_leading_silence_is_avoided():
    assert min(choose_windows([stem(120, (30, 120))], 10, 3)) >= 28


@pytest.mark.parametrize(
    ("duration", "count", "expected"),
    [(3, 4, [0]), (10, 1, [0]), (15, 4, [0, 5]), (20, 2, [0, 10]), (25, 3, [0, 7.5, 15])],
)
def test_a_short_song_is_covered_from_end_to_end(duration, count, expected):
    assert choose_windows([stem(duration, (0, duration))], 10, count) == pytest.approx(expected)
    assert choose_reference_windows(stem(duration, (0, duration)), 10, count) == pytest.approx(expected)


def test_a_song_barely_longer_than_all_windows_has_them_all():
    for duration in (31, 35, 38):
        windows = choose_windows([stem(duration, (0, duration)), stem(duration, (12, 20))], 10, 3)
        assert len(windows) == 3
        assert min(np.diff(windows)) >= 5


def test_the_user_may_choose():
    stems = [stem(100, (0, 100))]
    assert choose_windows(stems, 10, 4, start_s=33.3) == [33.3]
    assert choose_windows(stems, 10, 4, start_s=95) == [90]
    assert choose_reference_windows(stems[0], 10, 4, start_s=0) == [0]
    with pytest.raises(UserError, match=r"a start at 100 s: the song lasts from 0 to 100\.0 s"):
        choose_windows(stems, 10, 4, start_s=100)


def test_a_silent_song_has_windows_too():
    assert len(choose_windows([stem(100)], 10, 3)) == 3
    assert len(choose_reference_windows(stem(100), 10, 3)) == 3


def test_the_choice_is_always_the_same():
    stems = [stem(100, (i, i + 20)) for i in range(0, 80, 7)]
    assert choose_windows(stems, 10, 4) == choose_windows(stems, 10, 4)


def test_windows_of_a_reference_have_its_distribution_of_loudness():
    """Verse at -20, chorus at -14, in equal shares, after a quiet intro and before a fade."""
    rng = np.random.default_rng(0)
    parts = [(-45, 200), (-20, 400), (-14, 400), (-20, 400), (-14, 400), (-45, 200)]
    level = np.concatenate([np.full(hops, db, float) for db, hops in parts]) + rng.normal(0, 0.5, 2000)
    windows = choose_reference_windows(survey(level), 10, 4)
    inside = np.concatenate([level[round(start * 10) : round(start * 10) + 100] for start in windows])
    assert (inside < -30).mean() < 0.05
    assert 0.35 <= (inside > -17).mean() <= 0.65  # a window holds a quarter of the whole
    assert min(np.diff(windows)) >= 10


def test_windows_of_a_reference_have_its_spectrum():
    """Of two sections equally loud, low and high, both are heard."""
    bands = np.full((1, BANDS, 1200), 1e-6)
    bands[0, 3, :600] = bands[0, 18, 600:] = 0.01
    windows = choose_reference_windows(survey(np.full(1200, -20.0), bands), 10, 2)
    assert windows[0] < 60 <= windows[1] + 5


def test_windows_must_have_a_length_and_a_number():
    with pytest.raises(ValueError, match="seconds must be above 0"):
        choose_windows([stem(10)], 0, 4)
    with pytest.raises(ValueError, match="count at least 1"):
        choose_windows([stem(10)], 1, 0)


@pytest.mark.parametrize("within_s", [(33.33, 95.2), (60.0, 75.0), (60.0, 70.0)])
def test_windows_lie_in_the_part_that_is_asked_for(within_s):
    stems = [stem(120, (0, 120)), stem(120, (0, 50)), stem(120, (90, 120))]
    windows = choose_windows(stems, 10, 3, within_s=within_s)
    assert within_s[0] <= windows[0] and windows[-1] + 10 <= within_s[1] + 1e-9
    assert len(windows) == min(3, -(-(within_s[1] - within_s[0]) // 10))
