import numpy as np
import pytest
from staged_songs import heard, staged

from diffmst.dsp.loudness import pooled_loudness
from diffmst.layout import DEFAULT, LAYOUTS, PAPER
from diffmst.models.scene import ROLE_NAMES
from diffmst.prior import QUIETEST_LU, level_control
from diffmst.random_mix import habits
from diffmst.random_mix.amounts import FULL, Amounts
from diffmst.random_mix.dice import Dice
from diffmst.random_mix.mixing import random_settings, settings_in_style
from diffmst.random_mix.rendering import mix_at_loudness
from diffmst.random_mix.song_sound import hear_song
from diffmst.random_mix.style import draw_style
from diffmst.random_mix.tone import tone_of_db
from diffmst.sanity import measure_sanity
from diffmst.strips import track_strips

BAND = ("kick", "snare", "hats", "bass", "guitar", "guitar", "keys", "lead", "backing", "")
MONO = (1,) * len(BAND)
SEEDS = range(12)
NOTHING = Amounts(0, 0, 0, 0, 0, 0)


def drawn(sound, seed, layout=DEFAULT, amounts=FULL, own_seed=0):
    return settings_in_style(draw_style(Dice(seed)), sound, layout, Dice(seed, own_seed), amounts)


def control(settings, name, layout=DEFAULT):
    return settings.tracks[0, :, list(layout.track.params).index(name)]


@pytest.fixture(scope="module")
def sound():
    return heard(BAND)


@pytest.fixture(scope="module")
def mixes(sound):
    return [drawn(sound, seed) for seed in range(300)]


def test_every_role_has_a_row():
    assert set(habits.HABITS) == set(ROLE_NAMES)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
@pytest.mark.parametrize("kind", ["sane", "uniform"])
def test_all_settings_are_within_their_ranges(sound, layout, kind):
    for seed in SEEDS:
        mix = drawn(sound, seed, layout) if kind == "sane" else random_settings(len(BAND), layout, Dice(seed))
        for (_, section), part in zip(layout.sections(), mix, strict=True):
            low, high = np.array([(param.low, param.high) for param in section.params.values()]).T
            assert np.isfinite(part).all() and (part >= low).all() and (part <= high).all()


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_at_amounts_of_0_all_settings_are_neutral_and_all_levels_equal(sound, layout):
    for mix in (drawn(sound, 1, layout, NOTHING), random_settings(len(BAND), layout, Dice(1), NOTHING)):
        expected = layout.defaults(len(BAND)).arrays()
        levels = control(mix, level_control(layout.track), layout)
        np.testing.assert_allclose(levels, levels[0], atol=1e-9)
        control(expected, level_control(layout.track), layout)[:] = levels[0]
        for part, neutral in zip(mix, expected, strict=True):
            np.testing.assert_allclose(part, neutral, atol=1e-9)


def test_the_powers_of_the_faders_add_up_to_that_of_one(mixes):
    for mix in mixes[:20]:
        assert np.sum(10 ** (control(mix, "fader.gain_db") / 10)) == pytest.approx(1, abs=1e-9)


def test_silent_tracks_do_not_count_in_the_balance():
    excerpts, stems = staged(("lead", "bass", "keys"))
    excerpts.audio[:, 1] = 0
    mix = drawn(hear_song(excerpts, stems), 0)
    assert np.sum(10 ** (control(mix, "fader.gain_db")[[0, 2]] / 10)) == pytest.approx(1, abs=1e-9)
    assert np.isfinite(mix.tracks).all() and control(mix, "fader.gain_db")[1] == 0
    assert control(mix, "send.gain_db")[1] == -80 and control(mix, "compressor.ratio")[1] == 1


