"""DAWprojects for tests: written from made mixes, opened, and changed as another program would."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from mixes import make_mix, write_mix

from diffmst.daw.build import build_console_mix
from diffmst.daw.console_mix import ConsoleMix
from diffmst.daw.dawproject.format import FORMAT
from diffmst.daw.ranges import is_same, within_ranges

NOT_IN_THE_FORMAT = {"compressor.knee_db", "image.width"}
NAMES = ("Kick in", "Pad", "Kick out", "Keys")


class Session(NamedTuple):
    mix: ConsoleMix
    path: Path
    notes: tuple[str, ...]


def export(folder: Path, mix, seconds=0.1) -> Session:
    """Writes a mix document, its stems and its session below `folder`."""
    document = write_mix(folder, mix, seconds)
    console_mix = build_console_mix(document, folder / "audio", {"sources", "processed"})
    return write(folder, console_mix)


def export_grouped(folder: Path) -> Session:
    """Mono and stereo tracks in turn, of which two are a group and one is muted."""
    mix = make_mix(NAMES, muted=(3,))
    tracks = [track.model_copy(update={"group": "kick"} if "Kick" in track.name else {}) for track in mix.tracks]
    return export(folder, mix.model_copy(update={"tracks": tuple(tracks)}))


def write(folder: Path, mix: ConsoleMix) -> Session:
    target = folder / "session"
    target.mkdir()
    notes = FORMAT.write(mix, target, lambda share: None)
    (path,) = target.glob("*.dawproject")
    return Session(mix, path, notes)


def document(path: Path, name="project.xml") -> Element:
    with zipfile.ZipFile(path) as archive:
        return ElementTree.fromstring(archive.read(name))


def change(path: Path, edit: Callable[[Element], object], name="project.xml") -> Path:
    """Saves a copy of a session in which one document was edited; without audio, which nobody reads back."""
    saved = path.with_name("saved.dawproject")
    with zipfile.ZipFile(path) as archive:
        documents = {each: ElementTree.fromstring(archive.read(each)) for each in ("project.xml", "metadata.xml")}
    edit(documents[name])
    with zipfile.ZipFile(saved, "w") as archive:
        for each, root in documents.items():
            archive.writestr(each, ElementTree.tostring(root, encoding="UTF-8"))
    return saved


def channel(root: Element, name: str) -> Element:
    """The channel of a track by its name."""
    return next(track.find("Channel") for track in root.iter("Track") if track.get("name") == name)


def key(session, name):
    return next(strip.key for strip in session.mix.tracks if strip.name == name)


def edited(session, edit):
    """What is read after an edit of the project."""
    return FORMAT.read(change(session.path, edit))


def assert_same_settings(session, read, left_out=NOT_IN_THE_FORMAT):
    """All controls are told and are those of the mix, but for what programs round."""
    layout, read = session.mix.layout, within_ranges(read, session.mix.layout)
    sections = [(layout.track, strip.values, read.tracks[strip.key]) for strip in session.mix.tracks]
    for section, values, told in [*sections, (layout.master, session.mix.master.values, read.master)]:
        assert told.keys() == section.params.keys() - left_out
        wrong = [name for name in told if not is_same(section.params[name], told[name], values[name])]
        assert not wrong, {name: (told[name], values[name]) for name in wrong}
