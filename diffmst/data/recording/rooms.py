"""Rooms and echoes: impulse responses from a few figures, and convolution that passes over silence."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from diffmst.data.synth import highpass, lowpass

BLOCK = 32_768
SILENT = 1e-6
"""Peak, against full scale, below which a block need not be reverberated."""
SPEED_OF_SOUND_M_S = 343.0

Audio = NDArray[np.float32]


@dataclass(frozen=True)
class Room:
    """A room, a plate or a chamber.

    Attributes:
        rt60_s: time in which its middle frequencies decay by 60 dB.
        damping: how much faster its high frequencies decay; 1 is no faster.
        corner_hz: where these begin.
        low_cut_hz: below which it does not answer.
        first_m: way of the first reflection beyond that of the direct sound.
        reflections: single ones before the sound is diffuse.
        width: 1 for ears that hear two independent responses, 0 for one.
    """

    rt60_s: float
    damping: float = 2.5
    corner_hz: float = 3000.0
    low_cut_hz: float = 60.0
    first_m: float = 2.0
    reflections: int = 12
    width: float = 1.0


def impulse_response(room: Room, sample_rate: int, rng: np.random.Generator) -> Audio:
    """Response of a room for two ears, without the direct sound, of unit energy. Shape: [2, taps]."""
    taps = int(min(room.rt60_s, 4.0) * 0.8 * sample_rate) + 1
    time_s = np.arange(taps) / sample_rate
    # 60 dB are ln(1000) nepers.
    slow, fast = (np.exp(-np.log(1000) * time_s * share / room.rt60_s) for share in (1.0, room.damping))
    noise = rng.standard_normal((2, taps))
    noise[1] = room.width * noise[1] + (1 - room.width) * noise[0]
    onset = np.clip(time_s / 0.02, 0.05, 1)
    low = lowpass(noise, sample_rate, room.corner_hz, 1)
    diffuse = (low * slow + (noise - low) * fast) * onset
    response = diffuse + _reflections(room, taps, sample_rate, rng) * np.abs(diffuse[:, : taps // 4]).max()
    response = highpass(response, sample_rate, room.low_cut_hz, 1)
    return (response / np.linalg.norm(response[0])).astype(np.float32)


def _reflections(room: Room, taps: int, sample_rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    early = np.zeros((2, taps))
    ways_m = room.first_m * rng.uniform(1, 6, (room.reflections, 1)) + rng.uniform(-0.3, 0.3, (room.reflections, 2))
    at = np.round(np.maximum(ways_m, 0.3) / SPEED_OF_SOUND_M_S * sample_rate).astype(int)
    strength = rng.choice([-1.0, 1.0], room.reflections) * 2.5 / (1 + ways_m[:, 0] / room.first_m)
    for (left, right), gain in zip(at, strength, strict=True):
        for side, place in enumerate((left, right)):
            if place < taps:
                early[side, place] += gain
    return early


def convolve(x: Audio, response: Audio) -> Audio:
    """Sound through impulse responses, as long as the sound; stretches of silence cost nothing.

    Shape: x [1 or 2, time]; response [2, taps]; returns [2, time].
    """
    time, taps = x.shape[-1], response.shape[-1]
    # Blocks as long as the response, if it is long: of each transform, half is then of use.
    block_length = max(BLOCK, taps)
    size = fft.next_fast_len(block_length + taps - 1, real=True)
    spectrum = fft.rfft(response, size)
    y = np.zeros((2, time + size), np.float32)
    for start in range(0, time, block_length):
        block = x[:, start : start + block_length]
        if np.abs(block).max() > SILENT:
            y[:, start : start + size] += fft.irfft(fft.rfft(block, size) * spectrum, size)
    return y[:, :time]


def delayed(x: Audio, delay_samples: int) -> Audio:
    """The sound later, as long as before."""
    y = np.zeros_like(x)
    if delay_samples < x.shape[-1]:
        y[..., delay_samples:] = x[..., : x.shape[-1] - delay_samples]
    return y


def echoes(x: Audio, sample_rate: int, *, time_s: float, feedback: float, crossing: bool) -> Audio:
    """Repetitions of a sound, each weaker and darker, from side to side if they cross. Shape: [2, time].

    Args:
        time_s: from one repetition to the next.
        feedback: amplitude of each against the one before, below 1.
        crossing: whether they alternate between left and right.
    """
    step = max(1, round(time_s * sample_rate))
    heard = np.repeat(x, 2 // x.shape[0], axis=0)
    y = np.zeros_like(heard)
    gain, dark = 1.0, lowpass(heard, sample_rate, 5000, 1).astype(np.float32)
    for repetition in range(1, 6):
        gain *= feedback
        late = delayed(dark, repetition * step)
        if crossing:
            late[repetition % 2] = 0
        y += np.float32(gain) * late
    return y
