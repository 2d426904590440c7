import dataclasses

import numpy as np
import pytest
import torch
from song_library import RATE, STEMS, SongLibrary, make_library
from torch.utils.data import DataLoader

from diffmst.dsp.loudness import pooled_loudness
from diffmst.errors import UserError
from diffmst.layout import DEFAULT, PAPER
from diffmst.models.scene import ROLE_NAMES, Hearing
from diffmst.random_mix.amounts import Curriculum
from diffmst.training.examples import ATTEMPTS, PUBLISHED, ExampleMaker, Mixes
from diffmst.training.role_noise import RoleNoise

SAME_SAMPLES = 1e-5  # float32, and a fader that is a factor here and part of the console there
SAME_LU = 0.01

HEARING = Hearing(-24.0, -16.0, window_s=1.0, song_windows=2, reference_windows=2, sample_rate=RATE)
PAPER_HEARING = Hearing(-48.0, -16.0, 1.0, 1, 1, RATE, split_stereo=True)
CERTAIN = RoleNoise(nameless=0, unknown=0, wrong=0, confidence=(1.0, 1.0))
METHODS = ("same-song", "shared-style", "real-reference")


@pytest.fixture(scope="module")
def library():
    return make_library()


def maker(library, method=None, hearing=HEARING, layout=DEFAULT, **options):
    return ExampleMaker(library, hearing, layout, **({"proportions": {method: 1.0}} if method else {}) | options)


def assert_equal(one, other):
    assert (one.method, one.seed) == (other.method, other.seed)
    pairs = [(one.scene.excerpts.audio, other.scene.excerpts.audio), (one.scene.reference, other.scene.reference)]
    pairs += [(one.scene.roles, other.scene.roles)]
    if one.settings is not None:
        pairs += [(one.target, other.target), *zip(one.settings, other.settings, strict=True)]
    assert all(torch.equal(*pair) for pair in pairs)


@pytest.mark.parametrize("method", METHODS[:2])
def test_the_target_is_what_the_console_makes_of_the_truth(library, method):
    for index in range(3):
        example = maker(library, method).make(index)
        mixed = example.scene.excerpts.mixed(example.settings, DEFAULT)
        torch.testing.assert_close(mixed, example.target, atol=SAME_SAMPLES, rtol=0)


@pytest.mark.parametrize("method", METHODS)
def test_examples_have_the_shapes_that_are_promised(library, method):
    example = maker(library, method, tracks=(4, 6)).make(3)
    excerpts, tracks = example.scene.excerpts, example.scene.tracks
    assert example.method == method and 2 <= tracks <= 6
    assert excerpts.audio.shape == (2, sum(excerpts.channels), 2 * RATE) and excerpts.lead_frames == RATE
    assert example.scene.reference.shape == (2, 2, RATE)
    assert example.scene.roles.shape == (tracks, len(ROLE_NAMES))
    torch.testing.assert_close(example.scene.roles.sum(1), torch.ones(tracks))
    if method == "real-reference":
        assert example.settings is None and example.target is None
    else:
        assert example.target.shape == (2, 2, RATE)
        assert example.settings.tracks.shape == (1, tracks, len(DEFAULT.track))
        assert all(part.dtype == torch.float64 for part in example.settings)
        assert not example.target.requires_grad


def test_tracks_and_reference_are_at_the_loudness_that_the_model_wants(library):
    example = maker(library, "same-song", tracks=(8, 8)).make(0)
    excerpts = example.scene.excerpts
    kick = excerpts.audio[:, 0]
    # The library says -20 LUFS, so 4 dB less; the windows keep their own levels. The noise was at an RMS of 0.1.
    assert float(kick.square().mean().sqrt()) == pytest.approx(0.1 * 10 ** (-4 / 20), rel=0.15)
    assert float(pooled_loudness(example.scene.reference, RATE)) == pytest.approx(-16, abs=SAME_LU)
    assert float(pooled_loudness(example.target, RATE)) == pytest.approx(-16, abs=SAME_LU)


def test_the_gauge_holds(library):
    """Input gains are used up by staging, and level lives in one place only."""
    example = maker(library, "shared-style").make(5)
    named = [DEFAULT.track.named(values) for values in example.settings.tracks[0]]
    assert all(values["input.gain_db"] == 0 and values["compressor.makeup_db"] == 0 for values in named)
    assert sum(10 ** (values["fader.gain_db"] / 10) for values in named) == pytest.approx(1)


