import os
from contextlib import contextmanager
from multiprocessing import get_context

import datasets_on_disk as disk
import numpy as np
import pytest
import songs

from diffmst.data.index import Index
from diffmst.data.survey import survey_files
from diffmst.errors import UserError


class Watched:
    """Progress that says what was done."""

    def __init__(self):
        self.phases, self.done = [], 0.0

    @contextmanager
    def phase(self, description, total):
        self.phases.append((description, total))

        def advance(amount):
            self.done += amount

        yield advance


@pytest.fixture
def files(tmp_path):
    (tmp_path / "audio").mkdir()
    return [disk.sound(tmp_path / "audio" / f"{number}.wav", number, 1 + number % 2) for number in range(4)]


def listened(index, paths):
    """How many files the index has listened to."""
    watched = Watched()
    found = index.look_up(paths, watched)
    return int(watched.phases[0][0].split()[-1]) if watched.phases else 0, found


def test_summaries_say_what_surveys_do(tmp_path, files):
    found = Index(tmp_path / "cache").look_up(files)
    again = Index(tmp_path / "cache").look_up(files)
    for path, survey in zip(files, survey_files(files), strict=True):
        for summary in (found.summaries[path], again.summaries[path]):
            assert summary.info == survey.info
            assert (summary.loudness_lufs, summary.peak) == (survey.loudness_lufs, survey.peak)
            assert summary.low_share == survey.low_share
            level_lu = 10 * np.log10(survey.energy.sum(0)) - 0.691 - survey.loudness_lufs
            np.testing.assert_allclose(summary.level_lu, level_lu, atol=0.5 + 1e-6)  # rounded to whole LU


def test_silence_is_kept_as_silence(tmp_path):
    path = songs.write(tmp_path / "a.wav", np.zeros((2, 10_000)))
    Index(tmp_path / "cache").look_up([path])
    summary = Index(tmp_path / "cache").look_up([path]).summaries[path]
    assert summary.silent and summary.loudness_lufs == -np.inf and (summary.level_lu == -128).all()


def test_only_what_is_new_or_has_changed_is_listened_to(tmp_path, files):
    index = Index(tmp_path / "cache")
    assert listened(index, files[:3])[0] == 3
    assert listened(Index(tmp_path / "cache"), files)[0] == 1
    assert listened(index, files)[0] == 0
    disk.sound(files[1], seed=50, seconds=0.7)
    count, found = listened(index, files)
    assert count == 1
    assert found.summaries[files[1]].info.duration_s == pytest.approx(0.7, abs=1e-3)
    os.utime(files[2], ns=(0, 0))
    assert listened(index, files)[0] == 1


def test_progress_is_told_in_seconds_of_audio(tmp_path, files):
    watched = Watched()
    Index(tmp_path / "cache").look_up(files, watched)
    assert watched.phases[0][1] == watched.done == pytest.approx(4 * disk.SECONDS, rel=1e-3)


def test_a_record_that_is_damaged_is_made_again(tmp_path, files):
    index = Index(tmp_path / "cache")
    index.look_up(files)
    records = sorted(path for path in (tmp_path / "cache").rglob("*") if path.is_file())
    for record, damage in zip(records, (b"", b"{}\n", record_of(records[2])[:-3], b"\xff\xfe"), strict=True):
        record.write_bytes(damage)
    count, found = listened(index, files)
    assert count == len(found.summaries) == 4


def record_of(path):
    return path.read_bytes()


def test_what_cannot_be_read_is_refused_with_its_reason_and_tried_again(tmp_path, files):
    bad = tmp_path / "audio" / "bad.wav"
    bad.write_text("words")
    index = Index(tmp_path / "cache")
    for _ in range(2):
        found = index.look_up([*files, bad, tmp_path / "gone.wav"])
        assert list(found.summaries) == files
        assert found.refused[bad].startswith("not an audio file")
        assert found.refused[tmp_path / "gone.wav"].startswith("No such file")
    disk.sound(bad)
    assert bad in index.look_up([bad]).summaries


def test_an_interruption_ends_it_and_keeps_what_was_done(tmp_path, files):
    class Interrupted(Watched):
        @contextmanager
        def phase(self, description, total):
            def advance(amount):
                self.done += amount
                if self.done > 2 * disk.SECONDS:
                    raise KeyboardInterrupt

            yield advance

    index = Index(tmp_path / "cache")
    with pytest.raises(KeyboardInterrupt):
        index.look_up(files, Interrupted())
    # Whole surveys only are kept: what is there now says what a survey says.
    count, found = listened(index, files)
    assert 1 <= count < 4
    assert all(summary.info.duration_s == pytest.approx(disk.SECONDS, abs=1e-3) for summary in found.summaries.values())


def test_a_cache_that_cannot_be_written_is_refused_in_one_line(tmp_path, files):
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(UserError, match="cannot be written"):
        Index(tmp_path / "cache").look_up(files)


def look_up(folder, paths):
    return sorted(summary.loudness_lufs for summary in Index(folder).look_up(paths).summaries.values())


def test_several_processes_may_build_it_at_once(tmp_path, files):
    with get_context("spawn").Pool(2) as pool:
        found = pool.starmap(look_up, [(tmp_path / "cache", files)] * 4)
    assert found == [look_up(tmp_path / "cache", files)] * 4
    assert not [path for path in (tmp_path / "cache").rglob(".*") if path.is_file()]
