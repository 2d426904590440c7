"""What a worker imports to find that it cannot make an example."""

from diffmst.errors import UserError


def refuse(index):
    raise UserError(f"song.wav: has gone ({index})")
