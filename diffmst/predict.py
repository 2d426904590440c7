"""What a model believes of a song that was heard, as the prior of its refinement."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from diffmst.combined_prior import combined_prior
from diffmst.dsp.loudness import gain_to_loudness, pooled_loudness
from diffmst.errors import UserError
from diffmst.excerpts import Excerpts
from diffmst.layout import Section
from diffmst.listening import Heard
from diffmst.models.prediction import MixModel
from diffmst.models.prior_from_prediction import from_prediction
from diffmst.models.scene import Hearing, Scene, told_probabilities
from diffmst.passages import ANYWHERE, Listening, Windows, reference_passages, song_passages
from diffmst.prior import Prior, Stem
from diffmst.strips import row_tracks
from diffmst.task import REFERENCE_WINDOWS, SONG_WINDOWS, Task, at_master_level

_MIDDLE = 0.5
_STAGING_CONTROL = "input.gain_db"


class _Staged(NamedTuple):
    """Scenes of one song, and where its tracks come from.

    Attributes:
        scenes: as the model wants them, one per reference.
        tracks: of the song, for every track of the scene, [tracks of the scene].
        gains_db: that brought each to its loudness, [tracks of the scene].
    """

    scenes: list[Scene]
    tracks: Tensor
    gains_db: Tensor


def predicted_prior(model: MixModel, heard: Heard, task: Task, where: Listening = ANYWHERE) -> Prior:
    """The prior that a model predicts, for the stems as they are.

    Of several references each is heard by itself; see `combined_prior`.

    Silent tracks keep the place that `task.prior` gives them. A model that hears the sides of a stereo track as two
    tracks sets its one strip to the mean of both.

    Args:
        model: in evaluation mode.
        heard: the song and its references.
        task: of the same, in the model's layout.
        where: the user chose to listen.

    Raises:
        UserError: nothing sounds where the user chose to listen.
    """
    staged = _stage(heard, task, model.hearing, where)
    device = next(model.parameters()).device
    with torch.no_grad():  # not inference mode: what is cached on the way may be differentiated later
        prediction = model([_moved(scene, device) for scene in staged.scenes])
    priors = [from_prediction(prediction.song(at, scene.tracks)) for at, scene in enumerate(staged.scenes)]
    prior = combined_prior(priors, task.references, staged.scenes[0].excerpts, model.layout)
    unstaged = _unstaged(model.layout.track, prior.mean.tracks, staged.gains_db)
    tracks = _joined(unstaged, staged.tracks, task.prior.mean.tracks)
    tracks = _on_their_sides(tracks, task.stems, model.layout.track)
    widths = _joined(prior.width.tracks, staged.tracks, torch.zeros_like(task.prior.width.tracks))
    mean, width = prior.mean._replace(tracks=tracks), prior.width._replace(tracks=widths)
    prior = Prior(mean, width, mean)
    sets_master_level = bool(width.master[0, model.layout.master.column(_STAGING_CONTROL)] > 0)
    return prior if sets_master_level else at_master_level(prior, task.excerpts, task.layout)


def _on_their_sides(unit: Tensor, stems: Sequence[Stem], section: Section) -> Tensor:
    """The two files of a recording on the sides that they are of, as far out as they are; [1, tracks, controls]."""
    column, sides = section.column("panner.pan"), torch.tensor([float(stem.side) for stem in stems])
    pan = unit[..., column]
    there = _MIDDLE + sides.to(unit) * (pan - _MIDDLE).abs()
    unit = unit.clone()
    unit[..., column] = torch.where(sides.to(unit) == 0, pan, there)
    return unit


def _stage(heard: Heard, task: Task, hearing: Hearing, where: Listening) -> _Staged:
    """The scenes of a song and its references, without the tracks in which nothing sounds."""
    excerpts, references = _passages(heard, task, hearing, where)
    excerpts, tracks, lufs = (_channels_heard if hearing.split_stereo else _tracks_heard)(heard, excerpts)
    gains_db = hearing.track_lufs - lufs
    amplitudes = 10 ** (gains_db[torch.tensor(row_tracks(excerpts.channels))] / 20)
    excerpts = excerpts._replace(audio=excerpts.audio * amplitudes.float()[:, None])
    roles = told_probabilities([task.roles[track].probabilities for track in tracks.tolist()])
    sides = torch.tensor([float(heard.stems[track].side) for track in tracks.tolist()])
    scenes = [Scene(excerpts, roles, sides, _at_loudness(audio, excerpts.sample_rate, hearing)) for audio in references]
    return _Staged(scenes, tracks, gains_db)


def _at_loudness(reference: Tensor, sample_rate: int, hearing: Hearing) -> Tensor:
    return reference * gain_to_loudness(pooled_loudness(reference, sample_rate), hearing.reference_lufs)


def _passages(heard: Heard, task: Task, hearing: Hearing, where: Listening) -> tuple[Excerpts, list[Tensor]]:
    """What the model wants to hear of song and references; read from the files only where it is not in the task."""
    of_song = Windows(hearing.window_s, hearing.song_windows)
    of_reference = Windows(hearing.window_s, hearing.reference_windows)
    own_rate = hearing.sample_rate in (None, task.excerpts.sample_rate)
    if own_rate and (of_song, of_reference) == (SONG_WINDOWS, REFERENCE_WINDOWS):
        audio = task.excerpts.audio[..., task.excerpts.lead_frames :]
        return task.excerpts._replace(audio=audio, lead_frames=0), [reference.audio for reference in task.references]
    excerpts = song_passages(heard, where, of_song, lead_s=0.0, sample_rate=hearing.sample_rate).excerpts
    return excerpts, [
        reference_passages(reference.survey, where, of_reference, excerpts.sample_rate).audio
        for reference in heard.references
    ]


def _tracks_heard(heard: Heard, excerpts: Excerpts) -> tuple[Excerpts, Tensor, Tensor]:
    """The excerpts of those tracks that sound somewhere in the song, their numbers and loudness."""
    audible = torch.tensor([stem.audible for stem in heard.stems])
    tracks = audible.nonzero().flatten()
    channels = tuple(excerpts.channels[track] for track in tracks)
    audio = excerpts.audio if audible.all() else excerpts.audio[:, audible[row_tracks(excerpts.channels)]]
    lufs = torch.tensor([stem.loudness_lufs for stem in heard.stems], dtype=torch.float64)
    return excerpts._replace(audio=audio, channels=channels), tracks, lufs[audible]


def _channels_heard(_: Heard, excerpts: Excerpts) -> tuple[Excerpts, Tensor, Tensor]:
    """The excerpts of those channels that sound in them, as tracks, with the number of the track that each belongs to.

    Files are surveyed as a whole, so the loudness of a channel is that of its excerpts, as published.
    """
    rows = excerpts.audio.unbind(1)
    lufs = torch.stack([pooled_loudness(row[:, None], excerpts.sample_rate) for row in rows]).double()
    audible = lufs.isfinite()
    if not audible.any():
        raise UserError("nothing in the passage of the stems is louder than -70 LUFS; choose another --start")
    heard_rows = excerpts._replace(audio=excerpts.audio[:, audible], channels=(1,) * int(audible.sum()))
    return heard_rows, torch.tensor(row_tracks(excerpts.channels))[audible], lufs[audible]


def _moved(scene: Scene, device: torch.device) -> Scene:
    excerpts = scene.excerpts._replace(audio=scene.excerpts.audio.to(device))
    return Scene(excerpts, scene.roles.to(device), scene.sides.to(device), scene.reference.to(device))


def _unstaged(section: Section, unit: Tensor, gains_db: Tensor) -> Tensor:
    """Track settings for the stems as they are: what staging did is done by the input gain, as far as it goes."""
    return section.to_unit(section.moved(section.from_unit(unit), _STAGING_CONTROL, gains_db))


def _joined(unit: Tensor, tracks: Tensor, others: Tensor) -> Tensor:
    """The mean of what was said for each track of a song; [1, tracks, controls], from `others` where nothing was."""
    sums = torch.zeros_like(others).index_add_(1, tracks, unit)
    counts = tracks.bincount(minlength=others.shape[1])[:, None]
    return torch.where(counts > 0, sums / counts.clamp(min=1), others)
