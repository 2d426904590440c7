"""What becomes of the effects of the console in Ardour."""

from __future__ import annotations

from collections.abc import Mapping

from diffmst.daw.ardour import ace_compressor, ace_equalizer, own_equalizer, width_script
from diffmst.daw.ardour.channel import EqualizerName
from diffmst.daw.translation import Translation

_EQUALIZERS: dict[EqualizerName, Translation] = {
    "own": Translation("exact", f"{own_equalizer.NAME}, a script in the session"),
    "ace": Translation(
        "approximate",
        ace_equalizer.NAME,
        "its shelves have a Q of 0.71 whatever was set, and its gains end up to 0.05 dB short",
    ),
}
_SHARED = {
    "input": Translation("exact", "trim; what is beyond 20 dB in the gain of the equalizer"),
    "compressor": Translation("exact", ace_compressor.NAME),
    "panner": Translation("exact", "pan of a mono track, the law corrected in the fader; balance of a stereo track"),
    "image": Translation("exact", f"{width_script.NAME}, a script in the session, on the master"),
    "fader": Translation("exact", "fader; what is above 6 dB in the make-up gain of the compressor"),
    "send": Translation(
        "printed", "post-fader sends to a muted bus, for a reverb of the musician's own", "heard is the printed return"
    ),
    "reverb": Translation(
        "printed", "an audio track", "it does not follow the sends; its fader comes back as the level of the reverb"
    ),
}


def translations(equalizer: EqualizerName) -> Mapping[str, Translation]:
    """By the name of the effect.

    Args:
        equalizer: the plugin that stands for ours.
    """
    return _SHARED | {"eq": _EQUALIZERS[equalizer]}
