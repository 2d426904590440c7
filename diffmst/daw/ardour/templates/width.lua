ardour {
  ["type"] = "dsp",
  name = "{{ name }}",
  category = "Utility",
  license = "Apache-2.0",
  author = "diffmst",
  description = [[Width of the console of diffmst: the difference of left and right times a factor, their sum as it is.]]
}

local STEP = 64 -- samples between two steps of a knob that is on its way
local GLIDE_S = 0.01 -- a knob that is turned gets 63 % of the way in this time, so that nothing clicks
local ARRIVED = 0.001 -- nearer than this, a knob is where it was turned to

local rate = 48000
local width = nil -- what the knob stands at for the sound

function dsp_ioconfig ()
  return { { audio_in = 2, audio_out = 2 } }
end

{% include "knobs.lua" %}


function dsp_init (sample_rate)
  rate = sample_rate
end

-- Moves the sound one step towards where the knob is turned to. Tells where it was, and whether there is more to go.
local function approach (turned)
  local from = width or turned
  local far = math.abs (turned - from) > ARRIVED
  width = far and from + (turned - from) * (1 - math.exp (-STEP / (GLIDE_S * rate))) or turned
  return from, far
end

function dsp_run (ins, outs, n_samples)
  local turned = CtrlPorts:array ()[1]
  local left, right, new_left, new_right = ins[1]:array (), ins[2]:array (), outs[1]:array (), outs[2]:array ()
  local done = 0
  while done < n_samples do
    local from, far = approach (turned)
    local last = far and math.min (done + STEP, n_samples) or n_samples
    local slope = (width - from) / (last - done)
    for sample = done + 1, last do
      local across = (1 - from - slope * (sample - done)) / 2 * (right[sample] - left[sample])
      new_left[sample], new_right[sample] = left[sample] + across, right[sample] - across
    end
    done = last
  end
end
