"""The mix document: revisions, history, conflicts, and nothing lost."""

import json
import threading

import pytest
from serving import document_of
from songs import write_song

from diffmst.errors import UserError
from diffmst.mix import Mix
from diffmst.web import documents
from diffmst.web.documents import MOST_KEPT, Documents, OutdatedError


@pytest.fixture
def session(client, store, session_id, tmp_path):
    """A session with three stems and a mix of them."""
    for path in sorted(write_song(tmp_path / "song", seconds=0.2).iterdir()):
        client.put(f"/api/sessions/{session_id}/stems/{path.name}", content=path.read_bytes())
    found = store.get(session_id)
    found.put_document(document_of(found), "match")
    return found


@pytest.fixture
def address(session):
    return f"/api/sessions/{session.id}"


def faded(mix, gain_db):
    """A mix, as JSON, with its first fader elsewhere."""
    changed = json.loads(json.dumps(mix))
    changed["tracks"][0]["settings"]["fader.gain_db"] = gain_db
    return changed


def test_before_the_first_match_there_is_none(client, session_id):
    answer = client.get(f"/api/sessions/{session_id}/mix")
    assert answer.status_code == 404 and "match" in answer.json()["detail"]


def test_it_is_told_with_every_setting_and_its_revision(client, address, session):
    told = client.get(f"{address}/mix").json()
    assert told["revision"] == 1 and told["can_undo_to"] == []
    assert told["mix"] == json.loads(session.document().mix.to_json())
    assert "eq.low_shelf.gain_db" in told["mix"]["tracks"][0]["settings"]


def test_what_the_page_saves_is_what_it_gets_and_what_the_command_line_reads(client, address, session):
    mix = faded(client.get(f"{address}/mix").json()["mix"], -7.25)
    assert client.put(f"{address}/mix", json={"revision": 1, "mix": mix}).json() == {"revision": 2}
    told = client.get(f"{address}/mix").json()
    assert (told["revision"], told["mix"]) == (2, mix)
    assert Mix.read(session.mix_folder / "mix.json").tracks[0].settings["fader.gain_db"] == -7.25


def test_what_is_read_may_come_back_as_it_is_but_for_the_settings(client, address):
    told = client.get(f"{address}/mix").json()
    assert client.put(f"{address}/mix", json=told | {"mix": faded(told["mix"], -7.25)}).json() == {"revision": 2}


def test_saving_what_is_there_already_is_no_revision(client, address):
    mix = client.get(f"{address}/mix").json()["mix"]
    assert client.put(f"{address}/mix", json={"revision": 1, "mix": mix}).json() == {"revision": 1}


def test_a_change_of_an_old_revision_is_a_conflict_and_changes_nothing(client, address):
    mix = client.get(f"{address}/mix").json()["mix"]
    client.put(f"{address}/mix", json={"revision": 1, "mix": faded(mix, -1)})
    answer = client.put(f"{address}/mix", json={"revision": 1, "mix": faded(mix, -2)})
    assert answer.status_code == 409 and "revision 2" in answer.json()["detail"]
    assert client.get(f"{address}/mix").json()["mix"] == faded(mix, -1)


def test_of_many_saves_at_once_one_wins_and_the_others_are_told(client, address):
    mix = client.get(f"{address}/mix").json()["mix"]
    codes = []

    def put(gain_db):
        codes.append(client.put(f"{address}/mix", json={"revision": 1, "mix": faded(mix, gain_db)}).status_code)

    threads = [threading.Thread(target=put, args=(-gain_db,)) for gain_db in range(11, 19)]  # none as it is
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [200] + [409] * 7
    assert client.get(f"{address}/mix").json()["revision"] == 2


def test_pages_are_told_of_a_change(client, address, app, session, monkeypatch):
    told = []
    monkeypatch.setattr(app.state.server.hub, "publish", lambda *event: told.append(event))
    mix = faded(client.get(f"{address}/mix").json()["mix"], -1)
    client.put(f"{address}/mix", json={"revision": 1, "mix": mix})
    assert told == [(session.id, {"type": "mix", "revision": 2, "origin": "page"})]


