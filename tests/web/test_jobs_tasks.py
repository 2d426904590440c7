"""What jobs do, done here: what they leave where they are cancelled, and what they pack."""

import threading
import zipfile

import numpy as np
import pytest
import soundfile
from job_sessions import contents, leftovers, reporter, session_with_song, task_of
from pydantic import ValidationError

from diffmst.errors import UserError
from diffmst.profile import Profile
from diffmst.report import figures
from diffmst.tone_curve import smooth_bands
from diffmst.web.jobs.bringing import bring_home
from diffmst.web.jobs.foreseeing import size_of, weights_of
from diffmst.web.jobs.job import Done
from diffmst.web.jobs.options import OPTIONS
from diffmst.web.jobs.packing import bytes_of, pack
from diffmst.web.jobs.reporting import CancelledError, Reporter
from diffmst.web.jobs.sounds import read_sound, write_sound
from diffmst.web.jobs.tasks import MODULES, work_of
from diffmst.web.jobs.tasks.listening import sound_of
from diffmst.web.pcm import PcmReader
from diffmst.web.store import Store


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """With a mix in it."""
    found = session_with_song(Store(tmp_path_factory.mktemp("tasks") / "sessions"))
    work_of("prepare")(task_of(found, "prepare"), reporter())
    done = work_of("match")(task_of(found, "match", steps=0, model=False), reporter())
    found.put_document(done.mix, "match")
    return found


@pytest.mark.parametrize(
    ("kind", "phase", "options"),
    [
        ("prepare", "reading the stems", {}),
        ("prepare", "rendering the mix before", {}),
        ("prepare", "reading the references", {}),
        ("balance", "listening", {}),
        ("match", "listening", {}),
        ("match", "matching", {"steps": 5, "model": False}),
        ("match", "rendering", {"steps": 0, "model": False}),
        ("rematch", "finishing", {"steps": 0, "model": False}),
        ("measure", "rendering", {}),
        ("render", "finishing", {"stems": True}),
        ("render", "packing", {"stems": True}),
        ("export", "printing audio", {"formats": ["dawproject"]}),
        ("export", "packing", {"formats": ["reaper"]}),
        ("demo", "making two songs", {}),
    ],
)
def test_a_job_that_is_cancelled_writes_nothing_outside_its_scratch_folder(session, kind, phase, options):
    if kind == "prepare":
        for path in session.cache_folder.iterdir():
            path.unlink()
    task = task_of(session, kind, **options)
    before = outside(session)
    with pytest.raises(CancelledError):
        work_of(kind)(task, reporter(phase))
    assert outside(session) == before
    assert not leftovers(session.cache_folder)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("prepare", {}),
        ("balance", {}),
        ("match", {"steps": 1}),
        ("rematch", {"steps": 1}),
        ("measure", {}),
        ("render", {"stems": True}),
        ("export", {"formats": ["dawproject", "stems"]}),
        ("demo", {}),
    ],
)
def test_all_phases_of_a_job_are_foreseen(session, kind, options):
    for path in session.cache_folder.iterdir():
        path.unlink()
    phases = []

    class Noting(Reporter):
        def phase(self, description, total):
            phases.append(description)
            return super().phase(description, total)

    task = task_of(session, kind, **options)
    work_of(kind)(task, Noting(lambda content: None, {}, {}, threading.Event(), threading.Event()))
    foreseen = weights_of(kind, task.options, size_of(task.info, mixed=True))
    assert set(phases) - {"compiling (first run only)"} == set(foreseen)


def outside(session):
    return {name: checksum for name, checksum in contents(session.folder).items() if not name.startswith(".job-0/")}


def test_what_is_cached_of_other_files_is_not_taken_for_the_song(session, tmp_path):
    work_of("prepare")(task_of(session, "prepare"), reporter())
    key = PcmReader.open(session.cache_folder, "song").info.key
    stem = session.path(session.info().stems[0])
    original = stem.read_bytes()
    stem.write_bytes(original[:-3000] + bytes(3000))
    try:
        work_of("prepare")(task_of(session, "prepare"), reporter())
        assert PcmReader.open(session.cache_folder, "song").info.key != key
    finally:
        stem.write_bytes(original)


def test_a_reference_that_is_gone_leaves_the_cache(session):
    work_of("prepare")(task_of(session, "prepare"), reporter())
    task = task_of(session, "prepare")
    work_of("prepare")(task._replace(info=task.info.model_copy(update={"references": ()})), reporter())
    assert not list(session.cache_folder.glob("*reference*"))


def test_a_demo_is_not_mixed_up_with_stems_that_have_come_meanwhile(session):
    before = contents(session.folder)
    task = task_of(session, "demo")
    (task.scratch / "bass.wav").write_bytes(b"of the demo")
    with pytest.raises(UserError, match="stems have come meanwhile"):
        list(bring_home(session, task, Done({}, stems=("bass.wav",))))
    (task.scratch / "bass.wav").unlink()
    assert contents(session.folder) == before


