"""Sections of a song: where they are cut, and what is cut out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from diffmst.data.gathering import FEWEST_STEMS
from diffmst.data.song import Song
from diffmst.data.survey import Survey
from diffmst.data.windows import active_hops, choose_windows, window_sums
from diffmst.dsp.loudness import HOP_S, pooled_loudness
from diffmst.errors import UserError
from diffmst.excerpts import Excerpts
from diffmst.listening import known_stems
from diffmst.prior import Stem

SHORTEST_S = 6.0
"""A section is at least as long as one of the windows that systems listen to."""

USEFUL_S = 10.0
"""From here on sections that are more alike are worth more than longer ones."""

FULL_SCALE = 1 - 2.0**-23
"""The largest positive value of 24 bits."""

_STEP_HOPS = 5
_STEP_S = _STEP_HOPS * HOP_S
_SHORTER = 0.8
_TOLERATED = 0.05  # of the stems: so much less alike may longer sections be
_FULLNESS = 0.1  # of a stem that is heard: it had better be heard all the time
_ENOUGH = 0.25  # of a section: a stem that sounds for so long is heard in it


class Sections(NamedTuple):
    """Where the sections of a song lie.

    Attributes:
        starts_s: ascending.
        seconds: length of each.
    """

    starts_s: tuple[float, ...]
    seconds: float


class Cut(NamedTuple):
    """Sections of a song, cut without fades, in memory.

    Attributes:
        names: of its tracks.
        excerpts: all tracks in every section, as the files have them.
        stems: what is known of the tracks, their loudness that of all sections together.
        notes: what was changed, for the user.
    """

    names: tuple[str, ...]
    excerpts: Excerpts
    stems: tuple[Stem, ...]
    notes: tuple[str, ...]


def one_section(song: Song, longest_s: float) -> Sections:
    """The section of a surveyed song in which most stems sound.

    Raises:
        UserError: the song is shorter than `SHORTEST_S`.
    """
    seconds = _section_s(song, longest_s, sections=1)
    return Sections((choose_windows(_surveys(song), seconds, 1)[0],), seconds)


def two_sections(song: Song, longest_s: float) -> Sections:
    """Two sections of a surveyed song that are played alike: in which the same stems sound, as many as possible.

    They are as long as they can be without being less alike than shorter ones, but for those of a song so short that
    they are its halves.

    Raises:
        UserError: half of the song is shorter than `SHORTEST_S`.
    """
    active = active_hops(_surveys(song))
    lengths_s = [_section_s(song, longest_s, sections=2)]
    while lengths_s[-1] * _SHORTER >= USEFUL_S:
        lengths_s.append(_section_s(song, lengths_s[-1] * _SHORTER, sections=2))
    found = [_most_alike(active, round(seconds / HOP_S)) for seconds in lengths_s]
    wanted = max(likeness for likeness, _ in found) - _TOLERATED * len(active)
    return next(
        Sections((starts[0] * HOP_S, starts[1] * HOP_S), seconds)
        for seconds, (likeness, starts) in zip(lengths_s, found, strict=True)
        if likeness >= wanted
    )


def _most_alike(active: NDArray[np.float64], hops: int) -> tuple[float, tuple[int, int]]:
    """How alike the two sections of this length are that are most so, in stems, and the hops at which they start."""
    starts = np.arange(0, active.shape[1] - hops + 1, _STEP_HOPS)
    share = window_sums(active, starts, hops) / hops  # [stems, starts]
    heard = np.minimum(share / _ENOUGH, 1)
    best, chosen = -np.inf, (0, 0)
    for first in range(len(starts) - hops // _STEP_HOPS):
        later = slice(first + hops // _STEP_HOPS, None)
        apart = np.abs(share[:, [first]] - share[:, later])
        together = np.minimum(heard[:, [first]], heard[:, later])
        likeness = (together - apart + _FULLNESS * np.minimum(share[:, [first]], share[:, later])).sum(0)
        if likeness.max() > best:
            best, chosen = float(likeness.max()), (first, later.start + int(likeness.argmax()))
    return best, (int(starts[chosen[0]]), int(starts[chosen[1]]))


def cut(song: Song, sections: Sections) -> Cut:
    """What sounds in the sections of a surveyed song; tracks that do not are left out.

    A track that exceeds full scale, as floats can, is turned down to meet it: so it can be written.

    Raises:
        UserError: a file breaks, or fewer than two tracks sound there.
    """
    audio = song.read_windows(sections.starts_s, sections.seconds)
    names, notes, kept, stems = [], [], [], []
    for track, stem, rows in zip(
        song.tracks, known_stems(song), np.split(audio, np.cumsum(song.channels)[:-1], axis=1), strict=True
    ):
        if (peak := float(np.abs(rows).max())) > 1:
            rows *= FULL_SCALE / peak
            notes.append(f"{track.name} exceeds full scale; turned down by {20 * np.log10(peak):.1f} dB")
        loudness_lufs = float(pooled_loudness(torch.from_numpy(rows), song.sample_rate))
        if np.isfinite(loudness_lufs):
            names.append(track.name)
            kept.append(rows)
            stems.append(stem._replace(loudness_lufs=loudness_lufs))
    if len(stems) < FEWEST_STEMS:
        raise UserError("fewer than two stems sound in the sections that were chosen")
    sound = torch.from_numpy(np.concatenate(kept, axis=1))
    excerpts = Excerpts(sound, tuple(stem.channels for stem in stems), 0, song.sample_rate)
    return Cut(tuple(names), excerpts, tuple(stems), tuple(notes))


def sounding(part: Cut, section: int) -> list[int]:
    """The tracks that sound in one of the sections."""
    rows = part.excerpts.audio[section].split(part.excerpts.channels)
    loudness_lufs = [float(pooled_loudness(row[None], part.excerpts.sample_rate)) for row in rows]
    return [track for track, loudness in enumerate(loudness_lufs) if np.isfinite(loudness)]


def _section_s(song: Song, longest_s: float, sections: int) -> float:
    """Length of so many sections, in whole steps."""
    seconds = float(np.floor(min(longest_s, song.duration_s / sections) / _STEP_S) * _STEP_S)
    if seconds < SHORTEST_S:
        raise UserError(
            f"lasts {song.duration_s:.1f} s; it takes {sections * SHORTEST_S:g} s to cut "
            f"{sections} section{'s'[: sections - 1]} of {SHORTEST_S:g} s"
        )
    return seconds


def _surveys(song: Song) -> list[Survey]:
    return [track.survey for track in song.tracks if track.survey is not None]