HOSTILE = {
    "/etc/passwd": "is not one of the files",
    "../../../../etc/passwd": "is not one of the files",
    "../session.json": "is not one of the files",
    "../stems": "is not one of the files",
    "../stems/bass.wav\x00.txt": "is not one of the files",
    "": "is not one of the files",
}


@pytest.mark.parametrize(("path", "said"), HOSTILE.items(), ids=ascii)
def test_a_document_that_leads_out_of_the_session_is_refused(client, address, path, said):
    mix = client.get(f"{address}/mix").json()["mix"]
    mix["tracks"][0]["path"] = path
    answer = client.put(f"{address}/mix", json={"revision": 1, "mix": mix})
    assert answer.status_code == 400 and said in answer.json()["detail"]


def test_so_is_one_whose_references_do(client, address):
    mix = client.get(f"{address}/mix").json()["mix"]
    reference = {"path": "/etc/passwd", "sha256": "0" * 64, "loudness_lufs": -9, "window_s": 1, "windows_at_s": [0]}
    answer = client.put(f"{address}/mix", json={"revision": 1, "mix": mix | {"references": [reference]}})
    assert answer.status_code == 400


def test_a_link_in_the_stems_leads_nowhere(client, address, session, tmp_path):
    (session.stems_folder / "link.wav").symlink_to("/etc/passwd")
    mix = client.get(f"{address}/mix").json()["mix"]
    mix["tracks"][0]["path"] = "../stems/link.wav"
    assert client.put(f"{address}/mix", json={"revision": 1, "mix": mix}).status_code == 400


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("fader.gain_db", "NaN"),
        ("fader.gain_db", "Infinity"),
        ("fader.gain_db", "1e400"),
        ("fader.gain_db", "99"),
        ("fader.gain_db", '"0"'),
        ("bogus", "0"),
        ("fader.gain_db", "1" * 5000),
        ("fader.gain_db", "[" * 5000),
    ],
    ids=lambda text: text[:12],
)
def test_settings_that_are_none_are_refused_in_one_line(client, address, key, value):
    mix = json.dumps(client.get(f"{address}/mix").json()["mix"])
    body = '{"revision": 1, "mix": ' + mix.replace('"settings": {', f'"settings": {{"{key}": {value}, ', 1) + "}"
    body = body.replace(', "fader.gain_db": -3.0', "", 1)
    answer = client.put(f"{address}/mix", content=body, headers={"Content-Type": "application/json"})
    assert 400 <= answer.status_code < 500 and "\n" not in answer.json()["detail"]
    assert client.get(f"{address}/mix").json()["revision"] == 1


def test_half_a_character_is_refused(client, address):
    mix = client.get(f"{address}/mix").json()["mix"]
    mix["tracks"][0]["name"] = "\ud800"
    body = json.dumps({"revision": 1, "mix": mix})
    assert client.put(f"{address}/mix", content=body, headers={"Content-Type": "application/json"}).status_code == 422


def test_more_or_less_of_what_was_matched_is_not_saved(client, address):
    told = client.post(f"{address}/mix/adjust", json={"amounts": {"level": 50}}).json()
    assert told["mix"]["tracks"][0]["settings"]["fader.gain_db"] == -4.5 and told["kept"] == []
    assert told["mix"]["amounts"]["level"] == 50
    assert client.get(f"{address}/mix").json()["mix"]["amounts"]["level"] == 100


def test_what_was_changed_by_hand_stays_when_amounts_change(client, address):
    mix = faded(client.get(f"{address}/mix").json()["mix"], -9)
    told = client.post(f"{address}/mix/adjust", json={"amounts": {"overall": 0}, "mix": mix}).json()
    assert told["mix"]["tracks"][0]["settings"]["fader.gain_db"] == -9
    assert told["kept"] == [f"{mix['tracks'][0]['name']}: fader.gain_db"]


def test_amounts_beyond_reason_are_refused(client, address):
    assert client.post(f"{address}/mix/adjust", json={"amounts": {"level": 151}}).status_code == 422


def test_an_earlier_document_comes_back_and_the_current_one_stays_in_the_history(client, address):
    first = client.get(f"{address}/mix").json()["mix"]
    client.put(f"{address}/mix", json={"revision": 1, "mix": faded(first, -1)})
    (past,) = client.get(f"{address}/mix/history").json()
    assert past["revision"] == 1 and past["origin"] == "page"
    told = client.post(f"{address}/mix/history/{past['name']}/restore").json()
    assert told["revision"] == 3 and told["mix"] == first
    assert [one["revision"] for one in told["can_undo_to"]] == [2, 1]


