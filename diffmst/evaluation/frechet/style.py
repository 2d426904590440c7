"""Our own embedding: the style features of a window in 31 numbers. It needs no weights and no training."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from diffmst.evaluation.frechet.embedding import LOUDNESS_LUFS, Vectors, Windows
from diffmst.style import GROUP_EDGES, StyleFeatures, style_features

_TONES = 12  # pairs of the 24 bands
_REGIONS = ((0, 1), (2, 3), (4, 5), (6,))  # groups of bands whose dynamics go together: low, middle, high; and all

# Standard deviations over the windows of sane random mixes of generated songs, but at least 1 dB, a step that is heard:
# from `python -m bench.style_scales`.
_TYPICAL = {
    "tone": (11, 3.6, 2.6, 2.7, 3, 2.3, 3.5, 2.7, 2.5, 2.7, 3.2, 3.3),
    "width": (4.5, 3.3, 2.9, 2.7, 2.7, 3, 3.1),
    "panning": (0.042,),
    "balance": (1,),
    "spread": (3.6, 2.7, 5, 2.1),
    "rise": (1.5, 1.5, 3.3, 1.2),
    "crest": (1.4, 1),
}


class StyleEmbedding:
    """An `Embedding`: tone, width and dynamics of 6 s, each divided by what it typically differs by.

    A distance of 31 is then as if every number was off by as much as windows of good mixes differ anyway. The lowest
    numbers of tone differ most from song to song, and count the least.
    """

    name, sample_rate, loudness_lufs = "style", 44_100, LOUDNESS_LUFS
    window_s = hop_s = 6.0
    dims = sum(map(len, _TYPICAL.values()))

    def __call__(self, windows: Windows) -> Vectors:
        """See `Embedding`."""
        with torch.no_grad():  # not inference mode: what it leaves in caches could not be refined with
            heard = (style_features(window[None], self.sample_rate) for window in torch.from_numpy(windows))
            return np.stack([_scaled(features) for features in heard])


def style_parts(features: StyleFeatures) -> dict[str, Tensor]:
    """What the embedding is made of, in decibels but `panning`.

    Returns:
        `tone`: level in twelve bands relative to all, [12]. `width`: side over mid in six groups of bands and in all,
        [7]. `panning` [1] and `balance` [1]: of all, see `StyleFeatures`. `spread`: how far loud frames are over soft
        ones, and `rise`: how steeply frames rise, both for low, middle, high and all, [4]. `crest` [2].
    """
    width = [features.width_db[low:high].mean() for low, high in pairwise(GROUP_EDGES)]
    return {
        "tone": features.tone_db.unflatten(0, (_TONES, -1)).mean(1),
        "width": torch.stack([*width, features.width_db[-1]]),
        "panning": features.panning[-1:],
        "balance": features.balance_db[-1:],
        "spread": _of_regions(features.levels_db[:, -1] - features.levels_db[:, 0]),
        "rise": _of_regions(features.transients_db[:, 0]),
        "crest": features.crest_db,
    }


def _of_regions(values: Tensor) -> Tensor:
    """Means over the groups of each region; [groups+] to [regions]."""
    return torch.stack([values[list(groups)].mean() for groups in _REGIONS])


def _scaled(features: StyleFeatures) -> np.ndarray:
    parts = style_parts(features)
    return torch.cat([part / part.new_tensor(_TYPICAL[name]) for name, part in parts.items()]).numpy()
