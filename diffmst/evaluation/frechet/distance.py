"""The Fréchet distance between sets of vectors, each taken as a Gaussian.

Reference: Kilgour et al., "Fréchet audio distance: a reference-free metric for evaluating music enhancement
algorithms", Interspeech 2019; Dowson, Landau, "The Fréchet distance between multivariate normal distributions", Journal
of Multivariate Analysis 12, 1982.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Gaussian:
    """Mean [dims] and covariance [dims, dims] of vectors, float64."""

    mean: FloatArray
    covariance: FloatArray

    @staticmethod
    def of(vectors: ArrayLike) -> Gaussian:
        """That of vectors [vectors, dims]; the covariance is that of a sample, of a single vector zero."""
        given = np.asarray(vectors, np.float64)
        mean = given.mean(0)
        apart = given - mean
        return Gaussian(mean, apart.T @ apart / max(len(given) - 1, 1))

    @cached_property
    def root(self) -> FloatArray:
        """R [dims, dims] with R R^T the covariance, which need not be regular."""
        values, directions = np.linalg.eigh(self.covariance)
        root: FloatArray = directions * np.sqrt(values.clip(min=0))
        return root


def frechet_distance(one: Gaussian, other: Gaussian) -> float:
    """Squared Fréchet (2-Wasserstein) distance of two Gaussians.

    It is |m1 - m2|^2 + tr(C1) + tr(C2) - 2 tr((C1 C2)^1/2). With C2 = R R^T, the product C1 C2 has the eigenvalues of
    R^T C1 R (A B and B A have the same), which is symmetric and has none below zero: its roots are real, however
    singular both are, where a matrix root of the product need not exist.
    """
    if one.mean.shape != other.mean.shape:
        raise ValueError(f"both must have as many dimensions, got {len(one.mean)} and {len(other.mean)}")
    eigenvalues = np.linalg.eigvalsh(other.root.T @ one.covariance @ other.root).clip(min=0)
    spread = np.trace(one.covariance) + np.trace(other.covariance) - 2 * np.sqrt(eigenvalues).sum()
    return float(np.square(one.mean - other.mean).sum() + spread)
