import logging
import os
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from diffmst.data.block_cache import BlockCache

# 16 bits against the peak of the channel.
ROUNDING = 0.5 / 32_767 + 1e-7


def noise(frames=1000, channels=2, seed=0, level=0.1):
    return level * np.random.default_rng(seed).standard_normal((channels, frames)).astype(np.float32)


def loaded(cache, name, frames=1000, channels=2, start=0):
    out = np.full((channels, frames), np.nan, np.float32)
    return out if cache.load(name, start, out) else None


def size_of(folder):
    return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("level", [1e-4, 0.1, 3.0])
def test_what_is_loaded_is_what_store_handed_back_and_near_what_was_stored(tmp_path, channels, level):
    cache, x = BlockCache(tmp_path, 10**8), noise(channels=channels, level=level)
    kept = cache.store("ab", x)
    np.testing.assert_array_equal(loaded(cache, "ab", channels=channels), kept)
    np.testing.assert_array_equal(loaded(cache, "ab", 50, channels, start=200), kept[:, 200:250])
    assert (np.abs(kept - x).max(1) <= ROUNDING * np.abs(x).max(1)).all()


def test_beyond_the_end_of_a_block_nothing_is_touched(tmp_path):
    cache = BlockCache(tmp_path, 10**8)
    kept = cache.store("ab", noise(10))
    out = loaded(cache, "ab", 30, start=4)
    np.testing.assert_array_equal(out[:, :6], kept[:, 4:])
    assert np.isnan(out[:, 6:]).all()


def test_silent_channels_take_no_room(tmp_path):
    cache, x = BlockCache(tmp_path, 10**8), noise()
    x[0] = 0
    np.testing.assert_array_equal(cache.store("ab", x), loaded(cache, "ab"))
    assert 2000 < size_of(tmp_path) < 2100
    np.testing.assert_array_equal(cache.store("cd", 0 * x), loaded(cache, "cd"))
    assert size_of(tmp_path) < 2200


@pytest.mark.parametrize("damage", [b"", b"DMB1", b"\0" * 4016, None])
def test_a_damaged_block_counts_as_not_there(tmp_path, damage):
    cache = BlockCache(tmp_path, 10**8)
    cache.store("ab", noise())
    (path,) = (path for path in tmp_path.rglob("ab") if path.is_file())
    path.write_bytes(path.read_bytes()[:-2] if damage is None else damage)
    assert loaded(cache, "ab") is None
    assert loaded(cache, "never") is None


def test_the_limit_holds_and_what_was_used_longest_ago_goes_first(tmp_path):
    block_bytes = 4016
    cache = BlockCache(tmp_path, 10 * block_bytes)
    for number in range(8):
        cache.store(f"{number}", noise(seed=number))
        (path,) = (path for path in tmp_path.rglob(f"{number}") if path.is_file())
        os.utime(path, (1000 + number, 1000 + number))
    assert loaded(cache, "0") is not None  # used again: the second is the oldest now
    for number in range(8, 11):
        cache.store(f"{number}", noise(seed=number))
        assert size_of(tmp_path) <= 10 * block_bytes
    assert [number for number in range(11) if loaded(cache, f"{number}") is not None] == [0, 4, 5, 6, 7, 8, 9, 10]


def test_what_was_there_before_counts_against_the_limit(tmp_path):
    for number in range(6):
        BlockCache(tmp_path, 10**8).store(f"{number}", noise())
    BlockCache(tmp_path, 3 * 4016).store("a", noise())
    assert size_of(tmp_path) <= 3 * 4016


def test_a_cache_that_belongs_to_somebody_else_is_read_all_the_same(tmp_path, monkeypatch):
    cache = BlockCache(tmp_path, 10**8)
    kept = cache.store("ab", noise())
    (path,) = (path for path in tmp_path.rglob("ab") if path.is_file())
    os.utime(path, (1000, 1000))

    def forbidden(path):
        raise PermissionError

    monkeypatch.setattr(os, "utime", forbidden)
    np.testing.assert_array_equal(loaded(cache, "ab"), kept)


def test_what_a_file_manager_leaves_there_does_no_harm(tmp_path, caplog):
    BlockCache(tmp_path, 10**8).store("ab", noise())
    (path,) = (path for path in tmp_path.rglob("ab") if path.is_file())
    (path.parent.parent / ".DS_Store").write_text("x")
    cache = BlockCache(tmp_path, 10**8)
    cache.store("cd", noise())
    assert loaded(cache, "cd") is not None and not caplog.records


def test_a_full_disk_is_told_once_and_harms_nothing(tmp_path, caplog):
    (tmp_path / "cache").write_text("no folder")
    cache, x = BlockCache(tmp_path / "cache", 10**8), noise()
    with caplog.at_level(logging.WARNING):
        first, second = cache.store("ab", x), cache.store("cd", x)
    assert len(caplog.records) == 1 and "cannot be written" in caplog.text
    np.testing.assert_array_equal(first, second)
    assert loaded(cache, "ab") is None


def work(folder, seed):
    """Stores and loads more than there is room for; every block is whole or not there."""
    cache, rng = BlockCache(folder, 20 * 4016), np.random.default_rng(seed)
    for _ in range(200):
        number = int(rng.integers(40))
        found = loaded(cache, f"{number:02}")
        if found is None:
            cache.store(f"{number:02}", np.full((2, 1000), 1 + number, np.float32) + noise(level=1e-3))
        elif not (np.abs(found - 1 - number) < 0.1).all():
            return False
    return True


def test_several_processes_may_share_it(tmp_path):
    with get_context("spawn").Pool(2) as pool:
        assert all(pool.starmap(work, [(tmp_path, seed) for seed in range(2)]))
    assert size_of(tmp_path) <= 20 * 4016
