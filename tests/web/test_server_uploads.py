"""Uploads: stored under safe names, by their content, within limits, whole or not at all."""

import asyncio
import hashlib
import io
import os
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from songs import noise, write
from starlette.exceptions import HTTPException

from diffmst.web.limits import Limits
from diffmst.web.session_info import SessionInfo, Stem
from diffmst.web.uploads import Upload, safe_name


def wav(seconds=0.05, seed=0, rate=44_100, channels=1):
    """The bytes of a small file."""
    file = io.BytesIO()
    audio = np.stack([noise(seconds, seed + row, rate) for row in range(channels)], -1)
    soundfile.write(file, audio, rate, format="WAV", subtype="PCM_16")
    return file.getvalue()


@pytest.fixture
def put(client, session_id):
    """Uploads bytes under a name; returns the answer."""
    return lambda name, content, kind="stems": client.put(f"/api/sessions/{session_id}/{kind}/{name}", content=content)


@pytest.fixture
def folder(store, session_id):
    """Of the session."""
    return store.root / session_id


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_stem_is_stored_byte_for_byte_and_described(put, folder, client, session_id):
    content = wav(0.5, channels=2)
    told = put("Kick 1.WAV", content).json()
    assert (folder / told["file"]).read_bytes() == content
    assert told["sha256"] == hashlib.sha256(content).hexdigest() and told["bytes"] == len(content)
    assert (told["name"], told["frames"], told["sample_rate"], told["channels"]) == ("Kick 1", 22_050, 44_100, 2)
    assert told["seconds"] == 0.5 and told["problem"] is None and told["role"] is None
    assert client.get(f"/api/sessions/{session_id}").json()["stems"] == [told]


def test_a_reference_counts_in_every_aspect_until_told_otherwise(put):
    told = put("Song.wav", wav(), "references").json()
    assert told["file"] == "references/Song.wav" and told["weight"] == 1 and told["main"]
    assert told["aspects"] == ["level", "tone", "dynamics", "width", "space"]


def test_the_cache_is_prepared_once_a_file_has_come(put, app, session_id):
    put("a.wav", wav())
    assert app.state.server.runner.prepared == [session_id]


def test_stems_stand_in_natural_order(put, client, session_id):
    for name in ("Tom 10", "tom 9", "Kick"):
        put(f"{name}.wav", wav(seed=len(name)))
    assert [stem["name"] for stem in client.get(f"/api/sessions/{session_id}").json()["stems"]] == [
        "Kick",
        "tom 9",
        "Tom 10",
    ]


def test_another_file_of_the_same_name_gets_a_number(put, folder):
    names = [
        put(name, wav(seed=seed)).json()["file"] for seed, name in enumerate(("a.wav", "a.wav", "A.WAV", "a.flac"))
    ]
    assert names == ["stems/a.wav", "stems/a-2.wav", "stems/A-3.wav", "stems/a-4.flac"]
    assert len({(folder / name).read_bytes() for name in names}) == 4


def test_the_same_file_once_more_is_the_same_stem(put, folder):
    first, again = put("a.wav", wav()), put("a.wav", wav())
    assert (first.status_code, again.status_code) == (201, 200) and first.json() == again.json()
    assert files(folder) == ["session.json", "stems/a.wav"]


NAMES = {
    "../../../etc/cron.d/Kick.wav": "Kick.wav",
    "..\\..\\Windows\\Kick.wav": "Kick.wav",
    "C:\\Kick.wav": "Kick.wav",
    "/absolute/Kick.wav": "Kick.wav",
    ".hidden.wav": "hidden.wav",
    "...wav": "audio.wav",
    "--help.wav": "help.wav",
    "a:b|c?.wav": "a_b_c_.wav",
    "a\x00b\x1b[2J.wav": "a_b_[2J.wav",
    "gęś 🥁.wav": "gęś 🥁.wav",
    "\u202egnp.wav": "_gnp.wav",
    "x" * 300 + ".wav": "x" * 180 + ".wav",
    "CON.wav": "_CON.wav",
    " .wav": "audio.wav",
}


@pytest.mark.parametrize(("given", "stored"), NAMES.items(), ids=lambda text: ascii(text)[:30])
def test_no_name_leads_out_of_the_folder_or_hides_there(given, stored):
    assert safe_name(given) == stored


