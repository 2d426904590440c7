function dsp_params ()
  return {
{% for knob in knobs %}
    { ["type"] = "input", name = "{{ knob.title }}", min = {{ knob.param.low }}, max = {{ knob.param.high }}, default = {{ knob.param.default }}
      {%- if knob.param.unit %}, unit = "{{ knob.param.unit }}"{% endif %}
      {%- if knob.param.scale == "log" %}, logarithmic = true{% endif %} },
{% endfor %}
  }
end
