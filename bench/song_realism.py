"""How like real stems made ones are: figures of every stem, per role, of real songs beside made ones.

    python -m bench.song_realism REAL_FOLDER MADE_FOLDER

Both hold a folder of stems per song. The table has a row for each role and figure: the median of both, the spread
between songs of both (half the distance between the 16th and the 84th percentile, a standard deviation where it is
normal), how far the medians are apart in spreads of the two together, and which share of the real stems lies within the
made ones' 5th to 95th percentile.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from diffmst.data.datasets import recognise

FRAME_S, BAND_CENTRES_HZ = 0.1, (63, 125, 250, 500, 1000, 2000, 4000, 8000, 16_000)
ACTIVE_DB = 45.0  # below the loudest tenth of a second: what is quieter is a pause
BLOCK_FRAMES = 1 << 16


def read(path: Path) -> tuple[NDArray[np.float32], int]:
    """A stem. Shape: [channels, time]."""
    x, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return np.ascontiguousarray(x.T), rate


def figures(x: NDArray[np.float32], rate: int) -> dict[str, float] | None:
    """What a stem is like; None if it is silent.

    Shape: x [channels, time].
    """
    hop = round(FRAME_S * rate)
    frames = x[:, : x.shape[1] // hop * hop].reshape(len(x), -1, hop)
    level_db = 10 * np.log10((frames.astype(np.float64) ** 2).mean(axis=(0, 2)) + 1e-12)
    if level_db.max() < -80:
        return None
    active = level_db > level_db.max() - ACTIVE_DB
    mono = frames.mean(axis=0)[active]
    power = (np.abs(np.fft.rfft(mono * np.hanning(hop))) ** 2).mean(axis=0)
    bins_hz = np.fft.rfftfreq(hop, 1 / rate)
    total = power.sum()
    bands = {
        f"{centre} Hz, dB": 10 * np.log10(power[(bins_hz >= centre / 2**0.5) & (bins_hz < centre * 2**0.5)].sum()
        / total + 1e-9) for centre in BAND_CENTRES_HZ
    }  # fmt: skip
    rms_db = 10 * np.log10((frames[:, active].astype(np.float64) ** 2).mean())
    side = (frames[0, active] - frames[-1, active]) / 2
    width_db = 10 * np.log10((side.astype(np.float64) ** 2).sum() / (mono.astype(np.float64) ** 2).sum() + 1e-4)
    return bands | {
        "crest, dB": 20 * np.log10(np.abs(x).max()) - rms_db,
        "range of levels, dB": float(np.subtract(*np.percentile(level_db[active], [95, 10]))),
        "onsets per second": _onsets(x.mean(axis=0), rate) / (active.sum() * FRAME_S),
        "side to mid, dB": width_db,
        "share of pauses": 1 - active.mean(),
    }


def _onsets(mono: NDArray[np.float32], rate: int) -> int:
    """Rises of the envelope by 6 dB within 20 ms, at least 60 ms apart."""
    hop = rate // 100
    energy = (mono[: mono.size // hop * hop].reshape(-1, hop).astype(np.float64) ** 2).mean(axis=1)
    level_db = 10 * np.log10(energy + energy.max() * 1e-5)
    rising = np.flatnonzero(level_db[2:] - level_db[:-2] > 6)
    return int(np.sum(np.diff(rising, prepend=-100) > 6))


def measure(folder: Path) -> dict[str, dict[str, list[float]]]:
    """Figures of all stems below a folder: per role, per figure, a value for each."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for dataset, place in recognise(folder):
        for song in dataset.songs(place):
            for stem in song.stems:
                for name, value in (figures(*read(stem.path)) or {}).items():
                    found[stem.role or "unknown"][name].append(float(value))
    return found


def _median_and_spread(values: list[float]) -> tuple[float, float]:
    low, median, high = np.percentile(values, [16, 50, 84])
    return float(median), float(high - low) / 2


def main(real: Path, made: Path) -> None:
    """Prints the table."""
    ours, theirs = measure(made), measure(real)
    for role in sorted(set(ours) & set(theirs)):
        counts = len(theirs[role]["crest, dB"]), len(ours[role]["crest, dB"])
        print(f"\n{role}: {counts[0]} real stems, {counts[1]} made")  # noqa: T201
        for name, values in theirs[role].items():
            (median, spread), (our_median, our_spread) = map(_median_and_spread, (values, ours[role][name]))
            apart = (our_median - median) / max(np.hypot(spread, our_spread), 1e-6)
            low, high = np.percentile(ours[role][name], [5, 95])
            inside = np.mean([low <= value <= high for value in values])
            print(  # noqa: T201
                f"  {name:20} real {median:7.2f} ± {spread:5.2f}   made {our_median:7.2f} ± {our_spread:5.2f}   "
                f"apart {apart:5.2f}   inside {inside:4.0%}"
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
