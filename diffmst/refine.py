"""Refinement: the settings of a console found by gradient, through the console itself, near a prior."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from diffmst.console import master, sum_tracks
from diffmst.descent import Clock, Distance, Observer, Pace, Search
from diffmst.excerpts import Excerpts
from diffmst.kept_loudness import KeptLoudness
from diffmst.layout import DEFAULT, Layout, Section, Settings
from diffmst.prior import Prior, level_control
from diffmst.ties import Ties

PRIOR_WEIGHT = 0.005
"""Twice what moving one control by one width of its prior costs, on the scale of the distance."""

# A prior that was predicted from the reference is a Gaussian over the deviations d, in widths. With a likelihood
# exp(-distance / scale), the most probable settings minimise distance + scale / 2 * sum(d^2). The scale is how far the
# right mix would be from the reference, and what the master alone leaves of the objective tells it: 0.04 to 0.1 where
# the reference is a mix of the same song, 0.2 to 0.5 where it is another, whose parts no settings of these tracks bring
# about. With scale = left / EVIDENCE, and as no minimum lies above where the descent began, sum(d^2) <= 2 * EVIDENCE
# there, whatever the reference: it counts like so many figures that were measured. A track never moves at less cost
# than the master, so that what the master explains is left to it.
EVIDENCE = 8.0
"""Tracks and FX bus leave what was predicted by the root of twice this, four widths, at most, all together."""

MASTER_COST = 0.25
"""Share of `PRIOR_WEIGHT` that a control of the master costs where the prior was predicted: the reference tells it
best."""

MASTER_TONE_COST = 0.1
"""The same of its equalizer and of the width of the mix, which the reference tells better still."""

BALANCE_COST = 8.0
"""Times as much as another control of a track, a fader or a pan costs to move.

