"""The Fréchet distance as a metric: a figure of all mixes of a system together."""

from diffmst.evaluation.metric import Metric

FAD = Metric(
    "fad",
    "FAD",
    "",
    "style",
    "lower",
    2,
    says="How far all mixes of a system together are from all references together: the Fréchet distance of what an "
    "embedding makes of their windows, freed from what it owes to the small number of songs.",
    silent_on="It cannot tell one mix from another, nor the mix from the music, and hears only what its embedding "
    "does; with few songs it says little.",
    headline=True,
)
"""Not of single rows: see `diffmst.evaluation.frechet.figures`."""
