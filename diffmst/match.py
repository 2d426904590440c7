"""The main job: stems and a reference in; a mix, its document and a report out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from diffmst.adjust import adjusted, with_ends
from diffmst.amount import Amounts
from diffmst.balance import tracks_of
from diffmst.data.song import Song, song_title
from diffmst.delivery import REPORT, deliver
from diffmst.descent import Observer, Step
from diffmst.effort import shortened
from diffmst.gauge import regauged, usual_gauge
from diffmst.held import Held, held_prior, levels_together
from diffmst.layout import LAYOUTS, Layout, LayoutName, Settings
from diffmst.listening import Heard, listen
from diffmst.mastering import Output
from diffmst.mix import ComparisonMix, Mix, ReferenceMix, RenderSettings, relative_path
from diffmst.mix_parts import Subtype
from diffmst.models.prediction import MixModel
from diffmst.outputs import OutputFolder
from diffmst.passages import Listening
from diffmst.predict import predicted_prior
from diffmst.profile import Profile
from diffmst.progress import SILENT, Advance, Progress
from diffmst.references import ReferenceChoice
from diffmst.refine import STEPS, Refined
from diffmst.render import compile_kernels, rendered_bytes, stem_names
from diffmst.solving import solve
from diffmst.task import Task, at_loudness, prepare
from diffmst.tidy import tidy

Loudness = Literal["reference", "keep"] | float

OUTPUTS = ("mix.wav", "mix.json", REPORT)


@dataclass(frozen=True)
class Options:
    """What the user may choose.

    Attributes:
        loudness: of the result: that of the main references, as it comes out of the console (keep), or in LUFS.
        ceiling_dbtp: the true peak never exceeds it.
        subtype: sample format of the WAV file.
        tail_s: how long the mix goes on after its stems, for the reverb to die away.
        stems: also write every processed stem and the reverb return.
        where: to listen.
        steps: of refinement, at most; 0 leaves what is predicted, or balanced where nothing is.
        time_s: of refinement, at most.
        layout: the console's controls; those of the model, where there is one.
        model: that predicts where refinement begins and how far it goes; without one the stems are balanced.
        amounts: of what is matched that are done; they can be changed later, see `adjust`.
        roles: what stems are, where names do not tell it or tell it wrong: role by file, or by a pattern as `gtr*`.
        force: replace outputs of the same names.
    """

    loudness: Loudness = "reference"
    ceiling_dbtp: float = -1.0
    subtype: Subtype = "PCM_24"
    tail_s: float = 0.0
    stems: bool = False
    where: Listening = field(default_factory=Listening)
    steps: int = STEPS
    time_s: float = float("inf")
    layout: LayoutName = "default"
    model: MixModel | None = None
    amounts: Amounts = field(default_factory=Amounts)
    roles: Mapping[str, str] = field(default_factory=dict)
    force: bool = False

    @property
    def console_layout(self) -> Layout:
        """The console's controls."""
        return self.model.layout if self.model else LAYOUTS[self.layout]


class Matched(NamedTuple):
    """What `match` found and wrote.

    Attributes:
        mix: the document.
        refined: what was found.
        output: what became of the mix on its way out.
        notes: for the user.
        sound: of the whole mix, before its final gain.
    """

    mix: Mix
    refined: Refined
    output: Output
    notes: list[str]
    sound: Profile


def match(
    stems: Sequence[Path],
    reference: Path | Sequence[ReferenceChoice],
    folder: Path,
    options: Options | None = None,
    progress: Progress = SILENT,
    observer: Observer | None = None,
) -> Matched:
    """Mixes stems the way a reference is mixed, and writes mix.wav, mix.json and report.html into a folder.

    Args:
        stems: audio files and folders of them.
        reference: the song to mix like; or several, or some for one aspect: see `references.choose_references`.
        folder: for the outputs; they appear together at the end, or not at all.
        options: what the user may choose.
        progress: told how far it is.
        observer: told of every step of refinement; it may end that, and the best so far is written.

    Raises:
        UserError: an input cannot be used or an output not written.
    """
    options = options or Options()
    with OutputFolder(folder, OUTPUTS, force=options.force) as outputs:
        heard = listen(stems, reference, progress, options.roles, lambda song: _check_outputs(song, outputs, options))
        return match_heard(heard, outputs, options, title=song_title(stems[0]), progress=progress, observer=observer)


def match_heard(
    heard: Heard,
    outputs: OutputFolder,
    options: Options,
    *,
    title: str,
    progress: Progress = SILENT,
    observer: Observer | None = None,
) -> Matched:
    """Does what `match` does with a song and references that have been listened to.

    Args:
        heard: the song and its references.
        outputs: where the files go.
        options: what the user may choose.
        title: of the song.
        progress: told how far it is.
        observer: told of every step of refinement; it may end that, and the best so far is written.

    Raises:
        UserError: an input cannot be used or an output not written.
    """
    _check_outputs(heard.song, outputs, options, inputs=heard.paths)
    compile_kernels(progress)
    task, refined = find(heard, options, progress, observer=observer)
    mix = document(heard, task, refined, outputs.folder, options)
    delivered = deliver(
        mix,
        heard,
        task,
        outputs,
        title=title,
        stems=options.stems,
        shortened=shortened(refined, mix.amounts, steps=options.steps, seconds=options.time_s),
        progress=progress,
    )
    return Matched(mix, refined, *delivered)


