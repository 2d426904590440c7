"""Sessions: made, changed, listed, removed; and whole whatever happens to the server."""

import json
import os

import pytest
from serving import document_of
from songs import write_song

from diffmst.errors import UserError
from diffmst.web.limits import Limits
from diffmst.web.session_info import SessionInfo, Window
from diffmst.web.store import Store, data_folder


def put(client, session_id, path, kind="stems"):
    answer = client.put(f"/api/sessions/{session_id}/{kind}/{path.name}", content=path.read_bytes())
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def test_a_new_session_is_empty_and_stands_in_the_list(client, store):
    made = client.post("/api/sessions", json={"title": " Ballad "}).json()
    assert made["title"] == "Ballad" and made["stems"] == made["references"] == [] and made["revision"] == 0
    assert client.get(f"/api/sessions/{made['id']}").json() == made
    (listed,) = client.get("/api/sessions").json()
    assert (listed["id"], listed["title"], listed["problem"]) == (made["id"], "Ballad", None)
    assert (store.root / made["id"] / "session.json").is_file()


def test_a_session_that_is_opened_is_prepared(client, app, session_id):
    client.get(f"/api/sessions/{session_id}")
    assert app.state.server.runner.prepared == [session_id]


def test_the_demo_is_a_job(client, app):
    made = client.post("/api/sessions/demo").json()
    assert app.state.server.runner.submitted == [(made["id"], "demo", {})]


def test_what_is_said_of_a_session_stays(client, session_id, store, song, reference):
    stem = put(client, session_id, song / "bass.wav")
    liked = put(client, session_id, reference, "references")
    changes = {
        "title": "Ballad",
        "window": {"start_s": 1.5, "reference_start_s": 0, "seconds": 10},
        "ui": {"theme": "dark", "zoom": [1, 2.5]},
        "stems": {stem["id"]: {"name": "Fender", "role": "guitar"}},
        "references": {liked["id"]: {"weight": 2, "aspects": ["tone", "space"], "main": False}},
    }
    told = client.patch(f"/api/sessions/{session_id}", json=changes).json()
    assert (told["title"], told["window"], told["ui"]) == (changes["title"], changes["window"], changes["ui"])
    assert (told["stems"][0]["name"], told["stems"][0]["role"]) == ("Fender", "guitar")
    assert {key: told["references"][0][key] for key in ("weight", "aspects", "main")} == changes["references"][
        liked["id"]
    ]
    again = Store(store.root).get(session_id).info()
    assert again.title == "Ballad" and again.window == Window(start_s=1.5, reference_start_s=0, seconds=10)


def test_before_a_match_roles_are_told_by_the_names(client, session_id, song):
    stems = {name: put(client, session_id, song / f"{name}.wav")["id"] for name in ("bass", "keys")}
    told = client.get(f"/api/sessions/{session_id}").json()
    assert told["roles_by_name"] == {stems["bass"]: "bass", stems["keys"]: "keys"}
    named = {"stems": {stems["keys"]: {"name": "Take 7"}, stems["bass"]: {"name": "Lead Vocal"}}}
    assert client.patch(f"/api/sessions/{session_id}", json=named).json()["roles_by_name"] == {stems["bass"]: "lead"}


def test_what_is_left_out_stays_as_it_is_and_null_takes_back(client, session_id, song):
    stem = put(client, session_id, song / "bass.wav")
    address = f"/api/sessions/{session_id}"
    window = {"start_s": 1, "reference_start_s": 0, "seconds": 10}
    client.patch(address, json={"window": window, "stems": {stem["id"]: {"role": "keys"}}})
    assert client.patch(address, json={"title": "B"}).json()["window"] == window
    told = client.patch(address, json={"window": None, "stems": {stem["id"]: {"role": ""}}}).json()
    assert told["window"] is None and told["stems"][0]["role"] is None


WRONG = [
    {"title": ""},
    {"title": "  "},
    {"title": "two\nlines"},
    {"title": "x" * 201},
    {"title": None, "bogus": 1},
    {"window": {"start_s": -1, "reference_start_s": 0, "seconds": 5}},
    {"window": {"start_s": 0, "reference_start_s": 0, "seconds": 61}},
    {"ui": {"text": "x" * 70_000}},
    {"ui": [1]},
    {"stems": {"00000000": {"name": "x"}}},
    {"references": {"00000000": {"weight": 0}}},
]


@pytest.mark.parametrize("changes", WRONG, ids=lambda one: json.dumps(one)[:40])
def test_what_does_not_fit_is_refused_in_one_line_and_changes_nothing(client, session_id, changes):
    before = client.get(f"/api/sessions/{session_id}").json()
    answer = client.patch(f"/api/sessions/{session_id}", json=changes)
    assert 400 <= answer.status_code < 500
    assert answer.json()["detail"] and "\n" not in answer.json()["detail"]
    assert client.get(f"/api/sessions/{session_id}").json() == before


def test_a_deleted_session_is_gone_with_its_files_and_its_jobs(client, app, store, session_id, song):
    put(client, session_id, song / "bass.wav")
    assert client.delete(f"/api/sessions/{session_id}").status_code == 204
    assert app.state.server.runner.forgotten == [session_id]
    assert client.get(f"/api/sessions/{session_id}").status_code == 404
    assert client.get("/api/sessions").json() == [] and list(store.root.iterdir()) == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"title": 5}', '{"stems": {}}', "\x00" * 100])
