from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from diffmst.advice import (
    Findings,
    advise,
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
from diffmst.profile import Differences, Profile, differences

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
        (noise(level=0.01), "quieter than most released music (−"),
        (noise(level=0.5), "louder than most released music (−"),
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


GOOD = Differences(tone_db=1.0, width_db=0.5, dynamics_db=0.5)


@pytest.mark.parametrize(
    ("difference", "output", "words"),
    [
        (GOOD._replace(tone_db=7.25), {}, "7.2 dB from the reference"),
        (GOOD._replace(worst_tone_db=16.0, worst_tone_hz=125.0), {}, "Around 125 Hz the mix has 16 dB more"),
        (GOOD._replace(worst_tone_db=-12.0, worst_tone_hz=80.0), {}, "Around 80 Hz the mix has 12 dB less"),
        (GOOD, {"limiting_db": 8.0}, "up to 8.0 dB off the peaks"),
        (GOOD, {"loudness_lufs": -16.0}, "2.0 LU quieter than asked for (−14.0 LUFS)"),
        (GOOD, {"loudness_lufs": -np.inf}, "The mix is silent"),
    ],
)
def test_doubtful_results_get_a_sentence(difference, output, words):
    (sentence,) = result_advice(heard(noise()), difference, replace(OUTPUT, **output))
    assert words in sentence


def test_mix_that_cancels_in_mono_is_told():
    mid, side = noise()
    (sentence,) = result_advice(heard([mid + 2 * side, mid - 2 * side]), GOOD, OUTPUT)
    assert "Played in mono" in sentence


@pytest.mark.parametrize("changes", [{}, {"target_lufs": None}, {"limiting_db": 3.0}])
def test_good_results_need_no_words(changes):
    assert not list(result_advice(heard(noise()), GOOD, replace(OUTPUT, **changes)))


def test_advice_puts_the_files_first_and_the_result_last():
    reference, after = heard(noise()), heard(noise(seed=1))
    findings = Findings(
        tracks=[track(clip_runs=1), track("snare")],
        references=[(CLEAN, reference)],
        tone=reference,
        after=after,
        output=replace(OUTPUT, limiting_db=9.0),
        products=products(*noise(2)),
    )
    assert differences(after, reference).tone_db < 1
    first, last = advise(findings)
    assert first.startswith("Clipped")
    assert last.startswith("The limiter")
