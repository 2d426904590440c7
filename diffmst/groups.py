"""Tracks of one source: the mics of a drum, a DI and its amp, the two sides of a stereo file, what was played twice."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from typing import Literal, NamedTuple

import numpy as np

from diffmst.data.survey import Survey
from diffmst.roles import Role, pairs_of
from diffmst.roles.lexicon import lexicon
from diffmst.roles.sides import own_words, split_side

Kind = Literal["sides", "mics", "doubles", "voice", "kit"]
"""The two files of a stereo recording; microphones and wires of one source; one part played twice; a lead voice and its
double; the drum kit, of which the mics have their own places and sounds, so nothing but the name is shared."""

ONE_SOURCE = 0.6
"""Correlation of the ups and downs of two tracks that are one source, if their names say so. Of 17 made songs, the
fifth percentile of such pairs is 0.84, and the 99th of all others 0.57."""

ONE_PART = 0.85
"""The same of one part played twice, which is not told from two parts of one rhythm but by this."""

ONE_RECORDING = 0.95
"""The same of the two sides of a recording whose names tell nothing."""

ALIKE_DB = 2.0
"""And this is how far the spectra of such sides are apart at most; a DI and its amp are 7 dB apart and more."""

_SMOOTH_HOPS = 11
_FAINT = 1e-5

_FIRST_MODEL = 20  # of the numbers in names of microphones (SM57, D112); takes and players are counted from 1


class Group(NamedTuple):
    """Tracks that belong together.

    Attributes:
        name: short, for people.
        kind: how they do.
        tracks: their places in the song; the left one of two sides first.
    """

    name: str
    kind: Kind
    tracks: tuple[int, ...]


def find_groups(names: Sequence[str], roles: Sequence[Role], surveys: Sequence[Survey]) -> list[Group]:
    """The groups of a song's tracks, by their names, where their sound does not speak against it; no track is in two.

    A wrong group ties what should be free, while one that is missed costs little: so a name is not enough for those
    that share controls, and sound is not without one, but for two sides that sound alike.

    Args:
        names: of the tracks.
        roles: of the tracks.
        surveys: of their files.
    """
    tracks = [
        _Track(place, name, _telling_words(name), role, survey)
        for place, (name, role, survey) in enumerate(zip(names, roles, surveys, strict=True))
        if not survey.silent
    ]
    live = any(_in_kit(track) and _has(track, "room_mics") for track in tracks)
    found: list[Group] = []
    for finder in (_sides, _mics, _doubles, _unnamed_sides, *([_kit] if live else [])):
        taken = {place for group in found for place in group.tracks}
        found += finder([track for track in tracks if track.place not in taken])
    return _numbered(found)


class _Track(NamedTuple):
    place: int
    name: str
    words: tuple[str, ...]
    role: Role
    survey: Survey


def likeness(one: Survey, other: Survey) -> float:
    """Correlation of the ups and downs of two files within a second, -1 to 1: of what is played, not how loud or how.

    Hops are of 100 ms, so that the way of the sound from one microphone to another makes no difference.
    """
    a, b = _ups_and_downs(one), _ups_and_downs(other)
    hops = min(len(a), len(b))
    a, b = a[:hops] - a[:hops].mean(), b[:hops] - b[:hops].mean()
    return float((a * b).sum() / max(math.sqrt((a * a).sum() * (b * b).sum()), 1e-20))


def _ups_and_downs(survey: Survey) -> np.ndarray:
    """Level of each hop, as the ear scales it (the fourth root of the energy), without its mean over a second."""
    level = np.asarray(survey.energy, np.float64).sum(0) ** 0.25
    return level - np.convolve(level, np.full(_SMOOTH_HOPS, 1 / _SMOOTH_HOPS), "same")[: len(level)]


def spectral_difference_db(one: Survey, other: Survey) -> float:
    """Root mean square of what the shares of the bands in two files differ by."""
    difference = _shares_db(one) - _shares_db(other)
    return float(np.sqrt(np.square(difference).mean()))


def _shares_db(survey: Survey) -> np.ndarray:
    power = survey.bands.sum((0, 2), dtype=np.float64)
    return np.asarray(10 * np.log10(power / max(power.sum(), 1e-20) + _FAINT))


def _sides(tracks: Sequence[_Track]) -> Iterator[Group]:
    """Left and right files of one name."""
    for left, right in pairs_of([track.name for track in tracks]):
        if tracks[left].role == tracks[right].role and _sound_alike(tracks[left], tracks[right], ONE_SOURCE):
            yield Group(_called(split_side(tracks[left].words)[0]), "sides", (tracks[left].place, tracks[right].place))


def _mics(tracks: Sequence[_Track]) -> Iterator[Group]:
    """Microphones and wires of one drum or instrument: names that differ in the words for these only."""
    sources: dict[tuple[str, ...], list[tuple[_Track, tuple[str, ...]]]] = defaultdict(list)
    for track in tracks:
        source, positions = _source(track)
        if source:
            sources[source].append((track, positions))
    for source, members in sources.items():
        if len(members) > 1 and len({positions for _, positions in members}) == len(members):
            together = _that_sound_alike([track for track, _ in members])
            if len(together) > 1:
                yield Group(_called(source), "mics", tuple(track.place for track in together))


def _source(track: _Track) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is recorded and from where, as far as words tell; nothing for the mics of the whole kit."""
    if track.role.name in ("kick", "snare"):
        at = _positions(track.words, "drum_mics")
        rest = [word for word in track.words if word not in at and (word,) not in lexicon().entries]
        return (track.role.name, *rest), at
    if _has(track, "room_mics"):
        return (), ()
    at = _positions(track.words, "line_mics")
    return tuple(word for word in track.words if word not in at), at


