"""How a mix leaves the master bus, as the page plays it."""

from __future__ import annotations

from typing import Any

from diffmst.mastering import Output


def delivery_of(output: Output) -> dict[str, Any]:
    """What the page needs to play a mix as its file sounds: see `delivery` among the events.

    Silence has no loudness and no peak: both are null.
    """
    loud = output.loudness_lufs > float("-inf")
    return {
        "gain_db": output.gain_db,
        "trim_db": output.trim_db,
        "limited": output.limited,
        "limiting_db": output.limiting_db,
        "loudness_lufs": output.loudness_lufs if loud else None,
        "true_peak_dbtp": output.true_peak_dbtp if output.true_peak_dbtp > float("-inf") else None,
        "target_lufs": output.target_lufs,
    }
