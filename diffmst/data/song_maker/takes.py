"""Takes: what stands on tape before it is treated, with all that a mixer's assistant knows of it."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffmst.data.recording.microphones import Noise
from diffmst.data.recording.treatment import Treatment

Audio = NDArray[np.float32]


@dataclass(frozen=True)
class Take:
    """One track on tape.

    Attributes:
        audio: as the microphones or wires give it, at any level. Shape: [1 or 2, time].
        kind: of instrument or microphone, as the sidecar has it.
        role: in a mix.
        names: what people name its file.
        side: `L` or `R`, `DI` or `Amp` for one of two takes that belong together, a number where there are several,
            or empty.
        group: what the takes of one source have in common; empty where there is but one.
        treatment: what is done to it.
        noise: that comes with it.
        peak_db: that it is recorded at, dBFS.
        cleaned: whether its pauses are cut to silence.
        split: whether its two channels become two files.
        as_stereo: whether its one channel is saved twice.
        open: whether it comes from a microphone, that hears the others.
    """

    audio: Audio
    kind: str
    role: str
    names: tuple[str, ...]
    side: str
    group: str
    treatment: Treatment
    noise: Noise
    peak_db: float
    cleaned: bool = False
    split: bool = False
    as_stereo: bool = False
    open: bool = False


class Stem(NamedTuple):
    """A finished file of a song.

    Attributes:
        name: of the file, without its ending.
        role: in a mix, one of `diffmst.roles.ROLES`.
        kind: of instrument or microphone.
        group: what the stems of one source have in common, or empty.
        audio: samples within -1 and 1. Shape: [1 or 2, time].
    """

    name: str
    role: str
    kind: str
    group: str
    audio: Audio
