"""Listening before mixing: the stems and the reference, what there is to know of them, and the excerpts to match."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from diffmst.audio import AudioReader, StemFile, find_stems, same_file
from diffmst.data.song import Song
from diffmst.data.survey import BARK_EDGES_HZ, Survey, survey_files
from diffmst.data.windows import choose_reference_windows, choose_windows
from diffmst.dsp.loudness import pooled_loudness
from diffmst.errors import UserError
from diffmst.excerpts import Excerpts
from diffmst.layout import Layout, Settings
from diffmst.mix import STEMS_SUFFIX, is_mix
from diffmst.prior import LOW_HZ, Prior, Stem, sane_prior
from diffmst.progress import Progress
from diffmst.roles import role_of, sides_of

WINDOW_S = 6.0
SONG_WINDOWS = 4
REFERENCE_WINDOWS = 8
LEAD_S = 1.0
"""Played before each window, unheard, so that filters, compressors and reverb have settled."""

LONGEST_WINDOW_S = 60.0
"""A window that the user asks for; what is refined on stays in memory."""

SILENT_PEAK = 1e-4
"""A passage that stays under this (-80 dBFS) is silent."""

MASTER_LUFS = -20.0
"""Loudness at which the balanced tracks meet the master bus, so that its compressor threshold has a meaning."""


@dataclass(frozen=True)
class Heard:
    """A song and a reference, both surveyed.

    Attributes:
        song: with one survey per track.
        reference: its survey.
        notes: what was noticed on the way, for the user.
    """

    song: Song
    reference: Survey
    notes: tuple[str, ...]

    @property
    def reference_loudness_lufs(self) -> float:
        """Loudness of the reference as it is heard: one channel plays on both sides."""
        return self.reference.loudness_lufs + (10 * math.log10(2) if self.reference.info.channels == 1 else 0.0)

    @property
    def paths(self) -> list[Path]:
        """All files that were heard."""
        return [*(track.path for track in self.song.tracks), self.reference.info.path]

    @property
    def stems(self) -> list[Stem]:
        """What the prior knows of the tracks, in order."""
        sides = sides_of([track.name for track in self.song.tracks])
        return [
            Stem(
                _loudness_as_mixed_lufs(survey, track.channels),
                track.channels,
                _low_share(survey),
                role_of(track.name),
                side,
            )
            for track, survey, side in zip(self.song.tracks, self.surveys, sides, strict=True)
        ]

    @property
    def surveys(self) -> list[Survey]:
        """Of the tracks, in order."""
        return [track.survey for track in self.song.tracks if track.survey is not None]


@dataclass(frozen=True)
class Listening:
    """Where to listen, if the user says so: the whole song is considered otherwise.

    Attributes:
        start_s: of the one window in the song.
        reference_start_s: of the one window in the reference.
        seconds: length of these.
    """

    start_s: float | None = None
    reference_start_s: float | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Task:
    """What refinement needs, and where it was taken from.

    Attributes:
        excerpts: of the song.
        stems: what the prior knows of its tracks.
        reference: windows of the reference at the song's rate, [windows, 2, time].
        prior: balanced, neutral, sane.
        layout: the console's controls.
        song_windows_at_s: where the excerpts start.
        reference_windows_at_s: where the windows of the reference start.
        song_window_s: length of the excerpts without their lead.
        reference_window_s: length of the windows of the reference.
    """

    excerpts: Excerpts
    stems: Sequence[Stem]
    reference: Tensor
    prior: Prior
    layout: Layout
    song_windows_at_s: tuple[float, ...]
    reference_windows_at_s: tuple[float, ...]
    song_window_s: float
    reference_window_s: float


def listen(stems: Sequence[Path], reference: Path, progress: Progress) -> Heard:
    """Opens and surveys stems and reference.

    Raises:
        UserError: a file cannot be read, or nothing sounds.
    """
    files, notes = _stems_beside(reference, stems)
    song = Song.of_stems(files)
    paths = [*(track.path for track in song.tracks), reference]
    for path in paths:
        _check_name(path)
    with progress.phase("listening", 1) as advance:
        done = 0.0

        def tell(frames: int, total: int) -> None:
            nonlocal done
            share = frames / max(1, total)
            advance(share - done)
            done = share

        *surveys, of_reference = survey_files(paths, tell)
    if of_reference.silent:
        raise UserError(f"{reference}: is silent (under -70 LUFS throughout); give another reference")
    if all(survey.silent for survey in surveys):
        raise UserError(f"{stems[0]}: every stem is silent (under -70 LUFS throughout); there is nothing to mix")
    return Heard(song.with_surveys(surveys), of_reference, notes)


def _stems_beside(reference: Path, places: Sequence[Path]) -> tuple[list[StemFile], tuple[str, ...]]:
    """The stems in `places`, without the reference and what earlier mixes left there; and notes on what is left out."""
    files = find_stems(places)
    stems = [file for file in files if not same_file(file.path, reference)]
    if not stems:
        raise UserError(f"{reference}: is the reference and the only stem; give the stems of another song")
    notes = []
    if len(stems) < len(files):
        notes.append(f"{reference.name} is the reference, so it is not mixed as a stem.")
    named = set(places)
    mixed = [file for file in stems if file.path not in named and _is_mixed(file.path)]
    if mixed:
        notes.append(f"Left out, as an earlier mix left them there: {', '.join(file.path.name for file in mixed)}.")
    stems = [file for file in stems if file not in mixed]
    if not stems:
        raise UserError(f"{places[0]}: holds nothing but an earlier mix; give the stems of the song")
    return stems, tuple(notes)


def _is_mixed(path: Path) -> bool:
    """Whether a file is a mix or one of its processed stems: the mix document lies beside it."""
    folder = path.parent
    if is_mix(path.with_suffix(".json")):
        return True
    return folder.name.endswith(STEMS_SUFFIX) and is_mix(
        folder.parent / f"{folder.name.removesuffix(STEMS_SUFFIX)}.json"
    )


def _check_name(path: Path) -> None:
    """Refuses what no JSON can name: on Linux a file name need not be text."""
    try:
        str(path.resolve()).encode()
    except UnicodeEncodeError:
        raise UserError(f"{path}: its name is not valid UTF-8; rename it") from None


def prepare(heard: Heard, layout: Layout, where: Listening = Listening()) -> Task:
    """Chooses excerpts of song and reference, reads them, and sets up the prior.

    Raises:
        UserError: a start that the user chose lies beyond the end, or where nothing sounds.
    """
    window_s, count = _window(where.start_s, where.seconds, SONG_WINDOWS, heard.song.duration_s)
    starts = choose_windows(heard.surveys, window_s, count, where.start_s)
    song = heard.song
    audio, lead_frames = _with_lead(song, starts, window_s)
    _check_heard(audio[..., lead_frames:], "the stems", "--start")
    excerpts = Excerpts(torch.from_numpy(audio), song.channels, lead_frames, song.sample_rate)
    reference_window_s, count = _window(
        where.reference_start_s, where.seconds, REFERENCE_WINDOWS, heard.reference.duration_s
    )
    reference_starts = choose_reference_windows(heard.reference, reference_window_s, count, where.reference_start_s)
    reference = _reference_windows(heard.reference.info.path, reference_starts, reference_window_s, song.sample_rate)
    _check_heard(reference.numpy(), "the reference", "--reference-start")
    prior = _at_master_level(sane_prior(layout, heard.stems), excerpts, layout)
    return Task(
        excerpts=excerpts,
        stems=heard.stems,
        reference=reference,
        prior=prior,
        layout=layout,
        song_windows_at_s=tuple(starts),
        reference_windows_at_s=tuple(reference_starts),
        song_window_s=window_s,
        reference_window_s=reference_window_s,
    )


def _check_heard(audio: np.ndarray, what: str, option: str) -> None:
    """Refuses a passage in which nothing sounds: there would be nothing to match."""
    if np.abs(audio).max() < SILENT_PEAK:
        raise UserError(f"nothing sounds in the passage of {what} that is to be matched; choose another {option}")


def _loudness_as_mixed_lufs(survey: Survey, channels: int) -> float:
    """Loudness of the channels that are mixed: one of two equal ones has half of their energy."""
    return survey.loudness_lufs - 10 * math.log10(survey.info.channels / channels)


def _low_share(survey: Survey) -> float:
    """Share of a file's power below `LOW_HZ`."""
    power = survey.bands.sum((0, 2), dtype=np.float64)
    low = np.array(BARK_EDGES_HZ[1:]) <= LOW_HZ
    return float(power[low].sum() / max(power.sum(), 1e-12))


