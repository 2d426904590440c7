"""Packs: training examples heard once and kept, so that a model can be trained on them in minutes."""