def test_roles_are_as_loud_as_their_habit_on_average_and_styles_differ_by_3_lu(sound):
    """Without processing, faders are loudness."""
    only_levels = NOTHING._replace(level=1)
    levels = np.array([control(drawn(sound, seed, amounts=only_levels), "fader.gain_db") for seed in range(300)])
    over_keys_lu = levels - levels[:, [BAND.index("keys")]]
    usual_lu = dict(zip(ROLE_NAMES, habits.usual_level_lu(), strict=True))
    for role in ("kick", "snare", "lead", "backing"):
        # The mean of 300 deviates by 0.3 LU; what would be buried is raised.
        expected_lu = usual_lu[role] - usual_lu["keys"]
        assert over_keys_lu[:, BAND.index(role)].mean() == pytest.approx(expected_lu, abs=1.0)
        assert 3.5 < over_keys_lu[:, BAND.index(role)].std() < 5.0  # of two such roles, so 3.1 LU times the root of 2


def test_low_and_lead_tracks_stay_in_the_middle_and_others_spread(mixes):
    pans = np.array([control(mix, "panner.pan") for mix in mixes])
    for role in ("kick", "bass", "lead"):
        assert np.abs(pans[:, BAND.index(role)]).max() < 0.05
    guitars = pans[:, [4, 5]]
    assert np.median(np.abs(guitars)) > 0.4
    assert (guitars.prod(1) < 0).mean() > 0.95  # on opposite sides
    assert np.abs((np.sign(pans[:, BAND.index("backing")])).mean()) < 0.2  # neither side is preferred


def test_sides_of_a_pair_stand_opposite():
    sound = heard(("guitar", "guitar", "lead"), sides=(-1, 1, 0))
    for seed in SEEDS:
        left, right, _ = control(drawn(sound, seed), "panner.pan")
        assert left <= -0.5 and left == -right


def test_stereo_tracks_are_turned_less_than_mono_ones_are_panned():
    turned, panned = (
        np.abs([control(drawn(heard(("keys", "pad"), channels=channels), seed), "panner.pan") for seed in SEEDS])
        for channels in ((2, 2), (1, 1))
    )
    assert turned.max() <= 0.6
    assert np.median(turned) < np.median(panned) / 3


def test_voices_are_wet_and_low_tracks_dry(mixes):
    sends = np.array([control(mix, "send.gain_db") for mix in mixes])
    assert (sends[:, BAND.index("bass")] == -80).mean() > 0.8
    assert np.median(sends[:, BAND.index("lead")]) == pytest.approx(-17.5, abs=2)


def test_a_dull_stem_is_brightened_more_than_a_bright_one():
    """Tone is a goal: of two snares in one style, the duller one is raised."""
    bright, dull = heard(("snare", "lead")), heard(("snare", "lead"), dull_db=9.0)
    gains = np.array(
        [[control(drawn(sound, seed), "eq.peak_4.gain_db")[0] for sound in (bright, dull)] for seed in range(40)]
    )
    assert (gains[:, 1] - gains[:, 0]).mean() > 0.8


def test_equalizers_bring_stems_nearer_to_the_tone_of_the_style():
    """The excerpts of a song, equalized by the console, against the goal."""
    excerpts, stems = staged(("snare", "guitar", "lead"))
    sound, only_eq = hear_song(excerpts, stems), NOTHING._replace(eq=1)
    nearer = []
    for seed in SEEDS:
        mix, goal = drawn(sound, seed, amounts=only_eq), draw_style(Dice(seed)).tone_db[sound.roles]
        strips = track_strips(DEFAULT.track, mix.tensors().tracks.expand(2, -1, -1), excerpts.channels, 22_050)
        after = hear_song(excerpts._replace(audio=strips.to_rows(excerpts.audio)[0]), stems)
        heard_there = tone_of_db(sound) > -30
        off = [np.abs(tone_of_db(each) - goal)[heard_there].mean() for each in (sound, after)]
        nearer.append(off[1] / off[0])
    assert np.mean(nearer) < 0.85