def at_loudness(task: Task, settings: Settings, loudness_lufs: float) -> Settings:
    """Settings whose master fader brings the excerpts of a task to a loudness."""
    with torch.no_grad():
        mixed = task.excerpts.mixed(settings, task.layout)
    change_db = loudness_lufs - float(pooled_loudness(mixed, task.excerpts.sample_rate))
    if not math.isfinite(change_db):
        return settings
    return settings._replace(master=_moved(settings.master, task.layout, "fader.gain_db", change_db))


def _window(start_s: float | None, seconds: float | None, count: int, duration_s: float) -> tuple[float, int]:
    """Length and number of windows: one where the user says where or how long, to the end of the file at most."""
    if start_s is None and seconds is None:
        return min(WINDOW_S, duration_s), count
    left_s = max(duration_s - (start_s or 0.0), min(1.0, duration_s))
    return min(seconds or WINDOW_S * 2, LONGEST_WINDOW_S, left_s), 1


def _with_lead(song: Song, starts_s: Sequence[float], window_s: float) -> tuple[np.ndarray, int]:
    """Windows [windows, rows, lead + time]; where a song begins later than the lead, silence comes first."""
    lead_s = min(LEAD_S, max(starts_s))
    lead_frames = round(lead_s * song.sample_rate)
    windows = song.read_windows([max(0.0, start_s - lead_s) for start_s in starts_s], window_s + lead_s)
    for window, start_s in zip(windows, starts_s, strict=True):
        missing = lead_frames - round(min(start_s, lead_s) * song.sample_rate)
        if missing:
            window[:, missing:] = window[:, :-missing].copy()
            window[:, :missing] = 0
    return windows, lead_frames


