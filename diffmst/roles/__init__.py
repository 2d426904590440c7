"""What a stem is, as far as its name tells, and what mixes usually do with such a stem."""

from diffmst.roles.naming import Named, named, named_together, role_of
from diffmst.roles.role import BY_NAME, FAMILIES, ROLES, UNKNOWN, Role
from diffmst.roles.sides import pairs_of, side_of, sides_of
from diffmst.roles.told import parse_roles, told_role, told_roles
from diffmst.roles.track_role import Source, TrackRole, combined, known_role, roles_by_name, roles_heard

__all__ = [
    "BY_NAME",
    "FAMILIES",
    "ROLES",
    "UNKNOWN",
    "Named",
    "Role",
    "Source",
    "TrackRole",
    "combined",
    "known_role",
    "named",
    "named_together",
    "pairs_of",
    "parse_roles",
    "role_of",
    "roles_by_name",
    "roles_heard",
    "side_of",
    "sides_of",
    "told_role",
    "told_roles",
]
