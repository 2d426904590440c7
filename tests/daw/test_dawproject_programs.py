"""DAWprojects as other programs save them, and what is none of ours."""

import math
import zipfile

import pytest
from dawproject_files import (
    assert_same_settings,
    change,
    channel,
    document,
    edited,
    export_grouped,
    key,
)

from diffmst.daw.dawproject.format import FORMAT
from diffmst.daw.dawproject.wording import NOTES_NAME
from diffmst.errors import UserError


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    return export_grouped(tmp_path_factory.mktemp("grouped"))


def as_saved_elsewhere(root):
    """Six decimals, attributes and channels in another order, ids of its own, names and comments gone."""
    for element in root.iter():
        attributes = dict(sorted(element.attrib.items(), reverse=True))
        if "unit" in attributes and attributes["unit"] != "bpm":
            attributes["value"] = f"{float(attributes['value']):.6f}"
        attributes.pop("comment", None)
        element.attrib.clear()
        element.attrib.update(
            {
                name: f"x-{value}" if name in ("id", "destination", "track") else value
                for name, value in attributes.items()
            }
        )
    for parent in root.iter("Channel"):
        parent[:] = reversed(list(parent))


def in_pitches(root):
    """Bitwig writes the frequencies of its equalizers as MIDI pitches."""
    for freq in root.iter("Freq"):
        freq.set("value", f"{69 + 12 * math.log2(float(freq.get('value')) / 440):.6f}")
        freq.set("unit", "semitones")


def in_decibels(root):
    for volume in (found.find("Volume") for found in root.iter("Channel")):
        volume.set("value", f"{20 * math.log10(float(volume.get('value'))):.6f}")
        volume.set("unit", "decibel")


def with_renamed_tracks(root):
    """All have new names; they are told by their files."""
    for number, track in enumerate(root.iter("Track")):
        track.set("name", f"renamed {number}")


@pytest.mark.parametrize("further", [in_pitches, in_decibels, with_renamed_tracks])
def test_a_session_saved_by_another_program_is_the_same(session, further):
    def edit(root):
        further(root)
        as_saved_elsewhere(root)
        if further is with_renamed_tracks:  # the bus has no file to tell it by
            channel_of_bus = next(
                found for found in root.iter("Track") if found.find("Channel").get("role") == "effect"
            )
            channel_of_bus.set("name", "Reverb")

    assert_same_settings(session, edited(session, edit))


def test_tracks_are_told_by_name_where_their_files_have_other_names(session):
    def edit(root):
        as_saved_elsewhere(root)
        for number, file in enumerate(root.iter("File")):
            file.set("path", f"audio/{number}.flac")

    assert_same_settings(session, edited(session, edit))


def test_tags_are_found_beside_a_session_that_has_lost_them_all(session):
    """What another program saves into the same folder may have neither comments nor information on the song."""
    saved = change(session.path, as_saved_elsewhere)
    bare = saved.with_name("bare.dawproject")
    with zipfile.ZipFile(saved) as archive, zipfile.ZipFile(bare, "w") as target:
        target.writestr("project.xml", archive.read("project.xml"))
    assert_same_settings(session, FORMAT.read(bare))


def test_a_master_that_is_a_channel_alone_is_found(session):
    def edit(root):
        structure = root.find("Structure")
        master = next(track for track in structure if track.get("name") == "Master")
        structure.remove(master)
        structure.append(master.find("Channel"))

    assert edited(session, edit).master == FORMAT.read(session.path).master


def test_a_group_whose_channel_calls_itself_master_is_a_bus(session):
    def edit(root):
        as_saved_elsewhere(root)
        channel(root, "kick").set("role", "master")
        channel(root, "kick").find("Volume").set("value", "0.5")

    read, before = edited(session, edit), FORMAT.read(session.path)
    fader = "fader.gain_db"
    moved = read.tracks[key(session, "Kick in")][fader] - before.tracks[key(session, "Kick in")][fader]
    assert moved == pytest.approx(20 * math.log10(0.5), abs=1e-4)  # six decimals were saved
    assert read.ignored == ()


# --- what is no such session ------------------------------------------------------------------------------------------


def without_project(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.xml", "<MetaData/>")


def of_another_song(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "project.xml", "<Project version='1.0'><Structure><Track><Channel/></Track></Structure></Project>"
        )


def damaged(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("project.xml", "<Project><Structure>")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.write_bytes(b"RIFF"), "is no DAWproject that can be read"),
        (lambda path: path.mkdir(), "is no DAWproject that can be read"),
        (lambda path: None, "no such file"),
        (without_project, "has no project.xml"),
        (damaged, "project.xml is damaged"),
        (of_another_song, "has no track that `diffmst export` wrote"),
    ],
)
def test_what_is_no_session_of_ours_is_refused_in_one_line(tmp_path, make, message):
    path = tmp_path / "song.dawproject"
    make(path)
    with pytest.raises(UserError, match=message) as refused:
        FORMAT.read(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_damaged_tag_is_no_tag(session):
    def edit(root):
        for track in root.iter("Track"):
            track.set("comment", '{"diffmst":"track","key":"x"} {"diffmst":[]} {"diffmst":"track","channels":9}')

    assert edited(session, edit).tracks == FORMAT.read(session.path).tracks


def test_the_notes_beside_have_the_name_that_is_looked_for(session):
    assert (session.path.parent / NOTES_NAME).is_file()
    assert document(session.path).tag == "Project"