def _reference_windows(path: Path, starts_s: Sequence[float], window_s: float, sample_rate: int) -> Tensor:
    """Windows of the reference [windows, 2, time]; a mono one plays on both sides."""
    windows = np.zeros((len(starts_s), 2, max(1, round(window_s * sample_rate))), np.float32)
    with AudioReader(path, sample_rate) as reader:
        for window, start_s in zip(windows, starts_s, strict=True):
            reader.seek(round(start_s * sample_rate))
            block = reader.read(window.shape[1])
            window[:, : block.shape[1]] = block
    return torch.from_numpy(windows)


def _at_master_level(prior: Prior, excerpts: Excerpts, layout: Layout) -> Prior:
    """The prior with the master's input gain such that the balanced tracks arrive at `MASTER_LUFS`."""
    with torch.no_grad():
        mixed = excerpts.mixed(layout.from_unit(prior.start), layout)
    loudness_lufs = float(pooled_loudness(mixed, excerpts.sample_rate))
    if not math.isfinite(loudness_lufs):
        return prior

    def moved(unit: Settings) -> Settings:
        master = layout.master.from_unit(unit.master)
        master = _moved(master, layout, "input.gain_db", MASTER_LUFS - loudness_lufs)
        return unit._replace(master=layout.master.to_unit(master))

    return prior._replace(mean=moved(prior.mean), start=moved(prior.start))


def _moved(master: Tensor, layout: Layout, control: str, change: float) -> Tensor:
    """Master settings [batch, controls] with one control changed, within its range."""
    column, param = list(layout.master.params).index(control), layout.master.params[control]
    master = master.clone()
    master[..., column] = (master[..., column] + change).clamp(param.low, param.high)
    return master
