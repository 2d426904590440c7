"""Sessions of a mix document of the user's: nothing of theirs changes but the document, and that when they save."""

import pytest
from songs import write_song

from diffmst.mix import Mix
from diffmst.web.linking import link, save
from diffmst.web.store import Store


@pytest.fixture
def own(tmp_path):
    """A document of the user's, beside its stems."""
    folder = tmp_path / "Ballad"
    write_song(folder / "stems", seconds=0.2)
    tracks = [
        {"name": name, "path": f"../stems/{name}.wav", "sha256": "0" * 64, "channels": 1 + (name == "keys")}
        for name in ("bass", "hats", "keys")
    ]
    (folder / "mix").mkdir()
    path = folder / "mix" / "mix.json"
    path.write_text(Mix.model_validate({"sample_rate": 22_050, "tracks": tracks}).to_json())
    return path


def test_a_linked_session_leaves_everything_where_it_is(store, own):
    before = {path: path.read_bytes() for path in own.parent.parent.rglob("*") if path.is_file()}
    session = link(store, own)
    info = session.info()
    assert info.title == "Ballad" and info.linked == str(own)
    assert [stem.name for stem in info.stems] == ["bass", "hats", "keys"]
    assert all(session.path(stem).samefile(own.parent.parent / "stems" / f"{stem.name}.wav") for stem in info.stems)
    assert not session.stems_folder.exists() and info.stems[0].frames == 4_410
    session.check_files(session.document().mix)
    assert {path: path.read_bytes() for path in own.parent.parent.rglob("*") if path.is_file()} == before


def test_opened_again_it_is_the_same_session_with_its_unsaved_changes(store, own):
    session = link(store, own)
    mix = session.document().mix
    session.put_document(mix.model_copy(update={"master": {"fader.gain_db": -2.0}}))
    again = link(Store(store.root), own)
    assert again.id == session.id and again.document().mix.master["fader.gain_db"] == -2


def test_a_document_changed_meanwhile_is_taken_and_what_was_is_kept(store, own):
    session = link(store, own)
    session.put_document(session.document().mix.model_copy(update={"master": {"fader.gain_db": -2.0}}))
    own.write_text(Mix.read(own).model_copy(update={"master": {"fader.gain_db": 1.0}}).to_json())
    again = link(store, own)
    assert again.document().mix.master["fader.gain_db"] == 1
    assert again.documents.past(again.documents.history()[0].name).master["fader.gain_db"] == -2


def test_a_server_that_was_killed_while_it_took_a_document_takes_it_the_next_time(store, own, monkeypatch):
    def killed(*_):
        raise SystemExit

    with monkeypatch.context() as dying, pytest.raises(SystemExit):
        dying.setattr("diffmst.web.session.Session.put_document", killed)
        link(store, own)
    session = link(store, own)
    assert session.document() is not None and len(store.sessions()) == 1


def test_only_saving_changes_the_users_document(client, store, own):
    session = link(store, own)
    before = Mix.read(own)
    session.put_document(session.document().mix.model_copy(update={"master": {"fader.gain_db": -2.0}}))
    assert Mix.read(own) == before
    assert client.post(f"/api/sessions/{session.id}/save", json={}).json() == {"path": str(own)}
    after = Mix.read(own)
    assert after.master["fader.gain_db"] == -2 and [track.path for track in after.tracks] == [
        t.path for t in before.tracks
    ]
    assert link(store, own).documents.revision() == session.documents.revision()


def test_a_document_that_another_program_changed_is_replaced_by_force_only(client, store, own):
    session = link(store, own)
    session.put_document(session.document().mix.model_copy(update={"master": {"fader.gain_db": -2.0}}))
    own.write_text(Mix.read(own).model_copy(update={"master": {"fader.gain_db": 1.0}}).to_json())
    address = f"/api/sessions/{session.id}/save"
    assert client.post(address, json={}).status_code == 409 and Mix.read(own).master["fader.gain_db"] == 1
    assert client.post(address, json={"force": True}).status_code == 200
    assert Mix.read(own).master["fader.gain_db"] == -2


def test_a_session_that_is_not_linked_has_nothing_to_save_to(client, session_id):
    assert client.post(f"/api/sessions/{session_id}/save", json={}).status_code == 409


def test_a_stem_that_is_missing_is_told_and_the_rest_opens(store, own):
    (own.parent.parent / "stems" / "hats.wav").unlink()
    stems = link(store, own).info().stems
    assert [bool(stem.problem) for stem in stems] == [False, True, False] and "no such file" in stems[1].problem


def test_a_stem_of_a_linked_session_is_never_deleted(client, store, own):
    session = link(store, own)
    stem = session.info().stems[0]
    assert client.delete(f"/api/sessions/{session.id}/stems/{stem.id}").status_code == 204
    assert (own.parent.parent / "stems" / "bass.wav").exists()
    save(session, force=False)
    assert [track.name for track in Mix.read(own).tracks] == ["hats", "keys"]
