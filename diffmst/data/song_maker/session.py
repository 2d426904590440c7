"""The session: how a song is recorded, and what is done to each of its stems, drawn from chance."""

from dataclasses import dataclass, replace

import numpy as np

from diffmst.data.recording.microphones import Noise, added, draw_colour
from diffmst.data.recording.rooms import Room
from diffmst.data.recording.treatment import Compression, Echo, Treatment
from diffmst.data.song_maker.catalogue import Capture

MICROPHONES: dict[Capture, tuple[str, ...]] = {
    "close": ("condenser", "condenser", "dynamic", "ribbon", "piezo"),
    "amp": ("dynamic", "dynamic", "ribbon", "condenser"),
    "wire": ("wire",),
    "voice": ("condenser", "condenser", "dynamic", "ribbon"),
    "air": ("condenser", "far", "ribbon"),
}
"""What stands before a source; those named twice are twice as likely."""
ROOM_CHANCE: dict[Capture, float] = {"close": 0.4, "amp": 0.3, "wire": 0.0, "voice": 0.35, "air": 1.0}
ROOM_DB: dict[Capture, tuple[float, float]] = {
    "close": (-30, -12), "amp": (-30, -14), "wire": (-40, -30), "voice": (-36, -16), "air": (-12, 0),
}  # fmt: skip
HALL, WIDENED, PANNED = 0.35, 0.25, 0.25
"""Shares of the printed stems with reverb, with a widener, whose many short reflections differ from side to side, and
with a place of their own.
"""


@dataclass(frozen=True)
class Session:
    """Habits of the people who recorded a song.

    Attributes:
        live: whether the band played together, so that open microphones hear everybody.
        spill_db: level of the others in an open microphone, against its own source.
        room: in which it was recorded.
        printed: share of the stems that are saved processed.
        signal_to_noise_db: of microphones and preamplifiers, peak against hiss.
        hum: whether amplifiers and pickups hum.
        mains_hz: 50 or 60.
        peak_db: usual peak of a stem, dBFS.
        peak_spread_db: how far stems stray from it.
        cleaned: share of the stems whose pauses are cut to silence.
        as_stereo: share of the mono sources that are saved with two equal channels.
        split: share of the stereo sources that are saved as two files.
    """

    live: bool
    spill_db: float
    room: Room
    printed: float
    signal_to_noise_db: float
    hum: bool
    mains_hz: float
    peak_db: float
    peak_spread_db: float
    cleaned: float
    as_stereo: float
    split: float


def draw_session(rng: np.random.Generator) -> Session:
    """A session, from a home recording to stems out of a mix."""
    printed = float(np.clip(rng.choice([0.0, rng.random(), 1.0], p=[0.35, 0.4, 0.25]), 0, 1))
    return Session(
        live=bool(rng.random() < 0.3 * (1 - printed)),
        spill_db=rng.uniform(-45, -18),
        room=draw_room(rng, 0.15, 1.2),
        printed=printed,
        signal_to_noise_db=rng.uniform(48, 95),
        hum=bool(rng.random() < 0.3),
        mains_hz=float(rng.choice([50.0, 60.0])),
        peak_db=rng.uniform(-16, -2),
        peak_spread_db=rng.uniform(1, 6),
        cleaned=float(np.clip(rng.uniform(-0.4, 1), 0, 1)),
        as_stereo=float(rng.choice([0.0, 0.1, 0.4, 1.0], p=[0.45, 0.25, 0.15, 0.15])) if printed < 0.5 else 1.0,
        split=float(rng.choice([0.0, 0.2, 0.7], p=[0.6, 0.2, 0.2])),
    )


