"""Mixes as sessions of other programs, and back: the musician goes on where they work."""
