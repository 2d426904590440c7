"""Numbers and names as a musician reads them."""

import math
import re
import unicodedata

from diffmst.dsp.stereo import SEND_OFF_DB
from diffmst.params import Param

MINUS = "−"
_UNIT_SUFFIX = re.compile("_(db|dbtp|hz|ms|s|lufs|lu)$")
_SPELLED = {
    "af": "AF",
    "eq": "EQ",
    "freq": "Freq",
    "image": "Width",
    "mrstft": "MRSTFT",
    "panner": "Pan",
    "rms": "RMS",
    "rt60": "RT60",
}


def number(value: float, decimals: int = 1, *, sign: bool = False) -> str:
    """A number with a true minus sign; no minus zero.

    >>> number(-3.14159), number(0.04, sign=True), number(-math.inf)
    ('−3.1', '0.0', '−∞')
    """
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    rounded = round(value, decimals) + 0.0
    plus = "+" if sign and rounded > 0 else ""
    return f"{plus}{rounded:.{decimals}f}".replace("-", MINUS)


def significant(value: float, digits: int = 3) -> str:
    """A number with so many significant digits, and as many decimals as those need.

    >>> significant(0.012345), significant(1236.5), significant(2.0), significant(0.9999)
    ('0.0123', '1240', '2.00', '1.00')
    """
    if value == 0 or not math.isfinite(value):
        return number(value, 0)
    rounded = float(f"{value:.{digits}g}")
    return number(rounded, max(0, digits - 1 - math.floor(math.log10(abs(rounded)))))


def duration(seconds: float) -> str:
    """Minutes and seconds.

    >>> duration(221.6), duration(4.21)
    ('3:42', '4.2 s')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def frequency(hz: float) -> str:
    """A frequency in three digits.

    >>> frequency(95.2), frequency(1234), frequency(12_340)
    ('95 Hz', '1.23 kHz', '12.3 kHz')
    """
    return f"{hz:.0f} Hz" if round(hz) < 1000 else f"{significant(hz / 1000)} kHz"


def pan(position: float) -> str:
    """A pan position from -1 to 1 as consoles print it.

    >>> pan(-0.5), pan(0.001), pan(1)
    ('L50', 'C', 'R100')
    """
    percent = round(100 * position)
    return "C" if percent == 0 else f"{'R' if percent > 0 else 'L'}{abs(percent)}"


def percent(share: float) -> str:
    """A share of something.

    >>> percent(1.254)
    '125 %'
    """
    return f"{100 * share:.0f} %"


def setting(param: Param, value: float, *, unit: bool = True) -> str:
    """A control's value as printed on its scale.

    >>> setting(Param("ratio", 1, 20, 1), 2.5), setting(Param("gain_db", -12, 12, 0, "dB"), 2)
    ('2.5:1', '+2.0 dB')
    """
    if param.unit == "dB" and value <= SEND_OFF_DB:
        return "off"
    match param.keyword, param.unit:
        case "pan", _:
            return pan(value)
        case "ratio", _:
            return f"{number(value)}:1"
        case "width", _:
            return percent(value)
        case _, "Hz":
            return frequency(value) if unit else number(value, 0)
        case _, "dB":
            text = number(value, sign=param.low < 0 < param.high)
        case _, "ms":
            text = significant(value, 2 if value < 100 else 3)
        case _:
            text = number(value, 2)
    return f"{text} {param.unit}" if unit and param.unit else text


def label(name: str) -> str:
    """A name of the code as a heading: without its unit, spelled out.

    >>> label("low_shelf"), label("freq_hz"), label("eq"), label("31hz")
    ('Low shelf', 'Freq', 'EQ', '31 Hz')
    """
    if octave := re.fullmatch(r"(\d+)(k?)hz", name):
        return f"{octave[1]} {octave[2]}Hz"
    bare = _UNIT_SUFFIX.sub("", name)
    return _SPELLED.get(bare) or bare.replace("_", " ").capitalize()


def initials(name: str) -> str:
    """A name of the code as short as it goes.

    >>> initials("low_shelf"), initials("peak_1"), initials("31hz"), initials("sub")
    ('LS', 'P1', '31', 'sub')
    """
    words = name.split("_")
    return "".join(word[0].upper() for word in words) if len(words) > 1 else name.removesuffix("hz")


def shown(name: str) -> str:
    """A file's name, or anything else that came from outside, as text that any page can hold.

    Control characters and what no encoding can write (half characters of broken file names) become `�`, and so do the
    marks that would turn the direction of all text behind them.
    """
    return "".join("�" if unicodedata.category(char) in ("Cc", "Cs") or char in _TURNING else char for char in name)


_TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
