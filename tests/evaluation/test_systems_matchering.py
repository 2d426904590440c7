"""Matchering is a program of its own: what it is given, and what becomes of what it says."""

import os
import sys
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile
from evaluation.jobs import job
from songs import write_reference

from diffmst.errors import UserError
from diffmst.evaluation.systems import matchering, parse_systems
from diffmst.evaluation.systems.matchering import VARIABLE, Matchering

PEAK_TOLERANCE = 1e-3  # of a resampled file, whose true peak was set at another rate
CEILING = 10 ** (-1 / 20)

# Stands in for the real one: tells what it was given, and hands the target back.
STAND_IN = """
import json, shutil

def Result(file, subtype):
    return [file, subtype]

def Config(**settings):
    return settings

def process(target, reference, results, config):
    open("given.json", "w").write(json.dumps([target, reference, results, config]))
    {deed}
"""


def install(folder: Path, deed: str, version: str = "2.0.6") -> Path:
    """A package of this name, as pip would leave it."""
    (folder / f"matchering-{version}.dist-info").mkdir(parents=True)
    (folder / f"matchering-{version}.dist-info" / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: matchering\nVersion: {version}\n"
    )
    (folder / "matchering.py").write_text(STAND_IN.format(deed=deed))
    return folder


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Makes this Python have a stand-in that does a deed."""

    def installing(deed="shutil.copy(target, results[0][0])", **facts):
        folder = install(tmp_path / "site", deed, **facts)
        monkeypatch.syspath_prepend(folder)
        monkeypatch.setenv("PYTHONPATH", str(folder))
        return Matchering("matchering", Path(sys.executable))

    monkeypatch.delenv(VARIABLE, raising=False)
    matchering.matchering_version.cache_clear()
    yield installing
    matchering.matchering_version.cache_clear()


@pytest.fixture
def work(song, tmp_path):
    return job(song, write_reference(tmp_path / "reference.wav", 2.0), tmp_path / "job")


def test_it_is_given_the_equal_loudness_mix_unlimited_and_the_reference_at_its_rate(installed, work):
    finished = installed().mix(work)
    target, rate = soundfile.read(work.folder / "target.wav")
    assert rate == 44_100 and target.shape[1] == 2
    assert len(target) / rate == pytest.approx(work.heard.song.duration_s, abs=1 / rate)
    assert np.abs(target).max() < CEILING + PEAK_TOLERANCE
    reference, rate = soundfile.read(work.folder / "reference.wav")
    assert rate == 44_100 and reference.shape == (88_200, 2)
    assert finished.path.read_bytes() == (work.folder / "target.wav").read_bytes()
    assert finished.settings is None and finished.seconds > 0
    assert "matchering" not in sys.modules  # it is under the GPL


def test_a_mono_reference_plays_on_both_sides(installed, song, tmp_path):
    installed().mix(work := job(song, song / "bass.wav", tmp_path / "job"))
    reference, _ = soundfile.read(work.folder / "reference.wav")
    assert np.array_equal(*reference.T) and np.abs(reference).max() > 0.1


def test_what_it_says_last_when_it_fails_is_the_error(installed, work):
    system = installed("raise ValueError('4002: Track length is exceeded')")
    with pytest.raises(UserError, match=r"^matchering: failed: ValueError: 4002: Track length is exceeded$"):
        system.mix(work)


def test_a_result_that_is_not_there_is_an_error(installed, work):
    with pytest.raises(UserError, match="matchering: ended without a result"):
        installed("pass").mix(work)


def test_it_is_stopped_when_it_takes_too_long(installed, work, monkeypatch):
    monkeypatch.setattr(matchering, "TIMEOUT_S", 0.5)
    with pytest.raises(UserError, match=r"matchering: was not done after 0\.5 s"):
        installed("import time; time.sleep(60)").mix(work)


def test_its_version_is_its_identity(installed):
    assert '"2.0.7"' in installed(version="2.0.7").identity()


def test_it_is_found_in_this_python_or_the_one_that_is_named(installed, monkeypatch, tmp_path):
    system = installed()
    assert parse_systems("matchering") == [system]
    (tmp_path / "python").symlink_to(sys.executable)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "python"))
    assert parse_systems("matchering") == [Matchering("matchering", tmp_path / "python")]


def test_without_it_the_error_says_how_to_install_it(monkeypatch, tmp_path):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(matchering, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=f"matchering: is not installed; pip install matchering, or set {VARIABLE}"):
        parse_systems("matchering")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "python"))
    with pytest.raises(UserError, match=f"{VARIABLE}=.*python: is no program; pip install"):
        parse_systems("matchering")
    with pytest.raises(UserError, match=r"matchering: has no matchering; pip install|: has no matchering; pip"):
        Matchering("matchering", Path(sys.executable)).check()


@pytest.mark.skipif(VARIABLE not in os.environ, reason=f"{VARIABLE} names no Python with Matchering")
def test_the_real_one_comes_near_the_reference(song, tmp_path):
    reference = write_reference(tmp_path / "reference.wav", 8.0)
    (system,) = parse_systems("matchering")
    finished = system.mix(work := job(song, reference, tmp_path / "job"))
    mixed, rate = soundfile.read(finished.path)
    assert len(mixed) == round(work.heard.song.duration_s * rate)
    assert np.abs(mixed).max() < 1
    loudness_lufs = pyloudnorm.Meter(rate).integrated_loudness(mixed)
    assert loudness_lufs == pytest.approx(work.heard.reference_loudness_lufs, abs=3.0)
