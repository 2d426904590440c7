"""Stereo reverb: noise in twelve bands, each with its own level and decay.

Reference: Steinmetz, Ithapu, Calamia, "Filtered noise shaping for time domain room impulse response estimation from
reverberant speech", WASPAA 2021.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.fft import irfft, rfft

from diffmst.arrays import Array, detached, library, like
from diffmst.dsp.streamed_convolution import fast_length
from diffmst.dsp.units import db_to_amplitude

if TYPE_CHECKING:
    import torch
    from torch import Tensor

BAND_NAMES = ("sub", "31hz", "63hz", "125hz", "250hz", "500hz", "1khz", "2khz", "4khz", "8khz", "16khz", "air")
CENTERS_HZ = tuple(1000 * 2.0**octave for octave in range(-6, 6))  # 15.6 Hz to 32 kHz
LONGEST_S = 8.0  # an impulse response is cut after this time
LENGTH_STEP_S = 0.5  # lengths are rounded up to a multiple: few lengths, few noises to prepare
FADE_S = 0.02  # the end of the response goes to zero in this time
SPLIT_S = 0.5  # length of the filters that split the noise: resolves the lowest octave
NOISE_KEY = 0x6D6978  # any number, but forever this one
SILENT_ENERGY = 1e-20  # divides in place of the energy of a band that is silent, above the Nyquist frequency
DECAY_60_DB = math.log(1000)  # nepers


def reverb(x: Tensor, sample_rate: int, *, gain_db: Tensor, rt60_s: Tensor, mix: Tensor) -> Tensor:
    """Stereo reverb: left and right each convolved with noise of their own.

    Args:
        x: signal.
        sample_rate: samples per second.
        gain_db: level of every band of `BAND_NAMES`; at 0 dB it returns as much energy as goes in.
        rt60_s: time in which the band decays by 60 dB.
        mix: 0 returns x, 1 the reverb alone; between them (1 - mix) x + mix reverb.

    Shape: x [batch, 2, time]; gain_db and rt60_s [batch, 12]; mix [batch]; returns the shape of x. A batch of one in
        the controls serves any batch of signals.

    >>> import torch
    >>> controls = dict(gain_db=torch.zeros(1, 12), rt60_s=torch.full((1, 12), 0.3), mix=torch.tensor([0.5]))
    >>> reverb(torch.ones(1, 2, 64), 44_100, **controls).shape
    torch.Size([1, 2, 64])
    """
    from diffmst.dsp.convolution import convolve  # when first used: it comes with torch

    response = impulse_response(sample_rate, gain_db.to(x.dtype), rt60_s.to(x.dtype))
    amount = mix.to(x.dtype)[:, None, None]
    return (1 - amount) * x + amount * convolve(x, response)


def impulse_response(sample_rate: int, gain_db: Array, rt60_s: Array) -> Array:
    """Impulse responses of the reverb for left and right, as long as the longest decay to -60 dB, 8 s at most.

    Each band is its part of a fixed white noise times an exponential, scaled to the energy that its filter passes of
    white noise: so the gain is the level and the decay changes nothing but the decay. Bands above the Nyquist
    frequency are silent.

    Args:
        sample_rate: samples per second.
        gain_db: level of every band.
        rt60_s: time in which the band decays by 60 dB; above 0.

    Shape: gain_db and rt60_s [batch, 12]; returns [batch, 2, taps], with the dtype of gain_db.

    Raises:
        ValueError: if a control does not have twelve bands.
    """
    for name, control in (("gain_db", gain_db), ("rt60_s", rt60_s)):
        if control.shape[-1] != len(BAND_NAMES):
            raise ValueError(f"{name} must have {len(BAND_NAMES)} bands, got {control.shape[-1]}")
    xp, taps = library(gain_db), response_taps(sample_rate, float(detached(rt60_s).max()))
    noise, band_energy, fade = _noise_like(gain_db, sample_rate, taps)
    time_s = xp.arange(taps, dtype=gain_db.dtype, device=gain_db.device) / sample_rate
    envelope = xp.exp(-DECAY_60_DB * time_s / rt60_s[..., None]) * fade
    bands = noise * envelope[:, :, None]
    energy = (bands**2).sum(-1)
    amplitude = xp.sqrt(band_energy)[:, None] / xp.sqrt(xp.clip(energy, SILENT_ENERGY, None))
    return xp.einsum("bnct,bnc->bct", bands, amplitude * db_to_amplitude(gain_db)[..., None])


def response_taps(sample_rate: int, rt60_s: float) -> int:
    """Samples of the impulse response of which the longest decay takes `rt60_s`.

    >>> response_taps(48_000, 1.2), response_taps(48_000, 60.0)
    (72000, 384000)
    """
    return math.ceil(math.ceil(min(rt60_s, LONGEST_S) / LENGTH_STEP_S) * LENGTH_STEP_S * sample_rate)


def _noise_like(x: Array, sample_rate: int, taps: int) -> tuple[Array, ...]:
    """`noise_bands` in the library, of the type and on the device of `x`.

    Tensors are kept, as refinement asks for them at every step; a rendering asks once.
    """
    if isinstance(x, np.ndarray):
        return tuple(like(values, x) for values in noise_bands(sample_rate, taps))
    return _noise_tensors(sample_rate, taps, x.device, x.dtype)


@functools.lru_cache(maxsize=4)
def _noise_tensors(sample_rate: int, taps: int, device: torch.device, dtype: torch.dtype) -> tuple[Tensor, ...]:
    import torch

    bands = noise_bands(sample_rate, taps)
    return tuple(torch.from_numpy(values).to(device, dtype) for values in bands)


def noise_bands(sample_rate: int, taps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The noise of every band [12, 2, taps], the energy of its filter [12], and the final fade [taps].

    A longer noise begins with the shorter one, so a decay that needs more taps does not change the sound. The filters
    add up to a unit impulse, so the bands add up to the noise.
    """
    kernels = _split_filters(sample_rate)
    length = kernels.shape[-1]
    noise = white_noise(taps + length - 1)
    size = fast_length(noise.shape[-1])
    spectrum = rfft(noise, size)
    bands = np.empty((len(kernels), 2, taps), np.float32)
    for band, kernel in zip(bands, kernels, strict=True):
        band[:] = irfft(spectrum * rfft(kernel, size), size)[:, length - 1 : length - 1 + taps]
    fade = np.minimum(1, np.arange(taps, 0, -1) / (FADE_S * sample_rate))
    return bands, np.square(kernels).sum(-1), fade


