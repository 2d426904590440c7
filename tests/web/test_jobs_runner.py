"""Jobs in the real working process."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from job_sessions import (
    Working,
    at_rest,
    cached,
    contents,
    done,
    ended,
    leftovers,
    session_with_song,
    wait_for,
)

from diffmst.adjust import neutral_settings
from diffmst.audio import read
from diffmst.mix import Mix
from diffmst.render import render_document, song_of
from diffmst.stream import ConsoleStream
from diffmst.web.jobs.pictures import pictures_of


@pytest.fixture(scope="module")
def working(tmp_path_factory):
    one = Working(tmp_path_factory.mktemp("working"))
    yield one
    one.runner.close()


@pytest.fixture(scope="module")
def matched(working):
    """A session with a mix, at rest; tests may change its document, not its files."""
    session = session_with_song(working.store)
    done(working.runner, session, "prepare")
    done(working.runner, session, "match", steps=3)
    return session


def test_the_cache_holds_the_song_and_the_reference_at_one_rate(matched):
    info, song = cached(matched, "song")
    tracks = [read(matched.path(stem)) for stem in matched.info().stems]
    assert info.sample_rate == 22_050 and info.channels == tuple(len(track) for track in tracks)
    np.testing.assert_array_equal(song, np.concatenate(tracks))
    info, reference = cached(matched, "reference-0000000f")
    assert info.sample_rate == 22_050 and info.rows == 2
    np.testing.assert_array_equal(reference, read(matched.references_folder / "hit.wav", sample_rate=22_050))


def test_the_mix_before_is_balanced_and_neutral(matched):
    mix = matched.document().mix
    with song_of(mix, matched.mix_folder).reader() as blocks:
        stream = ConsoleStream(mix.sample_rate, neutral_settings(mix), mix.channels, layout=mix.console_layout)
        expected = np.concatenate([stream.process(block).mix for block in blocks], axis=1)
    _, before = cached(matched, "before")
    np.testing.assert_allclose(before, expected, atol=1e-6)  # blocks of other sizes


def test_a_match_leaves_a_document_a_file_and_a_report(working, matched):
    mix = matched.document().mix
    assert [track.name for track in mix.tracks] == [stem.name for stem in matched.info().stems]
    assert {"mix.json", "Song.wav", "report.html"} <= {path.name for path in matched.mix_folder.iterdir()}
    match = next(job for job in working.runner.jobs(matched) if job.kind == "match")
    assert match.result["distance_after"] < match.result["distance_before"]
    assert {"type": "mix", "revision": 1, "origin": "match", "kept": []} in working.hub.events


def test_a_job_that_is_told_to_be_done_has_left_its_folder_and_queued_what_follows(working, monkeypatch):
    session = session_with_song(working.store)
    seen = {}

    def publish(session_id, event):
        if session_id == session.id and event["type"] == "job" and event["job"]["state"] == "done":
            kinds = [job.kind for job in working.runner.jobs(session)]
            seen[event["job"]["kind"]] = (leftovers(session.folder), kinds)

    monkeypatch.setattr(working.hub, "publish", publish)
    done(working.runner, session, "match", steps=3)
    assert seen == {"match": ([], ["match", "prepare"]), "prepare": ([], ["match", "prepare"])}


def test_a_job_tells_how_far_it_is(working, matched):
    match = next(job for job in working.runner.jobs(matched) if job.kind == "match")
    told = working.hub.of_job(match.id)
    assert [told[0]["state"], told[-1]["state"]] == ["queued", "done"]
    shares = [job["share"] for job in told]
    assert shares == sorted(shares) and shares[-1] == 1
    assert {"listening", "matching", "rendering"} <= {job["phase"] for job in told}
    steps = [event for event in working.hub.of_type("distance") if event["job"] == match.id]
    assert {event["stage"] for event in steps} == {"master", "tracks"}
    assert all(event["total"] == 3 and event["terms"] for event in steps)
    for event in working.hub.events:
        json.dumps(event, allow_nan=False)


def test_measuring_tells_what_rendering_does(working, matched, tmp_path):
    before = contents(matched.folder)
    measured = done(working.runner, matched, "measure").result
    assert contents(matched.folder) == before
    written = render_document(matched.documents.path, tmp_path / "mix.wav")
    names = ("gain_db", "trim_db", "limited", "limiting_db", "loudness_lufs", "true_peak_dbtp", "target_lufs")
    assert measured == {name: getattr(written, name) for name in names}
    delivery = working.hub.of_type("delivery")[-1]
    assert delivery == {"type": "delivery", "revision": matched.documents.revision(), **measured}


def test_measuring_hears_the_document_as_it_is_now(working, matched):
    document = matched.document()
    quiet = document.mix.model_copy(update={"render": document.mix.render.model_copy(update={"loudness_lufs": -40.0})})
    revision = matched.put_document(quiet)
    assert done(working.runner, matched, "measure").result["loudness_lufs"] == pytest.approx(-40, abs=0.1)
    assert working.hub.of_type("delivery")[-1]["revision"] == revision
    matched.put_document(document.mix)


def test_pictures_tell_of_reference_before_and_after(working, matched):
    done(working.runner, matched, "measure")
    pictures = pictures_of(matched)
    assert set(pictures.sounds) == {"before", "after", "reference-0000000f"}
    assert pictures.after_is_current and set(pictures.reference_of.values()) == {"reference-0000000f"}
    assert [gauge.name for gauge in pictures.gauges] == ["Tone", "Width", "Peaks"]
    tone = pictures.gauges[0]
    assert tone.after_db < tone.before_db
    comparison = matched.document().mix.comparison
    assert {term.key: term.after for term in pictures.distances} == comparison.distance_after
    json.dumps(pictures.model_dump(), allow_nan=False)
    mix = matched.document().mix
    muted = mix.model_copy(update={"tracks": (mix.tracks[0].model_copy(update={"mute": True}), *mix.tracks[1:])})
    matched.put_document(muted)
    assert not pictures_of(matched).after_is_current
    matched.put_document(mix)


def test_what_is_locked_stays_when_it_is_matched_again(working, matched):
    mix = matched.document().mix
    held = mix.tracks[0].model_copy(
        update={"settings": mix.tracks[0].settings | {"fader.gain_db": -7.25}, "locks": ("fader",)}
    )
    revision = matched.put_document(mix.model_copy(update={"tracks": (held, *mix.tracks[1:])}))
    done(working.runner, matched, "rematch", steps=2)
    after = matched.document()
    assert after.revision == revision + 1
    assert after.mix.tracks[0].settings["fader.gain_db"] == -7.25
    assert matched.documents.history()[0].origin == "rematch"


def test_a_match_that_is_stopped_keeps_its_best(working):
    session = session_with_song(working.store)
    job = working.runner.add(session, "match", {"steps": 2000})
    wait_for(lambda: [event for event in working.hub.of_type("distance") if event["job"] == job.id])
    assert working.runner.stop(session, job.id).state == "stopping"
    stopped = ended(working.runner, session, job.id)
    assert stopped.state == "stopped" and not stopped.result["converged"]
    assert session.document().revision == 1
    assert stopped.result["distance_after"] <= stopped.result["distance_before"]
    at_rest(working.runner, session)


@pytest.mark.parametrize("kind", ["match", "rematch"])
def test_a_match_that_is_stopped_before_its_first_step_takes_one_and_keeps_that(working, matched, kind):
    job = working.runner.add(matched, kind, {"steps": 2000})
    assert working.runner.stop(matched, job.id).kind == kind
    stopped = ended(working.runner, matched, job.id)
    assert stopped.state == "stopped" and stopped.result["steps"] == 1
    told = {"type": "mix", "revision": matched.documents.revision(), "origin": kind, "kept": []}
    assert working.hub.of_type("mix")[-1] == told
    at_rest(working.runner, matched)


def test_a_job_that_cannot_be_stopped_goes_on(working, matched):
    job = working.runner.add(matched, "measure", {})
    working.runner.stop(matched, job.id)
    assert ended(working.runner, matched, job.id).state == "done"


def test_a_match_that_is_cancelled_leaves_the_session_as_it_was(working, matched):
    before, process = contents(matched.folder), working.runner.worker_pid
    job = working.runner.add(matched, "match", {"steps": 2000})
    wait_for(lambda: [event for event in working.hub.of_type("distance") if event["job"] == job.id])
    assert working.runner.cancel(matched, job.id).state == "cancelled"
    done(working.runner, matched, "measure")
    assert contents(matched.folder) == before and not leftovers(matched.folder)
    assert working.hub.of_job(job.id)[-1]["state"] == "cancelled"
    assert working.runner.worker_pid == process  # it ended by itself, and is still warm


def test_several_jobs_are_done_in_their_order(working, matched):
    runner = working.runner
    jobs = [
        runner.add(matched, kind, options)
        for kind, options in (
            ("render", {"stems": True, "subtype": "FLOAT", "loudness": -30.0}),
            ("measure", {}),
            ("export", {"formats": ["dawproject", "stems"]}),
            ("measure", {}),
            ("prepare", {}),
        )
    ]
    ends = [ended(runner, matched, job.id) for job in jobs]
    assert [job.state for job in ends] == ["done", "cancelled", "done", "done", "done"]  # of two measures, the later
    order = [event["job"]["id"] for event in working.hub.events if event["type"] == "job"]
    finished = [order.index(job.id, len(order) - order[::-1].index(job.id) - 1) for job in (*jobs[:1], *jobs[2:])]
    assert finished == sorted(finished)
    wav, *archives = (matched.mix_folder / name for name in (*ends[0].result["files"], *ends[2].result["files"]))
    assert soundfile.info(wav).frames == 4 * 22_050
    assert [path.name for path in archives] == ["Song stems.zip", "Song (dawproject).zip", "Song (stems).zip"]
    for path in archives:
        with zipfile.ZipFile(path) as packed:
            assert packed.testzip() is None
            assert {Path(name).parts[0] for name in packed.namelist()} == {path.stem}
            assert "dawproject" not in path.name or f"{path.stem}/Song.dawproject" in packed.namelist()
    info = soundfile.info(matched.mix_folder / "Song.wav")
    assert info.subtype == "FLOAT" and ends[0].result["delivery"]["loudness_lufs"] == pytest.approx(-30, abs=0.1)
    assert Mix.read(matched.documents.path).render.subtype == "PCM_24"


def test_what_cannot_be_done_is_told_in_one_line(working):
    session = working.store.create(session_with_song(working.store).info().model_copy(update={"stems": ()}))
    for kind, options, problem in (
        ("match", {}, "no stems yet"),
        ("measure", {}, "no mix yet"),
        ("export", {"formats": ["protools"]}, "protools: there is no such format"),
    ):
        job = ended(working.runner, session, working.runner.add(session, kind, options).id)
        assert job.state == "failed" and problem in job.message and "\n" not in job.message
    assert not leftovers(session.folder)


def test_a_damaged_stem_is_named(working):
    session = session_with_song(working.store)
    (session.stems_folder / "bass.wav").write_bytes(b"RIFF but not for long")
    job = ended(working.runner, session, working.runner.add(session, "prepare", {}).id)
    assert job.state == "failed" and job.message.startswith("stems/bass.wav: ")


def test_what_is_prepared_is_not_prepared_again(working, matched):
    at_rest(working.runner, matched)
    working.runner.prepare(matched)
    at_rest(working.runner, matched)
    jobs = len(working.runner.jobs(matched))
    working.runner.prepare(matched)
    assert len(working.runner.jobs(matched)) == jobs


def test_a_session_that_is_forgotten_has_no_jobs(working):
    session = session_with_song(working.store)
    jobs = [working.runner.add(session, "match", {"steps": 2000}), working.runner.add(session, "render", {})]
    wait_for(lambda: working.runner.job(session, jobs[0].id).state == "running")
    working.runner.forget(session)
    assert working.runner.jobs(session) == [] and not leftovers(session.folder)
    assert all(working.hub.of_job(job.id)[-1]["state"] == "cancelled" for job in jobs)
