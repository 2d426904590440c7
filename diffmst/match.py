"""The main job: stems and a reference in; a mix, its document and a report out."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, NamedTuple

import torch

from diffmst.advice import Findings, advise, track_products
from diffmst.audio import AudioReader
from diffmst.data.song import song_title
from diffmst.data.survey import Survey
from diffmst.distance import ReferenceDistance
from diffmst.layout import LAYOUTS, Layout, LayoutName
from diffmst.listening import Heard, listen
from diffmst.mastering import Audio, Output
from diffmst.mix import Mix, ReferenceMix, RenderSettings, Subtype, TrackMix, relative_path
from diffmst.models.prediction import MixModel
from diffmst.outputs import OutputFolder, write_text_atomically
from diffmst.passages import Listening
from diffmst.predict import predicted_prior
from diffmst.prior import Prior
from diffmst.profile import Profile
from diffmst.progress import SILENT, Progress
from diffmst.refine import STEPS, Distance, Refined, refine
from diffmst.render import BLOCK_FRAMES, compile_kernels, render, stem_names
from diffmst.report import build_report
from diffmst.sanity import keep_audible
from diffmst.stream import ConsoleStream
from diffmst.task import Task, at_loudness, prepare
from diffmst.tidy import tidy

Loudness = Literal["reference", "keep"] | float

OUTPUTS = ("mix.wav", "mix.json", "report.html")


@dataclass(frozen=True)
class Options:
    """What the user may choose.

    Attributes:
        loudness: of the result: the reference's, as it comes out of the console (keep), or in LUFS.
        ceiling_dbtp: the true peak never exceeds it.
        subtype: sample format of the WAV file.
        stems: also write every processed stem and the reverb return.
        where: to listen.
        steps: of refinement, at most; 0 leaves the balanced mix.
        time_s: of refinement, at most.
        layout: the console's controls; those of the model, where there is one.
        model: that predicts where refinement begins and how far it goes; without one the stems are balanced.
        force: replace outputs of the same names.
    """

    loudness: Loudness = "reference"
    ceiling_dbtp: float = -1.0
    subtype: Subtype = "PCM_24"
    stems: bool = False
    where: Listening = field(default_factory=Listening)
    steps: int = STEPS
    time_s: float = float("inf")
    layout: LayoutName = "default"
    model: MixModel | None = None
    force: bool = False

    @property
    def console_layout(self) -> Layout:
        """The console's controls."""
        return self.model.layout if self.model else LAYOUTS[self.layout]


class Matched(NamedTuple):
    """What `match` found and wrote."""

    mix: Mix
    refined: Refined
    output: Output
    notes: list[str]


def match(
    stems: Sequence[Path],
    reference: Path,
    folder: Path,
    options: Options | None = None,
    progress: Progress = SILENT,
) -> Matched:
    """Mixes stems the way a reference is mixed, and writes mix.wav, mix.json and report.html into a folder.

    Args:
        stems: audio files and folders of them.
        reference: the song to mix like.
        folder: for the outputs; they appear together at the end, or not at all.
        options: what the user may choose.
        progress: told how far it is.

    Raises:
        UserError: an input cannot be used or an output not written.
    """
    options = options or Options()
    with OutputFolder(folder, OUTPUTS, force=options.force) as outputs:
        heard = listen(stems, reference, progress)
        outputs.claim(_outputs(heard, options), inputs=heard.paths)
        compile_kernels(progress)
        task, refined = find(heard, options, progress)
        mix = document(heard, task, refined, folder, options)
        before, after = Profile(mix.sample_rate), Profile(mix.sample_rate)
        output = render(
            mix,
            heard.song,
            outputs,
            "mix.wav",
            stems=options.stems,
            progress=progress,
            on_input=_balanced(mix, task, before),
            on_mix=after.add,
        )
        with progress.phase("drawing", 1):
            of_reference = _reference_profile(heard.reference)
            findings = Findings(
                tracks=heard.song.tracks,
                reference_survey=heard.reference,
                reference=of_reference,
                after=after,
                output=output,
                products=track_products(task.excerpts.audio, task.excerpts.channels),
            )
            notes = [*heard.notes, *advise(findings)]
            report = build_report(
                mix,
                title=song_title(stems[0]),
                reference=of_reference,
                before=before,
                after=after,
                warnings=notes,
                output=output,
            )
        write_text_atomically(outputs.path("mix.json"), mix.to_json())
        write_text_atomically(outputs.path("report.html"), report)
    return Matched(mix, refined, output, notes)


