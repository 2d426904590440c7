"""Sound from arithmetic: partials, oscillators, noise, envelopes, filters and saturation, as numpy arrays.

Everything is vectorised over time and draws its chance from a generator that is passed in.
"""

import functools
import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage, signal

from diffmst.dsp import recurrence

Samples = NDArray[np.floating]
NYQUIST_MARGIN = 0.45
"""Highest frequency that is synthesised, as a fraction of the sample rate."""
DEAD_NEPERS = 12.0
"""Decay after which a partial is left out: 104 dB."""


def pitch_to_hz(pitch: ArrayLike) -> NDArray[np.float64]:
    """Frequency of a MIDI pitch in equal temperament, 69 = A4 = 440 Hz; fractions of a semitone are allowed.

    >>> float(pitch_to_hz(57))
    220.0
    """
    return np.asarray(440.0 * 2.0 ** ((np.asarray(pitch, np.float64) - 69) / 12))


def damped_partials(
    frequency_hz: ArrayLike, decay_s: ArrayLike, weight: ArrayLike, samples: int, sample_rate: int
) -> NDArray[np.float32]:
    """Sum of exponentially damped sines, the sound of anything struck or plucked.

    Partials above `NYQUIST_MARGIN` of the sample rate are left out, so nothing folds back.

    Args:
        frequency_hz: frequency of each partial.
        decay_s: time in which each partial falls to 1/e; infinity for a steady one.
        weight: amplitude of each partial; the angle of a complex weight is its phase, that of a sine.
        samples: length of the result.

    Shape: frequency_hz and decay_s [partials], weight [..., partials]; returns [..., samples].

    >>> tone = damped_partials([441.0], [np.inf], [0.5], 100, 44_100)
    >>> float(tone[25].round(3))
    0.5
    """
    frequency_hz, weight = np.asarray(frequency_hz, np.float64), np.asarray(weight)
    decay_s = np.broadcast_to(np.asarray(decay_s, np.float64), frequency_hz.shape)
    audible = frequency_hz < NYQUIST_MARGIN * sample_rate
    pole = ((-1 / decay_s + 2j * np.pi * frequency_hz) / sample_rate)[audible]
    weight = weight[..., audible]
    # High partials die long before the low ones: each is summed only as long as it can be heard.
    life = np.minimum(DEAD_NEPERS * sample_rate * decay_s[audible], samples)
    y = np.zeros((*weight.shape[:-1], samples), np.float32)
    start = 0.0
    for end in (samples // 16, samples // 4, samples):
        living = (life > start) & (life <= end)
        if living.any():
            longest = min(samples, int(np.ceil(life[living].max())))
            y[..., :longest] += _summed_partials(pole[living], weight[..., living], longest)
        start = end
    return y


def _summed_partials(pole: NDArray[np.complex128], weight: NDArray[np.inexact], samples: int) -> NDArray[np.float32]:
    """Sum of weight times the imaginary part of exp(pole n). Shape: pole [partials]; weight [..., partials]."""
    # With n = a B + b, z^n = (z^B)^a z^b: a table of coarse steps times a table of fine steps. The sum over partials is
    # then one matrix product, and only 2 sqrt(samples) powers per partial are taken.
    block = max(1, math.isqrt(samples))
    blocks = -(-samples // block)
    coarse = weight[..., None, :] * _powers(np.exp(pole * block), blocks).T
    fine = _powers(np.exp(pole), block)
    # The sine is the imaginary part: Im(c f) = Re c Im f + Im c Re f.
    left = np.concatenate([coarse.real, coarse.imag], axis=-1).astype(np.float32)
    right = np.concatenate([fine.imag, fine.real], axis=0).astype(np.float32)
    return (left @ right).reshape(*weight.shape[:-1], blocks * block)[..., :samples]


def _powers(base: NDArray[np.complex128], count: int) -> NDArray[np.complex128]:
    """1, z, z^2 and so on, as running products: many times as fast as exponentials. Shape: [bases, count]."""
    factors = np.empty((base.size, count), np.complex128)
    factors[:, 0], factors[:, 1:] = 1, base[:, None]
    return np.multiply.accumulate(factors, axis=1, out=factors)


def phase(frequency_hz: Samples, sample_rate: int) -> NDArray[np.float64]:
    """Running phase in radians, within [-pi, pi), of an oscillator whose frequency changes sample by sample."""
    cycles = np.cumsum(frequency_hz / sample_rate)
    return 2 * np.pi * (cycles - np.floor(cycles) - 0.5)


def pulse_train(frequency_hz: Samples, sample_rate: int, highest_hz: float = 16_000.0) -> NDArray[np.float64]:
    """Band-limited pulse train: all harmonics up to `highest_hz`, each with the amplitude 1, as cosines.

    The number of harmonics is that of the highest frequency in the passage, so no harmonic ever folds back.

    Reference: Stilson, Smith, "Alias-free digital synthesis of classic analog waveforms", ICMC 1996.
    """
    harmonics = max(1, int(min(highest_hz, NYQUIST_MARGIN * sample_rate) / np.max(frequency_hz)))
    # The Dirichlet kernel: 1 + 2 sum_{k=1}^{M} cos(k x) = sin((M + 1/2) x) / sin(x / 2), which is 2 M + 1 at x = 0.
    half = 0.5 * phase(frequency_hz, sample_rate)
    half[np.abs(half) < 1e-9] = 1e-9
    return 0.5 * (np.sin((2 * harmonics + 1) * half) / np.sin(half) - 1)


def sawtooth(frequency_hz: Samples, sample_rate: int, highest_hz: float = 16_000.0) -> NDArray[np.float64]:
    """Band-limited sawtooth between about -1 and 1: the running sum of a pulse train, whose mean leaks away."""
    # d/dx of sum sin(k x) / k is sum cos(k x), and the saw (pi - x) / 2 reaches pi / 2.
    step = 4.0 * frequency_hz / sample_rate * pulse_train(frequency_hz, sample_rate, highest_hz)
    leak = math.exp(-2 * math.pi * 8.0 / sample_rate)
    return np.asarray(signal.lfilter([1.0], [1.0, -leak], step))


def noise(rng: np.random.Generator, samples: int, channels: int = 1) -> NDArray[np.float32]:
    """White Gaussian noise of unit power. Shape: [channels, samples]."""
    return rng.standard_normal((channels, samples), dtype=np.float32)


def burst(
    rng: np.random.Generator, sample_rate: int, decay_s: float, low_hz: float, high_hz: float
) -> NDArray[np.floating]:
    """Short noise of a stroke, a pick or a key: a band of noise that dies away. Shape: [time]."""
    samples = int(7 * decay_s * sample_rate)
    return bandpass(noise(rng, samples)[0], sample_rate, low_hz, high_hz) * fall(samples, sample_rate, decay_s)


def wander(rng: np.random.Generator, samples: int, sample_rate: int, speed_hz: float) -> NDArray[np.float64]:
    """Smooth random motion of about unit size, that changes direction about `speed_hz` times a second."""
    points = max(4, int(samples / sample_rate * speed_hz) + 4)
    return np.interp(np.linspace(0, points - 1, samples), np.arange(points), rng.standard_normal(points))


def smooth(x: Samples, sample_rate: int, width_s: float) -> Samples:
    """The curve without steps: a running mean, taken three times, over `width_s` in all; the ends are held."""
    size = max(1, int(width_s * sample_rate / 3))
    for _ in range(3):
        x = ndimage.uniform_filter1d(x, size, mode="nearest")
    return x


def fall(samples: int, sample_rate: int, decay_s: float) -> NDArray[np.float64]:
    """Exponential envelope from 1, that reaches 1/e after `decay_s`."""
    return np.exp(np.arange(samples) * (-1 / (decay_s * sample_rate)))


def fade(x: Samples, sample_rate: int, in_s: float = 0.0, out_s: float = 0.0) -> Samples:
    """The sound with a raised-cosine fade at either end; a sound shorter than the fade is faded over its length."""
    x = x.copy()
    for length_s, part in ((in_s, np.s_[..., :]), (out_s, np.s_[..., ::-1])):
        length = min(int(length_s * sample_rate), x.shape[-1])
        x[part][..., :length] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(length) / max(length, 1))
    return x


def lowpass(x: Samples, sample_rate: int, cutoff_hz: float, order: int = 2) -> Samples:
    """Butterworth low-pass along the last axis; a cutoff that the sample rate cannot hold leaves the sound alone."""
    if cutoff_hz >= NYQUIST_MARGIN * sample_rate:
        return x
    return np.asarray(signal.sosfilt(_butterworth("low", order, cutoff_hz, sample_rate), x))


def highpass(x: Samples, sample_rate: int, cutoff_hz: float, order: int = 2) -> Samples:
    """Butterworth high-pass along the last axis."""
    cutoff_hz = min(cutoff_hz, NYQUIST_MARGIN * sample_rate)
    return np.asarray(signal.sosfilt(_butterworth("high", order, cutoff_hz, sample_rate), x))


@functools.lru_cache(maxsize=256)
def _butterworth(kind: str, order: int, cutoff_hz: float, sample_rate: int) -> NDArray[np.float64]:
    return np.asarray(signal.butter(order, cutoff_hz, kind, fs=sample_rate, output="sos"))


def bandpass(x: Samples, sample_rate: int, low_hz: float, high_hz: float, order: int = 1) -> Samples:
    """Butterworth band-pass along the last axis, of twice the order."""
    return lowpass(highpass(x, sample_rate, low_hz, order), sample_rate, high_hz, order)


def peak(x: Samples, sample_rate: int, centre_hz: float, q: float, gain_db: float) -> Samples:
    """A bell in the spectrum: the RBJ peaking equaliser, along the last axis. Above the margin it does nothing."""
    return np.asarray(signal.sosfilt(peak_section(sample_rate, centre_hz, q, gain_db), x))


def peak_section(sample_rate: int, centre_hz: float, q: float, gain_db: float) -> NDArray[np.float64]:
    """The filter of `peak`, as second-order sections."""
    if centre_hz >= NYQUIST_MARGIN * sample_rate:
        return np.array([[1.0, 0, 0, 1, 0, 0]])
    omega = 2 * math.pi * centre_hz / sample_rate
    alpha, root = math.sin(omega) / (2 * q), 10 ** (gain_db / 40)
    middle, below = -2 * math.cos(omega), 1 + alpha / root
    b = np.array([1 + alpha * root, middle, 1 - alpha * root])
    return np.concatenate([b, [below, middle, 1 - alpha / root]])[None] / below


def cut_sections(kind: str, sample_rate: int, cutoff_hz: float, order: int = 2) -> NDArray[np.float64]:
    """The filter of `lowpass` or `highpass`, for the kind `low` or `high`, as second-order sections."""
    if kind == "low" and cutoff_hz >= NYQUIST_MARGIN * sample_rate:
        return np.array([[1.0, 0, 0, 1, 0, 0]])
    return _butterworth(kind, order, min(cutoff_hz, NYQUIST_MARGIN * sample_rate), sample_rate)


def cascade(x: Samples, *filters: NDArray[np.float64]) -> NDArray[np.float32]:
    """A sound through several filters in one pass: many times as fast as one after the other.

    Args:
        filters: second-order sections, the same for all channels.

    Shape: x [channels, time], as returned.
    """
    sections = np.concatenate(filters)
    audio: np.ndarray = np.ascontiguousarray(x, np.float32)[None]
    rows: np.ndarray = np.tile(np.delete(sections, 3, axis=1), (1, len(x), 1, 1))
    y, _ = recurrence.equalize(audio, rows)
    return y[0]


def formants(x: Samples, sample_rate: int, centre_hz: ArrayLike, bandwidth_hz: ArrayLike) -> Samples:
    """The sound through a vocal tract: resonators in cascade, along the last axis; white noise keeps its power.

    Reference: Klatt, "Software for a cascade/parallel formant synthesizer", JASA 67(3), 1980.
    """
    centre_hz, bandwidth_hz = np.asarray(centre_hz, np.float64), np.asarray(bandwidth_hz, np.float64)
    held = centre_hz < NYQUIST_MARGIN * sample_rate
    radius = np.exp(-np.pi * bandwidth_hz[held] / sample_rate)
    a1, a2 = -2 * radius * np.cos(2 * np.pi * centre_hz[held] / sample_rate), radius**2
    zero, one = np.zeros_like(a1), np.ones_like(a1)
    tract = np.stack([1 + a1 + a2, zero, zero, one, a1, a2], axis=-1)
    # The power of the impulse response; it has died down after 0.1 s.
    impulse = signal.unit_impulse(sample_rate // 10)
    tract[0, 0] /= np.linalg.norm(signal.sosfilt(tract, impulse))
    return np.asarray(signal.sosfilt(tract, x))


def saturate(x: Samples, drive: float, bias: float = 0.0) -> Samples:
    """Soft clipping with unit gain for small sounds: tanh(drive x) / drive. A bias adds even harmonics."""
    slope = 1 - math.tanh(bias) ** 2
    return (np.tanh(drive * x + bias) - math.tanh(bias)) / (drive * slope)


def overdrive(x: Samples, sample_rate: int, drive: float, bias: float = 0.0) -> Samples:
    """Saturation for hard drives, whose harmonics would fold back: averaged between one sample and the next.

    Reference: Parker, Zavalishin, Le Bivic, "Reducing the aliasing of nonlinear waveshaping using continuous-time
    convolution", DAFx 2016.
    """
    # The mean of f between x0 and x1 is (F(x1) - F(x0)) / (x1 - x0), where F' = f; for tanh it is log cosh. Where the
    # samples hardly differ the quotient has no digits left, and f at the middle takes its place.
    z = np.asarray(drive * x + bias, np.float64)
    magnitude = np.abs(z)
    integral = magnitude + np.log1p(np.exp(-2 * magnitude))
    step = np.diff(z, prepend=z[..., :1])
    close = np.abs(step) < 1e-4
    mean = np.diff(integral, prepend=integral[..., :1]) / np.where(close, 1, step)
    bent = np.where(close, np.tanh(z - 0.5 * step), mean) - math.tanh(bias)
    return highpass(bent / (drive * (1 - math.tanh(bias) ** 2)), sample_rate, 20.0, 1)
