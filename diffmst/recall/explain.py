"""What of a finished mix its stems and the console explain, and what they do not."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffmst.dsp.bands import band_weights, erb_edges_hz
from diffmst.recall.interpolation import Audio

HOP_S = 1.0
"""In which the residual is measured over time."""

_NOTHING = 1e-20
_SILENT_SHARE = 1e-5  # seconds and bands this far under the mean say nothing
_EXPLAINED_DB = -20.0  # a residual this far under the mix is hardly worth a word
_CONCENTRATED_DB = 6.0
_MANY = 0.5

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


def likely_reasons(explained: Explained, lacking: Sequence[str], drift_ppm: float) -> list[str]:
    """What the residual suggests, as sentences; the first is the verdict."""
    sentences = [
        f"{100 * explained.share:.1f} % of the power of the mix is explained; the rest is "
        f"{-10 * np.log10(max(1 - explained.share, 1e-10)):.1f} dB under it."
    ]
    if drift_ppm:
        longer = "longer" if drift_ppm > 0 else "shorter"
        sentences.append(f"The mix runs {abs(drift_ppm):.0f} ppm {longer} than the stems: it came from another clock.")
    if lacking:
        sentences.append(f"Not in the mix, as far as can be told: {', '.join(lacking)}.")
    return [*sentences, *_in_time(explained), *_in_bands(explained)]


def _in_time(explained: Explained) -> Iterator[str]:
    over = explained.over_time_db
    known = over[np.isfinite(over)]
    if len(known) < 4:
        return
    usual = float(np.median(known))
    worse = np.flatnonzero(over > max(usual + _CONCENTRATED_DB, _EXPLAINED_DB))
    if 0 < len(worse) < _MANY * len(over):
        places = ", ".join(f"{at // 60}:{at % 60:02d}" for at in worse[np.argsort(-over[worse])][:4].tolist())
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
            f"It is worst from {low:.0f} to {high:.0f} Hz: something sounds there that is in no stem, or a filter that "
            "the equalizers cannot draw."
        )
