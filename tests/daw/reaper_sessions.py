"""Sessions for REAPER to test with."""

from contextlib import nullcontext
from unittest.mock import patch

from mixes import write_mix

from diffmst.daw.exporting import export_session

RATE = 22_050  # the lowest of a mix


def with_values(mix, **values):
    """The mix with settings of every track; `fader__gain_db` is `fader.gain_db`."""
    named = {name.replace("__", "."): value for name, value in values.items()}
    tracks = tuple(track.model_copy(update={"settings": track.settings | named}) for track in mix.tracks)
    return mix.model_copy(update={"tracks": tracks})


def exported(folder, mix, seconds=0.1, *, noise=False):
    """The session; without the noise of the reverb, which takes most of the time and is of use to who plays it."""
    with nullcontext() if noise else patch("diffmst.daw.reaper.format.write_noise"):
        (session,) = export_session(write_mix(folder, mix, seconds), "reaper")
    return session
