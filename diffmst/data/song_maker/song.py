"""A song from a seed: composed, cast, played, recorded, treated and named."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from diffmst.data.instruments.playing import Stage, Tone
from diffmst.data.recording.rooms import convolve, impulse_response
from diffmst.data.recording.treatment import treated
from diffmst.data.song_maker.band import Band, Player, draw_band
from diffmst.data.song_maker.donors import Donor, Grafted, graft
from diffmst.data.song_maker.drum_room import record_drums, strike
from diffmst.data.song_maker.instrument_files import NO_FILES, InstrumentFiles
from diffmst.data.song_maker.midi import midi_sheet
from diffmst.data.song_maker.naming import draw_convention, name_takes
from diffmst.data.song_maker.players import Studio, record_player
from diffmst.data.song_maker.session import draw_session
from diffmst.data.song_maker.sheet import DRUM_PARTS, Facts, Frame, Sheet, Span, compose_sheet
from diffmst.data.song_maker.takes import Audio, Stem, Take
from diffmst.data.synth import fade

SHORTEST_S = 8.0
ROWS_AT_ONCE = 8
"""Channels that are treated side by side: as many as the filters take at once."""
SEED_WORD = 0x736F6E67
"""Sets the songs of the maker apart from all else that is drawn from the same seed."""
END_FADE_S = 0.5
FROM_MIDI = 0.5
"""Share of the songs whose score comes from a file, where there are files."""
TRIED_FILES = 8
FROM_DONORS = 0.4
"""Share of the songs that take stems over from real ones, where there are such."""
PAUSE_DB, PAUSE_BLOCK_S, PAUSE_HOLD = -50.0, 0.02, 8
"""Level below the peak at which a pause begins, and how finely and how late pauses are cut."""


class MadeSong(NamedTuple):
    """A song: what is known of it, and its stems, made as they are asked for."""

    facts: Facts
    stems: Iterator[Stem]


class Sources(NamedTuple):
    """What songs are made from, beside what is composed and synthesised.

    Attributes:
        instruments: files that instruments come from.
        midi: files that scores come from.
        donors: real songs that stems come from.
    """

    instruments: InstrumentFiles = NO_FILES
    midi: tuple[Path, ...] = ()
    donors: tuple[Donor, ...] = ()


OWN = Sources()
"""Nothing but what is composed and synthesised here."""


def make_song(
    seed: int, number: int, *, seconds: float = 60.0, sample_rate: int = 44_100, sources: Sources = OWN
) -> MadeSong:
    """Song `number` of the endless row that belongs to a seed.

    The same seed and number give the same samples on the same machine.

    Args:
        seed: of the row.
        number: of the song in it, from 0.
        seconds: length of the stems.
        sample_rate: hertz.
        sources: files of the user that may be used.

    Raises:
        UserError: a file of the user cannot be used.
        ValueError: if the song is shorter than `SHORTEST_S`.
    """
    if seconds < SHORTEST_S:
        raise ValueError(f"seconds must be at least {SHORTEST_S}, got {seconds}")
    writer, caster, musicians, engineer, clerk = np.random.Generator(np.random.PCG64([SEED_WORD, seed, number])).spawn(
        5
    )
    studio = Studio(draw_session(engineer), round(seconds * sample_rate), sample_rate)
    grafted = _graft(sources, studio, writer)
    sheet = _sheet(seconds, sources, grafted, writer)
    band = draw_band(sheet, caster, sources.instruments)
    takes: list[Take] = []
    if grafted:
        takes += grafted.takes
        band = _around(band, {take.role for take in takes})
    takes += play(sheet, band, studio, musicians)
    if studio.session.live:
        _spill(takes, studio, engineer)
    names = name_takes(takes, draw_convention(clerk), clerk)
    return MadeSong(sheet.facts, _finished(takes, names, studio, engineer))


def _graft(sources: Sources, studio: Studio, rng: np.random.Generator) -> Grafted | None:
    """Stems of a real song, where there are such songs, for some songs."""
    if not sources.donors or rng.random() > FROM_DONORS:
        return None
    return graft(sources.donors[int(rng.integers(len(sources.donors)))], studio, rng)


def _sheet(seconds: float, sources: Sources, grafted: Grafted | None, rng: np.random.Generator) -> Sheet:
    """What is played: composed around real stems, from a file where there are files, or composed freely."""
    if grafted:
        sheet = compose_sheet(seconds, rng, Frame(grafted.tempo_bpm, grafted.first_beat_s, grafted.key))
        return sheet._replace(facts=sheet.facts._replace(source=f"composed around {grafted.name}"))
    if sources.midi and rng.random() < FROM_MIDI:
        for number in rng.permutation(len(sources.midi))[:TRIED_FILES]:
            sheet_of_file = midi_sheet(sources.midi[int(number)], seconds, rng)
            if sheet_of_file:
                return sheet_of_file
    return compose_sheet(seconds, rng)


def _around(band: Band, roles: set[str]) -> Band:
    """The band without those whose part is taken."""
    kept = tuple(player for player in band.players if player.role not in roles)
    return Band(kept, None if roles & {"kick", "snare", "hats", "drums"} else band.drums)


def play(sheet: Sheet, band: Band, studio: Studio, chance: np.random.Generator) -> list[Take]:
    """What everybody leaves on tape, the drums first."""
    drummer, *players = chance.spawn(1 + len(band.players))
    takes: list[Take] = []
    if band.drums:
        parts = {name: sheet.perform(name, drummer) for name in DRUM_PARTS if name in sheet.parts}
        stages = {name: Stage(studio.samples, studio.sample_rate, rng) for name, rng in zip(
            DRUM_PARTS, drummer.spawn(len(DRUM_PARTS)), strict=True)}  # fmt: skip
        pieces = strike(parts, band.drums, stages)
        takes += record_drums(pieces, band.drums, studio.session, studio.sample_rate, drummer)
    for number, (player, rng) in enumerate(zip(band.players, players, strict=True), 1):
        takes += record_player(player, partial(_part, sheet, player), studio, number, rng)
    return takes


def _part(sheet: Sheet, player: Player, chance: np.random.Generator) -> list[Tone]:
    """The tones of a player, without those of stretches in which they rest."""
    others = [(start_s, end_s) for name, start_s, end_s in sheet.facts.sections if player.only not in ("", name)]
    return _awake(sheet.perform(player.part, chance), (*player.resting, *others))


def _awake(tones: Sequence[Tone], resting: Sequence[Span]) -> list[Tone]:
    """The tones that do not begin within a rest."""
    return [tone for tone in tones if not any(start_s <= tone.start_s < end_s for start_s, end_s in resting)]


def _spill(takes: list[Take], studio: Studio, rng: np.random.Generator) -> None:
    """Every open microphone hears all the others, through the room. Changes the takes."""
    heard = [take for take in takes if take.open]
    if len(heard) < 2:
        return
    summed = np.zeros((1, studio.samples), np.float32)
    for take in heard:
        summed += take.audio.mean(axis=0, keepdims=True) / max(float(np.abs(take.audio).max()), 1e-9)
    room = studio.session.room
    answer = convolve(summed, impulse_response(room, studio.sample_rate, rng))
    answer += summed / np.float32(2)
    for take in heard:
        level_db = studio.session.spill_db + rng.normal(0, 4) - (12 if take.group == "drum kit" else 0)
        gain = float(np.abs(take.audio).max()) * 10 ** (level_db / 20) / len(heard) ** 0.5
        take.audio[:] += np.float32(gain) * answer[: len(take.audio)]


def _finished(takes: list[Take], names: Sequence[str], studio: Studio, rng: np.random.Generator) -> Iterator[Stem]:
    """The stems, a few at a time; the takes are let go of as they are done."""
    left = list(zip(takes, names, strict=True))
    takes.clear()
    while left:
        batch = [left.pop(0)]
        while left and sum(len(take.audio) for take, _ in (*batch, left[0])) <= ROWS_AT_ONCE:
            batch.append(left.pop(0))
        tracks = treated(
            [take.audio for take, _ in batch], [take.treatment for take, _ in batch], studio.sample_rate, rng
        )
        for (take, name), track in zip(batch, tracks, strict=True):
            yield from _stems(take, name, _levelled(take, track, studio.sample_rate, rng))


def _levelled(take: Take, track: Audio, sample_rate: int, rng: np.random.Generator) -> Audio:
    """The track at its peak, with its noise, its pauses cut, faded where the song ends."""
    track = track * np.float32(10 ** (take.peak_db / 20) / max(float(np.abs(track).max()), 1e-9))
    take.noise.add_to(track, sample_rate, rng)
    if take.cleaned:
        _cut_pauses(track, sample_rate, take.peak_db + PAUSE_DB)
    return np.clip(fade(track, sample_rate, out_s=END_FADE_S), -1, 1)


def _cut_pauses(track: Audio, sample_rate: int, level_db: float) -> None:
    """Silence where nothing is above a level for a while, as an editor leaves it."""
    block = round(PAUSE_BLOCK_S * sample_rate)
    whole = track.shape[-1] // block
    blocks = track[:, : whole * block].reshape(len(track), whole, block)
    loud = np.abs(blocks).max(axis=(0, 2)) > 10 ** (level_db / 20)
    kept = np.convolve(loud, np.ones(2 * PAUSE_HOLD + 1), "same") > 0
    ramps = np.interp(np.arange(block) / block, [0, 1], [0, 1]).astype(np.float32)
    opening, closing = kept & ~np.roll(kept, 1), kept & ~np.roll(kept, -1)
    blocks[:, ~kept] = 0
    blocks[:, opening] *= ramps
    blocks[:, closing] *= ramps[::-1]


def _stems(take: Take, name: str, track: Audio) -> Iterator[Stem]:
    """A take as one file or two."""
    if len(track) == 2 and take.split:
        group = take.group or take.kind
        yield Stem(f"{name}{SIDE_OF['L']}", take.role, take.kind, group, track[:1])
        yield Stem(f"{name}{SIDE_OF['R']}", take.role, take.kind, group, track[1:])
        return
    if len(track) == 1 and take.as_stereo:
        track = np.repeat(track, 2, axis=0)
    yield Stem(name, take.role, take.kind, take.group, track)


SIDE_OF = {"L": ".L", "R": ".R"}
"""What is added to the names of two files of one recording, as recorders do."""