def moved(mix, place, gain_db):
    """A mix with one fader elsewhere."""
    track = mix.tracks[place]
    track = track.model_copy(update={"settings": track.settings | {"fader.gain_db": gain_db}})
    return mix.model_copy(update={"tracks": (*mix.tracks[:place], track, *mix.tracks[place + 1 :])})


@pytest.fixture
def rematched(session):
    """A match of a mix that it changes, done and not brought home: the task, and what it has made."""
    before = session.document().mix
    session.put_document(moved(before, 1, -20.0))
    task = task_of(session, "rematch", steps=0, model=False)
    yield task, work_of("rematch")(task, reporter())
    session.put_document(before)


def test_what_is_changed_while_a_match_runs_stays_and_is_told(session, rematched):
    task, made = rematched
    edited = moved(task.mix, 0, -7.25)
    revision = session.put_document(edited)
    told = list(bring_home(session, task, made))
    assert told == [{"type": "mix", "revision": revision + 1, "origin": "rematch", "kept": ["bass: fader.gain_db"]}]
    assert session.document().mix == moved(made.mix, 0, -7.25).spelled_out() != edited
    assert session.documents.past(session.documents.history()[0].name) == edited.spelled_out()


def test_a_stem_that_is_removed_while_a_match_runs_is_not_in_its_mix(session, rematched):
    task, made = rematched
    session.put_document(task.mix.model_copy(update={"tracks": task.mix.tracks[1:]}), "removal")
    list(bring_home(session, task, made))
    assert session.document().mix.tracks == made.mix.spelled_out().tracks[1:]


def test_how_a_mix_leaves_the_bus_is_told_where_it_is_the_one_that_was_matched(session, rematched):
    told = list(bring_home(session, *rematched))
    assert [event["type"] for event in told] == ["mix", "delivery"]
    assert told[0]["kept"] == []


@pytest.fixture
def unmixed(tmp_path):
    """A session without a mix."""
    return session_with_song(Store(tmp_path / "sessions"))


def balance(session):
    task = task_of(session, "balance")
    return list(bring_home(session, task, work_of("balance")(task, reporter())))


def test_stems_without_a_reference_are_balanced_and_stay_so_when_they_are_balanced_again(unmixed):
    unmixed.change(lambda info: info.model_copy(update={"references": ()}))
    assert balance(unmixed) == [{"type": "mix", "revision": 1, "origin": "balance", "kept": []}]
    mix = unmixed.document().mix
    assert [track.name for track in mix.tracks] == [stem.name for stem in unmixed.info().stems]
    revision = unmixed.put_document(moved(mix, 0, -7.25))
    assert balance(unmixed)[0]["revision"] == revision


def test_a_stem_that_comes_later_is_brought_into_the_mix_and_what_is_there_stays(unmixed):
    bass, *others = unmixed.info().stems
    unmixed.change(lambda info: info.model_copy(update={"stems": tuple(others)}))
    balance(unmixed)
    mix = moved(unmixed.document().mix, 0, -7.25)
    unmixed.put_document(mix)
    unmixed.change(lambda info: info.model_copy(update={"stems": (bass, *others)}))
    balance(unmixed)
    tracks = unmixed.document().mix.tracks
    assert tracks[:-1] == mix.spelled_out().tracks and tracks[-1].name == bass.name


def test_a_balanced_mix_that_nobody_has_touched_is_matched_as_its_stems_are(unmixed):
    options = {"steps": 2, "model": False}
    expected = work_of("match")(task_of(unmixed, "match", **options), reporter()).mix
    balance(unmixed)
    task = task_of(unmixed, "rematch", loudness="reference", keep_changes=True, **options)
    assert work_of("rematch")(task, reporter()).mix == expected


def test_stems_of_one_name_are_told_apart_by_numbers(session):
    task = task_of(session, "match", steps=0, model=False)
    stems = tuple(
        stem.model_copy(update={"name": name}) for stem, name in zip(task.info.stems, ("A", "a", "B"), strict=True)
    )
    done = work_of("match")(task._replace(info=task.info.model_copy(update={"stems": stems})), reporter())
    assert [track.name for track in done.mix.tracks] == ["A", "a (2)", "B"]


def test_roles_that_the_user_tells_are_taken(session):
    task = task_of(session, "match", steps=0, model=False)
    stems = tuple(stem.model_copy(update={"role": "pad"}) for stem in task.info.stems)
    done = work_of("match")(task._replace(info=task.info.model_copy(update={"stems": stems})), reporter())
    assert {(track.role, track.role_from) for track in done.mix.tracks} == {("pad", "user")}


def test_an_archive_holds_the_files_of_a_folder(tmp_path):
    for name in ("a.wav", "deep/b.txt"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(name.encode() * 1000)
    (tmp_path / "in" / "link").symlink_to(tmp_path)
    told = []
    for archive in ("one.zip", "other.zip"):
        pack(tmp_path / "in", tmp_path / archive, "Song", told.append)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "other.zip").read_bytes()
    assert sum(told) == 2 * bytes_of(tmp_path / "in")
    with zipfile.ZipFile(tmp_path / "one.zip") as packed:
        assert packed.testzip() is None
        assert sorted(packed.namelist()) == ["Song/a.wav", "Song/deep/b.txt"]
        assert packed.getinfo("Song/a.wav").compress_type == zipfile.ZIP_STORED


