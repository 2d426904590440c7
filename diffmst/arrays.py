"""One formula for both array libraries: numpy to render with, torch where gradients are wanted.

Numpy and torch share the names and the meaning of nearly all that a formula needs (the Python array API standard), so
it is written once, with the functions of the library that its arguments come from. Torch is never loaded here: whoever
has tensors has loaded it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

if TYPE_CHECKING:
    from torch import Tensor

Array = TypeVar("Array", "Tensor", "np.ndarray")
"""Either library, the same throughout a call."""

Kind = TypeVar("Kind", bound=Any)
"""The same for a record with methods, which mypy cannot check for one library after the other."""


def library(x: Tensor | np.ndarray) -> Any:  # noqa: ANN401 a module, either of two
    """The functions for arrays such as `x`: the module torch or numpy.

    >>> library(np.zeros(1)).__name__
    'numpy'
    """
    torch = sys.modules.get("torch")
    return torch if torch is not None and isinstance(x, torch.Tensor) else np


def double(x: Array) -> Array:
    """The values in float64; gradients pass."""
    return x.astype(np.float64, copy=False) if isinstance(x, np.ndarray) else x.double()


def like(values: np.ndarray, x: Array) -> Array:
    """The values in the library, of the type and on the device of `x`."""
    return library(x).asarray(values, dtype=x.dtype, device=x.device)


def detached(x: Array) -> Array:
    """The values, through which no gradient passes."""
    return x if isinstance(x, np.ndarray) else x.detach()


def windows(x: Array, size: int) -> Array:
    """All windows of so many neighbours on the last axis, [..., time] to [..., time - size + 1, size].

    >>> windows(np.arange(4), 3)
    array([[0, 1, 2],
           [1, 2, 3]])
    """
    return sliding_window_view(x, size, axis=-1) if isinstance(x, np.ndarray) else x.unfold(-1, size, 1)


def as_numpy(x: Tensor | np.ndarray) -> np.ndarray:
    """The values in numpy, in the memory of `x` where that is the processor's; no gradient passes."""
    return x if isinstance(x, np.ndarray) else x.detach().cpu().numpy()