def test_a_damaged_session_is_told_and_takes_no_other_with_it(client, store, session_id, text):
    other = client.post("/api/sessions", json={"title": "Whole"}).json()["id"]
    (store.root / session_id / "session.json").write_text(text)
    listed = {one["id"]: one["problem"] for one in client.get("/api/sessions").json()}
    assert listed[other] is None and "session.json" in listed[session_id] and "damaged" in listed[session_id]
    answer = client.get(f"/api/sessions/{session_id}")
    assert answer.status_code == 400 and "damaged" in answer.json()["detail"]
    assert client.delete(f"/api/sessions/{session_id}").status_code == 204


def test_keys_of_a_later_version_are_no_damage(client, store, session_id):
    path = store.root / session_id / "session.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"key_of_tomorrow": 1}))
    assert client.get(f"/api/sessions/{session_id}").status_code == 200


def test_a_write_that_fails_leaves_the_session_as_it_was(client, store, session_id, monkeypatch):
    before = (store.root / session_id / "session.json").read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("diffmst.outputs.os.fsync", full)
    answer = client.patch(f"/api/sessions/{session_id}", json={"title": "B"})
    assert answer.status_code == 507 and "disk is full" in answer.json()["detail"]
    assert (store.root / session_id / "session.json").read_bytes() == before
    assert [path.name for path in (store.root / session_id).iterdir()] == ["session.json"]


def test_what_a_killed_server_left_is_swept_away_at_the_next_start(store, session_id):
    gone = store.root / ".deleted-0123456789abcdef"
    gone.mkdir()
    session = store.get(session_id)
    session.incoming_folder.mkdir()
    session.mix_folder.mkdir()
    abandoned = [session.incoming_folder / "a.wav", session.folder / ".diffmst-1", session.mix_folder / ".diffmst-2"]
    arriving = [session.incoming_folder / "b.wav", session.folder / ".diffmst-3"]
    for path in (*abandoned, *arriving):
        path.write_bytes(b"half")
    for path in abandoned:
        os.utime(path, (0, 0))
    Store(store.root)
    assert not gone.exists() and not any(path.exists() for path in abandoned)
    assert all(path.exists() for path in arriving) and session.readable


@pytest.mark.parametrize(
    "session_id",
    [
        "..",
        "%2e%2e",
        "0" * 15,
        "0" * 17,
        "ABCDEFABCDEFABCD",
        "0123456789abcde%0A",
        "0123456789abcdef%0A",
        "0123456789abcdef%00",
        "é" * 16,
    ],
)
def test_an_id_that_is_none_leads_nowhere(client, session_id):
    assert client.get(f"/api/sessions/{session_id}").status_code in (404, 422)


def test_a_link_in_the_folder_is_no_session(client, store, session_id):
    (store.root / "0123456789abcdef").symlink_to(store.root / session_id)
    assert client.get("/api/sessions/0123456789abcdef").status_code == 404
    assert len(client.get("/api/sessions").json()) == 1


@pytest.mark.parametrize("limits", [Limits(max_sessions=1)])
def test_no_more_sessions_than_the_limit(client):
    assert client.post("/api/sessions", json={}).status_code == 201
    answer = client.post("/api/sessions", json={})
    assert answer.status_code == 409 and "delete some" in answer.json()["detail"]


def test_sessions_lie_where_the_platform_keeps_data(monkeypatch, tmp_path):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert data_folder() == tmp_path / "diffmst" / "sessions"


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="file"):
        Store(tmp_path / "file" / "sessions")


def test_one_id_is_one_session_so_that_its_lock_holds(store):
    session = store.create(SessionInfo(title="A"))
    assert store.get(session.id) is session


def test_a_stem_taken_out_leaves_the_mix_too(client, store, session_id, tmp_path):
    folder = write_song(tmp_path / "song", seconds=0.2)
    stems = [put(client, session_id, path) for path in sorted(folder.iterdir())]
    session = store.get(session_id)
    session.put_document(document_of(session), "match")
    assert client.delete(f"/api/sessions/{session_id}/stems/{stems[0]['id']}").status_code == 204
    assert [track.name for track in session.document().mix.tracks] == [stem["name"] for stem in stems[1:]]
    assert not (session.folder / stems[0]["file"]).exists()
    (past,) = client.get(f"/api/sessions/{session_id}/mix/history").json()
    assert past["origin"] == "removal"
    answer = client.post(f"/api/sessions/{session_id}/mix/history/{past['name']}/restore")
    assert answer.status_code == 400 and "not one of the files" in answer.json()["detail"]


def test_the_only_track_of_a_mix_stays(client, store, session_id, song):
    stem = put(client, session_id, song / "bass.wav")
    session = store.get(session_id)
    session.put_document(document_of(session), "match")
    answer = client.delete(f"/api/sessions/{session_id}/stems/{stem['id']}")
    assert answer.status_code == 409 and (session.folder / stem["file"]).exists()
