"""All figures of a mix, and their declarations."""

import math
import re

import numpy as np
import pyloudnorm
import pytest
from songs import write
from stem_signals import (
    BASS,
    LEAD,
    RATE,
    SNARE,
    finish,
    hear,
    neutral,
    pair_of,
    stems,
    turned,
    write_document,
    write_stems,
)

from bench.metric_docs import MARK, PAGE, below_the_mark
from diffmst.dsp.loudness import LoudnessMeter
from diffmst.errors import UserError
from diffmst.evaluation.metrics import METRICS, measure, read_mix, read_truth
from diffmst.evaluation.system import Finished

KEYS = {metric.key: metric for metric in METRICS}


@pytest.fixture(scope="module")
def heard(tmp_path_factory):
    return hear(write_stems(tmp_path_factory.mktemp("measuring") / "song", stems()))


@pytest.fixture(scope="module")
def reference(heard):
    return read_mix(heard.reference.info.path, heard.song.sample_rate)


@pytest.fixture(scope="module")
def wanted():
    return turned(turned(neutral(), LEAD, panner_pan=0.4, eq_peak_3_gain_db=6.0), SNARE, fader_gain_db=5.0)


@pytest.fixture
def truth(heard, wanted, tmp_path):
    return read_truth(pair_of(heard, truth=write_document(tmp_path / "mix.json", heard, wanted)), heard)


def groups(figures):
    return {KEYS[key].group for key in figures}


def test_every_figure_is_declared_and_every_declared_figure_measured(heard, reference, wanted, truth, tmp_path):
    figures = measure(heard, finish(tmp_path, heard, wanted), reference, truth)
    assert set(figures) == set(KEYS)
    assert all(math.isfinite(value) for value in figures.values())


def test_the_settings_that_are_wanted_are_at_no_distance(heard, reference, wanted, truth, tmp_path):
    figures = measure(heard, finish(tmp_path, heard, wanted), reference, truth)
    recovery = {key: value for key, value in figures.items() if KEYS[key].group == "recovery"}
    assert max(recovery.values()) < 1e-3
    assert figures["si_sdr_db"] > 60 and figures["mrstft"] < 1e-2  # the truth comes limited under its ceiling


def test_other_settings_are_at_some_distance_in_every_way(heard, reference, truth, tmp_path):
    figures = measure(heard, finish(tmp_path, heard, neutral()), reference, truth)
    assert figures["level_error_lu"] > 1 and figures["pan_error_db"] > 1 and figures["eq_error_db"] > 0.3
    assert figures["si_sdr_db"] < 20 and figures["mrstft"] > 0.1


def test_what_is_not_known_is_not_told(heard, reference, wanted, truth, tmp_path):
    finished = finish(tmp_path, heard, wanted)
    assert groups(measure(heard, finished, reference)) == {"style", "sanity", "cost"}
    as_file = finished._replace(settings=None, layout=None)
    of_file = measure(heard, as_file, reference, truth)
    assert groups(of_file) == {"style", "sanity", "cost", "paired"}
    assert "mono_loss_lu" in of_file and "largest_eq_db" not in of_file


def test_a_song_without_lead_or_bass_has_no_figures_of_them(reference, tmp_path):
    heard = hear(write_stems(tmp_path / "song", {name: stems()[name] for name in ("keys", "snare")}))
    figures = measure(heard, finish(tmp_path / "out", heard, neutral(2)), reference)
    assert not [key for key in figures if key.startswith(("low_", "lead_"))]
    assert "quietest_lu" in figures


def test_sanity_is_of_the_whole_song(heard, reference, tmp_path):
    settings = turned(turned(neutral(), LEAD, panner_pan=-0.5), BASS, panner_pan=0.5, eq_peak_1_gain_db=-11.0)
    figures = measure(heard, finish(tmp_path, heard, turned(settings, SNARE, fader_gain_db=-40.0)), reference)
    for what in ("lead_off_centre_db", "lead_off_centre_mean_db", "low_off_centre_db", "low_off_centre_mean_db"):
        assert figures[what] == pytest.approx(7.66, abs=0.02)
    assert figures["largest_eq_db"] == 11 and figures["largest_fader_db"] == 40
    assert figures["quietest_lu"] < -40 and figures["buried_share"] == 0.25


def test_the_file_is_measured_by_the_standard(heard, reference, wanted, tmp_path):
    finished = finish(tmp_path, heard, wanted)
    figures = measure(heard, finished, reference)
    mix = read_mix(finished.path, RATE)[0].numpy()
    expected = pyloudnorm.Meter(RATE, filter_class="DeMan").integrated_loudness(mix.T.astype(np.float64))
    assert figures["loudness_lufs"] == pytest.approx(expected, abs=0.02)
    assert figures["true_peak_dbtp"] >= 20 * np.log10(np.abs(mix).max()) - 1e-6
    assert figures["plr_db"] == pytest.approx(figures["true_peak_dbtp"] - figures["loudness_lufs"])
    meter = LoudnessMeter(RATE, channels=2)
    meter.add(mix)
    assert figures["loudness_range_lu"] == meter.loudness_range_lu
    assert figures["seconds"] == finished.seconds


def test_a_mono_mix_of_another_rate_is_measured(heard, reference, tmp_path):
    path = write(tmp_path / "mix.wav", stems()["lead vox"][0, ::2], RATE // 2)
    figures = measure(heard, Finished(path, 1.0), reference)
    assert figures["mono_loss_lu"] == pytest.approx(0, abs=1e-6)
    assert figures["af_bark_spectrum"] > 10  # its side is silent


@pytest.mark.parametrize(
    ("audio", "words"),
    [
        (np.zeros((2, RATE)), "mix.wav: the mix is silent"),
        (1e-5 * np.ones((2, RATE)) * np.sin(np.arange(RATE)), "mix.wav: the mix is silent"),
        (np.ones((2, 1000)), "mix.wav: lasts 0.023 s; nothing is measured under 0.19 s"),
    ],
)
def test_a_mix_that_cannot_be_measured_is_refused(heard, reference, tmp_path, audio, words):
    path = write(tmp_path / "mix.wav", audio, RATE, "FLOAT")
    with pytest.raises(UserError, match=words):
        measure(heard, Finished(path, 1.0), reference)


def test_a_mix_of_opposite_sides_has_a_finite_loss(heard, reference, tmp_path):
    path = write(tmp_path / "mix.wav", stems()["lead vox"] * np.array([[1], [-1]]), RATE, "FLOAT")
    assert measure(heard, Finished(path, 1.0), reference)["mono_loss_lu"] == 60


def test_keys_and_labels_are_unique():
    assert len(KEYS) == len(METRICS) == len({metric.label for metric in METRICS})


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.key)
def test_a_declaration_is_two_sentences(metric):
    for text in (metric.says, metric.silent_on):
        assert text[0].isupper() and text.endswith(".")
        assert not re.search(r"[.;!?] [A-Z]", text), "one sentence"
    assert metric.silent_on.startswith("It cannot ")
    ending = metric.key.rpartition("_")[2]
    units = {"db": "dB", "lu": "LU", "lufs": "LUFS", "dbtp": "dBTP"}
    assert metric.unit == units.get(ending, "s" if metric.key == "seconds" else "")


def test_only_recovery_is_shown_against_equal_loudness():
    assert {metric.group for metric in METRICS if metric.compared_with_baseline} == {"recovery"}


def test_the_documentation_is_made_of_the_declarations():
    """If this fails, run `python -m bench.metric_docs`."""
    _, mark, below = PAGE.read_text(encoding="utf-8").partition(MARK)
    assert mark and below.strip() == below_the_mark().strip()
