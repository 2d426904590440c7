"""The job of recall: stems and their finished mix in; the settings, the mix made again and a report out."""

import math
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from diffmst.audio import AudioReader, AudioWriter
from diffmst.data.song import song_title
from diffmst.layout import DEFAULT
from diffmst.listening import Heard, listen
from diffmst.mastering import Output
from diffmst.mix import ComparisonMix, Mix, ReferenceMix, RenderSettings, TrackMix, relative_path
from diffmst.outputs import OutputFolder, write_text_atomically
from diffmst.progress import SILENT, Progress
from diffmst.recall.align import Alignment
from diffmst.recall.explain import Explained, Explainer, likely_reasons
from diffmst.recall.find import Found, find_settings
from diffmst.recall.page import build_page
from diffmst.render import compile_kernels, render

OUTPUTS = ("mix.wav", "mix.json", "report.html")
RESIDUAL, ORIGINAL = "residual.wav", "original.wav"

_LOWEST_CEILING_DBTP = -20.0
_OVER_SAMPLES_DB = 0.3  # a true peak is this much over the highest sample, as a rule


@dataclass(frozen=True)
class RecallOptions:
    """What the user may choose.

    Attributes:
        steps: share of the usual steps of descent; 0 finds levels and pans alone.
        time_s: of descent, at most.
        residual: also write what is not explained, and the original in step with the stems.
        force: replace outputs of the same names.
    """

    steps: float = 1.0
    time_s: float = math.inf
    residual: bool = False
    force: bool = False


class Recalled(NamedTuple):
    """What was found and written."""

    mix: Mix
    alignment: Alignment
    explained: Explained
    output: Output
    notes: list[str]


def recall(
    stems: Sequence[Path],
    mix: Path,
    folder: Path,
    options: RecallOptions | None = None,
    progress: Progress = SILENT,
) -> Recalled:
    """Finds the settings by which stems became a mix, and writes mix.wav, mix.json and report.html into a folder.

    All files that are written begin with the stems, wherever the finished mix begins.

    Args:
        stems: audio files and folders of them.
        mix: the finished mix of the same song; it need not begin with the stems.
        folder: for the outputs; they appear together at the end, or not at all.
        options: what the user may choose.
        progress: told how far it is.

    Raises:
        UserError: an input cannot be used, the mix is one of another song, or an output cannot be written.
    """
    options = options or RecallOptions()
    names = [*OUTPUTS, *([RESIDUAL, ORIGINAL] if options.residual else [])]
    with OutputFolder(folder, names, force=options.force) as outputs:
        heard = listen(stems, mix, progress)
        outputs.claim(names, inputs=heard.paths)
        compile_kernels(progress)
        found = find_settings(heard, DEFAULT, progress, steps=options.steps, seconds=options.time_s)
        document = _document(heard, found, folder)
        output = render(document, heard.song, outputs, "mix.wav", progress=progress)
        with progress.phase("explaining", 1):
            explained = _explained(found, outputs, heard.song.sample_rate, keep=options.residual)
        lacking = [f"“{track.name}”" for track, lacks in zip(heard.song.tracks, found.lacking, strict=True) if lacks]
        notes = [*heard.notes, *likely_reasons(explained, lacking, found.paired.alignment.drift_ppm)]
        title = song_title(stems[0])
        write_text_atomically(outputs.path("mix.json"), document.to_json())
        write_text_atomically(outputs.path("report.html"), build_page(document, title, found, explained, notes))
    return Recalled(document, found.paired.alignment, explained, output, notes)


def _document(heard: Heard, found: Found, folder: Path) -> Mix:
    (original,) = heard.references
    paired = found.paired
    rate, alignment = heard.song.sample_rate, paired.alignment
    tracks = tuple(
        TrackMix(
            name=track.name,
            path=relative_path(track.path, folder),
            sha256=survey.sha256,
            channels=track.channels,
            mute=survey.silent,
            note="seems not to be in the mix" if lacks and not survey.silent else None,
        )
        for track, survey, lacks in zip(heard.song.tracks, heard.surveys, found.lacking, strict=True)
    )
    reference = ReferenceMix(
        path=relative_path(original.path, folder),
        sha256=original.survey.sha256,
        loudness_lufs=round(original.loudness_lufs, 2),
        window_s=paired.window_s,
        windows_at_s=tuple(max(0.0, alignment.offset_samples / rate + start_s) for start_s in paired.starts_s),
    )
    comparison = ComparisonMix(
        song_window_s=paired.window_s,
        song_windows_at_s=paired.starts_s,
        distance_before=found.before,
        distance_after=found.after,
    )
    mix = Mix(
        sample_rate=rate,
        tracks=tracks,
        references=(reference,),
        comparison=comparison,
        render=RenderSettings(
            loudness_lufs=min(0.0, round(original.loudness_lufs, 2)), ceiling_dbtp=_ceiling_dbtp(original.survey.peak)
        ),
    )
    return mix.with_settings(found.settings)


def _ceiling_dbtp(peak: float) -> float:
    """As high as the original comes, so that a limiter works as much as its own did."""
    peak_dbfs = 20 * math.log10(max(peak, 1e-9))
    return round(min(0.0, max(_LOWEST_CEILING_DBTP, peak_dbfs + _OVER_SAMPLES_DB)), 2)


def _explained(found: Found, outputs: OutputFolder, sample_rate: int, *, keep: bool) -> Explained:
    """Sets the written mix against the original, second by second, and keeps both sides of it if asked to."""
    explainer = Explainer(sample_rate)
    with ExitStack() as opened:
        reader = opened.enter_context(AudioReader(outputs.path("mix.wav")))
        writers = [
            opened.enter_context(AudioWriter(outputs.path(name), sample_rate, 2, "FLOAT"))
            for name in (RESIDUAL, ORIGINAL)
            if keep
        ]
        position = 0
        for made in reader.blocks(explainer.frames):
            original = found.paired.alignment.cut(found.mix, position, made.shape[1])
            position += made.shape[1]
            explainer.add(original, made)
            for writer, audio in zip(writers, (original - made, original), strict=bool(writers)):
                writer.write(audio)
    return explainer.explained()