def test_two_songs_in_one_style_have_their_roles_equally_loud():
    """Processed by the console; the estimate of what a compressor does is good to about 1 dB, tracks differ by 1 LU."""
    roles = ("kick", "snare", "bass", "guitar", "lead")
    differences = []
    for seed in SEEDS:
        levels = [wet_levels_lu(*staged(roles, song, dull_db=6.0 * song), seed, own_seed=song) for song in (0, 1)]
        differences.append(levels[1] - levels[0])
    differences = np.array(differences)
    assert np.abs(differences.mean(0)).max() < 1.5
    assert differences.std() < 2.5
    across_styles = [wet_levels_lu(*staged(roles, 0), seed, own_seed=0) for seed in SEEDS]
    assert np.std(across_styles, axis=0).mean() > 1.3 * differences.std()


def wet_levels_lu(excerpts, stems, seed, own_seed):
    """Loudness of every processed track against the mean of all, LU."""
    mix = drawn(hear_song(excerpts, stems), seed, own_seed=own_seed)
    strips = track_strips(DEFAULT.track, mix.tensors().tracks.expand(2, -1, -1), excerpts.channels, 22_050)
    wet = strips.to_rows(excerpts.audio)[0].unbind(1)
    levels = np.array([pooled_loudness(row[:, None], 22_050) for row in wet]) + control(mix, "fader.gain_db")
    return levels - levels.mean()


def test_mixes_are_sane():
    excerpts, stems = staged(BAND)
    sound = hear_song(excerpts, stems)
    for seed in SEEDS:
        mix = mix_at_loudness(excerpts, drawn(sound, seed), DEFAULT, -16.0, windows=2)
        found = measure_sanity(excerpts, stems, mix.settings, DEFAULT)
        assert found.quietest_lu > QUIETEST_LU - 1
        assert found.low_off_centre_db < 1
        assert found.largest_eq_db <= 8
        assert found.mono_loss_lu < 4


def test_swapped_sides_give_the_mirrored_settings():
    sides = (-1, 1, 0)
    left, right = (
        heard(("guitar", "guitar", "bass"), sides=sides),
        heard(("guitar", "guitar", "bass"), sides=(1, -1, 0)),
    )
    one, other = drawn(left, 3), drawn(right, 3)
    np.testing.assert_array_equal(control(one, "panner.pan")[:2], -control(other, "panner.pan")[:2])
    control(one, "panner.pan")[:2] *= -1
    np.testing.assert_array_equal(one.tracks, other.tracks)


def test_bands_that_share_a_region_share_its_correction():
    """The published console has three bands above 6.5 kHz: together they do what one would."""
    sound = heard(("lead", "snare"), dull_db=12.0)
    settings = drawn(sound, 2, PAPER, NOTHING._replace(eq=1))
    gains = PAPER.track.controls(settings.tracks[0], "eq")["gain_db"]
    np.testing.assert_allclose(gains[:, 3], gains[:, 4])
    np.testing.assert_allclose(gains[:, 3], gains[:, 5])


def test_where_the_input_gain_is_the_level_thresholds_go_with_it(sound):
    levels = [
        drawn(sound, seed, PAPER, NOTHING._replace(compression=1, level=amount)) for seed in (1,) for amount in (0, 1)
    ]
    shift = [control(mix, "compressor.threshold_db", PAPER) - control(mix, "input.gain_db", PAPER) for mix in levels]
    held = [control(mix, "compressor.threshold_db", PAPER) > -59.9 for mix in levels]
    working = np.logical_and(*held) & (control(levels[0], "compressor.ratio", PAPER) > 1)
    assert working.any()
    np.testing.assert_allclose(shift[0][working], shift[1][working], atol=1e-9)


def test_uniform_positions_are_uniform():
    mixes = [random_settings(8, PAPER, Dice(seed)) for seed in range(40)]
    positions = np.concatenate([PAPER.track.to_unit(mix.tracks[0]) for mix in mixes])
    np.testing.assert_allclose(np.quantile(positions, [0.1, 0.5, 0.9], axis=0).mean(1), [0.1, 0.5, 0.9], atol=0.02)


def test_uniform_mixes_keep_to_the_gauge_where_tracks_have_faders():
    mix = random_settings(8, DEFAULT, Dice(0))
    assert np.sum(10 ** (control(mix, "fader.gain_db") / 10)) == pytest.approx(1, abs=1e-9)
    assert not control(mix, "input.gain_db").any()
