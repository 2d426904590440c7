"""XML from other programs, which anyone may have sent: without document type, so no entity grows or reads files."""

from __future__ import annotations

from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser


class _Plain(TreeBuilder):
    def doctype(self, name: str, public_id: str | None, system_id: str | None) -> None:
        """Called before any of its entities is used."""
        raise ParseError(f"it has a document type, {name}, which no session has")


def parse_xml(content: bytes) -> Element:
    """The root of a document.

    >>> parse_xml(b"<Session version='1'/>").tag
    'Session'

    Raises:
        ParseError: it is no XML, is in an encoding that nobody knows, or declares a document type.
    """
    parser = XMLParser(target=_Plain())
    try:
        parser.feed(content)
        root: Element = parser.close()
    except (ValueError, LookupError) as error:
        raise ParseError(str(error)) from None
    return root
