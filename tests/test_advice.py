import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.signal import butter, sosfilt

from diffmst import advice
from diffmst.advice import (
    Against,
    Findings,
    advise,
    loudness_advice,
    output_advice,
    pair_advice,
    reference_advice,
    result_advice,
    stem_advice,
    track_products,
)
from diffmst.audio import AudioInfo
from diffmst.data.song import Track
from diffmst.data.survey import Survey
from diffmst.mastering import Output
from diffmst.profile import Profile, differences

RATE = 22_050
CLEAN = Survey(
    info=AudioInfo(Path("a.wav"), RATE, 2, 60 * RATE, True, "WAV", False),
    energy=np.ones((2, 600)),
    bands=np.ones((2, 24, 600)),
    loudness_lufs=-20.0,
    peak=0.5,
    clip_runs=0,
    bad_samples=0,
    dc_offset=0.0,
    correlation=0.5,
    dual_mono=False,
    sha256="0" * 64,
)
OUTPUT = Output(
    loudness_lufs=-14.0, true_peak_dbtp=-1.0, gain_db=0.0, limiting_db=0.0, target_lufs=-14.0, frames=60 * RATE
)


def track(name="kick", **changes):
    survey = replace(CLEAN, **changes)
    return Track(name, survey.info.path, survey.info, 2, survey)


def lasting(seconds, truncated=False):
    return replace(CLEAN.info, frames=round(seconds * RATE), truncated=truncated)


def heard(x):
    profile = Profile(RATE)
    profile.add(np.asarray(x, np.float32))
    return profile


def about(after, reference, *, where=None, **output):
    """What is said of a mix against a reference; `where` is of `Against`."""
    reference = heard(reference)
    return result_advice(heard(after), Against(reference, reference, **(where or {})), replace(OUTPUT, **output))


def noise(channels=2, seconds=12, level=0.1, seed=0):
    return level * np.random.default_rng(seed).standard_normal((channels, round(seconds * RATE)))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"clip_runs": 14}, "Clipped: “kick” (14×)"),
        ({"bad_samples": 3}, "no numbers"),
        ({"info": lasting(60, truncated=True)}, "ends before it should"),
        ({"correlation": -0.8}, "work against each other: “kick” (correlation −0.8)"),
        ({"dc_offset": -0.02}, "DC offset): “kick” (2.0 %)"),
        ({"loudness_lufs": -np.inf}, "Silent, and muted: “kick”"),
        ({"dual_mono": True}, "mixed as mono: “kick”"),
    ],
)
def test_each_flaw_of_a_stem_gets_one_sentence_with_its_name(changes, words):
    (sentence,) = stem_advice([track(**changes), track("snare")])
    assert words in sentence
    assert "snare" not in sentence


def test_sound_stems_need_no_words():
    assert not list(stem_advice([track(), track("snare", correlation=-0.2, dc_offset=0.001)]))


def test_long_lists_are_cut():
    (sentence,) = stem_advice([track(f"take {n}", clip_runs=1) for n in range(60)])
    assert "and 56 more" in sentence
    assert "take 5" not in sentence


def test_stems_of_another_length_are_named_but_silent_ones_do_not_count():
    stems = [track("long"), track("short", info=lasting(20)), track("gone", info=lasting(1), loudness_lufs=-np.inf)]
    sentences = list(stem_advice(stems))
    assert any("from 20 s (“short”) to 60 s (“long”)" in sentence for sentence in sentences)
    assert not any("differ in length" in sentence for sentence in stem_advice([track(), track(info=lasting(40))]))


def test_products_agree_with_numpy():
    audio = torch.from_numpy(noise(6).reshape(2, 3, -1))
    mono = np.stack([audio[:, :2].mean(1).flatten(), audio[:, 2].flatten()])
    np.testing.assert_allclose(track_products(audio, (2, 1)), mono @ mono.T / mono.shape[1], rtol=1e-9)


def products(*stems):
    return track_products(torch.from_numpy(np.stack(stems))[None], [1] * len(stems))


def test_inverted_copies_and_copies_are_told_apart():
    a, b, c = noise(3)
    names = ["a", "b", "c"]
    (opposite,) = pair_advice(names, products(a, b, -0.3 * a + 0.01 * c))
    assert opposite.startswith("Cancel each other: “a” and “c”.")
    (same,) = pair_advice(names, products(a, b, 0.3 * a))
    assert same.startswith("The same recording twice: “a” and “c”.")
    assert not list(pair_advice(names, products(a, b, c)))


