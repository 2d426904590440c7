"""How far the user let matching go, for notes that would blame the songs otherwise."""

from collections.abc import Iterator

from diffmst.amount import Amounts
from diffmst.refine import STEPS, Refined


def shortened(refined: Refined, amounts: Amounts, *, steps: int, seconds: float) -> tuple[str, ...]:
    """What the user's own options left out of matching the tone, in words such as `amount 50 %`.

    Args:
        refined: what refinement found.
        amounts: of what was matched that are done.
        steps: of refinement that were allowed.
        seconds: likewise.
    """
    return (*_of_refinement(refined, steps, seconds), *_of_amounts(amounts))


def _of_refinement(refined: Refined, steps: int, seconds: float) -> Iterator[str]:
    if steps == 0:
        yield "refinement was left out"
    elif refined.stopped:
        taken = len(refined.history)
        yield f"refinement was stopped after {taken} step{'s' if taken > 1 else ''}"
    elif not refined.converged and refined.seconds >= seconds:
        yield f"refinement ended after {seconds:g} s, as asked"
    elif not refined.converged and steps < STEPS:
        yield f"refinement took only {steps} step{'s' if steps > 1 else ''}"


def _of_amounts(amounts: Amounts) -> Iterator[str]:
    for option, percent in (("amount", amounts.overall), ("tone", amounts.tone)):
        if percent < 100:
            yield f"{option} {percent:g} %"
