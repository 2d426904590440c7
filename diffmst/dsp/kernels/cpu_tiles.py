"""Audio between rows in memory and tiles, and between rows and buses.

A kernel first copies a block of every lane's row into `rows` (LANES x BLOCK, zero past the end), which is then
transposed in registers into a tile (element `n * LANES + lane`), and the same way back.
"""

from __future__ import annotations

from diffmst.dsp.kernels.host import BLOCK, CACHE_LINE, LANES, WIDTH, part
from diffmst.dsp.kernels.simd import fma, load, prefetch, shifted, splat, store, total
from diffmst.dsp.kernels.simd_square import load_many, store_many, transpose


@part
def rows_to_tile(rows, tile):
    """Transpose LANES rows of BLOCK samples into a tile of the tile's type."""
    for n in range(0, BLOCK, LANES):
        store_many(tile, n * LANES, LANES, transpose(load_many(rows, n, BLOCK, LANES)))


@part
def tile_to_rows(tile, rows):
    """Transpose a float32 tile into LANES rows of BLOCK samples."""
    for n in range(0, BLOCK, LANES):
        store_many(rows, n, BLOCK, transpose(load_many(tile, n * LANES, LANES, LANES)))


@part
def copy(source, target, count):
    """Copy elements from flat array to flat array, in the type of the target."""
    whole = count - count % WIDTH
    for i in range(0, whole, WIDTH):
        store(target, i, load(source, i, WIDTH))
    for i in range(whole, count):
        target[i] = source[i]


@part
def clear(target, count):
    """Set `count` elements, a multiple of WIDTH, to zero."""
    zero = splat(0.0, load(target, 0, WIDTH))
    for i in range(0, count, WIDTH):
        store(target, i, zero)


@part
def gather(audio, offsets, start, count, rows):
    """Copy `count` samples of every lane's row, from `start` on, and zeros after them."""
    for lane in range(LANES):
        copy(shifted(audio, offsets[lane] + start), shifted(rows, lane * BLOCK), count)
        for n in range(count, BLOCK):
            rows[lane * BLOCK + n] = 0


@part
def fetch(audio, offsets, start):
    """Ask for the block of every lane that begins at `start`: processors foresee reads that go forward only."""
    for lane in range(LANES):
        for n in range(0, BLOCK, CACHE_LINE // 4):
            prefetch(audio, offsets[lane] + start + n)


@part
def scatter(rows, audio, offsets, start, count):
    """Copy `count` samples of every lane to its row. Lanes that repeat a row write what that row's lane writes."""
    for lane in range(LANES):
        copy(shifted(rows, lane * BLOCK), shifted(audio, offsets[lane] + start), count)


@part
def mix(rows, first, last, gains, output, bus, at, count):
    """Add the lanes from `first` to `last`, with their gains in one output, to a bus.

    Shape: gains flat [outputs, LANES].
    """
    whole = count - count % WIDTH
    for n in range(0, whole, WIDTH):
        mixed = load(bus, at + n, WIDTH)
        for lane in range(first, last):
            mixed = fma(load(rows, lane * BLOCK + n, WIDTH), splat(gains[output * LANES + lane], mixed), mixed)
        store(bus, at + n, mixed)
    for n in range(whole, count):  # as vectors of one element, so that they are rounded as the others are
        single = load(bus, at + n, 1)
        for lane in range(first, last):
            single = fma(load(rows, lane * BLOCK + n, 1), splat(gains[output * LANES + lane], single), single)
        store(bus, at + n, single)


@part
def unmix(bus, at, gain, rows, lane, count):
    """Add a bus, times a gain, to the row of a lane: the adjoint of `mix` for the row."""
    whole = count - count % WIDTH
    for n in range(0, whole, WIDTH):
        row = load(rows, lane * BLOCK + n, WIDTH)
        store(rows, lane * BLOCK + n, fma(load(bus, at + n, WIDTH), splat(gain, row), row))
    for n in range(whole, count):
        rows[lane * BLOCK + n] += bus[at + n] * gain


@part
def correlate(bus, at, rows, lane, count):
    """Sum over time of a bus times the row of a lane: the adjoint of `mix` for the gain."""
    whole = count - count % WIDTH
    products = splat(0.0, load(rows, lane * BLOCK, WIDTH))
    for n in range(0, whole, WIDTH):
        products = fma(load(bus, at + n, WIDTH), load(rows, lane * BLOCK + n, WIDTH), products)
    result = float(total(products))
    for n in range(whole, count):
        result += bus[at + n] * rows[lane * BLOCK + n]
    return result