def find(
    heard: Heard,
    options: Options,
    progress: Progress = SILENT,
    held: Held | None = None,
    observer: Observer | None = None,
) -> tuple[Task, Refined]:
    """Chooses passages of what was heard, and finds settings for them.

    Args:
        heard: the song and its references.
        options: what the user may choose.
        progress: told how far it is.
        held: settings that stay as they are.
        observer: told of every step of refinement, and may end it.

    Raises:
        UserError: nothing sounds where the user chose to listen.
    """
    with progress.phase("choosing passages", 1):
        task = prepare(heard, options.console_layout, options.where)
    prior = None
    if options.model:
        with progress.phase("predicting", 1):
            prior = task.ties.share_prior(predicted_prior(options.model, heard, task, options.where))
    if held:
        prior = prior and held_prior(prior, held, task.excerpts, task.stems, task.layout)
        task = replace(
            task,
            prior=held_prior(task.prior, held, task.excerpts, task.stems, task.layout),
            ties=task.ties.without(levels_together(held.locked.tracks[0], task.layout)),
        )
    with progress.phase("matching", 1) as advance:
        watched = _watched(advance, observer)
        return task, solve(
            task,
            prior,
            held=held,
            output=output_of(heard, options),
            steps=options.steps,
            seconds=options.time_s,
            observer=watched,
        )


def _watched(advance: Advance, observer: Observer | None) -> Observer:
    """An observer, if there is one, and progress as steps are taken."""
    done = 0.0

    def observe(step: Step) -> bool | None:
        nonlocal done
        advance(step.share - done)
        done = step.share
        return observer(step) if observer else None

    return observe


def _check_outputs(song: Song, outputs: OutputFolder, options: Options, inputs: Sequence[Path] = ()) -> None:
    """Makes sure that the outputs may be written and have room; raises UserError."""
    stems = stem_names("mix.wav", [track.name for track in song.tracks]) if options.stems else []
    outputs.claim([*OUTPUTS, *stems], inputs)
    outputs.check_room(rendered_bytes(song.with_tail(options.tail_s), options.subtype, stems=options.stems))


def document(
    heard: Heard, task: Task, refined: Refined, folder: Path, options: Options, held: Held | None = None
) -> Mix:
    """The document of a mix whose settings were found, with its faders where an engineer expects them: see `gauge`.

    Args:
        heard: the song and its references.
        task: made from it.
        refined: what was found for it.
        folder: that its paths are relative to.
        options: what the user may choose.
        held: settings that stay as they are.
    """
    comparison = ComparisonMix(
        song_window_s=task.song_window_s,
        song_windows_at_s=task.song_windows_at_s,
        distance_before=refined.before,
        distance_after=refined.after,
    )
    output = output_of(heard, options)
    neutral, matched = _ends(task, refined, output.loudness_lufs, held)
    mix = Mix(
        layout=task.layout.name,
        sample_rate=heard.song.sample_rate,
        tracks=tracks_of(heard, task, folder),
        references=_references(heard, task, folder),
        comparison=comparison,
        render=output,
    )
    return adjusted(with_ends(mix, neutral, matched), options.amounts).mix


def output_of(heard: Heard, options: Options) -> RenderSettings:
    """How the mix is to be written; a loudness beyond full scale, which a reference may have, cannot be asked for."""
    loudness_lufs: float | None
    if options.loudness == "keep":
        loudness_lufs = None
    elif options.loudness == "reference":
        loudness_lufs = min(0.0, round(heard.reference_loudness_lufs, 2))
    else:
        loudness_lufs = options.loudness
    return RenderSettings(
        loudness_lufs=loudness_lufs,
        ceiling_dbtp=options.ceiling_dbtp,
        subtype=options.subtype,
        tail_s=options.tail_s,
    )


def _ends(task: Task, refined: Refined, target_lufs: float | None, held: Held | None) -> list[Settings[Tensor]]:
    """The balanced neutral mix, and the one that was found, at one loudness and in one gauge."""
    ends = [tidy(task.layout.from_unit(task.prior.mean), task.layout), refined.settings]
    if target_lufs is not None:
        ends = [at_loudness(task, settings, target_lufs) for settings in ends]
    sounding = torch.tensor([stem.audible for stem in task.stems])
    gauge = usual_gauge(ends, sounding, task.layout, held.locked if held else None)
    return [regauged(settings, gauge, task.layout) for settings in ends]


def _references(heard: Heard, task: Task, folder: Path) -> tuple[ReferenceMix, ...]:
    return tuple(
        ReferenceMix(
            path=relative_path(reference.path, folder),
            sha256=reference.survey.sha256,
            loudness_lufs=round(reference.loudness_lufs, 2),
            weight=reference.weight,
            aspects=reference.aspects,
            main=reference.main,
            window_s=compared.window_s,
            windows_at_s=compared.windows_at_s,
        )
        for reference, compared in zip(heard.references, task.references, strict=True)
    )
