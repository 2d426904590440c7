"""Which instruments of files of the user the band plays on, drawn from chance."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from diffmst.data.instruments.playing import Play
from diffmst.data.song_maker import sfz, soundfonts
from diffmst.data.song_maker.sfz import Sfz

SAMPLED = 0.5
"""Share of the instruments that come from files, where there are files that have them."""


class InstrumentFiles(NamedTuple):
    """Files of the user that instruments come from: SoundFonts, with many each, and SFZ instruments."""

    soundfonts: tuple[Path, ...] = ()
    sfz: tuple[Sfz, ...] = ()


NO_FILES = InstrumentFiles()


class Borrowed(NamedTuple):
    """An instrument of a file in the hands of a player; its name is empty where the player's own fits it."""

    play: Play
    name: str


def draw_instrument(
    files: InstrumentFiles, role: str, programs: Sequence[int], otherwise: Play, rng: np.random.Generator
) -> Borrowed | None:
    """An instrument of a file for a part, now and then; None for the player's own.

    Args:
        files: to choose from.
        role: of the part.
        programs: of General MIDI that fit it; without any, SoundFonts have nothing for it.
        otherwise: the player's own, for what the other one cannot play.
        rng: source of chance.
    """
    fonts = files.soundfonts if programs else ()
    able = [one for one in files.sfz if one.role == role]
    if not (fonts or able) or rng.random() >= SAMPLED:
        return None
    number = int(rng.integers(len(fonts) + len(able)))
    if number < len(fonts):
        return Borrowed(soundfonts.instrument(fonts[number], int(rng.choice(programs)), otherwise), "")
    chosen = able[number - len(fonts)]
    return Borrowed(sfz.instrument(chosen, otherwise), chosen.path.stem)


def draw_pieces(files: InstrumentFiles, pieces: Mapping[str, Play], rng: np.random.Generator) -> dict[str, Play]:
    """The pieces of a drum set, now and then out of a kit of a file, or single ones of instruments that are but one."""
    drawn = dict(pieces)
    kits = [one for one in files.sfz if one.role == "drums"]
    if (files.soundfonts or kits) and rng.random() < SAMPLED:
        number = int(rng.integers(len(files.soundfonts) + len(kits)))
        if number < len(files.soundfonts):
            program = int(rng.choice(soundfonts.DRUM_PROGRAMS))
            kit = partial(soundfonts.piece, files.soundfonts[number], program)
        else:
            kit = partial(sfz.piece, kits[number - len(files.soundfonts)])
        drawn = {name: kit(name, play) for name, play in drawn.items()}
    for name, play in drawn.items():
        single = [one for one in files.sfz if one.role == name]
        if single and rng.random() < SAMPLED:
            drawn[name] = sfz.piece(single[int(rng.integers(len(single)))], name, play)
    return drawn
