import numpy as np
import pytest
import torch
from songs import noise

from diffmst.evaluation.frechet.style import StyleEmbedding, style_parts
from diffmst.style import style_features

RATE = StyleEmbedding.sample_rate
SECONDS = 1.0  # of a window here: the embedding takes any
PARTS = ["tone"] * 12 + ["width"] * 7 + ["panning", "balance"] + ["spread"] * 4 + ["rise"] * 4 + ["crest"] * 2


@pytest.fixture(scope="module")
def window():
    """Pulsed noise, nearly mono, [2, time]."""
    sides = np.stack([noise(SECONDS, seed, RATE) for seed in (1, 2)])
    pulse = 0.02 + np.exp(-8 * ((np.arange(sides.shape[1]) / RATE) % 0.25))
    return (pulse * (sides + 3 * noise(SECONDS, 3, RATE))).astype(np.float32)


def changed(window, change):
    """Which parts are moved by at least half of what is typical."""
    before, after = StyleEmbedding()(np.stack([window, change(window)]))
    return {part for part, moved in zip(PARTS, np.abs(after - before), strict=True) if moved > 0.5}


def tilted(window):
    return np.diff(window, prepend=0, axis=1).astype(np.float32)


def widened(window):
    mid, side = window.sum(0) / 2, (window[0] - window[1]) / 2
    return np.stack([mid + 4 * side, mid - 4 * side])


def squashed(window):
    return (np.sign(window) * np.abs(window) ** 0.3).astype(np.float32)


def test_every_number_is_of_a_part(window):
    vectors = StyleEmbedding()(window[None])
    assert vectors.shape == (1, StyleEmbedding.dims) == (1, len(PARTS))
    parts = style_parts(style_features(torch.from_numpy(window[None]), RATE))
    assert [name for name, part in parts.items() for _ in part] == PARTS


def test_level_is_not_heard(window):
    loud, quiet = StyleEmbedding()(np.stack([window, 0.1 * window]))
    np.testing.assert_allclose(quiet, loud, atol=1e-3)  # floors relative to the window, rounded in float32


@pytest.mark.parametrize(
    ("change", "part"),
    [(tilted, "tone"), (widened, "width"), (lambda x: x * [[1], [0.5]], "balance"), (squashed, "spread"),
     (squashed, "crest"), (squashed, "rise")],
)  # fmt: skip
def test_tone_width_balance_and_dynamics_are_heard(window, change, part):
    assert part in changed(window, lambda x: change(x).astype(np.float32))


def test_balance_alone_moves_nothing_of_tone_and_dynamics(window):
    assert changed(window, lambda x: (x * [[1], [0.7]]).astype(np.float32)) <= {"balance", "width"}


def test_a_window_does_not_depend_on_those_beside_it(window):
    windows = np.stack([window, tilted(window), np.zeros_like(window)])
    together = StyleEmbedding()(windows)
    np.testing.assert_array_equal(together[1], StyleEmbedding()(windows[1:2])[0])
    assert np.isfinite(together).all()


def test_refinement_works_at_a_rate_that_was_first_met_in_an_embedding(window):
    class Elsewhere(StyleEmbedding):
        sample_rate = 43_210  # of no other test: what depends on a rate is kept from the first time on

    Elsewhere()(window[None])
    x = torch.from_numpy(window[None]).requires_grad_()
    style_features(x, Elsewhere.sample_rate).tone_db.sum().backward()
    assert x.grad is not None and x.grad.isfinite().all()
