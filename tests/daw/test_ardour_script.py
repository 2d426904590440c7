"""What stands in sessions as scripts: run from their own text by Ardour's Lua, without a session.

Skipped where Ardour is not installed.
"""

import json

import numpy as np
import pytest
from ardour_program import needs, run_lua
from scipy.signal import sosfilt

from diffmst.daw.ardour import width_script
from diffmst.daw.ardour.own_equalizer import plugin, script
from diffmst.daw.ardour.plugin import Band
from diffmst.dsp.filters import equalizer_coefficients, frequency_response_db
from diffmst.dsp.stereo import width_gains
from diffmst.layout import LAYOUTS

DOUBLE = 1e-9  # of the peak: what double precision leaves of poles next to 0 Hz, over ten thousand samples
FRAMES = 12_000
BANDS = {
    "usual": ([6, -4, 3, -5, 4, -6], [90, 180, 550, 1700, 4500, 8000], [0.7] * 6),
    "narrow at the bottom": ([12, 12, -12, 0, 0, 0], [20, 40, 120, 1700, 4500, 8000], [6, 6, 6, 1, 1, 1]),
    "wide": ([-12, 12, -12, 12, -12, 12], [60, 180, 550, 1700, 4500, 8000], [0.2] * 6),
    "at the top": ([0, 0, 0, 0, 12, -12], [60, 180, 550, 1700, 16_000, 18_000], [1, 1, 1, 1, 6, 6]),
    "beyond the top": ([0, 0, 0, 0, 12, 12], [60, 180, 550, 1700, 16_000, 40_000], [1, 1, 1, 1, 1, 1]),
}

# A host for the script: `runs` are lists of blocks, each of the knobs and the samples of every channel. The functions
# that Ardour calls are global, and a run begins with a new script.
HOST = r"""
function ardour () end
local knobs, shared
self = { queue_draw = function () end }
function self:table ()
  return { set = function (_, value) shared = value end, get = function () return shared end }
end
CtrlPorts = { array = function () return knobs end }
local function buffer (samples)
  return { array = function () return samples end }
end
local out = assert (io.open (OUT, "w"))
local drawing = {} -- the points of lines, and nothing else
setmetatable (drawing, { __index = function () return function () end end })
function drawing:line_to (x, y) out:write (string.format ("%.17g\n%.17g\n", x, y)) end
for _, run in ipairs (RUNS) do
  dsp_configure = nil
  assert (load (SCRIPT)) ()
  dsp_init (run.rate)
  local channels = { n_audio = function () return #run.blocks[1].channels end }
  if dsp_configure then dsp_configure (channels, channels) end
  for _, block in ipairs (run.blocks) do
    knobs = block.knobs
    local ins, outs = {}, {}
    for number, samples in ipairs (block.channels) do
      ins[number], outs[number] = buffer (samples), buffer (samples)
    end
    dsp_run (ins, outs, #block.channels[1])
    for _, samples in ipairs (block.channels) do
      for _, sample in ipairs (samples) do out:write (string.format ("%.17g\n", sample)) end
    end
  end
end
if WIDTH then
  local size = render_inline (drawing, WIDTH, 1000)
  out:write (size[1], "\n", size[2], "\n")
end
out:close ()
"""


def knobs(bands, gain_db=0.0, layout="default"):
    """What the ports of the script are set to, in their order."""
    ports = plugin(LAYOUTS[layout].track, [Band(*band) for band in zip(*bands, strict=True)], gain_db).ports
    return [ports[str(number)] for number in range(len(ports))]


