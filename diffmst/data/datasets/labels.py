"""Instrument labels of data sets as roles in a mix."""

from __future__ import annotations

from diffmst.roles import role_of


def role_of_label(label: str) -> str:
    """Name of the role of an instrument label; empty for unknown.

    What stands behind a comma or in parentheses in a label does not count.

    >>> [role_of_label(label) for label in ("Bass Clarinet", "tuba (bass of brass)", "clean electric guitar", "gong")]
    ['brass', 'brass', 'guitar', 'percussion']
    """
    return role_of(label.partition("(")[0].partition(",")[0]).name
