"""diffmst: mix a song the way another song is mixed."""

__version__ = "0.1.0"