def test_song_and_reference_of_method_1_are_the_same_mix_of_other_windows(library):
    example = maker(library, "same-song", tracks=(8, 8)).make(1)
    spectra = [torch.fft.rfft(x).abs().square().mean((0, 1)) for x in (example.target, example.scene.reference)]
    bands = [spectrum[10:10_000].log().unfold(0, 500, 500).mean(1) for spectrum in spectra]
    assert float((bands[0] - bands[1]).abs().mean()) < 0.35  # of natural logarithms of power: 1.5 dB
    assert not any(torch.equal(one, other) for one in example.target for other in example.scene.reference)


def test_method_3_mixes_two_songs_in_one_style(library):
    library.reads.clear()
    example = maker(library, "shared-style").make(2)
    assert len({name for name, _ in library.reads}) == 2
    assert example.settings is not None


def test_method_2_never_takes_the_finished_mix_of_its_own_song(library):
    """A song whose mix is the only reference makes no example."""
    song = library.songs[0]
    only = SongLibrary((song,), (song.mix,))
    with pytest.raises(UserError, match=rf"no example in {ATTEMPTS} draws from 1 songs: no finished mix of another"):
        maker(only, "real-reference").make(0)


def test_an_example_is_a_function_of_its_seed_and_index_alone(library):
    one, other = maker(library, seed=7), maker(library, seed=7)
    for index in (4, 0, 9):
        assert_equal(one.make(index), other.make(index))
        assert_equal(one.make(index), one.make_from(one.make(index).seed))
    assert len({one.make(1).seed, one.make(2).seed, maker(library, seed=8).make(1).seed}) == 3


