// Order by chance, the same again from the same seed.

/** Numbers in [0, 1) from a 32-bit seed: Mulberry32, T. Ettinger, 2017, public domain. */
function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = state;
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The items in an order by chance, each order as likely as any other: Fisher and Yates. */
function shuffled(items, random) {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const chosen = Math.floor(random() * (last + 1));
    [order[last], order[chosen]] = [order[chosen], order[last]];
  }
  return order;
}

/** A seed that no participant shares with another, but by an unlikely chance. */
function drawnSeed() {
  return crypto.getRandomValues(new Uint32Array(1))[0];
}

/**
 * The pages of one participant: trials by chance, on each its sounds by chance. The pages that come a second time are
 * those that came first, so that as much as can be lies between.
 */
function plannedPages(test, seed) {
  const random = randomNumbers(seed);
  const order = shuffled(test.trials, random);
  const again = shuffled(order.slice(0, test.repeats), random);
  const page = (trial, repeat) => ({ trial, repeat, stimuli: shuffled(trial.stimuli, random) });
  return [...order.map((trial) => page(trial, 0)), ...again.map((trial) => page(trial, 1))];
}
