"""What the paper reports, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

SOURCE = "Vanka et al., Diff-MST, ISMIR 2024, arXiv:2407.08889"

COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "af_rms": "RMS",
        "af_crest_factor": "CF",
        "af_stereo_width": "SW",
        "af_stereo_imbalance": "SI",
        "af_bark_spectrum": "BS",
        "af": "AF",
        "fad": "FAD",
    }
)
"""What the paper calls each metric, by key, in its order. The terms of AF are printed in units of `PUBLISHED_SCALES`,
their sum is not scaled."""


@dataclass(frozen=True)
class Published:
    """One row of a published table.

    Attributes:
        method: what the paper calls it.
        figures: as printed, in the order of `COLUMNS` without FAD, which was reported for other songs.
    """

    method: str
    figures: tuple[float, float, float, float, float, float]


PUBLISHED = (
    Published("equal loudness", (3.11, 0.51, 3.16, 0.21, 33.3, 33.389)),
    Published("MST (Koo et al. 2022)", (3.15, 0.45, 4.64, 0.13, 0.09, 0.185)),
    Published("Diff-MST MRSTFT-8", (3.63, 1.44, 1.97, 4.29, 0.17, 0.379)),
    Published("Diff-MST MRSTFT-16", (3.40, 0.98, 1.91, 1.99, 0.19, 0.328)),
    Published("Diff-MST MRSTFT+AF-8", (3.12, 0.86, 1.29, 0.76, 0.13, 0.237)),
    Published("Diff-MST MRSTFT+AF-16", (3.15, 0.43, 0.89, 2.20, 0.11, 0.186)),
    Published("Diff-MST AF-16", (2.39, 0.07, 1.60, 0.97, 0.13, 0.168)),
    Published("human mix 1", (3.02, 0.26, 2.05, 0.46, 0.17, 0.218)),
    Published("human mix 2", (3.21, 0.14, 3.63, 2.29, 0.11, 0.180)),
)
