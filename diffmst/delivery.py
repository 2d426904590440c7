"""What matching hands over: the rendered mix, its document, and a report that shows what was done."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from diffmst.adjust import neutral_settings
from diffmst.advice import Findings, advise, track_products
from diffmst.aspects import ASPECTS
from diffmst.audio import AudioReader
from diffmst.data.song import Song
from diffmst.data.survey import Survey
from diffmst.listening import Heard
from diffmst.mastering import Audio, Output
from diffmst.mix import Mix
from diffmst.outputs import OutputFolder, write_text_atomically
from diffmst.profile import Profile
from diffmst.progress import SILENT, Progress
from diffmst.render import BLOCK_FRAMES, render
from diffmst.report import build_report
from diffmst.stream import ConsoleStream
from diffmst.task import Task

REPORT = "report.html"

SAME_LU = 0.02
"""Loudnesses in a document are rounded to half of it."""


class Delivered(NamedTuple):
    """What became of a mix.

    Attributes:
        output: its loudness and peaks.
        notes: for the user, those of listening first.
        sound: of the mix, before its final gain.
    """

    output: Output
    notes: list[str]
    sound: Profile


def deliver(
    mix: Mix,
    heard: Heard,
    task: Task,
    outputs: OutputFolder,
    *,
    title: str,
    name: str = "mix",
    song: Song | None = None,
    stems: bool = False,
    shortened: Sequence[str] = (),
    progress: Progress = SILENT,
) -> Delivered:
    """Renders a matched mix, judges it, and writes WAV file, document and report.

    Args:
        mix: the document, which remembers the neutral mix that the report compares with.
        heard: the references, and the tracks that were matched.
        task: made from it.
        outputs: where the files go.
        title: of the song.
        name: of document and WAV file, without ending.
        song: the tracks of the document; those heard if not given.
        stems: also write the processed stems and the reverb return.
        shortened: what the user left out of matching, in words; see `effort.shortened`.
        progress: told how far it is.

    Raises:
        UserError: a file cannot be read or an output not written.
    """
    before, after = Profile(mix.sample_rate), Profile(mix.sample_rate)
    output = render(
        mix,
        (song or heard.song).with_tail(mix.render.tail_s),
        outputs,
        f"{name}.wav",
        stems=stems,
        progress=progress,
        on_input=_neutral(mix, before),
        on_mix=after.add,
    )
    with progress.phase("drawing", 1):
        profiles = {reference.path: _profile(reference.survey) for reference in heard.references}
        of_aspects = {aspect: profiles[heard.reference_of(aspect).info.path] for aspect in ASPECTS}
        findings = _findings(mix, heard, task, profiles, after, output)._replace(shortened=shortened)
        notes = [*heard.notes, *advise(findings)]
        report = build_report(
            mix,
            title=title,
            reference=profiles[heard.reference.info.path],
            before=before,
            after=after,
            warnings=notes,
            output=output,
            of_aspects=of_aspects,
        )
    write_text_atomically(outputs.path(f"{name}.json"), mix.to_json())
    write_text_atomically(outputs.path(REPORT), report)
    return Delivered(output, notes, after)


def _findings(
    mix: Mix, heard: Heard, task: Task, profiles: Mapping[Path, Profile], after: Profile, output: Output
) -> Findings:
    """What there is to judge; the references by their files."""
    return Findings(
        tracks=heard.song.tracks,
        references=[(reference.survey, profiles[reference.path]) for reference in heard.references],
        tone=profiles[heard.reference_of("tone").info.path],
        width=profiles[heard.reference_of("width").info.path],
        after=after,
        output=output,
        products=track_products(task.excerpts.audio, task.excerpts.channels),
        followed_lufs=_followed_lufs(mix, heard),
        followed=sum(reference.main for reference in heard.references),
    )


def _followed_lufs(mix: Mix, heard: Heard) -> float | None:
    """The loudness of the references, if that is what the mix was to have."""
    asked_lufs, theirs_lufs = mix.render.loudness_lufs, heard.reference_loudness_lufs
    followed = asked_lufs is not None and abs(asked_lufs - min(0.0, theirs_lufs)) < SAME_LU
    return theirs_lufs if followed else None


def _neutral(mix: Mix, profile: Profile) -> Callable[[Audio], None]:
    """Plays every block of the song to `profile` as it was before matching: balanced and neutral."""
    layout = mix.console_layout
    stream = ConsoleStream(mix.sample_rate, neutral_settings(mix), mix.channels, layout=layout, muted=mix.muted)

    def hear(block: Audio) -> None:
        profile.add(stream.process(block).mix)

    return hear


def _profile(survey: Survey) -> Profile:
    with AudioReader(survey.info.path) as reader:
        profile = Profile(reader.sample_rate)
        for block in reader.blocks(BLOCK_FRAMES):
            profile.add(block)
    return profile
