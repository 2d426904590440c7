"""What of a finished mix its stems and the console explain, and what they do not."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffmst.dsp.bands import band_weights, erb_edges_hz
from diffmst.recall.align import Alignment
from diffmst.recall.interpolation import Audio

HOP_S = 1.0
"""In which the residual is measured over time."""

_NOTHING = 1e-20
_SILENT_SHARE = 1e-5  # seconds and bands this far under the mean say nothing
_EXPLAINED_DB = -20.0  # a residual this far under the mix is hardly worth a word
_CONCENTRATED_DB = 6.0
_MANY = 0.5
_PARTLY_S = 0.5  # of a song that a mix may lack without a word
_TOGETHER_S = 0.00005  # to a twentieth of a millisecond, which is not shown

FloatArray = NDArray[np.float64]


class Explained(NamedTuple):
    """The residual of a mix that was made again.

    Attributes:
        si_sdr_db: of the made mix against the original.
        share: of the original's power that is explained, 0 to 1.
        edges_hz: of the bands, [bands + 1].
        bands_db: residual under the original in each band; NaN where there is nothing, [bands].
        over_time_db: the same in each second, [seconds].
    """

    si_sdr_db: float
    share: float
    edges_hz: FloatArray
    bands_db: FloatArray
    over_time_db: FloatArray


class Explainer:
    """Hears the original and the made mix second by second.

    Args:
        sample_rate: of both, Hz.
    """

    def __init__(self, sample_rate: int) -> None:
        self.frames = round(HOP_S * sample_rate)
        self._window = np.hanning(self.frames)
        self._weights = band_weights(erb_edges_hz(), sample_rate, self.frames).numpy()
        self._original: list[FloatArray] = []
        self._residual: list[FloatArray] = []
        self._products = np.zeros(3)  # <made, original>, <original, original>, <made, made>

    def add(self, original: Audio, made: Audio) -> None:
        """The next second of both, [2, frames]; the last may be shorter."""
        one, other = original.astype(np.float64), made.astype(np.float64)
        self._products += [np.vdot(other, one), np.vdot(one, one), np.vdot(other, other)]
        self._original.append(self._bands(one))
        self._residual.append(self._bands(one - other))

    def explained(self) -> Explained:
        """What was heard so far."""
        original, residual = np.array(self._original), np.array(self._residual)
        cross, wanted, made = self._products
        explained = cross**2 / max(wanted, _NOTHING)
        return Explained(
            si_sdr_db=float(10 * np.log10((explained + _NOTHING) / (max(made - explained, 0.0) + _NOTHING))),
            share=float(np.clip(1 - residual.sum() / max(original.sum(), _NOTHING), 0, 1)),
            edges_hz=erb_edges_hz().numpy(),
            bands_db=_ratio_db(residual.sum(0), original.sum(0)),
            over_time_db=_ratio_db(residual.sum(1), original.sum(1)),
        )

    def _bands(self, x: FloatArray) -> FloatArray:
        """Power in the bands of both sides together, [bands]."""
        padded = np.pad(x, ((0, 0), (0, self.frames - x.shape[1])))
        power = np.abs(np.fft.rfft(padded * self._window)) ** 2
        bands: FloatArray = power.sum(0) @ self._weights
        return bands


def _ratio_db(residual: FloatArray, original: FloatArray) -> FloatArray:
    heard = original > _SILENT_SHARE * original.mean()
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio: FloatArray = 10 * np.log10((residual + _NOTHING) / original)
    return np.where(heard, ratio, np.nan)


def verdict(explained: Explained) -> str:
    """How much is explained, as a sentence."""
    return (
        f"{100 * explained.share:.1f} % of the power of the mix is explained; "
        f"what the console cannot explain is {-10 * np.log10(max(1 - explained.share, 1e-10)):.1f} dB under it."
    )


def begins(alignment: Alignment, sample_rate: int) -> str:
    """Which of mix and stems begins first, and by how much.

    >>> begins(Alignment(-96_000.0), 48_000), begins(Alignment(1234.0), 48_000)
    ('the mix begins 2.00 s after the stems', 'the mix begins 25.7 ms before the stems')
    >>> begins(Alignment(-0.4), 48_000)
    'the mix begins with the stems'
    """
    apart_s = abs(alignment.offset_samples) / sample_rate
    if apart_s < _TOGETHER_S:
        return "the mix begins with the stems"
    length = f"{apart_s:.2f} s" if apart_s >= 1 else f"{1000 * apart_s:.1f} ms"
    return f"the mix begins {length} {'before' if alignment.offset_samples > 0 else 'after'} the stems"


def partly(part: slice, frames: int, sample_rate: int) -> list[str]:
    """That a mix holds a part of the song only, as a sentence if it is so.

    Args:
        part: samples of the song.
        frames: of the song.
        sample_rate: its rate, Hz.

    >>> partly(slice(96_000, 3_984_000), 4_000_000, 48_000)
    ['The mix holds the stems from 0:02 to 1:23 only, and nothing else is judged.']
    """
    if frames - (part.stop - part.start) < _PARTLY_S * sample_rate:
        return []
    first, last = (_clock(round(at / sample_rate)) for at in (part.start, part.stop))
    return [f"The mix holds the stems from {first} to {last} only, and nothing else is judged."]


def _clock(second: int) -> str:
    return f"{second // 60}:{second % 60:02d}"


def likely_reasons(explained: Explained, lacking: Sequence[str], drift_ppm: float, unfinished: str = "") -> list[str]:
    """What the residual suggests, as sentences.

    Args:
        explained: of the mix.
        lacking: names of tracks that it seems not to hold.
        drift_ppm: by how much it runs longer than the stems.
        unfinished: why more was not sought: then the residual tells nothing of what the console lacks.
    """
    sentences = []
    if drift_ppm:
        longer = "longer" if drift_ppm > 0 else "shorter"
        sentences.append(f"The mix runs {abs(drift_ppm):.0f} ppm {longer} than the stems: it came from another clock.")
    if lacking:
        sentences.append(f"Not in the mix, as far as can be told: {', '.join(lacking)}.")
    if unfinished:
        return [*sentences, unfinished]
    return [*sentences, *_in_time(explained), *_in_bands(explained)]


def _in_time(explained: Explained) -> Iterator[str]:
    over = explained.over_time_db
    known = over[np.isfinite(over)]
    if len(known) < 4:
        return
    usual = float(np.median(known))
    worse = np.flatnonzero(over > max(usual + _CONCENTRATED_DB, _EXPLAINED_DB))
    if 0 < len(worse) < _MANY * len(known):
        places = ", ".join(_clock(at) for at in worse[np.argsort(-over[worse])][:4].tolist())
        yield (
            f"Some passages are explained far worse than the rest (worst at {places}): faders, mutes or effects were "
            "moved there, or something else plays."
        )
    elif usual > _EXPLAINED_DB:
        yield (
            "What is left is there throughout: an effect that the console lacks (delay, saturation, chorus), heavy "
            "limiting, or a stem that is missing."
        )


def _in_bands(explained: Explained) -> Iterator[str]:
    bands = explained.bands_db
    known = bands[np.isfinite(bands)]
    if not len(known):
        return
    worse = np.flatnonzero(bands > max(float(np.median(known)) + _CONCENTRATED_DB, _EXPLAINED_DB))
    if 0 < len(worse) < _MANY * len(known):
        low, high = explained.edges_hz[worse[0]], explained.edges_hz[worse[-1] + 1]
        yield (
            f"What is left is worst from {_range(low, high)}: something sounds there that is in no stem, or a filter "
            "that the equalizers cannot draw."
        )


def _range(low_hz: float, high_hz: float) -> str:
    """Frequencies as they are spoken of, in two digits.

    >>> _range(3712.3, 4441.0), _range(112.0, 632.0), _range(870.0, 1240.0)
    ('3.7 to 4.4 kHz', '110 to 630 Hz', '870 Hz to 1.2 kHz')
    """
    (low, low_unit), (high, high_unit) = (_spoken(hz) for hz in (low_hz, high_hz))
    return f"{low} to {high} {high_unit}" if low_unit == high_unit else f"{low} {low_unit} to {high} {high_unit}"


def _spoken(hz: float) -> tuple[str, str]:
    rounded = float(f"{hz:.2g}")
    return (f"{rounded / 1000:g}", "kHz") if rounded >= 1000 else (f"{rounded:g}", "Hz")