@pytest.mark.parametrize(
    "name", ["a.exe", "a", "a.wav.exe", "", ".", "..", "/", "a.wav/", "wav", "a.html", "a.m3u8", "\ud800.txt"]
)
def test_what_is_not_called_like_an_audio_file_is_refused(name):
    with pytest.raises(HTTPException) as refused:
        safe_name(name)
    assert refused.value.status_code == 415 and refused.value.detail.encode()


@pytest.mark.parametrize(
    "path", ["..%2f..%2fKick.wav", "%2e%2e%2fKick.wav", "a/b/Kick.wav", "..%5c..%5cKick.wav", "%2fKick.wav"]
)
def test_paths_that_climb_end_in_the_folder(put, store, session_id, path):
    answer = put(path, wav())
    assert answer.status_code == 201 and answer.json()["file"] == "stems/Kick.wav"
    assert files(store.root) == [f"{session_id}/session.json", f"{session_id}/stems/Kick.wav"]


def _archive():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(50_000_000))
    return file.getvalue()


NO_AUDIO = {
    "nothing": b"",
    "html": b"<!doctype html><script>alert(1)</script>" * 10,
    "short text": b"x",
    "playlist": b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n",
    "list of files": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "list of files that begins unlike text": b"ffconcat version 1.0\n#\x01\nfile beside.wav\n",
    "zip bomb": _archive(),
    "program": b"\x7fELF" + os.urandom(2_000),
    "noise": np.random.default_rng(1).bytes(4_000),
    "header alone": wav()[:40],
    "zeros": bytes(4_096),
    "audio of a kind that nobody knows": wav().replace(b"\x01\x00\x01\x00", b"\x34\x12\x01\x00", 1),
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(200),
}


@pytest.mark.parametrize("content", NO_AUDIO.values(), ids=NO_AUDIO)
@pytest.mark.parametrize("ending", ["wav", "mp3", "m4a"])
def test_what_is_not_audio_by_its_content_is_refused_and_removed(put, folder, content, ending):
    (folder / "incoming").mkdir()
    beside = write(folder / "incoming" / "beside.wav", noise(0.1))
    answer = put(f"Kick.{ending}", content)
    assert answer.status_code == 415, answer.text
    assert answer.json()["detail"].startswith(f"Kick.{ending}: ") and str(folder) not in answer.text
    beside.unlink()
    assert files(folder) == ["session.json"]


@pytest.mark.parametrize(("rate", "channels"), [(4_000, 1), (48_000, 6)])
def test_audio_that_the_console_does_not_take_is_refused(put, rate, channels):
    assert put("a.wav", wav(rate=rate, channels=channels)).status_code == 415


def test_a_file_cut_off_on_its_way_to_disk_is_taken_and_said_to_be(put):
    told = put("a.wav", wav(1.0)[:30_000]).json()
    assert "cut off" in told["problem"]


SMALL = Limits(max_file_bytes=5_000, max_session_bytes=11_000, max_files=3, max_references=1)


@pytest.mark.parametrize("limits", [SMALL])
def test_a_file_is_no_larger_than_its_limit_whatever_length_it_states(put, folder):
    too_much = wav(0.1)
    for content in (too_much, iter([too_much[:3_000], too_much[3_000:]])):  # with a length, and in chunks
        answer = put("a.wav", content)
        assert answer.status_code == 413 and answer.headers["connection"] == "close"
        assert files(folder) == ["session.json"]


@pytest.mark.parametrize("limits", [SMALL])
def test_neither_is_a_session(put):
    assert [put(f"{seed}.wav", wav(seed=seed)).status_code for seed in range(3)] == [201, 201, 413]


def test_nor_do_uploads_at_once_have_more_of_it_than_one_after_the_other(store):
    """Each would fit alone, as it begins."""
    session = store.create(SessionInfo(title="A"))
    both_came, begun = asyncio.Event(), []

    async def body(content):
        begun.append(content)
        if len(begun) == 2:
            both_came.set()
        await both_came.wait()
        yield content

    async def both():
        limits = Limits(max_session_bytes=7_000)
        uploads = [Upload(session, Stem, f"{seed}.wav", limits).receive(body(wav(seed=seed)), None) for seed in (1, 2)]
        return await asyncio.gather(*uploads, return_exceptions=True)

    refused = [one.status_code for one in asyncio.run(both()) if isinstance(one, HTTPException)]
    assert refused == [413] and len(session.info().stems) == 1


