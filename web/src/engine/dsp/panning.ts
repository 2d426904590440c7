/** Pan and balance: diffmst/dsp/stereo.py. */

const QUARTER = Math.PI / 4;

/** Gain of a mono track on one side, -1 left or 1 right: constant power, -3 dB in the middle. */
export function panGain(pan: number, side: -1 | 1): number {
  return relativeGain(pan, side) / Math.SQRT2;
}

/** Gain of the one side of a stereo track: that turned away from falls, the other stays. */
export function balanceGain(pan: number, side: -1 | 1): number {
  return Math.min(1, relativeGain(pan, side));
}

/** sqrt(2) cos or sin of (pan + 1) pi / 4, exactly 1 in the middle. */
function relativeGain(pan: number, side: -1 | 1): number {
  const angle = pan * QUARTER;
  return Math.cos(angle) + side * Math.sin(angle);
}