def draw_room(rng: np.random.Generator, shortest_s: float, longest_s: float) -> Room:
    """A room whose decay lies between two times."""
    rt60_s = float(np.exp(rng.uniform(np.log(shortest_s), np.log(longest_s))))
    return Room(
        rt60_s=rt60_s, damping=rng.uniform(1.3, 5.0), corner_hz=float(np.exp(rng.uniform(np.log(1200), np.log(7000)))),
        low_cut_hz=rng.uniform(40, 250), first_m=rng.uniform(0.8, 5.0) * min(1.5, 0.6 + rt60_s),
        width=float(np.clip(rng.uniform(0.2, 1.3), 0, 1)),
    )  # fmt: skip


def draw_treatment(session: Session, capture: Capture, rng: np.random.Generator, microphone: str = "") -> Treatment:
    """What is done to a stem: its microphone and room always, an engineer's work where stems are printed."""
    kind = microphone or str(rng.choice(MICROPHONES[capture]))
    treatment = Treatment(draw_colour(rng, kind))
    if rng.random() < ROOM_CHANCE[capture]:
        treatment = replace(treatment, room=session.room, room_db=rng.uniform(*ROOM_DB[capture]))
    return engineered(treatment, rng) if rng.random() < session.printed else treatment


def engineered(treatment: Treatment, rng: np.random.Generator) -> Treatment:
    """A stem as it left a mix: equalised, mostly compressed, some with effects."""
    colour = added(treatment.colour, draw_colour(rng, "wire", spread_db=4.5))
    done = replace(treatment, colour=colour)
    if rng.random() < 0.7:
        done = replace(done, compression=_compression(rng))
    if rng.random() < 0.2:
        done = replace(done, drive=float(np.exp(rng.uniform(np.log(0.7), np.log(6)))))
    space = rng.random()
    if space < HALL:
        done = replace(done, room=draw_room(rng, 0.4, 3.0), room_db=rng.uniform(-22, -5))
    elif space < HALL + WIDENED:
        done = replace(done, room=draw_room(rng, 0.03, 0.15), room_db=rng.uniform(-10, 6))
    if rng.random() < PANNED:
        done = replace(done, place=float(np.clip(0.45 * rng.standard_normal(), -1, 1)))
    if rng.random() < 0.12:
        done = replace(done, echo=_echo(rng))
    return done


def _compression(rng: np.random.Generator) -> Compression:
    return Compression(
        under_peak_db=rng.uniform(6, 26), ratio=float(np.exp(rng.uniform(np.log(1.8), np.log(8)))),
        attack_ms=float(np.exp(rng.uniform(np.log(1), np.log(50)))),
        release_ms=float(np.exp(rng.uniform(np.log(40), np.log(400)))), knee_db=rng.uniform(0, 10),
    )  # fmt: skip


def _echo(rng: np.random.Generator) -> Echo:
    return Echo(rng.uniform(-16, -4), rng.uniform(0.08, 0.6), rng.uniform(0.2, 0.65), bool(rng.random() < 0.4))


def draw_noise(session: Session, capture: Capture, peak_db: float, rng: np.random.Generator) -> Noise:
    """Hiss and hum of a stem whose peak will lie at `peak_db`."""
    quiet_db = 12.0 if capture == "wire" else 0.0
    if capture == "wire" and rng.random() < 0.4:
        return Noise()
    hiss_db = peak_db - session.signal_to_noise_db - quiet_db - rng.uniform(0, 8)
    humming = session.hum and capture in ("amp", "wire") and rng.random() < 0.7
    hum_db = peak_db - rng.uniform(45, 75) if humming else -np.inf
    return Noise(hiss_db, hum_db, session.mains_hz, rng.uniform(0.6, 1.8))


def draw_peak_db(session: Session, rng: np.random.Generator) -> float:
    """Peak that a stem is recorded at, dBFS; now and then one is far too quiet, or hits full scale."""
    stray = rng.random()
    if stray < 0.03:
        return float(rng.uniform(-36, -24))
    if stray < 0.07:
        return -0.1
    return float(np.clip(session.peak_db + session.peak_spread_db * rng.standard_normal(), -32, -0.1))