def test_bounce_of_the_song_is_found_whatever_its_balance():
    a, b, c = noise(3)
    bounce = np.tanh(2 * a + 1.5 * b + c)
    (sentence,) = pair_advice(["a", "b", "c", "mixdown"], products(a, b, c, bounce))
    assert "“mixdown” sounds like all other stems together" in sentence


def test_two_microphones_on_the_loudest_source_are_no_bounce():
    a, b, c = noise(3)
    assert not list(pair_advice(["in", "out", "b", "c"], products(5 * a, 5 * a + 2 * b, c, 0.1 * b)))


def test_silent_stems_are_like_nothing():
    a, b = noise(2)
    assert not list(pair_advice(["a", "b", "c"], products(a, b, 0 * a)))
    assert not list(pair_advice(["a", "b", "c"], products(0 * a, 0 * a, 0 * a)))
    assert not list(pair_advice(["a"], products(a)))


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (noise(1), "is mono"),
        (noise(seconds=4), "lasts only 4.0 s"),
    ],
)
def test_doubtful_references_get_a_sentence(x, words):
    (sentence,) = reference_advice(CLEAN, heard(x), mix_bandwidth_hz=RATE / 2)
    assert words in sentence


def test_good_reference_needs_no_words():
    assert not list(reference_advice(CLEAN, heard(noise()), mix_bandwidth_hz=RATE / 2))


def test_reference_without_a_top_matters_only_to_a_brighter_mix():
    reference = heard(noise())  # ends at 11 kHz with its sample rate
    (sentence,) = reference_advice(CLEAN, reference, mix_bandwidth_hz=20_000)
    assert "nothing above 11 kHz" in sentence
    assert not list(reference_advice(CLEAN, reference, mix_bandwidth_hz=12_000))


def test_damage_in_the_file_of_the_reference_is_told():
    survey = replace(CLEAN, bad_samples=5, info=lasting(60, truncated=True))
    assert len(list(reference_advice(survey, heard(noise()), RATE / 2))) == 2


EVEN = heard(noise())
FINDINGS = Findings(
    tracks=[track()],
    references=[(CLEAN, EVEN)],
    tone=EVEN,
    width=EVEN,
    after=EVEN,
    output=OUTPUT,
    products=np.ones((1, 1)),
)


def test_a_loudness_that_was_taken_from_references_is_doubted_where_it_is_unusual():
    (quiet,) = loudness_advice(-24.0, 1)
    assert "The reference is quieter" in quiet and "(−24.0 LUFS)" in quiet
    (loud,) = loudness_advice(-6.0, 2)
    assert "The references are louder" in loud and "their loudness" in loud
    assert not list(loudness_advice(-14.0, 1))


def test_the_loudness_of_references_is_no_matter_where_another_was_asked_for():
    quiet = heard(noise(level=0.01))
    findings = FINDINGS._replace(references=[(CLEAN, quiet)], tone=quiet, width=quiet)
    assert advise(findings) == []
    (sentence,) = advise(findings._replace(followed_lufs=quiet.loudness_lufs))
    assert "quieter than most" in sentence


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ({"limiting_db": 8.0}, "up to 8.0 dB off the peaks"),
        ({"loudness_lufs": -16.0}, "2.0 LU quieter than asked for (−14.0 LUFS)"),
        ({"loudness_lufs": -np.inf}, "The mix is silent"),
    ],
)
def test_doubtful_results_get_a_sentence(output, words):
    (sentence,) = about(noise(), noise(seed=1), **output)
    assert words in sentence


def test_what_limits_too_much_is_told_with_the_remedy():
    (sentence,) = output_advice(replace(OUTPUT, limiting_db=8.0))
    assert "A lower loudness leaves more" in sentence


def test_no_advice_speaks_of_options_as_it_is_read_on_the_page_too():
    sources = Path(advice.__file__).parent.glob("*.py")
    assert not [path.name for path in sources if re.search(r"[ \"`]--\w", path.read_text(encoding="utf-8"))]


def filtered(x, order, freq_hz, kind):
    return sosfilt(butter(order, freq_hz, kind, fs=RATE, output="sos"), x)


def far_apart():
    """A thin mix of noise and an even reference, far more than 5 dB apart on average."""
    return filtered(noise(), 2, 3000, "highpass"), noise(seed=1)


def test_a_tone_that_is_far_from_the_reference_is_blamed_on_the_songs():
    after, reference = far_apart()
    (sentence,) = about(after, reference, where={"name": "“b.wav”"})
    assert "dB from “b.wav” on average" in sentence and "try a reference nearer to this song" in sentence


def test_a_tone_that_is_far_since_less_was_asked_for_is_blamed_on_that():
    after, reference = far_apart()
    (sentence,) = about(after, reference, where={"shortened": ("refinement was left out", "amount 50 %")})
    assert "on average: refinement was left out and amount 50 %." in sentence
    assert "try a reference" not in sentence


