"""How far a mix is from several references, each for what is taken from it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from torch import Tensor

from diffmst.aspects import TERM_ASPECTS, Aspect
from diffmst.descent import Distance
from diffmst.distance import DISTANCE_WEIGHTS, ReferenceDistance, is_mono
from diffmst.references import shares
from diffmst.task import TaskReference


def distance_to(
    references: Sequence[TaskReference], sample_rate: int, weights: Mapping[str, float] = DISTANCE_WEIGHTS
) -> Distance:
    """The distance to references: every term is the weighted mean of those to the references its aspect is taken from.

    Mono references say nothing of width as long as others do.

    Args:
        references: what is compared of each.
        sample_rate: of them and of the mixes, Hz.
        weights: of the terms, by their names; those that are not named are left out.
    """
    if len(references) == 1:
        return ReferenceDistance(references[0].audio, sample_rate, weights)
    counts = {aspect: _counts(references, aspect) for aspect in set(TERM_ASPECTS.values())}
    parts = []
    for number, reference in enumerate(references):
        counted = {name: weight * counts[TERM_ASPECTS[name]][number] for name, weight in weights.items()}
        if counted := {name: weight for name, weight in counted.items() if weight > 0}:
            parts.append(ReferenceDistance(reference.audio, sample_rate, counted))

    def distance(mix: Tensor) -> dict[str, Tensor]:
        sums: dict[str, list[Tensor]] = defaultdict(list)
        for part in parts:
            for name, term in part(mix).items():
                sums[name].append(term)
        return {name: sum(terms[1:], terms[0]) for name in weights if (terms := sums.get(name))}

    return distance


def _counts(references: Sequence[TaskReference], aspect: Aspect) -> list[float]:
    wide = [not is_mono(reference.audio) for reference in references]
    if aspect != "width" or not any(wide):
        return shares(references, aspect)
    counted = iter(shares([reference for reference, is_wide in zip(references, wide, strict=True) if is_wide], aspect))
    return [next(counted) if is_wide else 0.0 for is_wide in wide]
