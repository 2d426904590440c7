"""Sessions of Ardour for tests, and changes of what they say."""

import xml.etree.ElementTree as ElementTree

from mixes import make_mix, write_mix

from diffmst.daw.ardour.format import FORMAT
from diffmst.daw.exporting import export_session
from diffmst.mix import Mix

CLOSE = 1e-6  # decimal digits of a double, through decibels and back
NAMES = ("a/b:c", '"q" & <x>', "🥁 kick", "x" * 200, "Master", "click")


def export(folder, kind="ardour", **parts):
    """A session of a drawn mix; returns its file and the document."""
    document = write_mix(folder, make_mix(**parts), seconds=0.25)
    (exported,) = export_session(document, kind, folder / "out")
    return exported, Mix.read(document)


def changed(session, tmp_path, change):
    """The values of a session of which the XML was changed."""
    tree = ElementTree.parse(session)
    change(tree.getroot())
    path = tmp_path / "changed.ardour"
    tree.write(path)
    return FORMAT.read(path)


def route(root, number=0):
    return [found for found in root.findall("Routes/Route") if found.get("audio-playlist")][number]


def turn(element, control, value):
    element.find(f".//Controllable[@name='{control}']").set("value", repr(value))
