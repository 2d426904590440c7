"""Plays an SFZ instrument in a process of its own: `python -m` of this module, an order on stdin, what comes on stdout.

A process for each rendering, because pysfizz draws what an instrument leaves to chance (layers, detuning) from one row
of numbers that begins with the process and cannot be begun anew; because it prints warnings; and because a broken file
may end it. It imports nothing heavy of the package, so that it starts in a fifth of a second.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 1024
SINC_QUALITY = 3
"""The cheapest interpolation that keeps images of a transposed sample 60 dB below it."""
HEARD_AFTER_BLOCKS = 8
"""Time in which a key must sound to count: not above 8192 samples, which are read before the first note."""
STRONG = 100

Synth = Any
"""Of a library without types."""
Event = tuple[int, bool, int, int]
"""Sample, whether the key goes down, key, velocity. In the order of time; a key goes up before it goes down."""


def main() -> None:
    """Answers one order: what an instrument has, as JSON; or the sound of notes, as float32, left side, then right."""
    order = json.load(sys.stdin)
    synth = _loaded(order["path"], order.get("sample_rate", 44_100))
    if "notes" in order:
        sound = rendered(synth, order["notes"], order["samples"], order["sample_rate"])
        sys.stdout.buffer.write(sound.tobytes())
    else:
        json.dump({"regions": _regions(synth), "heard": _is_heard(synth, order["audible"])}, sys.stdout)


def _loaded(path: str, sample_rate: int) -> Synth:
    """A player of the instrument, of no regions if the file is none."""
    # The class that the package exports plays single notes only. The one it is built on takes keys at any time.
    synth = importlib.import_module("pysfizz._sfizz").Synth(sample_rate, BLOCK)
    synth.enable_freewheeling()
    synth.set_sample_quality(SINC_QUALITY)
    synth.load_sfz_file(path)
    return synth


def _regions(synth: Synth) -> list[tuple[int, int, float, float, str]]:
    """Lowest and highest key and velocity (0 to 1), and sample, of all regions."""
    rows = [synth.get_region_data(index) for index in range(synth.get_num_regions())]
    return [(row["lokey"], row["hikey"], row["lovel"], row["hivel"], row["sample_id"]) for row in rows]


def _is_heard(synth: Synth, audible: float) -> bool:
    """Whether any key that a region has sounds at such a peak."""
    keys = sorted((key for key in range(128) if synth.get_regions_for_note(key)), key=lambda key: abs(key - 60))
    return any(_peak(synth, key) > audible for key in keys)


def _peak(synth: Synth, key: int) -> float:
    """Of the beginning of a strong stroke."""
    synth.note_on(0, key, STRONG)
    peak = max(float(np.abs(synth.render_block()).max()) for _ in range(HEARD_AFTER_BLOCKS))
    synth.all_sound_off()
    return peak


def rendered(
    synth: Synth,
    notes: Sequence[tuple[float, float, int, int]],
    samples: int,
    sample_rate: int,
) -> NDArray[np.float32]:
    """Sound of notes (start and length in seconds, key, velocity) from the start of the song on.

    Shape: returns [2, samples].
    """
    blocks = -(-samples // BLOCK)
    sound = np.zeros((2, blocks, BLOCK), np.float32)
    events = events_of(notes, sample_rate)
    event = next(events, None)
    for block in range(blocks):
        while event and event[0] < (block + 1) * BLOCK:
            at, down, key, velocity = event
            (synth.note_on if down else synth.note_off)(at - block * BLOCK, key, velocity)
            event = next(events, None)
        sound[:, block] = synth.render_block()
    return np.ascontiguousarray(sound.reshape(2, -1)[:, :samples])


def events_of(notes: Sequence[tuple[float, float, int, int]], sample_rate: int) -> Iterator[Event]:
    """What a hand does for notes. A key that is to be struck while it is down goes up first, as there is but one."""
    struck: dict[tuple[int, int], tuple[int, int]] = {}
    for start_s, length_s, key, velocity in notes:
        start = max(0, round(start_s * sample_rate))
        end = max(start + 1, round((start_s + length_s) * sample_rate))
        # Of two at the same time, what is stronger and what is longer.
        struck[key, start] = max((velocity, end), struck.get((key, start), (0, 0)))
    events: list[Event] = []
    following: dict[int, int] = {}
    for (key, start), (velocity, end) in sorted(struck.items(), reverse=True):
        events += [(start, True, key, velocity), (min(end, following.get(key, end)), False, key, 0)]
        following[key] = start
    return iter(sorted(events))


if __name__ == "__main__":
    main()