def test_a_broad_hump_may_be_equalized_and_a_single_note_is_told_as_one():
    (broad,) = about(noise() + 6 * filtered(noise(seed=2), 2, (800, 1250), "bandpass"), noise(seed=1))
    assert broad.startswith("Around ") and "more than the reference" in broad and "an equalizer" in broad
    time_s = np.arange(12 * RATE) / RATE
    (narrow,) = about(noise() + 0.1 * np.sin(2 * np.pi * 127 * time_s), noise(seed=1))
    assert narrow.startswith("Around 130 Hz the mix has ") and "one note or one resonance" in narrow


def test_what_lies_above_12_khz_is_not_told():
    rate, x = 48_000, 0.1 * np.random.default_rng(0).standard_normal((2, 12 * 48_000))
    after, reference = Profile(rate), Profile(rate)
    after.add(sosfilt(butter(8, 13_500, fs=rate, output="sos"), x))
    reference.add(x)
    assert not list(result_advice(after, Against(reference, reference), OUTPUT))


def low_noise(power, seed):
    """Noise whose mean square is mostly below 45 Hz, the same on both sides."""
    return power * np.repeat(filtered(noise(1, seed=seed), 4, (25, 45), "bandpass"), 2, axis=0)


def test_more_than_the_reference_at_the_very_bottom_is_told_where_it_can_be_heard():
    (sentence,) = about(noise() + low_noise(6.0, 3), noise(seed=1))
    assert "Below 50 Hz the mix has " in sentence and "dB more than the reference" in sentence
    assert not list(about(noise() + low_noise(6.0, 3), noise(seed=1) + low_noise(4.0, 4)))  # 3.5 dB apart
    quiet = filtered(noise(seed=1), 4, 60, "highpass"), filtered(noise(seed=1), 8, 60, "highpass")
    assert not list(about(*quiet))  # 20 dB apart and far below all else


def test_the_greatest_difference_is_the_one_to_listen_to_first():
    hump = 6 * filtered(noise(seed=2), 2, (800, 1250), "bandpass")
    around, below = about(noise() + hump + low_noise(18.0, 3), noise(seed=1))
    told = [int(re.search(r"has (\d+) dB more", sentence)[1]) for sentence in (around, below)]
    assert around.startswith("Around 1 kHz") and below.startswith("Below 50 Hz") and told[1] > told[0] > 0
    assert "Listen there first" not in around and "An equalizer or a fader may do." in around
    (alone,) = about(noise() + hump, noise(seed=1))
    assert "Listen there first" in alone


def test_a_bass_that_is_wider_than_that_of_the_reference_is_told():
    middle, side = low_noise(3.0, 3), low_noise(3.0, 4) * [[1], [-1]]
    (sentence,) = about(noise() + middle + side, noise(seed=1) + np.sqrt(2) * middle)
    assert sentence.startswith("The bass is wide: below 100 Hz")
    assert not list(about(noise() + middle + side, noise(seed=1) + middle + side))  # as in the reference
    narrow = 0.2 * side  # 14 dB under the middle
    assert not list(about(noise() + middle + narrow, noise(seed=1) + middle))


def test_mix_that_cancels_in_mono_is_told():
    mid, side = noise()
    wide = [mid + 2 * side, mid - 2 * side]
    (sentence,) = about(wide, wide)
    assert "Played in mono" in sentence


@pytest.mark.parametrize("changes", [{}, {"target_lufs": None}, {"limiting_db": 3.0}])
def test_good_results_need_no_words(changes):
    assert not list(about(noise(), noise(seed=1), **changes))


def test_advice_puts_the_files_first_and_the_result_last():
    reference, after = heard(noise()), heard(noise(seed=1))
    findings = Findings(
        tracks=[track(clip_runs=1), track("snare")],
        references=[(CLEAN, reference)],
        tone=reference,
        width=reference,
        after=after,
        output=replace(OUTPUT, limiting_db=9.0),
        products=products(*noise(2)),
    )
    assert differences(after, reference).tone_db < 1
    first, last = advise(findings)
    assert first.startswith("Clipped")
    assert last.startswith("The limiter")


def test_of_several_references_the_one_that_the_tone_is_from_is_named():
    after, bright = map(heard, far_apart())
    other = replace(CLEAN, info=replace(CLEAN.info, path=Path("songs/b.wav")))
    references = [(CLEAN, EVEN), (other, bright)]
    (sentence,) = advise(FINDINGS._replace(references=references, tone=bright, width=bright, after=after))
    assert "from “b.wav” on average" in sentence
