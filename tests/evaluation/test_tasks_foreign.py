"""Mixes that another engine has rendered, in sections."""

import numpy as np
import pytest
from evaluation.songs_to_pair import stems, write_stems
from songs import RATE, write

from diffmst.audio import read
from diffmst.errors import UserError
from diffmst.evaluation.pairs_file import read_pairs
from diffmst.evaluation.tasks.foreign import find_foreign, make_foreign
from diffmst.evaluation.tasks.making import Making

GAINS = {"mellow": {"bass": 1.0, "keys": 0.5, "hats": 0.1, "lead": 0.7}, "harsh": dict.fromkeys(stems(1.0), 0.4)}
SHORT = Making(mixes=2, section_s=6.0)


def processed(name, audio, mix):
    """What the foreign engine makes of a stem: stereo, at another level, a little to the left."""
    return GAINS[mix][name] * np.broadcast_to(audio, (2, audio.shape[-1])) * np.array([[1.0], [0.8]])


def write_foreign(folder, song="one", without=()):
    """A song as a foreign engine leaves it."""
    write_stems(folder / song / "stems")
    for mix in GAINS:
        wet = {name: processed(name, audio, mix) for name, audio in stems().items()}
        for name, audio in wet.items():
            if name not in without:
                write(folder / song / mix / "stems" / f"{name}.wav", audio)
        write(folder / song / mix / "mix.flac", sum(wet.values()))
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    home = tmp_path_factory.mktemp("foreign")
    return make_foreign(find_foreign(write_foreign(home / "mixes")), home / "pairs", SHORT)


def test_every_mix_is_a_pair(made):
    assert [(pair.name, pair.song, pair.task) for pair in made.pairs] == [
        ("one mix harsh", "one", "foreign"),
        ("one mix mellow", "one", "foreign"),
    ]
    folder = made.pairs[0].stems.parent.parent
    assert read_pairs(folder / "pairs.csv") == made.pairs


def test_processed_stems_sum_up_to_the_truth(made):
    for pair in made.pairs:
        wet = sum(read(path) for path in pair.truth_stems.iterdir())
        np.testing.assert_allclose(wet, read(pair.truth), atol=5 * 2**-23)  # four stems and a mix, each rounded


def test_processed_stems_are_in_time_with_the_raw_ones(made):
    for pair in made.pairs:
        mix = pair.name.rpartition(" ")[2]
        for path in pair.stems.iterdir():
            expected = processed(path.stem, read(path), mix)
            np.testing.assert_allclose(read(pair.truth_stems / path.name), expected, atol=2 * 2**-23)


def test_the_reference_is_an_earlier_section_of_the_same_mix(made):
    for pair in made.pairs:
        mix = pair.name.rpartition(" ")[2]
        whole = sum(processed(name, audio, mix) for name, audio in stems().items())
        starts = [
            next(
                start
                for start in range(0, whole.shape[1], RATE // 2)
                if np.allclose(whole[:, start : start + 999], read(path)[:, :999], atol=2 * 2**-23)
            )
            for path in (pair.reference, pair.truth)
        ]
        assert starts[0] + SHORT.section_s * RATE <= starts[1]


def test_the_wrong_reference_is_the_reference_of_the_other_mix(made):
    one, other = made.pairs
    assert (one.wrong_reference, other.wrong_reference) == (other.reference, one.reference)


def test_missing_processed_stems_are_no_truth_of_stems(tmp_path):
    folder = write_foreign(tmp_path / "mixes", without=["lead"])
    made = make_foreign(find_foreign(folder), tmp_path / "pairs", SHORT)
    assert [pair.truth_stems for pair in made.pairs] == [None, None]
    assert "there is none of lead" in made.notes[0]


def test_a_single_mix_has_no_wrong_reference(tmp_path):
    write_foreign(tmp_path / "mixes")
    (tmp_path / "mixes" / "one" / "harsh" / "mix.flac").unlink()
    made = make_foreign(find_foreign(tmp_path / "mixes"), tmp_path / "pairs", SHORT)
    assert [(pair.name, pair.wrong_reference) for pair in made.pairs] == [("one mix mellow", None)]


def test_what_lies_beside_a_mix_is_not_taken_for_it(tmp_path):
    folder = write_foreign(tmp_path / "mixes")
    for place in (folder / "one").iterdir():
        (place / "mix.RPP").write_text("a project")
    assert {mix.mix.name for song in find_foreign(folder) for mix in song.mixes} == {"mix.flac"}


def test_mixes_over_full_scale_are_turned_down_as_a_whole(tmp_path):
    write_foreign(tmp_path / "mixes")
    hot = 12 * sum(processed(name, audio, "harsh") for name, audio in stems().items())
    (tmp_path / "mixes" / "one" / "harsh" / "mix.flac").unlink()
    write(tmp_path / "mixes" / "one" / "harsh" / "mix.wav", hot, subtype="FLOAT")
    pair = make_foreign(find_foreign(tmp_path / "mixes"), tmp_path / "pairs", SHORT).pairs[0]
    sections = np.stack([read(pair.reference), read(pair.truth)])
    assert np.abs(hot).max() > 1 and 0.9 < np.abs(sections).max() < 1
    wet = sum(read(path) for path in pair.truth_stems.iterdir())
    gain = np.vdot(wet, sections[1]) / np.vdot(sections[1], sections[1])
    np.testing.assert_allclose(gain * sections[1], wet, atol=1e-5)


def test_a_mix_that_is_silent_there_is_left_out(tmp_path):
    write_foreign(tmp_path / "mixes")
    write(tmp_path / "mixes" / "one" / "mellow" / "mix.flac", np.zeros((2, RATE)))
    with pytest.raises(UserError, match="must begin together"):
        make_foreign(find_foreign(tmp_path / "mixes"), tmp_path / "pairs", SHORT)


def test_folders_of_another_layout_are_refused(tmp_path):
    with pytest.raises(UserError, match="no such folder"):
        find_foreign(tmp_path / "nowhere")
    write_stems(tmp_path / "one")
    with pytest.raises(UserError, match="holds no SONG/stems"):
        find_foreign(tmp_path)
