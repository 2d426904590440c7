"""What a match leaves behind, for the page: amounts, pictures and figures."""

import re

import numpy as np
import pytest
from fastapi.testclient import TestClient
from job_sessions import reporter, session_with_song, task_of
from serving import Idle

from diffmst.adjust import neutral_settings
from diffmst.aspects import ASPECTS
from diffmst.audio import read
from diffmst.mix import Mix
from diffmst.profile import Profile
from diffmst.report import words
from diffmst.web.app import create_app
from diffmst.web.jobs.bringing import bring_home
from diffmst.web.jobs.pictures import pictures_of
from diffmst.web.jobs.sounds import read_sound
from diffmst.web.jobs.tasks import work_of
from diffmst.web.jobs.tasks.listening import sound_of
from diffmst.web.store import Store


def done(session, kind, **options):
    """A job done here, and brought home."""
    task = task_of(session, kind, **options)
    list(bring_home(session, task, work_of(kind)(task, reporter())))


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """With a mix, and all that is known of it; nobody changes it."""
    found = session_with_song(Store(tmp_path_factory.mktemp("outcome") / "sessions"))
    done(found, "match", steps=3)
    done(found, "prepare")
    return found


def values(settings):
    """All in one row."""
    return np.concatenate([part.ravel() for part in settings])


@pytest.mark.parametrize("amount", ["overall", *ASPECTS])
def test_amounts_lead_to_the_neutral_mix_and_back_to_the_digit(session, amount):
    app = create_app(Store(session.folder.parent), static=None, runner=Idle)
    with TestClient(app, base_url="http://127.0.0.1:8765") as client:
        address = f"/api/sessions/{session.id}/mix"
        mix = client.get(address).json()["mix"]
        none = client.post(f"{address}/adjust", json={"amounts": {amount: 0}}).json()["mix"]
        again = client.post(f"{address}/adjust", json={"amounts": {amount: 100}, "mix": none}).json()["mix"]
    before, after = (Mix.model_validate(one) for one in (mix, none))
    neutral, moved = values(neutral_settings(before)), values(before.settings) != values(after.settings)
    assert moved.any() and np.array_equal(values(after.settings)[moved], neutral[moved])
    assert amount != "overall" or np.array_equal(values(after.settings), neutral)
    assert again == mix


def test_a_reference_is_heard_as_the_file_is(session):
    """At 44.1 kHz it has what no song at 22.05 kHz can hold."""
    profile = Profile(44_100)
    profile.add(read(session.references_folder / "hit.wav"))
    sound = read_sound(session.cache_folder, "reference-0000000f")
    assert sound == sound_of(profile, sound.key) and sound.bandwidth_hz > 11_025


def test_pictures_tell_the_figures_of_the_report(session):
    report = (session.mix_folder / "report.html").read_text(encoding="utf-8")
    pictures = pictures_of(session)
    sounds = [pictures.sounds[name] for name in ("reference-0000000f", "before", "after")]
    for figure in pictures.figures:
        row = re.search(rf'<th scope="row">{figure.name} .*?</tr>', report, re.DOTALL)
        values = [getattr(sound, figure.key) for sound in sounds]
        if figure.unit == "Hz":
            cells = [words.frequency(value) for value in values]
        else:
            cells = [f"{words.number(value, figure.decimals)} {figure.unit}".rstrip() for value in values]
        assert re.findall("<td>(.*?)</td>", row[0]) == cells
    gauges = re.findall(r"<b>(\w+)</b>.*?value\">(.*?) dB <small>(.*?) dB before", report, re.DOTALL)
    expected = [
        (one.name, words.number(abs(one.after_db)), words.number(abs(one.before_db))) for one in pictures.gauges
    ]
    assert gauges[: len(expected)] == expected


def test_measuring_hears_what_matching_heard(session):
    after = pictures_of(session).sounds["after"]
    done(session, "measure")
    again = pictures_of(session).sounds["after"]
    assert again.key == after.key
    for name in after.model_fields_set - {"key"}:  # blocks have other sizes, and two decimals are kept
        np.testing.assert_allclose(getattr(again, name), getattr(after, name), atol=0.011)