def find(heard: Heard, options: Options, progress: Progress = SILENT) -> tuple[Task, Refined]:
    """Chooses passages of what was heard, and finds settings for them.

    Raises:
        UserError: nothing sounds where the user chose to listen.
    """
    with progress.phase("choosing passages", 1):
        task = prepare(heard, options.console_layout, options.where)
    prior = None
    if options.model:
        with progress.phase("predicting", 1):
            prior = predicted_prior(options.model, heard, task, options.where)
    with progress.phase("matching", 1) as advance:
        return task, solve(task, prior, steps=options.steps, seconds=options.time_s, on_step=advance)


def _outputs(heard: Heard, options: Options) -> list[str]:
    stems = stem_names("mix.wav", [track.name for track in heard.song.tracks]) if options.stems else []
    return [*OUTPUTS, *stems]


def _balanced(mix: Mix, task: Task, profile: Profile) -> Callable[[Audio], None]:
    """Plays every block of the song to `profile` as it was before matching: balanced and neutral."""
    settings = task.layout.from_unit(task.prior.start)
    stream = ConsoleStream(mix.sample_rate, settings, mix.channels, layout=task.layout, muted=mix.muted)

    def hear(block: Audio) -> None:
        profile.add(stream.process(block).mix)

    return hear


def _reference_profile(survey: Survey) -> Profile:
    with AudioReader(survey.info.path) as reader:
        profile = Profile(reader.sample_rate)
        for block in reader.blocks(BLOCK_FRAMES):
            profile.add(block)
    return profile


def solve(
    task: Task,
    prior: Prior | None = None,
    *,
    distance: Distance | None = None,
    steps: int = STEPS,
    seconds: float = math.inf,
    on_step: Callable[[float], None] | None = None,
) -> Refined:
    """The settings found for a task: refined towards the reference, every track still heard, small moves undone.

    Args:
        task: from `prepare`.
        prior: where to start and how far to go; that of the task, which is balanced and neutral, if not given.
        distance: to the reference, which is to become small; a `ReferenceDistance` if not given.
        steps: of refinement, at most.
        seconds: of refinement, at most.
        on_step: told the share of the work that each step was.
    """
    distance = distance or ReferenceDistance(task.reference, task.excerpts.sample_rate)
    found = refine(
        task.excerpts, distance, prior or task.prior, layout=task.layout, steps=steps, seconds=seconds, on_step=on_step
    )
    before = _balanced_terms(task, distance) if prior else found.before
    settings = tidy(keep_audible(task.excerpts, task.stems, found.settings, task.layout), task.layout)
    return replace(found, settings=settings, before=before)


def _balanced_terms(task: Task, distance: Distance) -> dict[str, float]:
    """The distance of the balanced mix with neutral settings, term by term."""
    with torch.no_grad():
        terms = distance(task.excerpts.mixed(task.layout.from_unit(task.prior.start), task.layout))
    return {name: float(term) for name, term in terms.items()}


def document(heard: Heard, task: Task, refined: Refined, folder: Path, options: Options) -> Mix:
    """The document of a mix whose settings were found; its paths are relative to `folder`."""
    tracks = tuple(
        TrackMix(
            name=track.name,
            path=relative_path(track.path, folder),
            sha256=survey.sha256,
            channels=track.channels,
            role=stem.role.name,
            mute=survey.silent,
            note="silent: nothing in the file is louder than -70 LUFS" if survey.silent else None,
        )
        for track, survey, stem in zip(heard.song.tracks, heard.surveys, heard.stems, strict=True)
    )
    reference = ReferenceMix(
        path=relative_path(heard.reference.info.path, folder),
        sha256=heard.reference.sha256,
        loudness_lufs=round(heard.reference_loudness_lufs, 2),
        window_s=task.reference_window_s,
        windows_at_s=task.reference_windows_at_s,
        song_window_s=task.song_window_s,
        song_windows_at_s=task.song_windows_at_s,
        distance_before=refined.before,
        distance_after=refined.after,
    )
    target_lufs = _target_lufs(options.loudness, reference.loudness_lufs)
    settings = refined.settings
    if target_lufs is not None:
        settings = at_loudness(task, settings, target_lufs)
    render_settings = RenderSettings(
        loudness_lufs=target_lufs, ceiling_dbtp=options.ceiling_dbtp, subtype=options.subtype
    )
    mix = Mix(
        layout=task.layout.name,
        sample_rate=heard.song.sample_rate,
        tracks=tracks,
        reference=reference,
        render=render_settings,
    )
    return mix.with_settings(settings)


def _target_lufs(loudness: Loudness, reference_lufs: float) -> float | None:
    """What the document asks for; a reference beyond full scale cannot be asked for."""
    if loudness == "keep":
        return None
    return min(0.0, reference_lufs) if isinstance(loudness, str) else loudness
