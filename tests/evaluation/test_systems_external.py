"""Finished mixes from outside are found by their names, and refused where they cannot be meant."""

import math
import os

import numpy as np
import pytest
from evaluation.jobs import job
from songs import RATE, tone, write

from diffmst.errors import UserError
from diffmst.evaluation.systems.external import External


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "mixes").mkdir()
    return tmp_path / "mixes"


@pytest.fixture
def work(song, reference, tmp_path):
    return job(song, reference, tmp_path / "job")


@pytest.fixture
def misled(song, reference, tmp_path):
    """The same, hearing the wrong reference."""
    wrong = write(tmp_path / "wrong.wav", tone(500, 3.0))
    return job(song, reference, tmp_path / "misled", wrong=wrong, hear_wrong=True)


def finished(path, seconds=3.0, rate=RATE):
    return write(path, tone(440, seconds, rate), rate, subtype="PCM_16")


@pytest.mark.parametrize("name", ["pair.wav", "pair/mix.wav", "PAIR.flac", "song.wav", "pair/Mix.aiff"])
def test_a_mix_is_found_by_its_pair_or_its_song(folder, work, name):
    path = finished(folder / name)
    found = External("human", folder).mix(work)
    assert found.path == path and found.settings is None and math.isnan(found.seconds)


def test_the_pair_goes_before_the_song(folder, work):
    finished(folder / "song.wav")
    path = finished(folder / "pair" / "mix.wav")
    assert External("human", folder).mix(work).path == path


def test_a_mix_with_the_wrong_reference_is_asked_for_where_there_is_any(folder, work, misled):
    system = External("human", folder)
    right = finished(folder / "pair.wav")
    assert not system.listens
    wrong = finished(folder / "pair.wrong.wav")
    assert system.listens
    assert system.mix(work).path == right and system.mix(misled).path == wrong


def test_a_mix_of_the_song_is_no_mix_with_the_wrong_reference(folder, misled):
    finished(folder / "song.wav")
    with pytest.raises(UserError, match=r"looked for pair\.wrong and pair/mix\.wrong of any format"):
        External("human", folder).mix(misled)


def test_two_files_of_one_name_are_refused(folder, work):
    finished(folder / "pair.wav")
    finished(folder / "pair.flac")
    with pytest.raises(UserError, match=r"pair\.flac: is there as pair\.wav too"):
        External("human", folder).mix(work)


def test_a_mix_that_ends_before_the_stems_is_refused(folder, work):
    finished(folder / "pair.wav", seconds=1.5)
    with pytest.raises(UserError, match=r"pair\.wav: ends 1\.[45] s before the stems do"):
        External("human", folder).mix(work)


def test_silence_at_the_end_of_the_stems_need_not_be_in_the_mix(folder, reference, tmp_path):
    stems = write(tmp_path / "late" / "keys.wav", np.r_[tone(440, 2.0), np.zeros(3 * RATE)]).parent
    finished(folder / "pair.wav", seconds=2.0)
    External("human", folder).mix(job(stems, reference, tmp_path / "job"))


def test_another_rate_is_no_matter(folder, work):
    finished(folder / "pair.wav", rate=48_000)
    External("human", folder).mix(work)


def test_what_is_no_audio_is_one_line(folder, work):
    (folder / "pair.wav").write_text("no music")
    with pytest.raises(UserError, match=r"pair\.wav: not an audio file"):
        External("human", folder).mix(work)


def test_an_empty_folder_is_refused_before_the_work(folder):
    (folder / "notes.txt").touch()
    with pytest.raises(UserError, match="mixes: holds no mixes; human needs an audio file for every pair"):
        External("human", folder).check()


def test_identity_changes_with_the_files(folder):
    system = External("human", folder)
    path = finished(folder / "pair.wav")
    told = [system.identity()]
    assert system.identity() == told[0]
    finished(folder / "other.wav")
    told.append(system.identity())
    os.utime(path, ns=(1, 1))
    told.append(system.identity())
    assert len(set(told)) == 3
