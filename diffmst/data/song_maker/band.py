"""The band: who plays which part of a score, drawn from chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffmst.data.instruments import drums, metals, voices
from diffmst.data.instruments.playing import Play, Stage, Tone
from diffmst.data.instruments.solo import top_line
from diffmst.data.song_maker.catalogue import BY_NAME, KINDS, VOICE_WORDS, Capture, Kind
from diffmst.data.song_maker.draws.lines import draw_singer
from diffmst.data.song_maker.draws.struck import draw_drum_machine, draw_drums
from diffmst.data.song_maker.instrument_files import NO_FILES, InstrumentFiles, draw_instrument, draw_pieces
from diffmst.data.song_maker.sheet import Sheet, Span

ELECTRONIC_SHARE = {
    "electronic": 0.95, "trap": 0.85, "soul": 0.5, "funk": 0.3, "pop-rock": 0.25, "ballad": 0.2, "reggae": 0.15,
    "heavy": 0.05, "folk": 0.03,
}  # fmt: skip
"""How electronic the bands of a style are on average, 0 to 1."""
PLAYED = {
    "bass": 0.97, "keys": 0.8, "guitar": 0.7, "acoustic": 0.3, "pad": 0.5, "pluck": 0.45, "strings": 0.25,
    "brass": 0.2, "percussion": 0.5, "effects": 0.35,
}  # fmt: skip
"""Chance that somebody plays a part that the score has."""
SECOND = 0.3
"""Chance that a part is played by another instrument too."""
INSTRUMENTAL = 0.12
RESTING = (0.4, 0.35, 0.25)
"""Shares of the players who never rest between their parts, who rest now and then, and who rest mostly."""
LOW_VOICE, HIGH_VOICE = 52.0, 64.0
"""Pitches around which men and women sing."""
SAMPLED_CAPTURE: Capture = "wire"
MELODIC = (*range(52, 55), *range(56, 88))
"""Programs of General MIDI that play melodies which a voice may sing."""
FAMILIES: tuple[tuple[str, ...], ...] = (
    ("piano",), ("mallets",), ("organ",), ("electric guitar", "clean guitar"), ("electric bass",), ("solo strings",),
    ("strings",), ("brass", "brass section"), ("reed",), ("flute",), ("synth lead",), ("pad",), ("pad",),
    ("small strings",), ("mallets",), (),
)  # fmt: skip
"""Kinds that stand for the families of eight programs of General MIDI."""


@dataclass(frozen=True)
class Player:
    """Somebody who plays one part, and what becomes of it on tape.

    Attributes:
        name: of the instrument, as the sidecar has it.
        role: in a mix.
        part: of the score.
        play: from tones to sound.
        capture: how it is recorded.
        names: what people name its files.
        programs: of General MIDI that sound like it.
        octaves: by which it plays higher than written.
        centre: pitch around which it plays, to which the part is moved by octaves; 0 where it plays as written.
        doubled: whether it is recorded twice, for left and right.
        only: name of the only section it plays in, or empty.
        resting: stretches in seconds in which it does not play.
    """

    name: str
    role: str
    part: str
    play: Play
    capture: Capture
    names: tuple[str, ...]
    programs: tuple[int, ...] = ()
    octaves: int = 0
    centre: float = 0.0
    doubled: bool = False
    only: str = ""
    resting: tuple[Span, ...] = ()


class DrumSet(NamedTuple):
    """The drums of a song.

    Attributes:
        pieces: who plays each.
        live: whether they are struck by hand before microphones.
        resting: stretches in seconds in which a piece is not struck.
    """

    pieces: Mapping[str, Play]
    live: bool
    resting: Mapping[str, tuple[Span, ...]]


class Band(NamedTuple):
    """All who play a song; `drums` is none where nobody drums."""

    players: tuple[Player, ...]
    drums: DrumSet | None


def draw_band(sheet: Sheet, rng: np.random.Generator, files: InstrumentFiles = NO_FILES) -> Band:
    """Players for a song.

    Args:
        sheet: what is to be played.
        rng: source of chance.
        files: that instruments may come from.
    """
    centre = ELECTRONIC_SHARE.get(sheet.facts.style, 0.4)
    electronic = float(np.clip(centre + 0.25 * rng.standard_normal(), 0, 1))
    if sheet.programs:
        players = _for_programs(sheet, electronic, rng)
    else:
        players = [
            _player(kind, part, rng)
            for part in sheet.parts
            if rng.random() < PLAYED.get(part, 0)
            for kind in _kinds(part, electronic, rng)
        ]
        players += _singers(rng, electronic)
    spans = sheet.spans
    players = [replace(_sampled(player, files, rng), resting=_draw_rests(spans, rng)) for player in players]
    drumless = {"folk": 0.35, "": 0.02}.get(sheet.facts.style, 0.08)
    drum_set = _draw_drums(electronic, spans, files, rng) if rng.random() > drumless else None
    return Band(tuple(players), drum_set)


def _draw_drums(electronic: float, spans: Sequence[Span], files: InstrumentFiles, rng: np.random.Generator) -> DrumSet:
    live = bool(rng.random() > electronic)
    kit, metal = draw_drums(rng) if rng.random() < (0.9 if live else 0.1) else draw_drum_machine(rng)
    pieces: dict[str, Play] = {
        "kick": partial(drums.kick, kit=kit),
        "snare": partial(drums.snare, kit=kit),
        "hats": partial(metals.hats, metal=metal),
        "cymbals": partial(metals.cymbals, metal=metal),
        **{f"tom {size + 1}": partial(drums.tom, kit=kit, size=size) for size in range(3)},
    }
    pieces = draw_pieces(files, pieces, rng)
    # A breakdown silences all pieces; beside it each has rests of its own.
    breakdown = _draw_rests(spans, rng)
    return DrumSet(pieces, live, {name: breakdown + _draw_rests(spans, rng) for name in pieces})


def _draw_rests(spans: Sequence[Span], rng: np.random.Generator) -> tuple[Span, ...]:
    """The stretches in which somebody rests: none for many, most for those who colour a moment; never all."""
    share = float(rng.choice([0.0, rng.uniform(0.1, 0.5), rng.uniform(0.5, 0.9)], p=RESTING))
    awake = int(rng.integers(len(spans)))
    return tuple(span for number, span in enumerate(spans) if number != awake and rng.random() < share)


def _sampled(player: Player, files: InstrumentFiles, rng: np.random.Generator) -> Player:
    """The player with an instrument of a file in the hands, now and then; who sings words keeps the own voice."""
    if player.capture == "voice" and player.name != "choir":
        return player
    borrowed = draw_instrument(files, player.role, player.programs, player.play, rng)
    if not borrowed:
        return player
    sampled = replace(player, play=borrowed.play, capture=SAMPLED_CAPTURE)
    # The track of an instrument is called by its patch, as in a sequencer.
    return replace(sampled, name=borrowed.name, names=(borrowed.name,)) if borrowed.name else sampled


def _for_programs(sheet: Sheet, electronic: float, rng: np.random.Generator) -> list[Player]:
    """Players for the parts of a file by the instruments that it asks for, one melody sung if there is one to sing."""
    players = []
    singable = [part for part, program in sheet.programs.items() if program in MELODIC]
    sung = str(rng.choice(singable)) if singable and rng.random() < 0.6 else ""
    for part, program in sheet.programs.items():
        if part == sung:
            players += _lead_voices(part, rng, electronic)
            continue
        named = [kind for kind in KINDS if program in kind.programs]
        family = FAMILIES[program // 8]
        kinds = named or [kind for kind in KINDS if kind.name in family]
        if kinds:
            players.append(_player(kinds[int(rng.integers(len(kinds)))], part, rng))
    if "percussion" in sheet.parts:
        players.append(_player(BY_NAME["percussion"], "percussion", rng))
    return players


def draw_player(part: str, electronic: float, rng: np.random.Generator) -> Player | None:
    """Somebody for a part, or nobody where no kind of instrument plays it."""
    kinds = _kinds(part, electronic, rng)
    return _player(kinds[0], part, rng) if kinds else None


def _kinds(part: str, electronic: float, rng: np.random.Generator) -> list[Kind]:
    """One or two kinds of instruments for a part: those first named for it, and near in style, are likelier."""
    able = [kind for kind in KINDS if part in kind.parts]
    if not able:
        return []
    weight = np.array([
        (1.0 if kind.parts[0] == part else 0.25) * (0.05 + (1 - abs(kind.electronic - electronic)) ** 2)
        for kind in able
    ])  # fmt: skip
    count = min(len(able), 1 + int(rng.random() < SECOND and part not in ("bass", "effects", "percussion")))
    return [able[index] for index in rng.choice(len(able), count, replace=False, p=weight / weight.sum())]


def _player(kind: Kind, part: str, rng: np.random.Generator) -> Player:
    assert kind.draw is not None, "groups draw their own"
    doubled = bool(rng.random() < kind.doubled)
    octaves = kind.octaves + (-1 if kind.name == "brass" and rng.random() < 0.4 else 0)
    return Player(kind.name, kind.role, part, kind.draw(rng), kind.capture, kind.names, kind.programs, octaves, doubled)


def _singers(rng: np.random.Generator, electronic: float) -> list[Player]:
    """Lead, doubles, harmonies and choirs, or an instrument in the place of the lead."""
    if rng.random() < INSTRUMENTAL + 0.2 * electronic:
        lead = draw_player("lead", electronic, rng)
        assert lead is not None, "there are kinds for a lead"
        return [lead]
    players = _lead_voices("lead", rng, electronic)
    if rng.random() < 0.65:
        low = bool(rng.random() < 0.4)
        akin = replace(draw_singer(rng, low=low), vibrato_cents=15.0)
        players.append(_voice("choir", "backing", partial(voices.choir, singer=akin), low))
    if rng.random() < 0.35:
        low = bool(rng.random() < 0.4)
        harmony = replace(draw_singer(rng, low=low), air=0.05)
        players.append(_voice("harmony", "backing", partial(_upper, singer=harmony), low))
    return players


def _lead_voices(part: str, rng: np.random.Generator, electronic: float) -> list[Player]:
    """Who sings a melody: one, often doubled where it matters, or a gang that joins in."""
    low = bool(rng.random() < 0.5)
    rapped = bool(rng.random() < 0.15 + 0.2 * electronic)
    singer = draw_singer(rng, low=low, spoken=rapped)
    players = [_voice("rap" if rapped else "lead voice", part, partial(voices.lead, singer=singer), low)]
    if rng.random() < 0.4:
        double = replace(singer, air=0.5 * singer.air)
        players.append(_voice("double", part, partial(voices.lead, singer=double), low, only="chorus"))
    if rng.random() < 0.12:
        shouting = replace(singer, press=1.2, breath=0.3)
        play = partial(voices.unison, singer=shouting, voices=int(rng.integers(3, 6)))
        players.append(_voice("gang", part, play, low, only="chorus"))
    return players


def _upper(tones: Sequence[Tone], stage: Stage, singer: voices.Singer) -> NDArray[np.float32]:
    """One voice on the highest notes of the chords."""
    return voices.lead(top_line(tones), stage, singer)


def _voice(name: str, part: str, play: Play, low: bool, only: str = "") -> Player:
    role, words = VOICE_WORDS[name]
    names = tuple(word.strip() for word in words.split(","))
    centre = LOW_VOICE if low else HIGH_VOICE
    return Player(name, role, part, play, "voice", names, centre=centre, only=only)
