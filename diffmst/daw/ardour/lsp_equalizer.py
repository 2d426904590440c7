"""LSP Parametric Equalizer x16: in its filter mode APO its filters are those of our equalizer, steep shelves included.

They are biquads of the cookbook (Robert Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter coefficients"),
in single precision.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from diffmst.daw.ardour.plugin import Band, Equalization, Plugin, spread_db, to_amplitude, to_db
from diffmst.dsp.filters import BANDS, HIGHEST_FREQUENCY

NAME = "LSP Parametric Equalizer x16"
URIS = {
    1: "http://lsp-plug.in/plugins/lv2/para_equalizer_x16_mono",
    2: "http://lsp-plug.in/plugins/lv2/para_equalizer_x16_stereo",
}
"""By the number of channels."""

_GAIN_RANGE_DB = (-20.0, 20.0)  # of its input and of its output, upwards; we go as far down
_SLOTS = 16
_OFF, _PEAK, _HIGH_SHELF, _LOW_SHELF = 0, 1, 3, 5
_KINDS = (_LOW_SHELF, *[_PEAK] * (BANDS - 2), _HIGH_SHELF)
_APO_MODE = 6


def plugin(bands: Sequence[Band], gain_db: float, channels: int, sample_rate: int) -> Plugin:
    """The plugin that does what our equalizer does, and amplifies by so much more, as far as it can.

    Args:
        bands: from low to high.
        gain_db: of the whole signal.
        channels: of the strip, 1 or 2.
        sample_rate: of the session, Hz.
    """
    input_db, output_db, _ = spread_db(gain_db, _GAIN_RANGE_DB, _GAIN_RANGE_DB)
    ports = {"enabled": 1.0, "g_in": to_amplitude(input_db), "g_out": to_amplitude(output_db)}
    for slot, (kind, band) in enumerate(zip(_KINDS, bands, strict=True)):
        assert band.q is not None, "our equalizer knows the q of every band"
        ports |= {
            f"ft_{slot}": float(kind),
            f"fm_{slot}": float(_APO_MODE),
            f"s_{slot}": 0.0,
            f"f_{slot}": min(band.freq_hz, HIGHEST_FREQUENCY * sample_rate),
            f"g_{slot}": to_amplitude(band.gain_db),
            f"q_{slot}": band.q,
        }
    return Plugin(NAME, URIS[channels], ports)


def read(ports: Mapping[str, float], sample_rate: int) -> Equalization:
    """What the plugin does, by its ports."""
    if not ports.get("enabled", 1.0):
        ports = dict(ports) | {"g_in": 1.0, "g_out": 1.0} | {f"g_{slot}": 1.0 for slot in range(BANDS)}
    gain_db = to_db(ports.get("g_in", 1.0)) + to_db(ports.get("g_out", 1.0))
    return Equalization(tuple(_band(ports, slot) for slot in range(BANDS)), gain_db, tuple(_ignored(ports)))


def _band(ports: Mapping[str, float], slot: int) -> Band:
    """A band that is switched off, muted or of another kind keeps its place, without gain."""
    at_work = ports[f"ft_{slot}"] == _KINDS[slot] and not ports.get(f"xm_{slot}", 0.0)
    return Band(to_db(ports[f"g_{slot}"]) if at_work else 0.0, ports[f"f_{slot}"], ports[f"q_{slot}"])


def _ignored(ports: Mapping[str, float]) -> Iterator[str]:
    for slot in range(_SLOTS):
        kind = ports.get(f"ft_{slot}", float(_OFF))
        if kind == _OFF:
            continue
        if slot >= BANDS:
            yield f"filter {slot} of the equalizer is one more than the console has"
        elif kind != _KINDS[slot]:
            yield f"filter {slot} of the equalizer is of a kind that the console does not have there"
        elif ports.get(f"fm_{slot}") != _APO_MODE or ports.get(f"s_{slot}"):
            yield f"filter {slot} of the equalizer is no longer in mode APO (DR) x1, and sounds otherwise"