A reference says how its whole mix sounds, and not which of these tracks it is that is loud in it or on one side of it.
"""

REVERB_COST = 3.0
"""The same of sends and of the FX bus, which the distance hardly hears but for how wide they are."""

TONE_COST = 0.4
"""The same of its equalizer, which tells of tone alone as long as faders keep the loudness of their tracks."""

STEPS = 80
"""At most, unless told otherwise; most songs have converged after 30 to 60."""

MASTER_STEPS = 30
"""Of the master alone, at most."""

_MASTER_WORK = 0.15  # of a step with all tracks


Restrain = Callable[[Settings], tuple[Settings, Mapping[str, Tensor]]]
"""From settings to those that are mixed in their place, and terms that count besides those of the distance."""


@dataclass(frozen=True)
class Refined:
    """What refinement found.

    Attributes:
        settings: physical, batch of one, float64.
        before: the terms of the distance at the start.
        after: the same at the end, and what counts besides.
        history: the objective at every step; of the master alone, if that was fitted, and then of all.
        converged: whether it stopped by itself.
        seconds: it took.
        stopped: whether who watched it ended it.
    """

    settings: Settings
    before: dict[str, float]
    after: dict[str, float]
    history: tuple[float, ...]
    converged: bool
    seconds: float
    stopped: bool = False


def refine(
    excerpts: Excerpts,
    distance: Distance,
    prior: Prior,
    *,
    layout: Layout = DEFAULT,
    ties: Ties | None = None,
    predicted: bool = False,
    restrain: Restrain = lambda settings: (settings, {}),
    steps: int = STEPS,
    seconds: float = math.inf,
    observer: Observer | None = None,
) -> Refined:
    """The settings that bring the mix of `excerpts` near the reference without leaving what the prior believes.

    Minimises the distance plus what the squared deviation from the prior costs, in its widths, by Adam; so controls of
    which the prior is unsure move fast, and those of width 0 not at all. Returns the best step.

    A prior of what is usual knows nothing of the reference, which may then move all controls at `PRIOR_WEIGHT`. One
    that was predicted from the reference knows more of the balance than the distance does: the master is fitted first,
    alone, and then everything, at a cost that grows with what is left: see `EVIDENCE`. Its faders keep the loudness of
    tracks whose sound changes: see `KeptLoudness`.

    Args:
        excerpts: what to mix.
        distance: to the reference.
        prior: where to start and how far to go.
        layout: the console's controls.
        ties: controls that are one; the prior has to mean them alike, see `Ties.share_prior`.
        predicted: whether the prior was predicted from the reference.
        restrain: takes back what settings may not do, see `restraint.Restraint`.
        steps: with all tracks, at most; the learning rate falls over them. 0 leaves what the prior means, or where it
            starts if it was predicted.
        seconds: at most.
        observer: told of every step, and may end it.
    """
    if steps == 0:  # one that is not predicted may start aside of what it means, for the sake of a gradient
        return _unmoved(excerpts, distance, layout.from_unit(prior.start if predicted else prior.mean), layout)
    master_steps = min(steps, MASTER_STEPS) if predicted else 0
    clock = Clock(steps + _MASTER_WORK * master_steps, seconds, observer)
    searches, costs = [], _usual_costs(layout)
    if predicted:
        # A master that may not move takes one step, for its distance.
        pace = Pace(clock, "master", master_steps if prior.width.master.any() else 1, _MASTER_WORK)
        searches.append(_fit_master(excerpts, distance, prior, layout, pace, restrain))
        prior = prior._replace(start=prior.start._replace(master=searches[0].best.master))
        costs = believing_costs(layout, max(0.0, min(searches[0].history)), ties)
    searches.append(Search(prior, layout, costs, ties))
    pace = Pace(clock, "tracks", steps, 1.0)
    levelled = KeptLoudness(excerpts, prior, layout, ties) if predicted else lambda settings: settings

    def terms(settings: Settings) -> dict[str, Tensor]:
        restrained, costs = restrain(levelled(settings))
        return {**costs, **distance(excerpts.mixed(restrained, layout))}

    searches[-1].run(terms, pace, pace.took)
    with torch.no_grad():
        settings, _ = restrain(levelled(layout.from_unit(searches[-1].best)))
    return Refined(
        settings=settings,
        before=searches[0].first_terms,
        after=searches[-1].best_terms or searches[0].best_terms,
        history=tuple(value for search in searches for value in search.history),
        converged=searches[-1].converged,
        seconds=clock.elapsed_s,
        stopped=clock.stopped,
    )


def _unmoved(excerpts: Excerpts, distance: Distance, settings: Settings, layout: Layout) -> Refined:
    with torch.no_grad():
        terms = {name: float(term) for name, term in distance(excerpts.mixed(settings, layout)).items()}
    return Refined(settings, terms, terms, (), converged=False, seconds=0.0)


def _fit_master(
    excerpts: Excerpts, distance: Distance, prior: Prior, layout: Layout, pace: Pace, restrain: Restrain
) -> Search:
    """The search for the master's settings, with all others where the prior starts: their sum is mixed only once."""
    with torch.no_grad():
        settings = layout.from_unit(prior.start)
        bus = sum_tracks(excerpts.audio, excerpts.sample_rate, settings, excerpts.channels, layout=layout)

    def terms(settings: Settings) -> dict[str, Tensor]:
        restrained, costs = restrain(settings)
        mastered = master(bus, excerpts.sample_rate, restrained, layout=layout)
        return {**costs, **distance(mastered[..., excerpts.lead_frames :])}

    widths = Settings(*map(torch.zeros_like, prior.width))._replace(master=prior.width.master)
    search = Search(prior._replace(width=widths), layout, believing_costs(layout))
    search.run(terms, pace, pace.took)
    return search


def _usual_costs(layout: Layout) -> Settings:
    """Costs of all controls, see `Search`, where all count alike."""

    def alike(section: Section) -> Tensor:
        return torch.full((len(section),), PRIOR_WEIGHT, dtype=torch.float64)

    return Settings(*(alike(section) for _, section in layout.sections()))


def believing_costs(layout: Layout, left: float = 0.0, ties: Ties | None = None) -> Settings:
    """Costs of all controls, see `Search`, where the prior was predicted.

    How far out the two sides of a pair stand costs no more than anything else: which is left is known, and no other
    track can be taken for them.

    Args:
        layout: the console's controls.
        left: of the objective by the master alone.
        ties: controls that are one.
    """
    balance = level_control(layout.track), "panner.pan"
    times = {"eq": TONE_COST, "send": REVERB_COST} | dict.fromkeys(balance, BALANCE_COST)
    of_tracks = [times.get(name, times.get(name.partition(".")[0], 1.0)) for name in layout.track.params]
    of_master = [
        MASTER_TONE_COST if name.startswith(("eq.", "image.")) else MASTER_COST for name in layout.master.params
    ]
    usual, scale = _usual_costs(layout), max(PRIOR_WEIGHT, left / EVIDENCE)
    tracks, master = (torch.tensor(times, dtype=torch.float64) for times in (of_tracks, of_master))
    if ties:
        column = layout.track.column("panner.pan")
        mirrored = (ties.weights[column] < 0).any(-1)
        tracks = tracks.repeat(len(mirrored), 1)
        tracks[mirrored, column] = 1.0
    return Settings(scale * tracks, torch.full_like(usual.fx, REVERB_COST * scale), master * usual.master)
