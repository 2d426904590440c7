"""Instruments of the demo song: each one turns tones into samples, dry and unmixed."""