def profile(scale=0.1, seconds=5.0):
    heard = Profile(44_100)
    noise = np.random.default_rng(1).standard_normal((2, round(seconds * 44_100)))
    heard.add((scale * noise).astype(np.float32))
    return heard


def test_a_sound_is_what_the_report_draws(tmp_path):
    heard = profile()
    sound = sound_of(heard, "key")
    bands = smooth_bands(heard)
    np.testing.assert_allclose(sound.mid_db, bands.mid_db - heard.loudness_lufs, atol=0.006)
    np.testing.assert_allclose(sound.side_db, bands.side_db - heard.loudness_lufs, atol=0.006)
    times, lufs = figures._loudness_curve(heard, heard.loudness_lufs)
    np.testing.assert_allclose(sound.time_s, times, atol=0.006)
    np.testing.assert_allclose(sound.short_term_lu, lufs - heard.loudness_lufs, atol=0.006)
    assert np.shape(sound.field) == (91, 42) and np.max(sound.field) == 1
    write_sound(tmp_path, "after", sound)
    assert read_sound(tmp_path, "after") == sound


@pytest.mark.parametrize(("scale", "seconds"), [(0.0, 1.0), (0.1, 0.05), (30.0, 4.0)])
def test_silence_a_moment_and_the_far_too_loud_are_sounds_too(scale, seconds):
    sound = sound_of(profile(scale, seconds), "key")
    assert (sound.loudness_lufs is None) == (scale == 0)
    sound.model_dump_json()


def test_every_kind_has_its_work():
    assert MODULES.keys() == OPTIONS.keys()
    assert all(callable(work_of(kind)) for kind in MODULES)


@pytest.fixture
def tailed(session):
    """A session whose mix goes on for 2 s after its stems; back as it was in the end."""
    before = session.document().mix
    session.put_document(before.model_copy(update={"render": before.render.model_copy(update={"tail_s": 2.0})}))
    yield session
    session.put_document(before)


def seconds_of(task, done):
    return soundfile.info(task.scratch / done.result["files"][0]).duration


def test_a_file_has_the_tail_of_the_document_or_that_which_is_asked_for(tailed):
    for options, seconds in (({}, 6.0), ({"tail_s": 0.5}, 4.5), ({"tail_s": 0}, 4.0)):
        task = task_of(tailed, "render", **options)
        assert seconds_of(task, work_of("render")(task, reporter())) == seconds
    assert tailed.document().mix.render.tail_s == 2


def test_what_is_doubtful_in_a_file_is_told(tailed):
    mix = tailed.document().mix
    tracks = tuple(one.model_copy(update={"settings": one.settings | {"send.gain_db": -6.0}}) for one in mix.tracks)
    for tail_s, notes in ((0.0, 1), (8.0, 0)):
        render = mix.render.model_copy(update={"tail_s": tail_s, "loudness_lufs": -30.0})
        tailed.put_document(mix.model_copy(update={"tracks": tracks, "render": render}))
        told = work_of("render")(task_of(tailed, "render"), reporter()).result["notes"]
        assert len(told) == notes and all("The reverb is cut off" in note for note in told)


@pytest.mark.parametrize("cached", [True, False])
def test_the_tail_is_measured_too_and_what_is_played_is_the_song_alone(tailed, cached):
    work_of("prepare")(task_of(tailed, "prepare"), reporter())
    assert {PcmReader.open(tailed.cache_folder, name).info.frames for name in ("song", "before")} == {4 * 22_050}
    if not cached:
        (tailed.cache_folder / "song.pcm").unlink()
    task = task_of(tailed, "measure")
    measured = work_of("measure")(task, reporter()).result
    assert read_sound(task.scratch, "after").seconds == 6
    rendered = work_of("render")(task_of(tailed, "render"), reporter()).result
    assert measured == rendered["delivery"]


def test_matching_again_keeps_the_tail_unless_another_is_asked_for(tailed):
    for options, tail_s in (({}, 2.0), ({"tail_s": 1.0}, 1.0)):
        task = task_of(tailed, "rematch", steps=0, model=False, **options)
        assert work_of("rematch")(task, reporter()).mix.render.tail_s == tail_s
    task = task_of(tailed, "match", steps=0, model=False, tail_s=3.0)
    assert work_of("match")(task, reporter()).mix.render.tail_s == 3


@pytest.mark.parametrize("kind", ["match", "render"])
@pytest.mark.parametrize("tail_s", [-1, 31, float("nan")])
def test_no_job_takes_another_tail(kind, tail_s):
    with pytest.raises(ValidationError, match="tail_s"):
        OPTIONS[kind](tail_s=tail_s)
