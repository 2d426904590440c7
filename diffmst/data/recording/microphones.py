"""Microphones, pickups and wires: their colour, the noise and hum that come with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from diffmst.dsp.filters import equalizer_coefficients

Audio = NDArray[np.float32]


class Band(NamedTuple):
    """A band of an equaliser."""

    gain_db: float
    freq_hz: float
    q: float


@dataclass(frozen=True)
class Colour:
    """Frequency response of what lies between a source and the tape.

    Attributes:
        low_cut_hz: below which nothing is let through, 12 dB an octave.
        bands: low shelf, three bells and high shelf.
    """

    low_cut_hz: float
    bands: tuple[Band, ...]

    def coefficients(self, sample_rate: int) -> NDArray[np.float64]:
        """Biquads. Shape: [6, 5]."""
        gain_db, freq_hz, q = np.array([*self.bands[:4], self.bands[3]._replace(gain_db=0.0), self.bands[4]]).T
        biquads = np.array(equalizer_coefficients(sample_rate, gain_db, freq_hz, q))
        cut = signal.butter(2, self.low_cut_hz, "high", fs=sample_rate, output="sos")[0]
        biquads[4] = cut[[0, 1, 2, 4, 5]]
        return biquads


TYPES: Mapping[str, Sequence[tuple[float, float]]] = {
    "dynamic": ((-6, 120), (2, 220), (-1, 700), (5, 4500), (-9, 12_000)),
    "condenser": ((-2, 60), (0, 250), (0, 1200), (1, 4500), (2, 11_000)),
    "ribbon": ((3, 150), (0, 300), (0, 1200), (-2, 5000), (-9, 9000)),
    "kick": ((5, 75), (-3, 280), (-6, 480), (6, 4000), (-8, 11_000)),
    "sub": ((8, 70), (-8, 250), (-14, 700), (-14, 2500), (-14, 3500)),
    "bottom": ((-12, 180), (-4, 300), (1, 1500), (5, 5500), (3, 10_000)),
    "piezo": ((-6, 110), (-2, 300), (3, 1200), (4, 3000), (3, 9000)),
    "wire": ((0, 60), (0, 250), (0, 1000), (0, 4000), (0, 10_000)),
    "far": ((-3, 90), (2, 250), (1, 700), (-1, 5000), (-6, 9000)),
}
"""What types of microphones do, by their data sheets, rounded: gain and frequency of low shelf, three bells and
high shelf. `sub` is a loudspeaker as a microphone, `bottom` hangs under a snare, `far` stands in the room.
"""


DEEP = ("kick", "sub", "wire")
"""Types that nobody uses with a low cut."""
LOWEST_HZ = 18.0
"""What transformers and capacitors let through."""


def draw_colour(rng: np.random.Generator, kind: str, spread_db: float = 2.5) -> Colour:
    """A microphone of a type, at some place before the source: bands a few dB and half an octave off the usual.

    Args:
        kind: one of `TYPES`.
        spread_db: standard deviation of the gains.
    """
    bands = [
        Band(
            float(np.clip(gain_db + spread_db * rng.standard_normal(), -14, 12)),
            float(freq_hz * 2 ** (0.35 * rng.standard_normal())),
            0.7 if index in (0, 4) else float(rng.uniform(0.5, 2.0)),
        )
        for index, (gain_db, freq_hz) in enumerate(TYPES[kind])
    ]
    return Colour(LOWEST_HZ if kind in DEEP or rng.random() < 0.6 else float(rng.uniform(40, 120)), tuple(bands))


def added(one: Colour, other: Colour) -> Colour:
    """One after the other, as far as five bands hold both: gains add, at the frequencies of the stronger."""
    bands = []
    for a, b in zip(one.bands, other.bands, strict=True):
        stronger = a if abs(a.gain_db) > abs(b.gain_db) else b
        bands.append(Band(float(np.clip(a.gain_db + b.gain_db, -18, 15)), stronger.freq_hz, stronger.q))
    return Colour(max(one.low_cut_hz, other.low_cut_hz), tuple(bands))


HISS_S = 4.0


@dataclass(frozen=True)
class Noise:
    """What is heard where nobody plays.

    Attributes:
        hiss_db: level of the hiss, dBFS; minus infinity for none.
        hum_db: level of the mains hum, dBFS.
        mains_hz: 50 or 60.
        hum_slope: power by which the harmonics of the hum fall.
    """

    hiss_db: float = -np.inf
    hum_db: float = -np.inf
    mains_hz: float = 50.0
    hum_slope: float = 1.3

    def add_to(self, x: Audio, sample_rate: int, rng: np.random.Generator) -> None:
        """Add it to a sound in place. Shape: x [channels, time]."""
        if np.isfinite(self.hiss_db):
            block = _hiss(rng, len(x), sample_rate) * np.float32(10 ** (self.hiss_db / 20))
            for start in range(0, x.shape[-1], block.shape[-1]):
                stretch = x[:, start : start + block.shape[-1]]
                stretch += block[:, : stretch.shape[-1]]
        if np.isfinite(self.hum_db):
            number = np.arange(1, 13)
            weight = 10 ** (self.hum_db / 20) / number**self.hum_slope * rng.uniform(0.3, 1, number.size)
            # One period holds it all: the hum repeats with the mains.
            period = round(sample_rate / self.mains_hz)
            angle = 2 * np.pi * np.outer(np.arange(period) / period, number) + rng.uniform(0, 6.28, number.size)
            cycle = (np.sin(angle) @ weight).astype(np.float32)
            x += np.resize(cycle, x.shape[-1])


def _hiss(rng: np.random.Generator, channels: int, sample_rate: int) -> Audio:
    """Noise of unit power that falls towards high frequencies by up to 6 dB an octave; it repeats after `HISS_S`."""
    samples = round(HISS_S * sample_rate)
    bins_hz = np.fft.rfftfreq(samples, 1 / sample_rate)
    spectrum = np.fft.rfft(rng.random((channels, samples), dtype=np.float32) - 0.5)
    spectrum *= (bins_hz > LOWEST_HZ) / np.maximum(bins_hz, LOWEST_HZ) ** rng.uniform(0, 0.6)
    coloured = np.fft.irfft(spectrum, samples)
    return (coloured / coloured.std()).astype(np.float32)
