"""Sound from grains: lines of pulses through a body that changes, and noise whose spectrum changes.

A pulse train through a slowly varying filter is a sum of impulse responses, one per period, each as the filter was at
that pulse (Rodet, "Time-domain formant-wave-function synthesis", Computer Music Journal 8(3), 1984). Curves of pitch,
strength and shape are therefore needed at a control rate only.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from diffmst.data.synth import NYQUIST_MARGIN

CONTROL_HZ = 500
"""Rate of the curves that steer a line."""
FRACTIONS = 4
"""Places between two samples at which a pulse may stand."""
RESPONSE_SIZE = 2048
NOISE_HOP_S = 0.005

Curve = NDArray[np.float64]


def pulse_onsets(pitch_hz: Curve, sample_rate: int) -> Curve:
    """Times in samples at which the phase of an oscillator passes a whole cycle.

    Args:
        pitch_hz: frequency at `CONTROL_HZ`.

    >>> pulse_onsets(np.full(500, 100.0), 44_100)[:3].round(3)
    array([ 441.,  882., 1323.])
    """
    cycles = np.concatenate([[0.0], np.cumsum(pitch_hz) / CONTROL_HZ])
    times = np.arange(cycles.size) * (sample_rate / CONTROL_HZ)
    return np.interp(np.arange(1, int(cycles[-1]) + 1), cycles, times)


def frequencies_hz(sample_rate: int) -> Curve:
    """Frequencies at which the bodies of `pulse_shapes` are given. Shape: [`RESPONSE_SIZE` / 2 + 1]."""
    return np.asarray(np.fft.rfftfreq(RESPONSE_SIZE, 1 / sample_rate), np.float64)


def pulse_shapes(responses: NDArray[np.complexfloating], sample_rate: int) -> NDArray[np.float32]:
    """Impulse responses of bodies at `FRACTIONS` places between two samples, faded to their end.

    Args:
        responses: frequency responses, at `frequencies_hz`; what lies near the Nyquist frequency is taken out.

    Shape: responses [shapes, bins]; returns [shapes, `FRACTIONS`, time].
    """
    bins = frequencies_hz(sample_rate)
    kept = np.clip((NYQUIST_MARGIN * sample_rate - bins) / (0.03 * sample_rate), 0, 1) * (bins > 0)
    late = np.exp(-2j * np.pi * bins / sample_rate * (np.arange(FRACTIONS)[:, None] / FRACTIONS + 1))
    pulses = fft.irfft((responses * kept)[:, None] * late, RESPONSE_SIZE).astype(np.float32)
    length = min(RESPONSE_SIZE, int(0.022 * sample_rate))
    return pulses[..., :length] * np.cos(np.linspace(0, np.pi / 2, length, dtype=np.float32)) ** 2


def lay_pulses(
    onsets: Curve, strength: Curve, shape: NDArray[np.integer], shapes: NDArray[np.float32], samples: int
) -> NDArray[np.float32]:
    """Sum of pulses, one at each onset.

    Args:
        onsets: times in samples.
        strength: amplitude of each pulse; those of none are passed over.
        shape: which of the shapes each has.
        shapes: from `pulse_shapes`.

    Shape: onsets, strength and shape [pulses]; returns [samples].
    """
    length = shapes.shape[-1]
    track = np.zeros(samples + length, np.float32)
    whole = np.floor(onsets).astype(np.int64)
    fraction = ((onsets - whole) * FRACTIONS).astype(np.int64)
    heard = np.flatnonzero((np.abs(strength) > 1e-5) & (whole < samples))
    amplitude = strength.astype(np.float32)
    for pulse in heard:
        start = whole[pulse]
        track[start : start + length] += amplitude[pulse] * shapes[shape[pulse], fraction[pulse]]
    return track[:samples]


def noise_bins_hz(sample_rate: int) -> Curve:
    """Frequencies at which `shaped_noise` takes spectra."""
    return np.asarray(np.fft.rfftfreq(2 * _noise_hop(sample_rate), 1 / sample_rate), np.float64)


def shaped_noise(
    rng: np.random.Generator, strength: Curve, spectrum: NDArray[np.integer], spectra: Curve, samples: int, rate: int
) -> NDArray[np.float32]:
    """Noise whose spectrum changes, hop by hop of `NOISE_HOP_S`; white noise of unit power for a spectrum of ones.

    Args:
        strength: amplitude in each hop.
        spectrum: which of the spectra each hop has.
        spectra: magnitudes at `noise_bins_hz`.

    Shape: strength and spectrum [hops]; spectra [spectra, bins]; returns [samples].
    """
    hop = _noise_hop(rate)
    track = np.zeros(samples, np.float32)
    heard = np.flatnonzero((strength > 1e-5) & (np.arange(strength.size) * hop < samples))
    if not heard.size:
        return track
    # Frames of two hops in a sine window, that adds up in power as the noise of two frames is independent.
    window = np.sin(np.pi * (np.arange(2 * hop, dtype=np.float32) + 0.5) / (2 * hop))
    # Even noise is made four times as fast as Gaussian noise, and filtered it sounds the same; its variance is 1/12.
    white = np.float32(12**0.5) * (rng.random((heard.size, 2 * hop), dtype=np.float32) - np.float32(0.5))
    coloured = fft.irfft(fft.rfft(white) * spectra[spectrum[heard]].astype(np.float32), 2 * hop)
    frames = np.zeros((int(heard[-1]) + 3, 2, hop), np.float32)
    frames[heard] = (coloured * window * strength[heard, None].astype(np.float32)).reshape(-1, 2, hop)
    frames[1:, 0] += frames[:-1, 1]
    flat = frames[:, 0].ravel()[:samples]
    track[: flat.size] = flat
    return track


def resonances(bins_hz: Curve, centre_hz: Curve, bandwidth_hz: Curve) -> NDArray[np.complex128]:
    """Frequency response of resonators in cascade, each 1 at 0 Hz.

    Reference: Klatt, "Software for a cascade/parallel formant synthesizer", JASA 67(3), 1980, as analogue poles.

    Shape: bins_hz [bins]; centre_hz and bandwidth_hz [..., resonators]; returns [..., bins].
    """
    # Poles at s = -pi b +- j sqrt(w0^2 - (pi b)^2): H(s) = w0^2 / (s^2 + 2 pi b s + w0^2).
    s = 2j * math.pi * bins_hz
    squared = (2 * math.pi * np.asarray(centre_hz)[..., None]) ** 2
    return np.asarray(np.prod(squared / (s**2 + 2 * math.pi * np.asarray(bandwidth_hz)[..., None] * s + squared), -2))


def _noise_hop(sample_rate: int) -> int:
    return round(NOISE_HOP_S * sample_rate)