def test_workers_make_the_same_examples(library):
    make = maker(library, tracks=(2, 3))

    class Examples(torch.utils.data.Dataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return make.make(index)

    loader = DataLoader(Examples(), batch_size=None, num_workers=2)
    for index, example in enumerate(loader):
        assert_equal(example, make.make(index))


def test_methods_come_in_their_proportions(library):
    make = maker(library, proportions={"same-song": 3, "real-reference": 1}, hearing=HEARING._replace(window_s=0.1))
    methods = [make.make(index).method for index in range(60)]
    assert methods.count("same-song") == pytest.approx(45, abs=10) and "shared-style" not in methods


def test_a_curriculum_begins_with_levels(library):
    later = Curriculum(eq=(0.2, 0.5), compression=(0.2, 0.5), space=(0.5, 1), master=(0.5, 1))
    make = maker(library, "same-song", curriculum=later)
    begin, end = (make.make(0, progress).settings for progress in (0.1, 1.0))
    controls = DEFAULT.track.controls
    assert not controls(begin.tracks, "eq")["gain_db"].any() and controls(end.tracks, "eq")["gain_db"].any()
    assert (controls(begin.tracks, "compressor")["ratio"] == 1).all()
    assert (controls(begin.tracks, "send")["gain_db"] == -80).all()
    assert controls(begin.tracks, "fader")["gain_db"].std() > 1
    assert torch.equal(begin.fx, DEFAULT.defaults(1).fx)


def test_published_examples_are_halves_of_one_passage(library):
    make = maker(library, "same-song", PAPER_HEARING, PAPER, mixes=PUBLISHED, tracks=(4, 5))
    example = make.make(0)
    excerpts = example.scene.excerpts
    assert excerpts.lead_frames == 0 and set(excerpts.channels) == {1} and len(excerpts.channels) <= 5
    assert excerpts.audio.shape == (1, len(excerpts.channels), RATE) and example.scene.reference.shape == (1, 2, RATE)
    torch.testing.assert_close(excerpts.mixed(example.settings, PAPER), example.target, atol=SAME_SAMPLES, rtol=0)
    assert (PAPER.track.controls(example.settings.tracks, "send")["gain_db"] == -80).all()


def test_channels_of_split_tracks_are_staged_each_on_its_own(library):
    example = maker(library, "same-song", PAPER_HEARING._replace(window_s=4.0), PAPER, mixes=PUBLISHED).make(1)
    both = example.scene.excerpts.audio
    for row in both.unbind(1):
        assert float(pooled_loudness(row[:, None], RATE)) == pytest.approx(-48, abs=1.5)  # of half of what was staged


def test_halves_of_a_passage_have_no_lead():
    with pytest.raises(ValueError, match=r"halves of one passage have no lead, got lead_s=1\.0"):
        Mixes(contiguous=True)


def test_the_model_is_told_less_of_the_roles_than_is_known(library):
    make, sure = maker(library), maker(library, roles=CERTAIN)
    told = torch.cat([make.make(index).scene.roles for index in range(12)])
    certain = torch.cat([sure.make(index).scene.roles for index in range(12)])
    assert certain.amax(1).eq(1).all()
    truth = certain.argmax(1)
    known = truth < len(ROLE_NAMES) - 1
    right = told[known].gather(1, truth[known, None])
    assert 0.4 < (right > 0.5).float().mean() < 0.8 and right.max() <= 1
    whole = maker(library, "same-song", tracks=(16, 16), roles=CERTAIN).make(0).scene.roles
    assert {ROLE_NAMES[place] for place in whole.argmax(1)} <= {t.role for song in library.songs for t in song.tracks}


def test_tracks_that_do_not_sound_are_left_out(library):
    quiet = dataclasses.replace(library.songs[0].tracks[0], audio=library.songs[0].tracks[0].audio * 1e-4)
    song = dataclasses.replace(library.songs[0], tracks=(quiet, *library.songs[0].tracks[1:]))
    example = maker(SongLibrary((song,)), "same-song", tracks=(16, 16), roles=CERTAIN).make(0)
    assert example.scene.tracks == len(STEMS) - 1
    assert ROLE_NAMES.index("kick") not in example.scene.roles.argmax(1)


@pytest.mark.parametrize(("spoil", "reason"), [(np.nan, "no numbers"), (0.0, "less than two tracks that sound")])
def test_what_cannot_be_used_is_drawn_again_and_counted(library, spoil, reason):
    spoilt = [dataclasses.replace(track, audio=track.audio * np.float32(spoil)) for track in library.songs[0].tracks]
    make = maker(
        SongLibrary((dataclasses.replace(library.songs[0], tracks=tuple(spoilt)), library.songs[1])), "same-song"
    )
    examples = [make.make(index) for index in range(6)]
    assert all(example.target.isfinite().all() for example in examples)
    reasons = [told for example in examples for told in example.redrawn]
    assert reasons and all(reason in told for told in reasons)


def test_a_library_of_nothing_but_silence_ends_in_one_line(library):
    silent = [dataclasses.replace(track, audio=track.audio * 0) for track in library.songs[0].tracks]
    make = maker(SongLibrary((dataclasses.replace(library.songs[0], tracks=tuple(silent)),)), "same-song")
    with pytest.raises(
        UserError, match=f"no example in {ATTEMPTS} draws from 1 songs: less than two tracks .* \\(20\\)"
    ):
        make.make(0)


@pytest.mark.parametrize(
    ("songs", "references", "method", "told"),
    [
        (0, 0, "same-song", "no songs with stems in this part of the data"),
        (1, 0, "shared-style", "needs two songs"),
        (1, 0, "real-reference", "needs finished mixes"),
    ],
)
def test_a_library_without_what_a_method_needs_is_refused(library, songs, references, method, told):
    with pytest.raises(UserError, match=told):
        maker(SongLibrary(library.songs[:songs], library.references[:references]), method)


@pytest.mark.parametrize("proportions", [{}, {"same-song": 0}, {"same-song": -1}, {"method 4": 1}])
def test_proportions_have_to_make_sense(library, proportions):
    with pytest.raises(ValueError, match="methods"):
        maker(library, proportions=proportions)


def test_a_seed_below_zero_is_refused(library):
    with pytest.raises(ValueError, match="seed must be at least 0, got -1"):
        maker(library, seed=-1)


def test_an_example_needs_two_tracks(library):
    with pytest.raises(ValueError, match=r"tracks must be at least 2, the fewest first, got \(1, 4\)"):
        maker(library, tracks=(1, 4))


def test_sides_are_swapped_in_half_of_the_examples(library):
    """The pair of guitars tells: its left file is the first of the two."""
    pans = []
    for index in range(16):
        example = maker(library, "same-song", tracks=(8, 8), roles=CERTAIN).make(index)
        guitars = example.scene.roles.argmax(1) == ROLE_NAMES.index("guitar")
        pans.append(DEFAULT.track.controls(example.settings.tracks[0], "panner")["pan"][guitars])
    left_first = [bool(pan[0] < pan[1]) for pan in pans]
    assert 3 <= sum(left_first) <= 13
    assert all(float(pan.sum()) == 0 for pan in pans)
