"""What is measured of a mix: what each figure is, and how it comes about."""

from diffmst.evaluation.metric import Metric
from diffmst.evaluation.metrics.declared import PAIRED, RECOVERY, STYLE
from diffmst.evaluation.metrics.declared_sanity import COST, OF_FILE, OF_SETTINGS
from diffmst.evaluation.metrics.finished_file import read_mix
from diffmst.evaluation.metrics.measuring import measure
from diffmst.evaluation.metrics.style_distance import PUBLISHED_SCALES
from diffmst.evaluation.metrics.truth import Truth, read_truth

__all__ = ["METRICS", "PUBLISHED_SCALES", "Truth", "measure", "read_mix", "read_truth"]

METRICS: tuple[Metric, ...] = (*RECOVERY, *PAIRED, *STYLE, *OF_SETTINGS, *OF_FILE, *COST)
"""All figures, in the order in which they are to be believed."""
