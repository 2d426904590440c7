"""The drums of a song on tape: by wire from a machine, as one loop, or struck before microphones that hear it all."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from diffmst.data.instruments.playing import Stage, Tone
from diffmst.data.recording.rooms import SPEED_OF_SOUND_M_S, Room, convolve, delayed, impulse_response
from diffmst.data.song_maker.band import DrumSet
from diffmst.data.song_maker.catalogue import DRUM_WORDS, Capture
from diffmst.data.song_maker.session import Session, draw_noise, draw_peak_db, draw_treatment, engineered
from diffmst.data.song_maker.takes import Audio, Take

LOUDNESS_DB = {"kick": 0.0, "snare": 0.0, "hats": -13.0, "tom 1": -2.0, "tom 2": -2.0, "tom 3": -2.0, "cymbals": -7.0}
"""Peaks of the pieces at equal distance, as a drummer plays them."""


class Microphone(NamedTuple):
    """A microphone at the drums.

    Attributes:
        hears_db: level of each piece, against its own.
        type: of microphone.
        way_m: from the kit.
        spread: how far apart the two are, 0 for one.
        room_db: level of the room.
    """

    hears_db: Mapping[str, float]
    type: str
    way_m: float = 0.1
    spread: float = 0.0
    room_db: float = -40.0


_REST = {"kick": -26.0, "snare": -22.0, "hats": -14.0, "cymbals": -16.0, "tom 1": -20.0, "tom 2": -20.0, "tom 3": -20.0}
_ALL = dict.fromkeys(LOUDNESS_DB, 0.0)
MICROPHONES: dict[str, Microphone] = {
    "kick in": Microphone({**_REST, "kick": 0, "hats": -26, "cymbals": -26}, "kick", 0.1),
    "kick out": Microphone({**_REST, "kick": 0}, "kick", 0.5, room_db=-26),
    "kick sub": Microphone({"kick": 0, "tom 3": -26}, "sub", 0.5),
    "snare top": Microphone({**_REST, "snare": 0, "hats": -6}, "dynamic", 0.1),
    "snare bottom": Microphone({**_REST, "snare": 0, "kick": -14, "hats": -12}, "bottom", 0.15),
    "hats": Microphone({**_REST, "hats": 0, "snare": -26, "kick": -36}, "condenser", 0.2),
    "tom 1": Microphone({**_REST, "tom 1": 0}, "dynamic", 0.1),
    "tom 2": Microphone({**_REST, "tom 2": 0}, "dynamic", 0.1),
    "tom 3": Microphone({**_REST, "tom 3": 0}, "kick", 0.1),
    "overheads": Microphone({**_ALL, "kick": -8}, "condenser", 1.3, spread=1.0, room_db=-16),
    "room": Microphone(_ALL, "far", 4.0, spread=1.0, room_db=4),
}
PLACES = {"kick": 0.0, "snare": -0.1, "hats": -0.5, "tom 1": -0.3, "tom 2": 0.15, "tom 3": 0.55}
LOOP_DB = {"kick": -7.0, "hats": 4.0, "cymbals": 2.0}
"""What a mix of the drums does to their loudness at equal distance."""
LOOPED = 0.2
"""Share of the drums that are saved as one file, which somebody has mixed."""
SETUPS = (
    ("kick in", "snare top", "overheads"),
    ("kick out", "snare top", "hats", "toms", "overheads"),
    ("kick in", "kick out", "snare top", "snare bottom", "hats", "toms", "overheads", "room"),
    ("kick in", "kick sub", "snare top", "toms", "overheads", "room"),
    ("kick out", "overheads", "room"),
    ("overheads",),
)


def strike(parts: Mapping[str, Sequence[Tone]], drum_set: DrumSet, stages: Mapping[str, Stage]) -> dict[str, Audio]:
    """Sounds of the pieces that are struck at all, at the levels of `LOUDNESS_DB`."""
    pieces: dict[str, Audio] = {}
    for name, play in drum_set.pieces.items():
        part = "toms" if name.startswith("tom") else name
        resting = drum_set.resting[name]
        tones = [
            tone
            for tone in parts.get(part, [])
            if (part != "toms" or f"tom {tone.pitch + 1}" == name)
            and not any(start_s <= tone.start_s < end_s for start_s, end_s in resting)
        ]
        if tones:
            pieces[name] = play(tones, stages[part]).astype(np.float32, copy=False)
    for name, piece in pieces.items():
        piece *= np.float32(10 ** (LOUDNESS_DB[name] / 20) / max(np.abs(piece).max(), 1e-9))
    return pieces


def record_drums(
    pieces: dict[str, Audio], drum_set: DrumSet, session: Session, sample_rate: int, rng: np.random.Generator
) -> list[Take]:
    """The drums on tape."""
    if not pieces:
        return []
    if rng.random() < LOOPED:
        loop = _take(_summed(pieces, rng), "drums", "", session, rng)
        return [replace(loop, treatment=engineered(loop.treatment, rng))]
    if drum_set.live:
        return _live(pieces, session, sample_rate, rng)
    return _programmed(pieces, session, rng)


def _programmed(pieces: dict[str, Audio], session: Session, rng: np.random.Generator) -> list[Take]:
    """Each piece from a machine on a track of its own; now and then cymbals and hats together."""
    toms = [pieces.pop(name) for name in ("tom 1", "tom 2", "tom 3") if name in pieces]
    takes = [_take(piece, name, "", session, rng) for name, piece in pieces.items()]
    if toms and rng.random() < 0.6:
        takes.append(_take(np.sum(toms, axis=0, dtype=np.float32), "toms", "", session, rng))
    return takes


def _live(pieces: dict[str, Audio], session: Session, sample_rate: int, rng: np.random.Generator) -> list[Take]:
    setup = SETUPS[int(rng.integers(len(SETUPS)))]
    names = [name for name in setup if name != "toms"]
    if "toms" in setup:
        names += [name for name in ("tom 1", "tom 2", "tom 3") if name in pieces]
    # The close microphone of what is never struck would record nothing but the others: it is left out.
    names = [name for name in names if name in ("overheads", "room") or name.split(" ")[0] in {
        piece.split(" ")[0] for piece in pieces}]  # fmt: skip
    answer = _answer(pieces, session.room, sample_rate, rng)
    leak_db = rng.normal(0, 5)
    takes = []
    for name in names:
        microphone = MICROPHONES[name]
        mono = bool(microphone.spread) and rng.random() < 0.2
        audio = _heard(pieces, answer, microphone, leak_db, mono, sample_rate, rng)
        takes.append(_take(audio, name, "drum kit", session, rng, microphone.type))
    return takes


def _heard(
    pieces: Mapping[str, Audio],
    answer: Audio,
    microphone: Microphone,
    leak_db: float,
    mono: bool,
    sample_rate: int,
    rng: np.random.Generator,
) -> Audio:
    """What a microphone, or two, hear of all pieces, as late as sound needs for the way."""
    sides = 2 if microphone.spread and not mono else 1
    audio = np.zeros((sides, answer.shape[-1]), np.float32)
    for name, piece in pieces.items():
        own_db = microphone.hears_db.get(name, -np.inf)
        if not np.isfinite(own_db):
            continue
        leaking_db = leak_db + rng.normal(0, 3) if own_db < 0 else 0.0
        for side in range(sides):
            way_m = microphone.way_m + (0 if own_db == 0 and not microphone.spread else rng.uniform(0.1, 0.9))
            heard = delayed(piece[min(side, len(piece) - 1)], round(way_m / SPEED_OF_SOUND_M_S * sample_rate))
            place = PLACES.get(name, 0.0) * microphone.spread * (1 if side else -1) * (sides - 1)
            audio[side] += np.float32(10 ** ((own_db + leaking_db + 5 * place) / 20)) * heard
    return audio + np.float32(10 ** (microphone.room_db / 20)) * answer[:sides]


def _answer(pieces: Mapping[str, Audio], room: Room, sample_rate: int, rng: np.random.Generator) -> Audio:
    """What the room gives back of the whole kit. Shape: [2, time]."""
    summed: Audio = np.zeros((1, next(iter(pieces.values())).shape[-1]), np.float32)
    for piece in pieces.values():
        summed += piece.mean(axis=0, keepdims=True)
    return convolve(summed, impulse_response(room, sample_rate, rng))


def _summed(pieces: Mapping[str, Audio], rng: np.random.Generator) -> Audio:
    """A loop: all pieces in stereo, mixed by somebody."""
    total = np.zeros((2, next(iter(pieces.values())).shape[-1]), np.float32)
    for name, piece in pieces.items():
        place = PLACES.get(name, 0.0) * rng.uniform(0, 1.5)
        gains = 10 ** ((LOOP_DB.get(name, 0.0) + rng.normal(0, 5) + np.array([[-6 * place], [6 * place]])) / 20)
        total += gains.astype(np.float32) * piece
    return total


def _take(
    audio: Audio, name: str, group: str, session: Session, rng: np.random.Generator, microphone: str = ""
) -> Take:
    """A take with its treatment; a piece without a microphone came by wire."""
    kind, _, number = name.partition(" ") if name.startswith("tom ") else (name, "", "")
    role, words = DRUM_WORDS[kind]
    capture: Capture = "close" if microphone else "wire"
    peak_db = draw_peak_db(session, rng)
    treatment = draw_treatment(session, capture, rng, microphone)
    return Take(
        audio, kind, role, tuple(word.strip() for word in words.split(",")), number, group, treatment,
        draw_noise(session, capture, peak_db, rng), peak_db, bool(rng.random() < session.cleaned),
        len(audio) == 2 and bool(rng.random() < session.split), bool(rng.random() < session.as_stereo),
        bool(microphone),
    )  # fmt: skip
