"""The job of recall: stems and their finished mix in; the settings, the mix made again and a report out."""

import math
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from diffmst.audio import AudioReader, AudioWriter, probe
from diffmst.data.song import Song, song_title
from diffmst.layout import DEFAULT
from diffmst.listening import Heard, listen
from diffmst.mastering import Output
from diffmst.mix import ComparisonMix, Mix, ReferenceMix, RenderSettings, TrackMix, relative_path
from diffmst.outputs import OutputFolder, write_text_atomically
from diffmst.progress import SILENT, Progress
from diffmst.recall.align import Alignment, within
from diffmst.recall.explain import Explained, Explainer, likely_reasons, partly, verdict
from diffmst.recall.find import Found, find_settings
from diffmst.recall.making import make_again
from diffmst.recall.page import build_page
from diffmst.render import compile_kernels, rendered_bytes

OUTPUTS = ("mix.wav", "mix.json", "report.html")
RESIDUAL, ORIGINAL = "residual.wav", "original.wav"

_ONLY_LEVELS = "Nothing but levels and pans was sought, as asked; tone, dynamics and reverb are not explained."
_OUT_OF_TIME = "The time limit ended the search before it was done; with more time it may explain more."
_EXPLAINED_SHARE = 0.99  # with which nobody asks for more
_UNHEARD = "plays in no passage that was compared with the mix: its settings are guessed"
_LACKING = "seems not to be in the mix"

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
    """What was found and written.

    Attributes:
        mix: every setting.
        alignment: of stems and finished mix.
        explained: of the finished mix.
        output: what became of the mix made again.
        verdict: how much is explained, as a sentence.
        notes: what else there is to know, as sentences.
    """

    mix: Mix
    alignment: Alignment
    explained: Explained
    output: Output
    verdict: str
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
    probe(mix)  # no minutes of listening to stems for a mix that is not there
    with OutputFolder(folder, names, force=options.force) as outputs:
        heard = listen(stems, mix, progress, check=lambda song: outputs.check_room(rendered_bytes(song, "PCM_24")))
        outputs.claim(names, inputs=heard.paths)
        compile_kernels(progress)
        found = find_settings(heard, DEFAULT, progress, steps=options.steps, seconds=options.time_s)
        alignment = found.paired.alignment
        document, output = make_again(
            _document(heard, found, folder), heard.song, found.mix, alignment, outputs, "mix.wav", progress
        )
        with progress.phase("explaining", 1):
            explained = _explained(found, outputs, heard.song, keep=options.residual)
        notes = [*heard.notes, *_notes(heard, found, explained, options)]
        first = verdict(explained)
        page = build_page(document, song_title(stems[0]), found, explained, [first, *notes])
        write_text_atomically(outputs.path("mix.json"), document.to_json())
        write_text_atomically(outputs.path("report.html"), page)
    return Recalled(document, alignment, explained, output, first, notes)


def _notes(heard: Heard, found: Found, explained: Explained, options: RecallOptions) -> list[str]:
    """What a musician ought to know of it, as sentences."""
    alignment = found.paired.alignment
    part = alignment.shared(heard.song.frames, found.mix.shape[1])
    lacking = [f"“{track.name}”" for track, lacks in zip(heard.song.tracks, found.lacking, strict=True) if lacks]
    unfinished = ""
    if found.out_of_time:
        unfinished = _OUT_OF_TIME
    elif not options.steps and explained.share < _EXPLAINED_SHARE:
        unfinished = _ONLY_LEVELS
    return [
        *partly(part, heard.song.frames, heard.song.sample_rate),
        *likely_reasons(explained, lacking, alignment.drift_ppm, unfinished),
    ]


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
            note=None if survey.silent else _UNHEARD if unheard else _LACKING if lacks else None,
        )
        for track, survey, lacks, unheard in zip(
            heard.song.tracks, heard.surveys, found.lacking, found.unheard, strict=True
        )
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


def _explained(found: Found, outputs: OutputFolder, song: Song, *, keep: bool) -> Explained:
    """Sets the written mix against the original, second by second, and keeps both sides of it if asked to.

    Where the song goes on beyond the original, there is nothing to explain and nothing left: both sides are silent.
    """
    sample_rate, alignment = song.sample_rate, found.paired.alignment
    explainer, shared = Explainer(sample_rate), alignment.shared(song.frames, found.mix.shape[1])
    with ExitStack() as opened:
        reader = opened.enter_context(AudioReader(outputs.path("mix.wav")))
        writers = [
            opened.enter_context(AudioWriter(outputs.path(name), sample_rate, 2, "FLOAT"))
            for name in (RESIDUAL, ORIGINAL)
            if keep
        ]
        position = 0
        for made in reader.blocks(explainer.frames):
            original, again = np.zeros_like(made), np.zeros_like(made)
            part = within(shared, position, made.shape[1])
            original[:, part] = alignment.cut(found.mix, position + part.start, part.stop - part.start)
            again[:, part] = made[:, part]
            position += made.shape[1]
            explainer.add(original, again)
            for writer, audio in zip(writers, (original - again, original), strict=bool(writers)):
                writer.write(audio)
    return explainer.explained()
