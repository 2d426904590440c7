"""Levels and pans of a mix from its stems, in one step: exact where nothing but levels and pans was done to them."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import nnls
from torch import Tensor

from diffmst.dsp.hop_energies import k_weight
from diffmst.dsp.stereo import pan_of
from diffmst.excerpts import Excerpts
from diffmst.strips import Channels, row_tracks

LEAST_DB = -60.0
"""A track that the mix seems not to hold is set this low."""

_TURNS = 4  # of weighting windows by how well they are explained
_RIDGE = 1e-9  # of the largest power: copies of a stem share its level


def linear_gains(excerpts: Excerpts, target: Tensor) -> NDArray[np.float64]:
    """The gain of every row of the stems on both sides that explains the mix best, none below 0.

    Least squares of the K-weighted signals: what is heard of the residual becomes least, and what is linear is found
    all the same. Windows that are explained badly count less: where a fader was moved, the others decide.

    Args:
        excerpts: of the stems.
        target: the same windows of the mix.

    Shape: target [windows, 2, time]; returns [rows, 2].
    """
    products, powers = _products(excerpts, target)
    weights = np.ones(len(products))
    for _ in range(_TURNS):
        gains = _solved(np.tensordot(weights, products, 1), excerpts.channels)
        left = np.array([_residual(product, gains) for product in products]) / np.maximum(powers, 1e-20)
        weights = 1 / np.maximum(powers, 1e-20) / np.maximum(left, np.median(left) + 1e-9)
    return gains


def _products(excerpts: Excerpts, target: Tensor) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Inner products of all rows and both sides in each window, [windows, rows + 2, rows + 2], and the mix's power."""
    found = []
    for rows, sides in zip(excerpts.audio, target, strict=True):
        both = torch.cat([rows[..., excerpts.lead_frames :], sides])[None]
        heard = k_weight(both.float(), excerpts.sample_rate)[0].double()
        found.append((heard @ heard.T / heard.shape[-1]).numpy())
    products = np.stack(found)
    return products, products[:, -1, -1] + products[:, -2, -2]


def _solved(product: NDArray[np.float64], channels: Channels) -> NDArray[np.float64]:
    """Non-negative least squares per side; the side of a stereo stem is heard on its own side only."""
    rows = len(product) - 2
    gains = np.zeros((rows, 2))
    for side in (0, 1):
        heard = np.flatnonzero(_on_side(channels, side))
        gram = product[np.ix_(heard, heard)]
        gram = gram + _RIDGE * np.diag(gram).max(initial=1e-12) * np.eye(len(heard))
        # |A g - b|^2 with A'A = gram: A is any root of it, and b solves A' b = the products with the mix.
        root = np.linalg.cholesky(gram)
        gains[heard, side], _ = nnls(root.T, np.linalg.solve(root, product[heard, rows + side]), maxiter=50 * rows)
    return gains


def _on_side(channels: Channels, side: int) -> NDArray[np.bool_]:
    return np.array([number == side or count == 1 for count in channels for number in range(count)])


def _residual(product: NDArray[np.float64], gains: NDArray[np.float64]) -> float:
    rows = len(gains)
    total = 0.0
    for side in (0, 1):
        g, b = gains[:, side], product[:rows, rows + side]
        total += float(g @ product[:rows, :rows] @ g - 2 * g @ b + product[rows + side, rows + side])
    return max(total, 0.0)


def levels_and_pans(gains: NDArray[np.float64], channels: Channels) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fader levels in dB and pans that make these gains; those of a stereo track as near as a balance control comes.

    Shape: gains [rows, 2]; returns [tracks] twice.

    >>> levels_and_pans(np.array([[0.5, 0.5], [1.0, 0.0], [0.0, 0.25]]), (1, 2))[1].round(1)
    array([ 0. , -0.8])
    """
    tracks = np.array(row_tracks(channels))
    levels_db, pans = [], []
    for track, count in enumerate(channels):
        left, right = gains[tracks == track].max(0).tolist()
        level = math.hypot(left, right) if count == 1 else max(left, right)
        levels_db.append(20 * math.log10(max(level, 10 ** (LEAST_DB / 20))))
        pans.append(pan_of(left, right, count))
    return np.array(levels_db), np.array(pans)
