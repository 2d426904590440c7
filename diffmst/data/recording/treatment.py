"""What engineers do before they save a stem: equalisers, compressors, drive, reverb and echoes, printed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diffmst.data.recording.microphones import Colour
from diffmst.data.recording.rooms import Room, convolve, echoes, impulse_response
from diffmst.data.synth import saturate
from diffmst.dsp import recurrence
from diffmst.dsp.dynamics import compressor_dynamics

Audio = NDArray[np.float32]


@dataclass(frozen=True)
class Compression:
    """A compressor; its threshold is given against the loudest peak of the stem, so that it always has work."""

    under_peak_db: float
    ratio: float
    attack_ms: float
    release_ms: float
    knee_db: float = 6.0


@dataclass(frozen=True)
class Echo:
    """A delay; see `rooms.echoes`."""

    level_db: float
    time_s: float
    feedback: float
    crossing: bool


@dataclass(frozen=True)
class Treatment:
    """All that is done to a stem before it is saved.

    Attributes:
        colour: of microphone and equaliser.
        compression: None for none.
        drive: into saturation, against the peak of the stem; 0 for none.
        room: whose answer is heard, None for none.
        room_db: its level against the direct sound.
        echo: None for none.
        place: where it is panned, -1 to 1, by an engineer; 0 leaves it as it is.
    """

    colour: Colour
    compression: Compression | None = None
    drive: float = 0.0
    room: Room | None = None
    room_db: float = -12.0
    echo: Echo | None = None
    place: float = 0.0


def coloured(tracks: Sequence[Audio], colours: Sequence[Colour], sample_rate: int) -> list[Audio]:
    """Tracks, each through its own colour, all at once. Shape: each [channels, time]."""
    channels = [len(track) for track in tracks]
    coefficients = np.stack([colour.coefficients(sample_rate) for colour in colours])
    audio: np.ndarray = np.concatenate(tracks)[None]
    rows: np.ndarray = np.repeat(coefficients, channels, axis=0)[None]
    y, _ = recurrence.equalize(audio, rows)
    return np.split(y[0], np.cumsum(channels)[:-1])


def compressed(tracks: Sequence[Audio], settings: Sequence[Compression], sample_rate: int) -> list[Audio]:
    """Tracks, each through its own compressor, all at once. Shape: each [channels, time]."""
    channels = tuple(len(track) for track in tracks)
    peaks_db = [20 * np.log10(np.abs(track).max() + 1e-9) for track in tracks]
    controls = [
        (peak_db - one.under_peak_db, one.ratio, one.attack_ms, one.release_ms, one.knee_db, 0.0)
        for peak_db, one in zip(peaks_db, settings, strict=True)
    ]
    dynamics = compressor_dynamics(sample_rate, *np.array(controls, np.float64).T)
    audio: np.ndarray = np.concatenate(tracks)[None]
    rows: np.ndarray = np.repeat(dynamics, channels, axis=0)[None]
    y, _ = recurrence.compress(audio, rows, channels)
    return np.split(y[0], np.cumsum(channels)[:-1])


def treated(
    tracks: Sequence[Audio], treatments: Sequence[Treatment], sample_rate: int, rng: np.random.Generator
) -> list[Audio]:
    """Tracks as they are saved, but for level and noise; reverb and echoes make stereo of mono.

    Shape: each [channels, time].
    """
    heard = coloured(tracks, [one.colour for one in treatments], sample_rate)
    with_compressor = [index for index, one in enumerate(treatments) if one.compression]
    if with_compressor:
        settings = [one.compression for one in treatments if one.compression]
        done = compressed([heard[index] for index in with_compressor], settings, sample_rate)
        for index, track in zip(with_compressor, done, strict=True):
            heard[index] = track
    return [_finished(track, one, sample_rate, rng) for track, one in zip(heard, treatments, strict=True)]


def _finished(track: Audio, treatment: Treatment, sample_rate: int, rng: np.random.Generator) -> Audio:
    """Drive, echoes and reverb."""
    peak = float(np.abs(track).max())
    if treatment.drive and peak > 0:
        track = (saturate(track / np.float32(peak), treatment.drive) * np.float32(peak)).astype(np.float32)
    dry = track
    if treatment.echo:
        one = treatment.echo
        late = echoes(dry, sample_rate, time_s=one.time_s, feedback=one.feedback, crossing=one.crossing)
        track = track + np.float32(10 ** (one.level_db / 20)) * late
    if treatment.room:
        answer = convolve(dry, impulse_response(treatment.room, sample_rate, rng))
        track = track + np.float32(10 ** (treatment.room_db / 20)) * answer
    return _placed(track, treatment.place) if treatment.place else track


def _placed(track: Audio, place: float) -> Audio:
    """The track in stereo, one side lower: the balance of a desk, which leaves the louder side as it is."""
    gains = np.array([[min(1.0, 1 - place)], [min(1.0, 1 + place)]], np.float32)
    return gains * track
