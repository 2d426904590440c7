"""The compressor on tiles of samples, forward and adjoint.

What has no memory (level, curve, gain) is done WIDTH elements at a time, whatever the number of lanes: its parameters
repeat with period LANES. The smoother runs sample by sample, in float64. A tile is laid out as in `cpu_filters`.
"""

from __future__ import annotations

from diffmst.dsp.kernels.cpu_filters import flush
from diffmst.dsp.kernels.host import LANES, WIDTH, part
from diffmst.dsp.kernels.reference import LEVEL_FLOOR
from diffmst.dsp.kernels.simd import (
    absolute,
    copysign,
    fma,
    load,
    maximum,
    minimum,
    select,
    splat,
    store,
    swap_pairs,
    widen,
)
from diffmst.dsp.kernels.simd_math import DB_TO_LOG2, LOG2_TO_DB, exp2, log2_parts

DB_TO_NEPER = 0.11512925464970229  # ln(10) / 20


@part
def _knee(over_db, half_knee_db, inverse_knee):
    """(position, excess_db) on the soft knee.

    position p = (over + W/2) / W within [0, 1] is the slope of the knee, excess = p^2 W / 2 + max(over - W/2, 0) its
    height. For W = 0 and 1/W = 1e30 they are the step and the ramp, without a division by zero.
    """
    zero, one = splat(0.0, over_db), splat(1.0, over_db)
    position = minimum(maximum(fma(over_db, inverse_knee, splat(0.5, over_db)), zero), one)
    position = select(over_db > zero - half_knee_db, position, zero)
    return position, fma(position * position, half_knee_db, maximum(over_db - half_knee_db, zero))


@part
def _linked_level(x, linked):
    """Magnitude of the louder channel of a stereo row, of the row itself otherwise."""
    magnitude = absolute(x)
    return maximum(magnitude, swap_pairs(magnitude) * linked)


@part
def detect(curve, audio, over_db, target_db, count):
    """Level above the threshold, and the gain the curve asks for, of every sample.

    Shape: curve flat [5, WIDTH]: threshold_db, slope, knee_db / 2, 1 / knee_db, and 1 for rows of a stereo track, else
        0; the others tiles.
    """
    threshold_db, slope = load(curve, 0, WIDTH), load(curve, WIDTH, WIDTH)
    half_knee_db, inverse_knee = load(curve, 2 * WIDTH, WIDTH), load(curve, 3 * WIDTH, WIDTH)
    linked = load(curve, 4 * WIDTH, WIDTH)
    to_db, floor_level = splat(LOG2_TO_DB, slope), splat(LEVEL_FLOOR, slope)
    minus_threshold = splat(0.0, slope) - threshold_db
    for i in range(0, count * LANES, WIDTH):
        level = maximum(_linked_level(load(audio, i, WIDTH), linked), floor_level)
        whole, fraction = log2_parts(level)
        over = fma(fraction, to_db, fma(whole, to_db, minus_threshold))
        _, excess = _knee(over, half_knee_db, inverse_knee)
        store(over_db, i, over)
        store(target_db, i, slope * excess)


@part
def _smoother(ballistics):
    """(attack, release, their complements, sign) of a smoother s[n] = c s[n-1] + (1 - c) g[n].

    The two candidates for s[n] lie on the same side of g[n], so the choice of c by the sign of g - s chooses the lower
    one where attack <= release, and the upper one where not. Such lanes run with all signs turned. A minimum is half
    the latency of a comparison and a selection, and latency is all that these loops cost.
    """
    attack, release = load(ballistics, 0, LANES), load(ballistics, LANES, LANES)
    one = splat(1.0, attack)
    sign = select(attack > release, splat(-1.0, attack), one)
    return attack, release, (one - attack) * sign, (one - release) * sign, sign


@part
def smooth(ballistics, gain_db, target_db, smoothed_db, exponent, count):
    """Attack and release of the gain, and the exponent of 2 that is the gain.

    Args:
        ballistics: attack, release, makeup_db.
        gain_db: the state s; replaced.
        target_db: g, a tile.
        smoothed_db: s[-1], s[0], s[1], ..., a tile and one sample more.
        exponent: (s + makeup) in octaves, a tile.
        count: samples of the tile that exist.

    Shape: ballistics flat [3, LANES]; gain_db [LANES].
    """
    attack, release, attack_input, release_input, sign = _smoother(ballistics)
    to_log2 = splat(DB_TO_LOG2, attack)
    makeup, to_octaves = load(ballistics, 2 * LANES, LANES) * to_log2, to_log2 * sign
    s = load(gain_db, 0, LANES)
    store(smoothed_db, 0, s)
    s = s * sign
    for n in range(count):
        g = widen(load(target_db, n * LANES, LANES))
        s = minimum(fma(attack, s, attack_input * g), fma(release, s, release_input * g))
        store(smoothed_db, (n + 1) * LANES, s * sign)
        store(exponent, n * LANES, fma(s, to_octaves, makeup))
    store(gain_db, 0, flush(s * sign))


@part
def follow(ballistics, carry, target_db, count):
    """The last state of `smooth`, into `carry.gain`, and its derivative by the first, into `carry.slope`.

    The derivative is the product of the coefficients met.
    """
    attack, release, attack_input, release_input, sign = _smoother(ballistics)
    s, slope = load(carry.gain, 0, LANES) * sign, splat(1.0, attack)
    for n in range(count):
        g = widen(load(target_db, n * LANES, LANES))
        attacked, released = fma(attack, s, attack_input * g), fma(release, s, release_input * g)
        s = minimum(attacked, released)
        slope = slope * select(attacked < released, attack, release)
    store(carry.gain, 0, s * sign)
    store(carry.slope, 0, flush(slope))


