ardour {
  ["type"] = "dsp",
  name = "{{ name }}",
  category = "EQ",
  license = "Apache-2.0",
  author = "diffmst",
  description = [[Input gain and six-band equalizer of the console of diffmst, in double precision.]]
}

-- The bands are biquads of Robert Bristow-Johnson's "Cookbook formulae for audio EQ biquad filter coefficients".
local KINDS = { {{ kinds | join(", ") }} } -- 1 a low shelf, 0 a peak, -1 a high shelf
local HIGHEST_FREQUENCY = {{ highest_frequency }} -- of the sample rate: the formulae end at one half
local STEP = 64 -- samples between two steps of knobs that are on their way
local GLIDE_S = 0.01 -- a knob that is turned gets 63 % of the way in this time, so that nothing clicks
local ARRIVED = 0.001 -- of the way in dB, or of a ratio: nearer than this, a knob is where it was turned to

local rate = 48000
local settled = {} -- what the knobs stand at for the sound
local coefficients = {} -- of all bands: b0, b1, b2, a1, a2 of the first, and so on
local amplitude = 1.0 -- of the input gain
local states = {} -- by channel: two numbers of every band

function dsp_ioconfig ()
  return { { audio_in = -1, audio_out = -1 } } -- any number of channels, as many out as in
end

{% include "knobs.lua" %}


local PARAMS = dsp_params () -- input gain; then gain, frequency and Q of every band

function dsp_init (sample_rate)
  rate = sample_rate
  self:table ():set { rate = rate } -- for the display, which runs on its own
end

function dsp_configure (ins, outs)
  states = {}
  for channel = 1, outs:n_audio () do
    states[channel] = {}
    for number = 1, 2 * #KINDS do
      states[channel][number] = 0.0
    end
  end
end

local function peak (boost, cosine, alpha)
  local up, down = alpha * boost, alpha / boost
  return 1 + down, 1 + up, -2 * cosine, 1 - up, -2 * cosine, 1 - down
end

-- The high shelf is the low shelf mirrored at a quarter of the sample rate, where z becomes -z.
local function shelf (boost, cosine, alpha, side)
  local up, down, slope = boost + 1, boost - 1, 2 * math.sqrt (boost) * alpha
  local above, below = up - down * side * cosine, up + down * side * cosine
  local b1, a1 = 2 * boost * (down - up * side * cosine), -2 * (down + up * side * cosine)
  return below + slope, boost * (above + slope), side * b1, boost * (above - slope), side * a1, below - slope
end

local function set_band (band, gain_db, freq_hz, q)
  local omega = 2 * math.pi * math.min (freq_hz / rate, HIGHEST_FREQUENCY)
  local formula = KINDS[band] == 0 and peak or shelf
  local a0, b0, b1, b2, a1, a2 = formula (10 ^ (gain_db / 40), math.cos (omega), math.sin (omega) / (2 * q), KINDS[band])
  for number, coefficient in ipairs { b0, b1, b2, a1, a2 } do
    coefficients[5 * band - 5 + number] = coefficient / a0
  end
end

local function set_bands (knobs)
  for band = 1, #KINDS do
    set_band (band, knobs[3 * band - 1], knobs[3 * band], knobs[3 * band + 1])
  end
end

-- Moves the sound one step towards where the knobs are turned to; tells whether that was not all of the way.
local function approach (turned)
  local share, changed, moving = 1 - math.exp (-STEP / (GLIDE_S * rate)), false, false
  for knob, param in ipairs (PARAMS) do
    local to = turned[knob]
    local from = settled[knob] or to
    local by_ratio = param.unit ~= "dB"
    local way = by_ratio and math.log (to / from) or to - from
    local far = math.abs (way) > ARRIVED
    local step = by_ratio and from * math.exp (share * way) or from + share * way
    changed, moving = changed or to ~= settled[knob], moving or far
    settled[knob] = far and step or to
  end
  if changed then
    amplitude = 10 ^ (settled[1] / 20)
    set_bands (settled)
    self:queue_draw ()
  end
  return moving
