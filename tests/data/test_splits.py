import json
from collections import Counter

import pytest

from diffmst.data.datasets import SongFiles
from diffmst.data.splits import assign_splits, read_splits, split_by_name
from diffmst.errors import UserError


def test_names_fall_into_splits_in_proportion():
    counts = Counter(split_by_name(f"song {number}") for number in range(4000))
    # Three standard deviations of a binomial draw of 4000 at 10 % are 57.
    assert counts["validation"] == pytest.approx(400, abs=57)
    assert counts["test"] == pytest.approx(400, abs=57)


def test_a_song_keeps_its_split_whatever_lies_beside_it():
    names = [f"song {number}" for number in range(50)]
    alone = {name: assign_splits([SongFiles(name)], {}) for name in names}
    together = assign_splits(map(SongFiles, names), {})
    assert together == {key: split for found in alone.values() for key, split in found.items()}


def test_the_split_of_the_data_set_counts_before_the_name_and_the_chosen_one_before_both():
    songs = [SongFiles("A - B", split="validation")]
    assert assign_splits(songs, {}) == {"ab": "validation"}
    assert assign_splits(songs, {"A_B": "train"}) == {"ab": "train"}


def test_a_song_of_two_data_sets_is_kept_back_in_both():
    songs = [
        SongFiles("Actions_OneMinuteSmile_Full", split="train"),
        SongFiles("Actions - One Minute Smile", split="test"),
    ]
    for order in (songs, songs[::-1]):
        assert assign_splits(order, {}) == {"actionsoneminutesmile": "test"}


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.json", json.dumps({"train": ["A_B"], "test": ["C - D"]})), ("a.yaml", "train: [A_B]\ntest:\n- C - D\n")],
)
def test_split_files_are_json_or_yaml(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    assert read_splits(tmp_path / name) == {"A_B": "train", "C - D": "test"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "no valid JSON"),
        ("[]", "holds no names"),
        ('{"exam": []}', "exam is no split"),
        ('{"train": "A"}', "list of songs"),
        ('{"train": ["A b"], "test": ["a_B"]}', "in train and in test"),
        (None, "cannot be read"),
    ],
)
def test_split_files_that_say_nothing_are_refused_in_one_line(tmp_path, text, reason):
    path = tmp_path / "splits.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UserError, match=reason) as refused:
        read_splits(path)
    assert str(path) in str(refused.value) and "\n" not in str(refused.value)
