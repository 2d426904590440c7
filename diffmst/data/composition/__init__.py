"""Composition of the demo song: a seed and a style become chords, parts and notes."""
