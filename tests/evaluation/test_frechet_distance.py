import numpy as np
import pytest
from scipy.linalg import sqrtm

from diffmst.evaluation.frechet.distance import Gaussian, frechet_distance

# float64 through two decompositions; distances are of order 10.
TOLERANCE = 1e-9


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def drawn(rng, dims, vectors=400):
    return Gaussian.of(rng.standard_normal((vectors, dims)) @ rng.standard_normal((dims, dims)) + rng.normal(size=dims))


@pytest.mark.parametrize("dims", [1, 2, 7, 32])
def test_distance_is_that_of_a_matrix_root(rng, dims):
    one, other = drawn(rng, dims), drawn(rng, dims)
    root = np.atleast_2d(sqrtm(one.covariance @ other.covariance)).real
    expected = np.square(one.mean - other.mean).sum() + np.trace(one.covariance + other.covariance - 2 * root)
    assert frechet_distance(one, other) == pytest.approx(expected, rel=TOLERANCE)


def test_gaussians_with_the_same_axes_are_apart_by_means_and_deviations(rng):
    axes = np.linalg.qr(rng.standard_normal((5, 5)))[0]
    means, deviations = rng.normal(size=(2, 5)), rng.uniform(0.1, 3, (2, 5))
    one, other = (Gaussian(axes @ m, axes * d**2 @ axes.T) for m, d in zip(means, deviations, strict=True))
    expected = np.square(np.diff(means, axis=0)).sum() + np.square(np.diff(deviations, axis=0)).sum()
    assert frechet_distance(one, other) == pytest.approx(expected, rel=TOLERANCE)


def test_distance_is_symmetric_and_blind_to_rotation(rng):
    one, other = drawn(rng, 6), drawn(rng, 6)
    turn = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    turned = [Gaussian(turn @ x.mean, turn @ x.covariance @ turn.T) for x in (one, other)]
    assert frechet_distance(other, one) == pytest.approx(frechet_distance(one, other), rel=TOLERANCE)
    assert frechet_distance(*turned) == pytest.approx(frechet_distance(one, other), rel=TOLERANCE)


def test_singular_covariances_have_a_distance(rng):
    few = [Gaussian.of(rng.standard_normal((3, 40))) for _ in range(2)]  # rank 2 in 40 dimensions
    assert np.linalg.matrix_rank(few[0].covariance) == 2
    # Lossless: the same in coordinates of the space that both span, where nothing is singular but each by itself.
    basis = np.linalg.qr(np.concatenate([few[0].covariance[:, :4], few[1].covariance[:, :4]], 1))[0]
    shift = few[0].mean - few[1].mean
    inside = [Gaussian(basis.T @ x.mean, basis.T @ x.covariance @ basis) for x in few]
    outside = np.square(shift - basis @ basis.T @ shift).sum()
    assert frechet_distance(*few) == pytest.approx(frechet_distance(*inside) + outside, rel=1e-6)


def test_a_set_is_at_no_distance_from_itself_however_far_from_zero(rng):
    one = Gaussian.of(1e4 + rng.standard_normal((50, 8)))
    # The rounding of eigenvalues of order 1 in 8 dimensions, under a root.
    assert abs(frechet_distance(one, one)) < 1e-7


def test_single_vectors_are_apart_by_their_squared_distance():
    one, other = Gaussian.of([[3.0, 0.0]]), Gaussian.of([[0.0, 4.0]])
    assert frechet_distance(one, other) == pytest.approx(25)


def test_dimensions_must_agree(rng):
    with pytest.raises(ValueError, match="as many dimensions, got 2 and 3"):
        frechet_distance(drawn(rng, 2), drawn(rng, 3))