def lua(value):
    """A value of Python in Lua."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}={lua(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "{" + ",".join(map(lua, value)) + "}"
    return "0/0" if value != value else repr(float(value))


def equalizer(layout="default"):
    return script(LAYOUTS[layout].track)


def run_script(folder, runs, text, more=""):
    """The numbers that a host of the script writes; see `HOST`."""
    said = [
        {"rate": rate, "blocks": [{"knobs": one, "channels": signal.tolist()} for one, signal in blocks]}
        for rate, blocks in runs
    ]
    out = folder / "out.txt"
    run_lua(f"OUT = {json.dumps(str(out))}\nSCRIPT = [==[{text}]==]\nRUNS = {lua(said)}\n{more}\n{HOST}", folder)
    return np.loadtxt(out)


def played(folder, *runs, text=None):
    """What the script makes of signals.

    Args:
        folder: for files.
        runs: each a sample rate, and blocks of knobs and a signal [channels, frames].
        text: of the script; the equalizer if none is given.

    Returns:
        For each run [channels, frames].
    """
    samples, found = run_script(folder, runs, text or equalizer()), []
    for _, blocks in runs:
        parts = []
        for _, signal in blocks:
            parts.append(samples[: signal.size].reshape(signal.shape))
            samples = samples[signal.size :]
        found.append(np.concatenate(parts, axis=1))
    assert not samples.size
    return found


def expected(rate, bands, signal, gain_db=0.0):
    """The same by scipy, from the coefficients of the console."""
    coefficients = equalizer_coefficients(rate, *(np.array(part, float) for part in bands))
    sections = np.concatenate([coefficients[:, :3], np.ones((len(coefficients), 1)), coefficients[:, 3:]], 1)
    return sosfilt(sections, 10 ** (gain_db / 20) * signal)


def noise(channels=1, frames=FRAMES):
    return np.random.default_rng(3).uniform(-1, 1, (channels, frames))


@pytest.fixture(scope="module", autouse=True)
def _skipped_without_ardour():
    needs("lua")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_script_is_the_equalizer_of_the_console(tmp_path, layout):
    cases = [(rate, name) for rate in (44_100, 48_000, 96_000) for name in BANDS]
    signal = noise(2)
    runs = [(rate, [(knobs(BANDS[name], -7.5, layout), signal)]) for rate, name in cases]
    for (rate, name), found in zip(cases, played(tmp_path, *runs, text=equalizer(layout)), strict=True):
        ours = expected(rate, BANDS[name], signal, -7.5)
        assert np.abs(found - ours).max() < DOUBLE * np.abs(ours).max(), (rate, name)


def test_blocks_of_any_length_sound_the_same(tmp_path):
    one, signal = knobs(BANDS["usual"]), noise()
    ends = [(FRAMES,), (1, 65, 66, 1021, FRAMES)]
    runs = [(48_000, [(one, signal[:, a:b]) for a, b in zip((0, *stops), stops, strict=False)]) for stops in ends]
    whole, parts = played(tmp_path, *runs)
    assert np.array_equal(whole, parts)


def test_a_knob_that_is_turned_glides_and_gets_there(tmp_path):
    """Of a constant, only the low shelf is heard: it goes from 1 to its gain without a jump, and stays there."""
    flat, turned = ([[gain_db, *[0] * 5], [100, *[1000] * 5], [0.7] * 6] for gain_db in (0, 12))
    constant = np.ones((1, FRAMES))
    (found,) = played(tmp_path, (48_000, [(knobs(flat), constant), (knobs(turned), constant)]))
    assert found[0, FRAMES - 1] == pytest.approx(1) and found[0, -1] == pytest.approx(10 ** (12 / 20), abs=1e-4)
    assert np.abs(np.diff(found[0])).max() < 0.02 * 10 ** (12 / 20)


def test_a_sample_that_is_no_number_does_not_silence_what_follows(tmp_path):
    signal, broken = noise(), noise()
    broken[0, 5] = np.nan
    one = knobs(BANDS["usual"])
    (found,) = played(tmp_path, (48_000, [(one, broken), (one, signal)]))
    assert np.allclose(found[0, FRAMES:], expected(48_000, BANDS["usual"], signal)[0], atol=DOUBLE)


def test_the_curve_in_the_mixer_is_the_response(tmp_path):
    rate, width, silence = 44_100, 90, np.zeros((1, 1))
    (_, *numbers) = run_script(tmp_path, [(rate, [(knobs(BANDS["usual"]), silence)])], equalizer(), f"WIDTH = {width}")
    _, middle, *points, shown_width, shown_height = numbers
    assert (shown_width, shown_height) == (width, width / 2) and middle == shown_height / 2
    x, y = np.reshape(points, (-1, 2)).T
    coefficients = equalizer_coefficients(rate, *(np.array(part, float) for part in BANDS["usual"]))
    response_db = frequency_response_db(coefficients, rate, 20 * 1000 ** (x / width))
    assert np.array_equal(x, np.arange(width + 1)) and y == pytest.approx(middle * (1 - response_db / 18))


@pytest.fixture(scope="module")
def width():
    return width_script.script(LAYOUTS["default"].master.params["image.width"])


@pytest.mark.parametrize("value", [0.0, 0.4, 1.0, 2.0])
def test_the_script_of_the_width_is_that_of_the_console(tmp_path, width, value):
    signal = noise(2)
    ports = width_script.plugin(LAYOUTS["default"].master.params["image.width"], value).ports
    (found,) = played(tmp_path, (48_000, [([ports["0"]], part) for part in np.split(signal, 5, axis=1)]), text=width)
    assert np.abs(found - width_gains(np.array(value)) @ signal).max() < DOUBLE


def test_a_width_that_is_turned_glides_and_gets_there(tmp_path, width):
    """Of a constant on the left alone, what comes over to the right moves without a jump."""
    constant = np.ones((2, FRAMES)) * [[1], [0]]
    (found,) = played(tmp_path, (48_000, [([1.0], constant), ([0.0], constant)]), text=width)
    assert found[1, FRAMES - 1] == 0 and found[1, -1] == pytest.approx(0.5)
    assert 0 < np.abs(np.diff(found[1])).max() < 2e-3
