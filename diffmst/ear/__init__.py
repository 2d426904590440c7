"""The ear: what the stems of a song are, by how they sound.

`hear_roles` tells the roles of the tracks in excerpts, `hear_stems` those of files. The weights come with the package;
`diffmst train-ear` makes them.
"""

from diffmst.ear.hearing import HeardRole, hear_roles, hear_stems
from diffmst.ear.network import EarConfig, RoleEar
from diffmst.ear.storage import load_ear, save_ear, shipped_ear

__all__ = ["EarConfig", "HeardRole", "RoleEar", "hear_roles", "hear_stems", "load_ear", "save_ear", "shipped_ear"]