end

-- One channel from sample to sample; written out band by band, which takes three quarters of the time of a loop.
local function filter (source, target, first, last, state)
{% for n in numbers %}
  local b0_{{ n }}, b1_{{ n }}, b2_{{ n }}, a1_{{ n }}, a2_{{ n }} = table.unpack (coefficients, {{ 5 * n - 4 }}, {{ 5 * n }})
  local s{{ n }}, t{{ n }} = state[{{ 2 * n - 1 }}], state[{{ 2 * n }}]
{% endfor %}
  local gain, out = amplitude, 0.0
  for sample = first, last do
    local x0 = gain * source[sample]
{% for n in numbers %}
    local x{{ n }} = b0_{{ n }} * x{{ n - 1 }} + s{{ n }}
    s{{ n }} = b1_{{ n }} * x{{ n - 1 }} - a1_{{ n }} * x{{ n }} + t{{ n }}
    t{{ n }} = b2_{{ n }} * x{{ n - 1 }} - a2_{{ n }} * x{{ n }}
{% endfor %}
    out = x{{ numbers[-1] }}
    target[sample] = out
  end
  local fine = out == out and math.abs (out) < math.huge -- else one wrong sample would silence the channel for good
{% for n in numbers %}
  state[{{ 2 * n - 1 }}], state[{{ 2 * n }}] = fine and s{{ n }} or 0.0, fine and t{{ n }} or 0.0
{% endfor %}
end

function dsp_run (ins, outs, n_samples)
  local turned, sources, targets = CtrlPorts:array (), {}, {}
  for channel = 1, #states do
    sources[channel], targets[channel] = ins[channel]:array (), outs[channel]:array ()
  end
  local done = 0
  while done < n_samples do
    local last = approach (turned) and math.min (done + STEP, n_samples) or n_samples
    for channel = 1, #states do
      filter (sources[channel], targets[channel], done + 1, last, states[channel])
    end
    done = last
  end
end

-- |c0 + c1 z^-1 + c2 z^-2|^2 by s = sin^2 (w / 2), which keeps its digits at low frequencies where cos w does not
local function power (c0, c1, c2, s)
  return (c0 + c1 + c2) ^ 2 - 4 * s * (c0 * c1 + 4 * c0 * c2 + c1 * c2) + 16 * s ^ 2 * c0 * c2
end

local function response_db (freq_hz)
  local s, gain = math.sin (math.pi * freq_hz / rate) ^ 2, 1
  for band = 1, #KINDS do
    local b0, b1, b2, a1, a2 = table.unpack (coefficients, 5 * band - 4, 5 * band)
    gain = gain * power (b0, b1, b2, s) / power (1, a1, a2, s)
  end
  return 10 * math.log (gain, 10)
end

-- The curve from 20 Hz to 20 kHz in the strip of the mixer; the line is 0 dB, the top and the bottom are 18 dB.
function render_inline (context, width, highest)
  local height, top_db = math.min (math.ceil (width / 2), highest), 18
  rate = self:table ():get ()["rate"] or rate
  set_bands (CtrlPorts:array ())
  context:rectangle (0, 0, width, height)
  context:set_source_rgba (0.13, 0.14, 0.16, 1)
  context:fill ()
  context:set_line_width (1)
  context:set_source_rgba (0.4, 0.42, 0.45, 1)
  context:move_to (0, height / 2)
  context:line_to (width, height / 2)
  context:stroke ()
  context:set_source_rgba (0.95, 0.7, 0.25, 1)
  for x = 0, width do
    local freq_hz = math.min (20 * 1000 ^ (x / width), rate / 2)
    context:line_to (x, height / 2 * (1 - math.max (-1, math.min (response_db (freq_hz) / top_db, 1))))
  end
  context:stroke ()
  return { width, height }
end