@part
def apply_gain(exponent, audio, output, count):
    """Audio times 2**exponent."""
    for i in range(0, count * LANES, WIDTH):
        store(output, i, load(audio, i, WIDTH) * exp2(load(exponent, i, WIDTH)))


@part
def gain_adjoint(exponent, audio, gradient, gain_gradient, output, count):
    """Gradient to the output of `apply_gain` into that to its audio (replaced) and that to the gain in dB.

    The output itself is computed on the way, for the gradient to what follows.
    """
    to_neper = splat(DB_TO_NEPER, load(audio, 0, WIDTH))
    for i in range(0, count * LANES, WIDTH):
        gain = exp2(load(exponent, i, WIDTH))
        y = load(audio, i, WIDTH) * gain
        dy = load(gradient, i, WIDTH)
        store(output, i, y)
        store(gradient, i, dy * gain)
        store(gain_gradient, i, dy * y * to_neper)


@part
def smooth_adjoint(ballistics, carry, target_db, smoothed_db, gradient, target_gradient, sums, count):
    """Gradient to the smoothed gain into that to the target, added up for attack, release and make-up.

    With G[n] = dL/ds[n] + c[n+1] G[n+1]: dL/dg[n] = (1 - c[n]) G[n] and dL/dc[n] = G[n] (s[n-1] - g[n]).

    Args:
        carry: `Carry`: gain, c[n] G[n] of the sample after the tile, is replaced by that of its first, and slope
            multiplied by the derivative of that by this.
        sums: gradients to attack, release and makeup_db, added to.

    Shape: carry.gain and carry.slope [LANES]; sums flat [3, LANES]; the others as in `smooth`.
    """
    attack, release = load(ballistics, 0, LANES), load(ballistics, LANES, LANES)
    zero = splat(0.0, attack)
    attack_sum, both_sum, makeup_sum = zero, zero, zero
    ahead, slope = load(carry.gain, 0, LANES), load(carry.slope, 0, LANES)
    for reverse in range(count):
        n = (count - 1 - reverse) * LANES
        g, before = widen(load(target_db, n, LANES)), load(smoothed_db, n, LANES)
        ds = widen(load(gradient, n, LANES))
        whole = ds + ahead
        attacking = g < before
        c = select(attacking, attack, release)
        dc = whole * (before - g)
        ahead = fma(c, ahead, c * ds)
        slope = slope * c
        store(target_gradient, n, whole - ahead)
        makeup_sum = makeup_sum + ds
        both_sum = both_sum + dc
        attack_sum = attack_sum + select(attacking, dc, zero)
    store(carry.gain, 0, flush(ahead))
    store(carry.slope, 0, flush(slope))
    store(sums, 0, load(sums, 0, LANES) + attack_sum)
    store(sums, LANES, load(sums, LANES, LANES) + (both_sum - attack_sum))
    store(sums, 2 * LANES, load(sums, 2 * LANES, LANES) + makeup_sum)


@part
def detect_adjoint(curve, audio, over_db, target_gradient, gradient, sums, count):
    """Gradient to the target gain into one to the audio, which is added to `gradient`.

    d level / d audio is 20 / ln(10) / |x| for the louder channel, half of it for each of two equal ones, and zero
    below the floor. The parameters' gradients are those of p and e = excess of `_knee`, d e / d W = p (1 - p) / 2.

    Args:
        sums: gradients to threshold_db, slope and knee_db, added to.

    Shape: sums flat [3, WIDTH]; the others as in `detect`.
    """
    slope, half_knee_db, inverse_knee = (
        load(curve, WIDTH, WIDTH),
        load(curve, 2 * WIDTH, WIDTH),
        load(curve, 3 * WIDTH, WIDTH),
    )
    linked = load(curve, 4 * WIDTH, WIDTH)
    zero, one, half = splat(0.0, slope), splat(1.0, slope), splat(0.5, slope)
    from_db, floor_level = splat(1.0 / DB_TO_NEPER, slope), splat(LEVEL_FLOOR, slope)
    threshold_sum, slope_sum, knee_sum = zero, zero, zero
    for i in range(0, count * LANES, WIDTH):
        x, dg = load(audio, i, WIDTH), load(target_gradient, i, WIDTH)
        position, excess = _knee(load(over_db, i, WIDTH), half_knee_db, inverse_knee)
        d_excess = dg * slope
        d_over = d_excess * position
        slope_sum = fma(dg, excess, slope_sum)
        threshold_sum = threshold_sum - d_over
        knee_sum = fma(d_excess, position * (one - position) * half, knee_sum)
        level, magnitude = _linked_level(x, linked), absolute(x)
        both = fma(swap_pairs(d_over), linked, d_over)
        share = select(magnitude == level, select(swap_pairs(magnitude) * linked == level, half, one), zero)
        dx = select(level > floor_level, both * share * from_db / maximum(level, floor_level), zero)
        store(gradient, i, load(gradient, i, WIDTH) + copysign(one, x) * dx)
    store(sums, 0, load(sums, 0, WIDTH) + widen(threshold_sum))
    store(sums, WIDTH, load(sums, WIDTH, WIDTH) + widen(slope_sum))
    store(sums, 2 * WIDTH, load(sums, 2 * WIDTH, WIDTH) + widen(knee_sum))
