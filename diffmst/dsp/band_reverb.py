"""The reverb as it acts on power in bands: a decay."""

from __future__ import annotations

import math
from functools import cache

import torch
from torch import Tensor
from torch.nn.functional import pad

from diffmst.dsp.band_powers import CROSS, HOP_S, band_centres_hz
from diffmst.dsp.reverb import CENTERS_HZ, DECAY_60_DB
from diffmst.dsp.units import db_to_amplitude

LEAD_S = 1.0  # for which what came before a window is taken to have been like its beginning, mirrored


def reverberated(sent: Tensor, *, gain_db: Tensor, rt60_s: Tensor, amount: Tensor) -> Tensor:
    """Power that `dsp.reverb` returns, without the part of its input that it lets through.

    Left and right get noise of their own, so nothing is common to them.

    Args:
        sent: power of left and right.
        gain_db: see `dsp.reverb`, as are the others.
        rt60_s: see there.
        amount: `mix` there.

    Shape: sent [batch, windows, 2, frames, bands]; gain_db and rt60_s [batch, 12]; amount [batch]; returns
        [batch, windows, 3, frames, bands].
    """
    energy, decay = _response(gain_db, rt60_s)
    lead = min(round(LEAD_S / HOP_S), sent.shape[-2] - 1)
    x = torch.cat([sent[..., 1 : lead + 1, :].flip(-2), sent], -2)
    tail = _decaying(x * (energy * (1 - decay) * amount.square()[:, None])[:, None, None, None], decay)
    return pad(tail[..., lead:, :], (0, 0, 0, 0, 0, 3 - CROSS))


def _response(gain_db: Tensor, rt60_s: Tensor) -> tuple[Tensor, Tensor]:
    """Energy of the impulse response in every band, and the factor by which its power falls in a hop; [batch, bands].

    Where two reverb bands overlap, with amplitudes w_n, the response is of one noise under the sum of their envelopes,
    each scaled to energy 1 by sqrt(2 d / T), d = ln 1000:

        h(t) = noise(t) * sum_n w_n g_n sqrt(2 d / T_n) exp(-d t / T_n).

    Its energy is the sum over all pairs of w_n w_m g_n g_m times 2 sqrt(T_n T_m) / (T_n + T_m), and each pair decays in
    power by exp(-d t (1 / T_n + 1 / T_m)). One decay stands for all: that of the mean time, weighted by energy.
    """
    shares = _shares().to(gain_db)
    gains = shares * db_to_amplitude(gain_db)[:, None]  # [batch, bands, reverb bands]
    one, other = rt60_s[:, :, None], rt60_s[:, None, :]
    overlap = 2 * (one * other).sqrt() / (one + other)
    time_s = one * other / (one + other) / DECAY_60_DB  # in which the power of a pair falls to 1 / e
    pairs = gains[..., :, None] * gains[..., None, :] * overlap[:, None]
    energy = pairs.sum((-1, -2))
    mean_s = (pairs * time_s[:, None]).sum((-1, -2)) / energy
    return energy, torch.exp(-HOP_S / mean_s)


@cache
def _shares() -> Tensor:
    """Amplitude of the reverb's bands in each of ours, [bands, reverb bands]; see `reverb._split_filters`."""
    octaves = torch.log2(band_centres_hz() / CENTERS_HZ[0]).clamp(0, len(CENTERS_HZ) - 1)
    distance = (octaves[:, None] - torch.arange(len(CENTERS_HZ))).abs().clamp(max=1)
    return torch.cos(math.pi / 2 * distance).square()


def _decaying(x: Tensor, decay: Tensor) -> Tensor:
    """y[n] = x[n] + decay y[n - 1] over the frames, by doubling: each round adds what is twice as late.

    Shape: x [batch, windows, 2, frames, bands]; decay [batch, bands].
    """
    factor, late = decay[:, None, None, None], 1
    while late < x.shape[-2]:
        x = x + factor * pad(x[..., :-late, :], (0, 0, late, 0))
        factor, late = factor * factor, 2 * late
    return x
