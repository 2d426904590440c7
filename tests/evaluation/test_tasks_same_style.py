"""Task 2: another song in the same style."""

import numpy as np
import pytest
from evaluation.songs_to_pair import write_songs
from songs import RATE, tone, write

from diffmst.audio import read
from diffmst.errors import UserError
from diffmst.evaluation.tasks.making import Making
from diffmst.evaluation.tasks.same_style import make_same_style
from diffmst.evaluation.tasks.songs import find_songs
from diffmst.mix import Mix
from diffmst.random_mix.dice import Dice
from diffmst.random_mix.style import draw_style

SHORT = Making(mixes=2, section_s=6.0)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Pairs of two songs, with what was drawn for each mix, in order: truth, reference and wrong one of a pair."""
    home = tmp_path_factory.mktemp("same-style")
    songs = find_songs([write_songs(home / "songs", ["one", "two"], seconds=7.0)])
    draws = []
    with pytest.MonkeyPatch.context() as patch:
        from diffmst.evaluation.tasks import making

        def watched(excerpts, stems, draw, layout, mix_of=making.mix_of):
            draws.append((draw, excerpts))
            return mix_of(excerpts, stems, draw, layout)

        patch.setattr(making, "mix_of", watched)
        made = make_same_style(songs, home / "pairs", SHORT)
    return made, [draws[start : start + 3] for start in range(0, len(draws), 3)]


def test_every_song_has_its_mixes(drawn):
    made, _ = drawn
    assert [pair.name for pair in made.pairs] == [f"{song} mix {n}" for song in ("one", "two") for n in (1, 2)]


def test_the_reference_shares_the_style_of_the_truth_and_the_wrong_one_does_not(drawn):
    for (truth, _), (reference, _), (wrong, _) in drawn[1]:
        assert truth.style_seed == reference.style_seed != wrong.style_seed
        assert len({truth.seed, reference.seed, wrong.seed}) == 3, "the dice differ"


def test_both_references_are_of_one_other_song(drawn):
    for (_, own), (_, other), (_, same) in drawn[1]:
        np.testing.assert_array_equal(other.audio, same.audio)
        assert not np.array_equal(own.audio, other.audio)


def test_the_master_of_the_truth_is_that_of_its_style(drawn):
    made, draws = drawn
    mix, style = Mix.read(made.pairs[0].truth), draw_style(Dice(draws[0][0][0].style_seed))
    bands = [value for name, value in mix.master.items() if name.startswith("eq.") and name.endswith("gain_db")]
    np.testing.assert_allclose(bands, np.clip(style.master.eq_db, -12, 12), atol=1e-3)


def test_a_song_that_cannot_be_used_is_no_reference_either(tmp_path):
    write_songs(tmp_path / "songs", ["good", "fine"], seconds=6.0)
    write_songs(tmp_path / "songs", ["short"], seconds=4.0)
    made = make_same_style(find_songs([tmp_path / "songs"]), tmp_path / "pairs", Making(mixes=1, section_s=6.0))
    assert [pair.song for pair in made.pairs] == ["fine", "good"]
    assert len(made.notes) == 1 and made.notes[0].startswith("short: left out: lasts 4.0 s")


def test_a_song_with_the_same_roles_is_preferred(tmp_path):
    """Of a role that is not played, no style can be heard."""
    write_songs(tmp_path / "songs", ["song", "twin"], seconds=6.0)
    for folder in (tmp_path / "songs" / name for name in ("a", "b", "c")):
        write(folder / "piano.wav", tone(262, 6.0))
        write(folder / "violin.wav", tone(1047, 6.0))
    made = make_same_style(find_songs([tmp_path / "songs"]), tmp_path / "pairs", Making(mixes=1, section_s=6.0))
    (song,) = (pair for pair in made.pairs if pair.song == "song")
    spectrum = np.abs(np.fft.rfft(read(song.reference).sum(0)))
    freq_hz = np.fft.rfftfreq(6 * RATE, 1 / RATE)
    assert spectrum[np.abs(freq_hz - 262) < 2].max() < 0.01 * spectrum.max()


def test_one_song_is_refused(tmp_path):
    songs = find_songs([write_songs(tmp_path / "songs", ["one"])])
    with pytest.raises(UserError, match="a style is shared by two songs"):
        make_same_style(songs, tmp_path / "pairs")


def test_uniform_mixes_are_refused(tmp_path):
    with pytest.raises(UserError, match="no style"):
        make_same_style([], tmp_path / "pairs", Making(kind="uniform"))
