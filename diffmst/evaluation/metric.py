"""What a metric is; the metrics themselves are declared in `diffmst.evaluation.metrics`."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """One figure of a mix, declared once: tables, plots, pages and docs are derived from it.

    Attributes:
        key: in `Row.figures` and as a column of `table.csv`, as `level_error_lu`.
        label: short, for the head of a table, as `level`.
        unit: as `LU`; empty for ratios and losses.
        group: what it belongs to.
        better: which direction is better; `none` where it only describes.
        decimals: that mean something.
        says: what it is, one sentence.
        silent_on: what it cannot tell, one sentence.
        compared_with_baseline: whether tables also show its ratio to that of equal loudness.
        headline: whether it stands in the first tables and plots; every metric is in `summary.csv`.
    """

    key: str
    label: str
    unit: str
    group: Literal["style", "paired", "recovery", "sanity", "cost"]
    better: Literal["lower", "higher", "none"]
    decimals: int
    says: str
    silent_on: str
    compared_with_baseline: bool = False
    headline: bool = False
