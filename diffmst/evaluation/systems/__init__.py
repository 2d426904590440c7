"""Everything that mixes, each kind in a dataclass of its settings."""

from diffmst.evaluation.systems.parsing import parse_systems

__all__ = ["parse_systems"]
