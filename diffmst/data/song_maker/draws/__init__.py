"""Instruments drawn from chance: each function gives one of a kind, as makers and players vary them."""
