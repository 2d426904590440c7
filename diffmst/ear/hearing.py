"""Roles by ear: of excerpts that are at hand, or of files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import pad

from diffmst.audio import find_stems
from diffmst.data.song import Song
from diffmst.data.survey import Survey, survey_files
from diffmst.data.windows import choose_windows
from diffmst.dsp.band_powers import HOP_S, frame_samples
from diffmst.ear.figures import LEAST_FRAMES
from diffmst.ear.network import RoleEar
from diffmst.ear.sound import levels_of, stem_sounds
from diffmst.ear.storage import shipped_ear
from diffmst.excerpts import Excerpts
from diffmst.models.scene import ROLE_NAMES
from diffmst.progress import SILENT, Progress

_WINDOW_S, _WINDOWS = 6.0, 6


@dataclass(frozen=True)
class HeardRole:
    """What a stem sounds like.

    Attributes:
        name: of the stem.
        role: the most probable one; empty where the stem is silent.
        confidence: its probability, 0 to 1.
        second: the next probable role.
        second_confidence: its probability, 0 to 1.
    """

    name: str
    role: str
    confidence: float
    second: str
    second_confidence: float


def hear_roles(excerpts: Excerpts, ear: RoleEar | None = None) -> Tensor:
    """Probabilities of the roles of all tracks of a song, by their sound alone and side by side.

    How loud a track is does not count. A track that is silent in the excerpts has the same probability for all roles.

    Args:
        excerpts: windows of the song; what is played before them is not listened to.
        ear: that of the package if not given.

    Shape: returns [tracks, roles], in the order of `ROLE_NAMES` without the last, unknown; each row sums to 1.

    Raises:
        UserError: the weights of the package are missing or damaged.
    """
    windows = excerpts.audio[..., excerpts.lead_frames :].float()
    least = int((LEAST_FRAMES + 1) * HOP_S * excerpts.sample_rate) + frame_samples(excerpts.sample_rate)
    windows = pad(windows, (0, max(0, least - windows.shape[-1])))
    with torch.no_grad():
        sounds = stem_sounds(windows, excerpts.channels, excerpts.sample_rate)
        return (ear or shipped_ear()).probabilities(levels_of(sounds))


def hear_stems(places: Sequence[Path], ear: RoleEar | None = None, progress: Progress = SILENT) -> list[HeardRole]:
    """What the stems of a song sound like.

    Args:
        places: audio files, or folders of them.
        ear: that of the package if not given.
        progress: told while files are listened to.

    Raises:
        UserError: a file cannot be read, or there is none.
    """
    song, surveys = _surveyed(places, progress)
    starts_s = choose_windows(surveys, _WINDOW_S, _WINDOWS)
    audio = torch.from_numpy(song.read_windows(starts_s, _WINDOW_S))
    told = hear_roles(Excerpts(audio, song.channels, 0, song.sample_rate), ear)
    silent = [survey.silent for survey in surveys]
    return [_heard(track.name, row, mute) for track, row, mute in zip(song.tracks, told, silent, strict=True)]


def _surveyed(places: Sequence[Path], progress: Progress) -> tuple[Song, list[Survey]]:
    song = Song.of_stems(find_stems(places))
    with progress.phase("listening", 1) as advance:
        done = 0.0

        def tell(frames: int, total: int) -> None:
            nonlocal done
            share = frames / max(1, total)
            advance(share - done)
            done = share

        surveys = survey_files([track.path for track in song.tracks], tell)
    return song.with_surveys(surveys), list(surveys)


def _heard(name: str, probabilities: Tensor, silent: bool) -> HeardRole:
    (first, second), (role, other) = (part.tolist() for part in probabilities.topk(2))
    if silent:
        return HeardRole(name, "", 0.0, "", 0.0)
    return HeardRole(name, ROLE_NAMES[int(role)], first, ROLE_NAMES[int(other)], second)
