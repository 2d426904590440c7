"""`python -m bench.metric_docs`: what every metric is and cannot tell, as docs/metrics.md has it below its mark."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from diffmst.evaluation.metric import Metric
from diffmst.evaluation.metrics import METRICS

PAGE = Path(__file__).parents[1] / "docs" / "metrics.md"
MARK = "<!-- below: written by `python -m bench.metric_docs` -->"

_GROUPS = {
    "recovery": "Recovery, where the settings or the processed stems are known",
    "paired": "Distance to the mix that is wanted, where it is known",
    "style": "Distance to the reference",
    "sanity": "Sanity",
    "cost": "Cost",
}
_BETTER = {"lower": "lower", "higher": "higher", "none": "as it is meant"}


def below_the_mark() -> str:
    """All groups with their metrics, as Markdown."""
    return "\n".join(_section(group, list(metrics)) for group, metrics in groupby(METRICS, lambda one: one.group))


def _section(group: str, metrics: list[Metric]) -> str:
    lines = [f"## {_GROUPS[group]}", "", "| figure | unit | better | what it is | what it cannot tell |"]
    lines += ["|---|---|---|---|---|"]
    for metric in metrics:
        cells = (f"`{metric.key}`", metric.unit, _BETTER[metric.better], metric.says, metric.silent_on)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def main() -> None:
    """Writes the page anew below its mark."""
    by_hand, _, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
    PAGE.write_text(f"{by_hand}{MARK}\n\n{below_the_mark()}", encoding="utf-8")


if __name__ == "__main__":
    main()
