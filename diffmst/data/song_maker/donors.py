"""Real stems in made songs: a stretch of some stems of a song, a little faster or slower, and the band plays to it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffmst.audio import AudioReader, probe
from diffmst.data.composition.theory import MODES, Key
from diffmst.data.datasets import recognise
from diffmst.data.song_maker.catalogue import DRUM_WORDS, KINDS, VOICE_WORDS
from diffmst.data.song_maker.players import Studio
from diffmst.data.song_maker.session import draw_noise, draw_peak_db, draw_treatment
from diffmst.data.song_maker.takes import Audio, Take
from diffmst.errors import UserError

USED = 0.6
"""Share of the stems of a donor that a song takes over."""
SPEEDS = (0.92, 1.09)
SLOWEST_BPM, FASTEST_BPM, USUAL_BPM = 70.0, 170.0, 120.0
ENVELOPE_HZ = 100
ANALYSED_HZ = 11_025
UNPITCHED = ("kick", "snare", "hats", "percussion", "drums", "effects")
SILENT = 1e-4


class Donor(NamedTuple):
    """A real song: its name, and file and role of each stem whose role is known."""

    name: str
    stems: tuple[tuple[Path, str], ...]


class Grafted(NamedTuple):
    """What a made song takes over from a real one.

    Attributes:
        name: of the real song.
        takes: its stems.
        tempo_bpm: of what is taken.
        first_beat_s: time of its first beat.
        key: that it is nearest to.
    """

    name: str
    takes: tuple[Take, ...]
    tempo_bpm: float
    first_beat_s: float
    key: Key


def find_donors(folder: Path) -> tuple[Donor, ...]:
    """The songs below a folder that have stems whose roles are known, by their names or their labels.

    Raises:
        UserError: there are none.
    """
    donors = []
    for dataset, place in recognise(folder):
        for song in dataset.songs(place):
            known = tuple((stem.path, stem.role) for stem in song.stems if stem.role)
            if known:
                donors.append(Donor(song.name, known))
    if not donors:
        raise UserError(f"{folder}: holds no stems whose names tell what they are")
    return tuple(donors)


def graft(donor: Donor, studio: Studio, rng: np.random.Generator) -> Grafted | None:
    """Some stems of a real song for a made one; None where the stretch that is drawn is silent.

    Raises:
        UserError: a file cannot be read.
    """
    speed = float(rng.uniform(*SPEEDS))
    chosen = [stem for stem in donor.stems if rng.random() < USED] or [donor.stems[int(rng.integers(len(donor.stems)))]]
    info = probe(chosen[0][0])
    needed_s = studio.samples / studio.sample_rate * speed
    begin_s = float(rng.uniform(0, max(0.0, info.duration_s - needed_s)))
    cut = [(role, _cut(path, begin_s, speed, studio)) for path, role in chosen]
    cut = [(role, audio) for role, audio in cut if np.abs(audio).max() > SILENT]
    if not cut:
        return None
    takes = tuple(_take(role, audio, studio, rng) for role, audio in cut)
    struck = [audio for role, audio in cut if role in UNPITCHED and role != "effects"] or [audio for _, audio in cut]
    tempo_bpm, first_beat_s = beats(_summed(struck), studio.sample_rate)
    pitched = [audio for role, audio in cut if role not in UNPITCHED]
    key = key_of(_summed(pitched), studio.sample_rate) if pitched else Key(int(rng.integers(12)), "minor")
    return Grafted(donor.name, takes, tempo_bpm, first_beat_s, key)


def _cut(path: Path, begin_s: float, speed: float, studio: Studio) -> Audio:
    """A stretch of a file, faster by resampling, over and over where the file is too short."""
    rate = round(studio.sample_rate / speed)
    with AudioReader(path, rate) as reader:
        reader.seek(round(begin_s * rate))
        audio = np.zeros((min(reader.channels, 2), 0), np.float32)
        read = reader.read(studio.samples)
        audio = read[:2] if read.shape[1] else audio
    if not audio.shape[1]:
        return np.zeros((1, studio.samples), np.float32)
    if len(audio) == 2 and np.array_equal(audio[0], audio[1]):
        audio = audio[:1]
    repetitions = -(-studio.samples // audio.shape[1])
    return np.ascontiguousarray(np.tile(audio, repetitions)[:, : studio.samples])


def _take(role: str, audio: Audio, studio: Studio, rng: np.random.Generator) -> Take:
    peak_db = draw_peak_db(studio.session, rng)
    return Take(
        audio, "recorded", role, names_of(role), "", "", draw_treatment(studio.session, "wire", rng),
        draw_noise(studio.session, "wire", peak_db, rng), peak_db,
    )  # fmt: skip


def names_of(role: str) -> tuple[str, ...]:
    """What people name files of a role."""
    tables = (DRUM_WORDS, VOICE_WORDS)
    spoken = [words for table in tables for named, words in table.values() if named == role]
    spoken += [kind.words for kind in KINDS if kind.role == role]
    return tuple(word.strip() for words in spoken for word in words.split(","))


def beats(mono: NDArray[np.floating], sample_rate: int) -> tuple[float, float]:
    """Tempo in beats per minute, and time of the first beat, of a sound with strokes.

    The envelope of rises is compared with itself at every delay, and a comb of that delay finds the beat.

    Shape: mono [time].
    """
    hop = sample_rate // ENVELOPE_HZ
    energy = np.square(mono[: mono.size // hop * hop].reshape(-1, hop)).mean(axis=1)
    rises = np.maximum(np.diff(np.sqrt(energy), prepend=0.0), 0)
    spectrum = np.fft.rfft(rises - rises.mean(), 2 * rises.size)
    likeness = np.fft.irfft(np.abs(spectrum) ** 2)[: rises.size]
    delays = np.arange(round(60 * ENVELOPE_HZ / FASTEST_BPM), round(60 * ENVELOPE_HZ / SLOWEST_BPM) + 1)
    delays = delays[delays < rises.size // 2]
    # The same beat is heard after two and four of them: their likeness counts too, and tells the tempo more finely.
    # Half and double the tempo are as likely by themselves: the nearer one to the usual tempo is taken.
    usual = np.exp(-0.5 * (np.log2(60 * ENVELOPE_HZ / delays / USUAL_BPM) / 0.7) ** 2)
    score = usual * [likeness[delay] + 0.5 * likeness[min(2 * delay, rises.size - 1)] for delay in delays]
    coarse = int(delays[int(np.argmax(score))])
    far = min(8, (rises.size - 3) // coarse)
    near = np.arange(far * coarse - far, far * coarse + far + 1)
    near = near[near < likeness.size]
    period = float(near[int(np.argmax(likeness[near]))]) / far
    phases = np.arange(coarse)
    comb = [rises[np.round(np.arange(phase, rises.size - 1, period)).astype(int)].sum() for phase in phases]
    return 60 * ENVELOPE_HZ / period, float(int(np.argmax(comb))) / ENVELOPE_HZ


def key_of(mono: NDArray[np.floating], sample_rate: int) -> Key:
    """The key whose scale holds most of a sound, its tonic and fifth counted twice.

    Shape: mono [time].
    """
    step = max(1, sample_rate // ANALYSED_HZ)
    size = 8192
    frames = mono[: mono.size // (size * step) * size * step].reshape(-1, step).mean(axis=1).reshape(-1, size)
    magnitude = np.abs(np.fft.rfft(frames * np.hanning(size))).sum(axis=0)
    bins_hz = np.fft.rfftfreq(size, step / sample_rate)
    heard = (bins_hz > 60) & (bins_hz < 2000)
    classes = np.round(12 * np.log2(bins_hz[heard] / 440) + 69).astype(int) % 12
    chroma = np.bincount(classes, weights=magnitude[heard], minlength=12)

    def fit(key: Key) -> float:
        return float(chroma[list(key.classes)].sum() + chroma[key.tonic] + chroma[(key.tonic + 7) % 12])

    return max((Key(tonic, mode) for tonic in range(12) for mode in MODES), key=fit)


def _summed(tracks: Sequence[Audio]) -> NDArray[np.float32]:
    total = np.zeros(tracks[0].shape[-1], np.float32)
    for track in tracks:
        total += track.mean(axis=0)
    return total
