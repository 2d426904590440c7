"""What is made of float32 spectra, and its adjoint, in one pass over each; see `torch_spectra` for what they compute.

Beside the transforms themselves, this is what costs most of a distance between spectra, and torch has no quick way to
the parts of complex numbers.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from diffmst.dsp.kernels.cpu_tiles import clear
from diffmst.dsp.kernels.host import WIDTH, kernel, part
from diffmst.dsp.kernels.simd import fma, load, maximum, pointers, shifted, splat, square_root, store, total
from diffmst.dsp.kernels.simd_complex import load_complex, store_complex
from diffmst.dsp.kernels.torch_spectra import SMALLEST_MAGNITUDE

# --- magnitudes -----------------------------------------------------------------------------------------------------


class Magnitudes(NamedTuple):
    """Spectra of some signals, and a number for each of their bins.

    Attributes:
        rows: how many signals.
        frames: spectra of each.
        bins: of each spectrum.
        spectra: float32, flat [rows, frames, 2 bins].
        values: float32, flat [rows, bins]: sums of magnitudes, added to, or factors of directions.
    """

    rows: int
    frames: int
    bins: int
    spectra: np.ndarray
    values: np.ndarray


def add_magnitudes(spectra: Tensor, sums: Tensor) -> None:
    """See `torch_spectra.add_magnitudes`."""
    sum_magnitudes(_magnitudes(spectra, sums))


def to_directions(spectra: Tensor, factors: Tensor) -> None:
    """See `torch_spectra.to_directions`."""
    scale_directions(_magnitudes(spectra, factors))


def _magnitudes(spectra: Tensor, values: Tensor) -> Magnitudes:
    items, rows, frames, bins = spectra.shape
    return Magnitudes(items * rows, frames, bins, _flat(spectra), values.numpy().reshape(-1))


@kernel
def sum_magnitudes(magnitudes):
    """Add the magnitudes of all frames to the values."""
    data = pointers(magnitudes)
    for row in range(data.rows):
        for frame in range(data.frames):
            at = (row * data.frames + frame) * 2 * data.bins
            _add_magnitudes(shifted(data.spectra, at), shifted(data.values, row * data.bins), data.bins)


@part
def _add_magnitudes(spectrum, sums, bins):
    whole = bins - bins % WIDTH
    for at in range(0, whole, WIDTH):
        store(sums, at, load(sums, at, WIDTH) + _magnitude(load_complex(spectrum, at)))
    for at in range(whole, bins):
        store(sums, at, load(sums, at, 1) + _magnitude(_load_one(spectrum, at)))


@kernel
def scale_directions(magnitudes):
    """Replace every spectrum by its directions, of magnitude one, times the values."""
    data = pointers(magnitudes)
    for row in range(data.rows):
        for frame in range(data.frames):
            at = (row * data.frames + frame) * 2 * data.bins
            _scale_direction(shifted(data.spectra, at), shifted(data.values, row * data.bins), data.bins)


@part
def _scale_direction(spectrum, factors, bins):
    whole = bins - bins % WIDTH
    for at in range(0, whole, WIDTH):
        re, im = _directed(load_complex(spectrum, at), load(factors, at, WIDTH))
        store_complex(spectrum, at, re, im)
    for at in range(whole, bins):
        re, im = _directed(_load_one(spectrum, at), load(factors, at, 1))
        store(spectrum, 2 * at, re)
        store(spectrum, 2 * at + 1, im)


@part
def _directed(number, factor):
    re, im = number
    factor = factor / maximum(_magnitude(number), splat(SMALLEST_MAGNITUDE, re))
    return re * factor, im * factor


@part
def _magnitude(number):
    re, im = number
    return square_root(fma(re, re, im * im))


@part
def _load_one(spectrum, at):
    """One bin, as vectors of one lane, so that it is reckoned with as the others are."""
    return load(spectrum, 2 * at, 1), load(spectrum, 2 * at + 1, 1)


# --- power in bands -------------------------------------------------------------------------------------------------


class Bands(NamedTuple):
    """Weights of bins in bands, most of them zero.

    Attributes:
        number: how many bands.
        room: bins, and zeros after them up to a multiple of WIDTH.
        weights: float32, flat [bands, room].
        first: int64 [bands], the first bin of each band, or some before it: a multiple of WIDTH.
        last: int64 [bands], the bin after its last, or some after that: likewise.
    """

    number: int
    room: int
    weights: np.ndarray
    first: np.ndarray
    last: np.ndarray


class Pairs(NamedTuple):
    """Spectra of pairs of signals in the same frames.

    Attributes:
        items: how many pairs.
        frames: spectra of each signal.
        bins: of each spectrum.
        spectra: float32, flat [items, 2, frames, 2 bins].
        power: float32, flat [items, 3, frames, bands]: of the one, of the other, and their cross power; or gradients.
        by_bin: float32, flat [3, room], zero: the same of one frame, for every bin.
    """

    items: int
    frames: int
    bins: int
    spectra: np.ndarray
    power: np.ndarray
    by_bin: np.ndarray


def bands_of(weights: Tensor) -> Bands:
    """Weights [bins, bands] as the kernels take them."""
    by_band = pad(weights.T.float(), (0, -len(weights) % WIDTH)).contiguous()
    number, room = by_band.shape
    some = by_band.unflatten(-1, (-1, WIDTH)).any(-1).numpy()
    first = np.where(some.any(-1), some.argmax(-1), 0) * WIDTH
    last = np.where(some.any(-1), room // WIDTH - some[:, ::-1].argmax(-1), 0) * WIDTH
    return Bands(number, room, by_band.numpy().reshape(-1), first, last)


def band_power(spectra: Tensor, bands: Bands) -> Tensor:
    """See `torch_spectra.band_power`."""
    power = torch.empty(len(spectra), 3, spectra.shape[2], bands.number)
    sum_bands(bands, _pairs(spectra, power, bands))
    return power


def to_band_gradients(spectra: Tensor, gradient: Tensor, bands: Bands) -> None:
    """See `torch_spectra.to_band_gradients`."""
    spread_bands(bands, _pairs(spectra, gradient.contiguous(), bands))


def _pairs(spectra: Tensor, power: Tensor, bands: Bands) -> Pairs:
    items, _, frames, bins = spectra.shape
    by_bin = torch.zeros(3 * bands.room).numpy()  # of torch, whose memory begins at a cache line
    return Pairs(items, frames, bins, _flat(spectra), power.numpy().reshape(-1), by_bin)


def _flat(values: Tensor) -> np.ndarray:
    return torch.view_as_real(values).numpy().reshape(-1)


@kernel
def sum_bands(bands, pairs):
    """Write the power in bands of every frame."""
    weights, data = pointers(bands), pointers(pairs)
    for item in range(data.items):
        for frame in range(data.frames):
            one, other, power = _frame(weights, data, item, frame)
            _bin_powers(one, other, data.by_bin, data.bins, weights.room)
            _sum_bands(weights, data.by_bin, power, data.frames * weights.number)


@part
def _frame(bands, pairs, item, frame):
    """Both spectra of a frame, and the first of its powers."""
    at = (item * 2 * pairs.frames + frame) * 2 * pairs.bins
    one, other = shifted(pairs.spectra, at), shifted(pairs.spectra, at + pairs.frames * 2 * pairs.bins)
    return one, other, shifted(pairs.power, (item * 3 * pairs.frames + frame) * bands.number)


@part
def _sum_bands(bands, by_bin, power, stride):
    for band in range(bands.number):
        power[band], power[stride + band], power[2 * stride + band] = _band_sums(bands, band, by_bin)


@part
def _bin_powers(one, other, powers, bins, room):
    """Powers and cross power of every bin of a frame."""
    of_other, of_both = shifted(powers, room), shifted(powers, 2 * room)
    whole = bins - bins % WIDTH
    for at in range(0, whole, WIDTH):
        (x_re, x_im), (y_re, y_im) = load_complex(one, at), load_complex(other, at)
        store(powers, at, fma(x_re, x_re, x_im * x_im))
        store(of_other, at, fma(y_re, y_re, y_im * y_im))
        store(of_both, at, fma(x_re, y_re, x_im * y_im))
    for at in range(whole, bins):
        (x_re, x_im), (y_re, y_im) = _load_one(one, at), _load_one(other, at)
        store(powers, at, fma(x_re, x_re, x_im * x_im))
        store(of_other, at, fma(y_re, y_re, y_im * y_im))
        store(of_both, at, fma(x_re, y_re, x_im * y_im))


@part
def _band_sums(bands, band, powers):
    weights = shifted(bands.weights, band * bands.room)
    zero = splat(0.0, load(weights, 0, WIDTH))
    of_one, of_other, of_both = zero, zero, zero
    for at in range(bands.first[band], bands.last[band], WIDTH):
        weight = load(weights, at, WIDTH)
        of_one = fma(weight, load(powers, at, WIDTH), of_one)
        of_other = fma(weight, load(powers, bands.room + at, WIDTH), of_other)
        of_both = fma(weight, load(powers, 2 * bands.room + at, WIDTH), of_both)
    return total(of_one), total(of_other), total(of_both)


@kernel
def spread_bands(bands, pairs):
    """Replace the spectra of every frame by half of their gradients."""
    weights, data = pointers(bands), pointers(pairs)
    for item in range(data.items):
        for frame in range(data.frames):
            one, other, power = _frame(weights, data, item, frame)
            _spread_bands(weights, data.by_bin, power, data.frames * weights.number)
            _apply_slopes(one, other, data.by_bin, data.bins, weights.room)


@part
def _spread_bands(bands, by_bin, power, stride):
    for band in range(bands.number):
        _spread_band(bands, band, (power[band], power[stride + band], power[2 * stride + band]), by_bin)


@part
def _spread_band(bands, band, gradients, slopes):
    """Add one band's gradients, times its weights, to the slopes of its bins."""
    weights = shifted(bands.weights, band * bands.room)
    like = load(weights, 0, WIDTH)
    of_one, of_other, of_both = splat(gradients[0], like), splat(gradients[1], like), splat(gradients[2], like)
    for at in range(bands.first[band], bands.last[band], WIDTH):
        weight = load(weights, at, WIDTH)
        store(slopes, at, fma(weight, of_one, load(slopes, at, WIDTH)))
        store(slopes, bands.room + at, fma(weight, of_other, load(slopes, bands.room + at, WIDTH)))
        store(slopes, 2 * bands.room + at, fma(weight, of_both, load(slopes, 2 * bands.room + at, WIDTH)))


