"""Examples in batches, by number: batch b of any run is the same, whoever makes it and whenever the run was stopped.

Nothing here needs Lightning: processes that make examples load this module, and little else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from torch.utils.data import DataLoader, Dataset, Sampler

from diffmst.errors import UserError
from diffmst.training.example import Example

MakeExample = Callable[[int], Example]
"""From the number of an example to it."""


class Maker(Protocol):
    """Makes example `index` of an endless sequence, at a share of training, 0 to 1, that drives the curriculum."""

    def make(self, index: int, progress: float = 1.0) -> Example:
        """The example."""
        ...


@dataclass(frozen=True)
class InCourse:
    """Makes training examples; the last of `examples` sees the whole curriculum behind it."""

    maker: Maker
    examples: int

    def __call__(self, index: int) -> Example:
        """The example of this number."""
        return self.maker.make(index, min(1.0, index / self.examples))


@dataclass(frozen=True)
class MethodByMethod:
    """Makes validation examples: `each` of the first method, then of the next."""

    makers: list[Maker]
    each: int

    def __call__(self, index: int) -> Example:
        """The example of this number."""
        number, own_index = divmod(index, self.each)
        return self.makers[number].make(own_index)


class Share(Sampler[list[int]]):
    """The numbers of the examples that one of several processes takes of every batch.

    Args:
        batch: examples in all.
        batches: in all.
        first: batch to begin with, where a run is resumed; those before it count in the length.
        rank: of this process.
        processes: that share a batch.

    Raises:
        UserError: the batch cannot be shared evenly.
    """

    def __init__(self, batch: int, batches: int, *, first: int = 0, rank: int = 0, processes: int = 1) -> None:
        if batch % processes:
            raise UserError(f"{batch} examples cannot be shared evenly by {processes} processes; choose a multiple")
        self._batch, self._batches, self._first = batch, batches, first
        self._own = range(rank * batch // processes, (rank + 1) * batch // processes)

    def __iter__(self) -> Iterator[list[int]]:
        for number in range(self._first, self._batches):
            yield [number * self._batch + index for index in self._own]

    def __len__(self) -> int:
        return self._batches


class _Examples(Dataset[Example | UserError]):
    """Examples by number; what the user can mend is handed over as it is, for a worker's exceptions lose their type."""

    def __init__(self, make: MakeExample) -> None:
        self._make = make

    def __getitem__(self, index: int) -> Example | UserError:
        try:
            return self._make(index)
        except UserError as error:
            return error


class ExampleLoader(DataLoader[Example | UserError]):
    """Batches of examples, each a list; see `checked`.

    Args:
        make: one example; it must be picklable where there are workers.
        share: of every batch.
        workers: processes that make examples; 0 makes them in between the steps.
    """

    def __init__(self, make: MakeExample, share: Share, workers: int = 0) -> None:
        super().__init__(
            _Examples(make),
            batch_sampler=share,
            num_workers=workers,
            collate_fn=_as_they_are,
            # Forked workers would inherit locks of threads that they do not have.
            multiprocessing_context="spawn" if workers else None,
            persistent_workers=workers > 0,
        )

    def state_dict(self) -> dict[str, int]:
        """Nothing: the number of steps, which a checkpoint holds anyway, tells what comes next."""
        return {}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Nothing: see `Share`."""


def checked(batch: Sequence[Example | UserError]) -> list[Example]:
    """A batch of examples.

    Raises:
        UserError: that was raised where one of them was made.
    """
    for example in batch:
        if isinstance(example, UserError):
            raise example
    return [example for example in batch if not isinstance(example, UserError)]


def _as_they_are(examples: Sequence[Example | UserError]) -> list[Example | UserError]:
    return list(examples)
