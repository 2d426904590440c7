"""Random mixes: settings of the console drawn from a seed, as a stranger would turn its knobs or as an engineer would.

Drawing needs no audio, only what `song_sound` has heard of the stems; applying is the console's (`levelled`).
"""
