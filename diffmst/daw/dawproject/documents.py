"""The two documents of a DAWproject, as bytes."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from diffmst import __version__
from diffmst.daw.console_mix import ConsoleMix
from diffmst.daw.dawproject.arrangement import Song, add_arrangement, add_transport
from diffmst.daw.dawproject.parameters import Builder, child, plain_text
from diffmst.daw.dawproject.plan import Plan
from diffmst.daw.dawproject.structure import add_structure

_FORMAT_VERSION = "1.0"


def project_xml(mix: ConsoleMix, plan: Plan) -> bytes:
    """`project.xml`: transport, tracks and arrangement."""
    builder, project = Builder(), Element("Project", version=_FORMAT_VERSION)
    child(project, "Application", name="diffmst", version=__version__)
    add_transport(builder, project, mix.tempo)
    lanes = add_structure(builder, project, plan)
    add_arrangement(builder, project, lanes, Song(mix.frames, mix.sample_rate, mix.tempo))
    child(project, "Scenes")
    return _serialised(project)


def metadata_xml(title: str, comment: str) -> bytes:
    """`metadata.xml`: what a program shows as information on the song."""
    metadata = Element("MetaData")
    child(metadata, "Title").text = plain_text(title)
    child(metadata, "Comment").text = plain_text(comment)
    return _serialised(metadata)


def _serialised(root: Element) -> bytes:
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return text + b"\n"