def white_noise(count: int) -> np.ndarray:
    """Independent white noise for left and right, [2, count], of unit variance and the same everywhere.

    Of numpy's generators only the raw bits are promised to stay what they are, so the uniform samples are made here.
    """
    bits = np.random.Philox(key=NOISE_KEY).random_raw(2 * count)
    return ((bits >> np.uint64(11)) * 2.0**-53 - 0.5).reshape(count, 2).T * math.sqrt(12)


def _split_filters(sample_rate: int) -> np.ndarray:
    """Linear-phase filters [12, length] that cut a signal into the bands and add up to a unit impulse.

    Over the octaves each band is a raised cosine from one neighbour's centre to the other's, the lowest and the highest
    going on to 0 Hz and to infinity. The Hann window on the filters leaves their sum, an impulse at its peak, as it is.
    """
    length = 2 * round(SPLIT_S * sample_rate / 2) + 1
    frequencies_hz = np.fft.rfftfreq(length, 1 / sample_rate)
    octaves = np.log2(np.maximum(frequencies_hz, 1e-3) / CENTERS_HZ[0])
    position = np.clip(octaves, 0, len(CENTERS_HZ) - 1)
    distance = np.minimum(1, np.abs(position - np.arange(len(CENTERS_HZ))[:, None]))
    weights = np.cos(np.pi / 2 * distance) ** 2
    return np.roll(irfft(weights, length), length // 2, axis=-1) * np.hanning(length)
