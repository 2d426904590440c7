"""DAWprojects for tests: written from made mixes, opened, and changed as another program would."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from mixes import write_mix

from diffmst.daw.build import build_console_mix
from diffmst.daw.console_mix import ConsoleMix
from diffmst.daw.dawproject.format import FORMAT


class Session(NamedTuple):
    mix: ConsoleMix
    path: Path
    notes: tuple[str, ...]


def export(folder: Path, mix, seconds=0.1) -> Session:
    """Writes a mix document, its stems and its session below `folder`."""
    document = write_mix(folder, mix, seconds)
    console_mix = build_console_mix(document, folder / "audio", {"sources", "processed"})
    return write(folder, console_mix)


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
