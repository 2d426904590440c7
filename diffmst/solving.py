"""Settings found for a task: refined towards the reference, every track still heard, small moves undone."""

import math
from dataclasses import replace

import torch

from diffmst.descent import Distance, Observer
from diffmst.held import Held
from diffmst.layout import Settings
from diffmst.master_tone import with_fitted_tone, with_width_held
from diffmst.mix_parts import RenderSettings
from diffmst.outgoing import OutgoingDistance
from diffmst.prior import Prior
from diffmst.reach import reaching
from diffmst.refine import STEPS, Refined, believing_costs, refine
from diffmst.restraint import Restraint
from diffmst.sanity import keep_sane
from diffmst.shared_distance import distance_to
from diffmst.task import Task
from diffmst.tidy import tidy


def solve(
    task: Task,
    prior: Prior | None = None,
    *,
    held: Held | None = None,
    distance: Distance | None = None,
    output: RenderSettings | None = None,
    steps: int = STEPS,
    seconds: float = math.inf,
    observer: Observer | None = None,
) -> Refined:
    """The settings found for a task: refined towards the reference, every track still heard, small moves undone.

    Of a prediction, the tone of the master is fitted to the reference even if nothing is refined. Without one, nobody
    has told what in the width of the reference is its pans, and the width of the mix stays.

    Args:
        task: from `prepare`.
        prior: where to start and how far to go; that of the task, which is balanced and neutral, if not given.
        held: settings that stay as they are; the priors have to start from them, see `held_prior`.
        distance: to the reference, which is to become small; `shared_distance.distance_to` them if not given.
        output: how the mix will leave, as the distance hears it: see `OutgoingDistance`; as it comes out of the
            console if not given.
        steps: of refinement, at most.
        seconds: of refinement, at most.
        observer: told of every step, and may end it.
    """
    distance = distance or distance_to(task.references, task.excerpts.sample_rate)
    if output:
        distance = OutgoingDistance(distance, task.excerpts.sample_rate, output)
    restraint = Restraint(task.excerpts, task.stems, task.layout, task.ties, held.locked if held else None)
    found = refine(
        task.excerpts,
        distance,
        _with_reach_and_tone(prior, task, restraint) if prior else with_width_held(task.prior, task.layout),
        layout=task.layout,
        ties=task.ties,
        predicted=prior is not None,
        restrain=restraint.while_sought,
        steps=steps,
        seconds=seconds,
        observer=observer,
    )
    sane = keep_sane(task.excerpts, task.stems, found.settings, task.layout, task.ties)
    settings = tidy(restraint.restrained(sane), task.layout)
    settings = held.keep(settings) if held else settings
    if not (prior or steps):
        return replace(found, settings=settings)
    balanced = task.layout.from_unit(task.prior.mean)
    before, after = (_terms(task, each, distance) for each in (balanced, settings))
    return replace(found, settings=settings, before=before, after=after)


def _with_reach_and_tone(predicted: Prior, task: Task, restraint: Restraint) -> Prior:
    """What was predicted, as far as refinement may go from there, and its master with the tone of the references."""
    prior = reaching(predicted, task.prior, task.stems, task.layout, task.ties)
    costs = believing_costs(task.layout)
    return with_fitted_tone(prior, task.excerpts, task.references, task.layout, costs, restraint.buried)


def _terms(task: Task, settings: Settings, distance: Distance) -> dict[str, float]:
    """The distance of the mix with these settings, term by term."""
    with torch.no_grad():
        terms = distance(task.excerpts.mixed(settings, task.layout))
    return {name: float(term) for name, term in terms.items()}
