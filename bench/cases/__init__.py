"""What is measured, one module per case, in the order of a whole run."""

from collections.abc import Callable

from bench.cases import accelerator, accuracy, console, first_use, floor, growth, listening, memory, refinement, render
from bench.plan import Bench

CASES: dict[str, Callable[[Bench], None]] = {
    "console": console.run,
    "accuracy": accuracy.run,
    "memory": memory.run,
    "listening": listening.run,
    "render": render.run,
    "refinement": refinement.run,
    "growth": growth.run,
    "floor": floor.run,
    "first-use": first_use.run,
    "accelerator": accelerator.run,
}
