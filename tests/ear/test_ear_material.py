import json

import pytest
import songs
import torch

from diffmst.data.library import Library
from diffmst.ear.material import WINDOWS, ear_songs
from diffmst.models.scene import ROLE_NAMES


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """One song as musicians leave it, and one that was made."""
    folder = tmp_path_factory.mktemp("songs")
    for name in ("real", "made"):
        songs.write_song(folder / name, seconds=8.0)
    sidecar = {"made_by": "diffmst data make", "stems": [{"file": "keys.wav", "role": "pad"}]}
    (folder / "made" / "song.json").write_text(json.dumps(sidecar))
    return Library.open([folder], cache=folder.parent / "cache", cache_gb=0)


def test_windows_of_all_stems_are_heard_with_their_roles(library):
    made, real = sorted(ear_songs(library), key=lambda song: song.song.name)
    assert made.made and not real.made
    assert [ROLE_NAMES[place] for place in real.roles] == ["bass", "hats", "keys"]
    assert [ROLE_NAMES[place] for place in made.roles] == ["bass", "hats", "pad"]
    assert real.levels.shape[:2] == real.sides.shape[:2] == (3, WINDOWS)
    assert real.levels.dtype == torch.uint8


def test_songs_of_other_splits_are_not_listened_to(library):
    splits = {song.split for song in library.songs}
    kept = ear_songs(library, splits=("validation",))
    assert [song.song for song in kept] == [song for song in library.songs if song.split == "validation"]
    assert not kept or splits != {"validation"}
    assert ear_songs(library, splits=()) == []


def test_the_same_seed_listens_to_the_same_windows(library):
    one, again, other = (ear_songs(library, seed) for seed in (4, 4, 5))
    assert torch.equal(one[0].levels, again[0].levels)
    assert not torch.equal(one[0].levels, other[0].levels)