def test_a_disk_that_others_fill_meanwhile_is_left_with_what_is_to_stay_free(store, monkeypatch):
    free = iter([10 << 20, 5 << 20, 0])
    monkeypatch.setattr("diffmst.web.uploads.shutil.disk_usage", lambda _: SimpleNamespace(free=next(free)))

    async def body():
        for _ in range(3):
            yield bytes(1 << 20)

    with pytest.raises(HTTPException) as refused:
        receive(store, body(), Limits(spare_bytes=0))
    assert refused.value.status_code == 507
    assert files(store.sessions()[0].folder) == ["session.json"]


@pytest.mark.parametrize("limits", [Limits(max_files=3, max_references=1)])
def test_nor_are_there_more_files(put, folder):
    assert [put(f"{seed}.wav", wav(0.001, seed)).status_code for seed in range(5)] == [201] * 3 + [409] * 2
    assert [put(f"{seed}.wav", wav(0.001, seed), "references").status_code for seed in range(2)] == [201, 409]


@pytest.mark.parametrize("limits", [Limits(spare_bytes=1 << 62)])
def test_a_disk_without_room_is_told_before_anything_is_sent(put, folder):
    answer = put("a.wav", wav())
    assert answer.status_code == 507 and "disk is full" in answer.json()["detail"]
    assert files(folder) == ["session.json"]


def test_a_disk_that_fills_up_on_the_way_is_told_and_nothing_is_left(put, folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("diffmst.web.uploads.os.fsync", full)
    answer = put("a.wav", wav())
    assert answer.status_code == 507 and "disk is full" in answer.json()["detail"]
    assert files(folder) == ["session.json"]


def receive(store, body, limits=None, length=None):
    """An upload from a stream of chunks."""
    session = store.create(SessionInfo(title="A"))
    upload = Upload(session, Stem, "a.wav", limits or Limits())
    return session, asyncio.run(upload.receive(body, length))


def test_an_upload_that_brings_nothing_more_is_given_up(store):
    async def stalled():
        yield wav()[:100]
        await asyncio.sleep(60)

    with pytest.raises(HTTPException) as given_up:
        receive(store, stalled(), Limits(patience_s=0.05))
    assert given_up.value.status_code == 408
    assert files(store.sessions()[0].folder) == ["session.json"]


def test_a_body_without_end_is_cut_at_the_limit(store):
    taken = SimpleNamespace(bytes=0)

    async def endless():
        while True:
            taken.bytes += 1 << 16
            yield bytes(1 << 16)

    with pytest.raises(HTTPException) as refused:
        receive(store, endless(), Limits(max_file_bytes=3 << 20))
    assert refused.value.status_code == 413 and taken.bytes <= 5 << 20


def test_ten_gigabytes_are_refused_before_the_first_byte(store):
    async def never():
        pytest.fail("was read")
        yield b""

    with pytest.raises(HTTPException) as refused:
        receive(store, never(), length=10 * 10**9)
    assert refused.value.status_code == 413


def test_memory_does_not_grow_with_the_file(store):
    """Pieces are written as they come: of 64 MB never more than a few are held."""
    import tracemalloc

    async def long():
        head = wav()
        yield head[:40] + (64 << 20).to_bytes(4, "little")
        for _ in range(1024):
            yield bytes(1 << 16)

    tracemalloc.start()
    _, received = receive(store, long())
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert received.file.frames == (64 << 20) // 2 and peak_bytes < 8 << 20


def test_two_uploads_at_once_of_one_name_are_two_stems(store):
    session = store.create(SessionInfo(title="A"))

    async def body(content):
        yield content
        await asyncio.sleep(0.01)

    async def both():
        uploads = [Upload(session, Stem, "a.wav", Limits()).receive(body(wav(seed=seed)), None) for seed in (1, 2)]
        return await asyncio.gather(*uploads)

    assert {received.file.file for received in asyncio.run(both())} == {"stems/a.wav", "stems/a-2.wav"}
    assert len(session.info().stems) == 2


def test_what_lies_there_already_is_never_replaced(put, folder, tmp_path):
    (folder / "stems").mkdir()
    secret = write(tmp_path / "secret.wav", noise(0.1))
    (folder / "stems" / "a.wav").symlink_to(secret)
    before = secret.read_bytes()
    assert put("a.wav", wav()).json()["file"] == "stems/a-2.wav" and secret.read_bytes() == before