@part
def _apply_slopes(one, other, slopes, bins, room):
    """One frame's spectra by half of their gradients; the slopes are cleared."""
    of_other, of_both = shifted(slopes, room), shifted(slopes, 2 * room)
    whole = bins - bins % WIDTH
    zero, half = splat(0.0, load(slopes, 0, WIDTH)), splat(0.5, load(slopes, 0, WIDTH))
    for at in range(0, whole, WIDTH):
        (x_re, x_im), (y_re, y_im) = load_complex(one, at), load_complex(other, at)
        a, b, c = load(slopes, at, WIDTH), load(of_other, at, WIDTH), half * load(of_both, at, WIDTH)
        store_complex(one, at, fma(a, x_re, c * y_re), fma(a, x_im, c * y_im))
        store_complex(other, at, fma(b, y_re, c * x_re), fma(b, y_im, c * x_im))
        store(slopes, at, zero)
        store(of_other, at, zero)
        store(of_both, at, zero)
    for at in range(2 * whole, 2 * bins):
        x, y = load(one, at, 1), load(other, at, 1)
        a, b, c = load(slopes, at // 2, 1), load(of_other, at // 2, 1), splat(0.5, x) * load(of_both, at // 2, 1)
        store(one, at, fma(a, x, c * y))
        store(other, at, fma(b, y, c * x))
    clear(shifted(slopes, whole), room - whole)
    clear(shifted(of_other, whole), room - whole)
    clear(shifted(of_both, whole), room - whole)
