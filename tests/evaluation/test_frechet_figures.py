from pathlib import Path

import numpy as np
import pytest

from bench.frechet_bias import SIZES, World, simulate, table_row
from diffmst.evaluation.frechet import EmbeddedFile, difference, frechet_figures
from diffmst.evaluation.frechet.distance import frechet_distance

PAGE = Path(__file__).parents[2] / "docs" / "fad.md"


@pytest.fixture
def world():
    return World(16, seed=5)


def test_as_it_is_the_distance_is_far_too_large_and_ours_holds_the_truth():
    told = simulate(dims=16, songs=16, repetitions=30)
    assert told.plain > 2 * told.truth
    assert told.line > 1.5 * told.truth  # windows are no songs: extrapolating over them hardly helps
    # Of 30 intervals of 95 %, fewer than 26 hold the truth in 2 % of all worlds.
    assert told.held >= 26 / 30
    assert told.noted == 0


def test_where_songs_are_few_for_the_dimensions_it_is_said():
    told = simulate(dims=128, songs=12, repetitions=2)
    assert told.ours > told.truth + told.half_width
    assert told.noted == 1


def test_it_is_said_too_where_a_parabola_still_changes_much():
    rng = np.random.default_rng(2)  # vectors as wide in every direction, the worst there are
    mixes, reference = (
        [EmbeddedFile(f"{kind} {n}", rng.standard_normal((1, 100))) for n in range(50)] for kind in "ab"
    )
    figure = frechet_figures({"a": mixes}, reference)["a"]
    assert figure.note == "50 songs are few for 100 dimensions: trust differences between systems, not the value"


def test_a_difference_between_systems_holds_where_the_values_do_not(world):
    world = World(48, seed=1)
    near, far = world.system(0.0), world.system(0.5)
    truth = frechet_distance(far.gaussian, world.reference.gaussian)
    held = []
    for repetition in range(20):
        songs = world.songs(12)
        reference = world.reference.files(world.songs(12), "reference")
        figures = frechet_figures({"near": near.files(songs), "far": far.files(songs)}, reference, repetition)
        value, interval = difference(figures["far"], figures["near"])
        held.append(interval.low < truth < interval.high)
        assert value == pytest.approx(figures["far"].value - figures["near"].value)
        assert figures["near"].note.startswith("12 songs are few for 48 dimensions")
    assert np.mean(held) >= 0.8  # 95 % but for chance: 15 or fewer of 20 hold in 0.3 % of all worlds


def test_figures_are_a_function_of_songs_and_seed(world):
    system = world.system(0.5)
    mixes, reference = system.files(world.songs(9)), world.reference.files(world.songs(7), "reference")
    figure = frechet_figures({"a": mixes}, reference, 4)["a"]
    again = frechet_figures({"other": mixes, "a": mixes[::-1]}, reference[::-1], 4)["a"]
    assert again.value == pytest.approx(figure.value, rel=1e-9)
    assert again.interval.low == pytest.approx(figure.interval.low, rel=1e-9)
    assert len(figure.pseudo_values) == 7


def test_every_file_counts_alike_however_long(world):
    mixes, reference = (world.reference.files(world.songs(8), kind) for kind in ("song", "reference"))
    longer = [mixes[0]._replace(vectors=np.repeat(mixes[0].vectors, 50, axis=0)), *mixes[1:]]
    figures = frechet_figures({"a": mixes, "longer": longer}, reference)
    assert figures["longer"].value == pytest.approx(figures["a"].value, rel=1e-9)


def test_vectors_far_from_zero_lose_nothing(world):
    mixes, reference = (world.reference.files(world.songs(8), kind) for kind in ("song", "reference"))
    moved = [[file._replace(vectors=file.vectors + 1e5) for file in files] for files in (mixes, reference)]
    figure, far = frechet_figures({"a": mixes}, reference)["a"], frechet_figures({"a": moved[0]}, moved[1])["a"]
    assert far.value == pytest.approx(figure.value, rel=1e-6)  # 1e-16 of 1e5 squared against values of order 1


def test_a_mix_and_a_reference_of_one_song_are_left_out_together(world):
    # With mixes that are the references themselves, nothing that is left out makes a difference.
    mixes = world.reference.files(world.songs(8))
    figure = frechet_figures({"a": mixes}, mixes)["a"]
    assert abs(figure.value) < 1e-6 and figure.interval.high - figure.interval.low < 1e-6
    strangers = [file._replace(song=f"other {file.song}") for file in mixes]
    apart = frechet_figures({"a": mixes}, strangers)["a"]
    assert apart.interval.high - apart.interval.low > 0.1


def test_files_of_one_song_do_not_narrow_the_interval(world):
    songs, reference = world.songs(10), world.reference.files(world.songs(10), "reference")
    mixes = world.system(0.4).files(songs)
    figures = frechet_figures({"once": mixes, "twice": mixes * 2}, reference)
    assert figures["twice"].value == pytest.approx(figures["once"].value, rel=1e-9)
    for end in ("low", "high"):
        assert getattr(figures["twice"].interval, end) == pytest.approx(getattr(figures["once"].interval, end))


def test_many_songs_are_left_out_in_folds(world):
    reference = world.reference.files(world.songs(50), "reference")
    figure = frechet_figures({"a": world.reference.files(world.songs(45))}, reference)["a"]
    assert len(figure.pseudo_values) == 20


def test_fewer_than_six_songs_give_a_value_that_says_what_it_is(world):
    reference = world.reference.files(world.songs(9), "reference")
    figures = frechet_figures({"a": world.reference.files(world.songs(5))}, reference)
    assert figures["a"].value > 0
    assert np.isnan(figures["a"].interval.low) and np.isnan(figures["a"].interval.high)
    assert figures["a"].note == "5 songs: too high, as it is not corrected for their number; that takes 6"
    value, interval = difference(figures["a"], figures["a"])
    assert value == 0 and np.isnan(interval.low)


def test_sets_of_other_songs_are_told_each_by_itself(world):
    system, reference = world.system(0.4), world.reference.files(world.songs(30), "reference")
    all_songs, few = system.files(world.songs(30)), system.files(world.songs(6))
    figures = frechet_figures({"all": all_songs, "few": few}, reference)
    assert figures["all"].pseudo_values.shape == (30,) and figures["few"].pseudo_values.shape == (6,)
    assert figures["all"].value == frechet_figures({"all": all_songs}, reference)["all"].value
    assert figures["few"].note.startswith("6 songs are few") and not figures["all"].note


def test_references_of_some_of_the_songs_are_spread_over_all_folds(world):
    songs = world.songs(30)
    mixes = world.system(0.4).files(songs)
    for seed in range(5):
        figure = frechet_figures({"a": mixes}, world.reference.files(songs[:6]), seed)["a"]
        assert np.isfinite(figure.pseudo_values).all() and len(figure.pseudo_values) == 6


def test_empty_sets_are_refused(world):
    files = world.reference.files(world.songs(2))
    for sets, reference in (({"a": []}, files), ({"a": files}, [])):
        with pytest.raises(ValueError, match="at least one file"):
            frechet_figures(sets, reference)
    assert frechet_figures({}, files) == {}


def test_single_windows_will_do():
    files = [EmbeddedFile(str(index), np.array([[float(index), 1.0]])) for index in range(8)]
    assert np.isfinite(frechet_figures({"a": files}, files[::-1])["a"].value)


@pytest.mark.parametrize("songs", [10, 20])
def test_the_page_shows_what_the_simulation_says(songs):
    dims, repetitions = SIZES[0]
    assert table_row(dims, songs, repetitions) in PAGE.read_text(encoding="utf-8").splitlines()