@pytest.mark.parametrize(
    "name", ["000001-match.json", "..%2fsession.json", "%2e%2e", "x", "000001-page.json.bak", "a" * 81]
)
def test_what_is_not_in_the_history_cannot_be_restored(client, address, name):
    assert client.post(f"{address}/mix/history/{name}/restore").status_code in (404, 405, 422)


@pytest.fixture
def kept(tmp_path):
    """Documents without a session."""
    return Documents(tmp_path / "mix" / "mix.json", tmp_path / "history", threading.RLock())


def a_mix(gain_db=0.0):
    return Mix.model_validate(
        {
            "sample_rate": 44_100,
            "tracks": [
                {
                    "name": "a",
                    "path": "a.wav",
                    "sha256": "0" * 64,
                    "channels": 1,
                    "settings": {"fader.gain_db": gain_db},
                }
            ],
        }
    )


def test_while_the_page_saves_on_and_on_few_documents_are_kept_but_before_a_job_always_one(kept, monkeypatch):
    now_s = [1_000_000.0]
    monkeypatch.setattr(documents.time, "time", lambda: now_s[0])
    for step in range(10):
        kept.write(a_mix(-step / 10), "page")
    assert len(kept.history()) == 1
    kept.write(a_mix(-5), "match")
    assert [one.origin for one in kept.history()] == ["match", "page"]


def test_what_a_job_has_made_is_kept_however_soon_the_page_changes_it(kept):
    kept.write(a_mix(), "page")
    kept.write(a_mix(-1), "match")
    kept.write(a_mix(-2), "page")
    kept.write(a_mix(-3), "page")
    assert [(one.revision, one.origin) for one in kept.history()] == [(2, "page"), (1, "match")]


def test_no_file_of_a_document_goes_between_the_look_and_the_writing(session, monkeypatch):
    others = []

    def look(mix):
        other = threading.Thread(target=lambda: others.append(session.lock.acquire(blocking=False)))
        other.start()
        other.join()

    monkeypatch.setattr(session, "check_files", look)
    session.put_document(session.document().mix)
    assert others == [False]


def test_a_document_that_cannot_be_read_is_told_and_other_sessions_are_listed(client, session, monkeypatch):
    other = client.post("/api/sessions", json={"title": "Other"}).json()["id"]

    def unreadable(path, **_):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(type(session.documents.path), "read_text", unreadable)
    told = {one["id"]: one["problem"] for one in client.get("/api/sessions").json()}
    assert told[other] is None and "mix.json: cannot be read (Permission denied)" in told[session.id]


def test_the_oldest_go(kept):
    for step in range(MOST_KEPT + 5):
        kept.write(a_mix(-step / 10), "match")
    assert [one.revision for one in kept.history()] == list(range(MOST_KEPT + 4, 4, -1))


def test_a_document_changed_by_another_program_is_a_new_revision(kept):
    kept.write(a_mix(), "match")
    kept.path.write_text(a_mix(-3).to_json())
    assert kept.read().revision == 2 and kept.read().revision == 2
    with pytest.raises(OutdatedError):
        kept.write(a_mix(-1), "page", revision=1)


def test_a_server_killed_between_document_and_revision_goes_on_where_it_was(kept, monkeypatch):
    kept.write(a_mix(), "match")
    monkeypatch.setattr(kept, "_record", lambda *_: (_ for _ in ()).throw(SystemExit))
    with pytest.raises(SystemExit):
        kept.write(a_mix(-3), "page", revision=1)
    again = Documents(kept.path, kept.path.parent.parent / "history", threading.RLock())
    assert again.read().revision == 2 and again.read().mix.tracks[0].settings["fader.gain_db"] == -3


def test_a_lost_counter_never_counts_back(kept):
    for step in range(4):
        kept.write(a_mix(-step), "match")
    (kept.path.parent / ".revision.json").write_text("damaged")
    assert kept.read().revision >= 4


def test_a_damaged_document_is_told(kept):
    kept.write(a_mix(), "match")
    kept.path.write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="UTF-8"):
        kept.read()