def _positions(words: Sequence[str], which: str) -> tuple[str, ...]:
    """The words that say where it is recorded from, numbers of microphones included."""
    positions = lexicon().lists[which]
    return tuple(word for word in words if word in positions or (word.isdigit() and int(word) >= _FIRST_MODEL))


def _doubles(tracks: Sequence[_Track]) -> Iterator[Group]:
    """A part and its double, by the word for it; and two guitars that play one part, by their sound."""
    left = list(tracks)
    for one, other in combinations(tracks, 2):
        if one not in left or other not in left:
            continue
        kind = _doubled(one, other)
        if kind and _sound_alike(one, other, ONE_SOURCE if _says_double(one) or _says_double(other) else ONE_PART):
            yield Group(_called(_undoubled(one)), kind, (one.place, other.place))
            left.remove(one)
            left.remove(other)


def _doubled(one: _Track, other: _Track) -> Kind | None:
    """How two tracks would be one part played twice, by their names."""
    if not _undoubled(one) or _undoubled(one) != _undoubled(other):
        return None
    roles = {one.role.name, other.role.name}
    if roles == {"lead", "backing"}:
        return "voice"
    said = _says_double(one) != _says_double(other)
    mono = one.survey.info.channels == other.survey.info.channels == 1
    return "doubles" if len(roles) == 1 and mono and (said or roles == {"guitar"}) else None


def _telling_words(name: str) -> tuple[str, ...]:
    """The words of a file's name but for those that programs add when they write it."""
    return tuple(word for word in own_words(name) if word not in lexicon().lists["exports"])


def _says_double(track: _Track) -> bool:
    return _has(track, "doubles")


def _undoubled(track: _Track) -> tuple[str, ...]:
    return tuple(word for word in track.words if word not in lexicon().lists["doubles"] and not word.isdigit())


def _unnamed_sides(tracks: Sequence[_Track]) -> Iterator[Group]:
    """Neighbours whose names tell nothing, that are as long as each other and sound alike: left and right."""
    taken = -1
    for one, other in pairwise(tracks):
        told = any(lexicon().found(track.words) for track in (one, other))
        mono = all(track.survey.info.channels == 1 for track in (one, other))
        if told or not mono or other.place != one.place + 1 or one.place == taken:
            continue
        as_long = one.survey.info.frames == other.survey.info.frames
        if (
            as_long
            and _sound_alike(one, other, ONE_RECORDING)
            and spectral_difference_db(one.survey, other.survey) < ALIKE_DB
        ):
            taken = other.place
            yield Group("pair", "sides", (one.place, other.place))


def _kit(tracks: Sequence[_Track]) -> Iterator[Group]:
    """The mics of a drum kit that stand in no other group."""
    kit = [track for track in tracks if _in_kit(track)]
    if len(kit) > 1:
        yield Group("drum kit", "kit", tuple(track.place for track in kit))


def _in_kit(track: _Track) -> bool:
    return track.role.name in ("kick", "snare", "hats", "percussion") and _has(track, "kit")


def _that_sound_alike(tracks: Sequence[_Track]) -> list[_Track]:
    """The tracks that sound like the loudest of them."""
    loudest = max(tracks, key=lambda track: track.survey.loudness_lufs)
    return [track for track in tracks if track is loudest or _sound_alike(track, loudest, ONE_SOURCE)]


def _sound_alike(one: _Track, other: _Track, least: float) -> bool:
    return likeness(one.survey, other.survey) >= least


def _has(track: _Track, which: str) -> bool:
    """Whether a word of a list of the lexicon stands in the name of a track."""
    return bool(lexicon().lists[which] & set(track.words))


def _called(words: Sequence[str]) -> str:
    return " ".join(word for word in words if word) or "pair"


def _numbered(groups: Sequence[Group]) -> list[Group]:
    """The groups, those of one name numbered."""
    names = [group.name for group in groups]
    seen: dict[str, int] = defaultdict(int)
    numbered = []
    for group in groups:
        seen[group.name] += 1
        many = names.count(group.name) > 1
        numbered.append(group._replace(name=f"{group.name} {seen[group.name]}" if many else group.name))
    return numbered
