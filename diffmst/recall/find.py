"""From stems and their finished mix to the settings that made it."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.signal import decimate
from torch import Tensor

from diffmst.audio import read
from diffmst.data.song import Song
from diffmst.dsp.loudness import pooled_loudness
from diffmst.errors import UserError
from diffmst.excerpts import Excerpts
from diffmst.gauge import regauged, usual_gauge
from diffmst.layout import Layout, Settings
from diffmst.listening import Heard
from diffmst.passages import ANYWHERE, Windows, song_passages
from diffmst.prior import sane_prior
from diffmst.progress import Progress
from diffmst.random_mix.rendering import mix_at_loudness
from diffmst.recall.align import COARSE_RATE, Alignment, coarse_alignment, fine_alignment, realigned
from diffmst.recall.descent import STAGES, descend
from diffmst.recall.interpolation import Audio
from diffmst.recall.linear import LEAST_DB, levels_and_pans, linear_gains
from diffmst.recall.paired_distance import PairedDistance
from diffmst.sanity import track_levels_lufs
from diffmst.strips import row_tracks
from diffmst.tidy import without_faint_sends

WINDOWS = Windows(seconds=4.0, count=5)
_LEAST_SHARED_S = 1.0
_MOST_DB = 99.0
_SEND_DB = -30.0  # where sends begin: far below what is heard, near enough to be found
_FAINT_SEND_DB = -45.0  # what is found under it might as well be off
_LOW_SENDS_DB = (-36.0, -30.0)  # under these, if the mix comes no less near without them: they were on their way off
_NOTHING_LOST = 2e-3  # of the distance
_UNMOVED_DB = 0.05
_SILENT_PEAK = 1e-5


class Paired(NamedTuple):
    """Windows of stems and of their mix, in step.

    Attributes:
        excerpts: of the stems.
        target: of the mix, [windows, 2, time].
        starts_s: in the song.
        window_s: their length.
        alignment: of song and mix.
    """

    excerpts: Excerpts
    target: Tensor
    starts_s: tuple[float, ...]
    window_s: float
    alignment: Alignment


class Found(NamedTuple):
    """What was found.

    Attributes:
        settings: physical, batch of one, float64.
        paired: what they were found on.
        mix: the finished mix in stereo, at the rate of the song, [2, time].
        before: terms of the distance of levels and pans alone.
        after: of all settings.
        lacking: per track whether the mix seems not to hold it.
        unheard: per track whether it is silent where it was compared with the mix.
        over_residual_db: of every track, how loud it is in the mix against what is not explained.
        out_of_time: whether the time limit ended the descent.
    """

    settings: Settings
    paired: Paired
    mix: Audio
    before: dict[str, float]
    after: dict[str, float]
    lacking: tuple[bool, ...]
    over_residual_db: tuple[float, ...]
    unheard: tuple[bool, ...]
    out_of_time: bool


def find_settings(heard: Heard, layout: Layout, progress: Progress, *, steps: float = 1.0, seconds: float) -> Found:
    """The settings that turn the stems into the mix that was heard as their reference.

    Args:
        heard: the stems and the finished mix.
        layout: the console's controls.
        progress: told how far it is.
        steps: share of the usual steps of descent.
        seconds: of descent, at most.

    Raises:
        UserError: the mix is not made of these stems.
    """
    with progress.phase("aligning", 1):
        mix = _in_stereo(read(heard.reference.info.path, sample_rate=heard.song.sample_rate))
        alignment = _aligned(heard, mix)
    with progress.phase("choosing passages", 1):
        paired = _paired(heard, mix, alignment)
    start, lacking = linear_start(paired, heard, layout)
    paired = _realigned(paired, mix, start, layout)
    stages = [stage.shortened(steps) for stage in STAGES]
    with progress.phase("recalling", 1) as advance:
        found = descend(
            paired.excerpts, _distance(paired), start, layout, stages=stages, seconds=seconds, on_step=advance
        )
    settings = _without_needless_sends(paired, without_idle_sends(found.settings, layout), layout)
    before, after = (_terms(paired, each, layout) for each in (start, settings))
    over_db = _over_residual_db(paired, settings, layout)
    unheard = _unheard(paired.excerpts)
    told = torch.from_numpy(~unheard & ~np.array(lacking))
    settings = regauged(settings, usual_gauge([settings], told, layout), layout)
    return Found(settings, paired, mix, before, after, lacking, over_db, tuple(unheard.tolist()), found.out_of_time)


def _aligned(heard: Heard, mix: Audio) -> Alignment:
    song, rate = _sum_of_stems(heard.song), heard.song.sample_rate
    factor = max(1, round(rate / COARSE_RATE))
    low_song, low_mix = (
        decimate(x.astype(np.float32), factor, ftype="fir") if factor > 1 else x for x in (song, mix.mean(0))
    )
    coarse = coarse_alignment(low_song, low_mix, str(heard.reference.info.path))
    return fine_alignment(song, mix, rate, coarse._replace(offset_samples=coarse.offset_samples * factor))


def _sum_of_stems(song: Song) -> Audio:
    ends = np.cumsum(song.channels)
    with song.reader() as blocks:
        sums = [
            sum(
                (block[end - count : end].mean(0) for end, count in zip(ends, song.channels, strict=True)),
                np.zeros(block.shape[1], np.float32),
            )
            for block in blocks
        ]
    return np.concatenate(sums)


def _in_stereo(mix: Audio) -> Audio:
    return np.broadcast_to(mix, (2, mix.shape[1]))


def _paired(heard: Heard, mix: Audio, alignment: Alignment) -> Paired:
    """Windows that lie in both."""
    rate = heard.song.sample_rate
    shared = alignment.shared(heard.song.frames, mix.shape[1])
    if shared.stop - shared.start < min(_LEAST_SHARED_S * rate, heard.song.frames):
        raise UserError(
            f"{heard.reference.info.path}: shares less than {_LEAST_SHARED_S:g} s with the stems; "
            "give the mix of the whole song"
        )
    excerpts, starts_s, window_s = song_passages(
        heard, ANYWHERE, WINDOWS, within_s=(shared.start / rate, shared.stop / rate)
    )
    target = _target(mix, starts_s, excerpts.audio.shape[-1] - excerpts.lead_frames, rate, alignment)
    return Paired(excerpts, target, starts_s, window_s, alignment)


def _target(mix: Audio, starts_s: tuple[float, ...], frames: int, sample_rate: int, alignment: Alignment) -> Tensor:
    cut = [alignment.cut(mix, round(start_s * sample_rate), frames) for start_s in starts_s]
    return torch.from_numpy(np.stack(cut))


def linear_start(paired: Paired, heard: Heard, layout: Layout) -> tuple[Settings, tuple[bool, ...]]:
    """Settings with the levels and pans of least squares and nothing else; and which tracks the mix seems to lack."""
    levels_db, pans = levels_and_pans(linear_gains(paired.excerpts, paired.target), heard.song.channels)
    settings = layout.from_unit(sane_prior(layout, heard.stems).mean)
    tracks = settings.tracks.clone()
    columns = {name: column for column, name in enumerate(layout.track.params)}
    unheard = _unheard(paired.excerpts)
    lacking = (levels_db <= LEAST_DB) & ~unheard
    fader_db = torch.from_numpy(levels_db) - tracks[0, :, columns["input.gain_db"]]
    told = torch.from_numpy(~lacking & ~unheard)
    if told.any():
        fader_db = fader_db - fader_db[told].mean()
    fader_db[torch.from_numpy(unheard)] = 0.0  # as loud as the rest: there is nothing to tell it by
    for name, values in (
        ("fader.gain_db", fader_db),
        ("panner.pan", torch.from_numpy(pans)),
        ("send.gain_db", torch.full_like(fader_db, _SEND_DB)),
    ):
        param = layout.track.params[name]
        tracks[0, :, columns[name]] = values.clamp(param.low, param.high)
    loudness_lufs = float(pooled_loudness(paired.target, paired.excerpts.sample_rate))
    start = mix_at_loudness(
        paired.excerpts, settings._replace(tracks=tracks), layout, loudness_lufs, windows=len(paired.target)
    )
    return start.settings, tuple(lacking.tolist())


def _unheard(excerpts: Excerpts) -> NDArray[np.bool_]:
    """Which tracks are silent in all windows, [tracks]."""
    peaks = excerpts.audio[..., excerpts.lead_frames :].abs().amax((0, 2)).numpy()
    loudest = np.zeros(len(excerpts.channels))
    np.maximum.at(loudest, row_tracks(excerpts.channels), peaks)
    return loudest < _SILENT_PEAK


def without_idle_sends(settings: Settings, layout: Layout) -> Settings:
    """Physical settings without sends that are faint, or stand where they began because nothing moved them."""
    column = layout.track.column("send.gain_db")
    tracks = settings.tracks.clone()
    idle = (tracks[..., column] - _SEND_DB).abs() < _UNMOVED_DB
    tracks[..., column] = torch.where(idle, layout.track.params["send.gain_db"].low, tracks[..., column])
    return without_faint_sends(settings._replace(tracks=tracks), layout, _FAINT_SEND_DB)


def _without_needless_sends(paired: Paired, settings: Settings, layout: Layout) -> Settings:
    """The same without low sends that bring the mix no nearer: a descent that ended early leaves them half way down."""
    least = sum(_terms(paired, settings, layout).values())
    for low_db in _LOW_SENDS_DB:
        without = without_faint_sends(settings, layout, low_db)
        if torch.equal(without.tracks, settings.tracks):
            continue
        if sum(_terms(paired, without, layout).values()) > least + _NOTHING_LOST:
            break
        settings = without
    return settings


def _realigned(paired: Paired, mix: Audio, settings: Settings, layout: Layout) -> Paired:
    """The same with the target where the mix as it is made so far says it is."""
    rate = paired.excerpts.sample_rate
    with torch.no_grad():
        made = paired.excerpts.mixed(settings, layout).mean(1).numpy()
    starts = [round(start_s * rate) for start_s in paired.starts_s]
    alignment = realigned(made, starts, mix, paired.alignment)
    return paired._replace(
        target=_target(mix, paired.starts_s, paired.target.shape[-1], rate, alignment), alignment=alignment
    )


def _over_residual_db(paired: Paired, settings: Settings, layout: Layout) -> tuple[float, ...]:
    """The loudness of every track over that of the residual, the gain of the master being the same for all."""
    rate = paired.excerpts.sample_rate
    with torch.no_grad():
        made = paired.excerpts.mixed(settings, layout)
    levels_lufs = track_levels_lufs(paired.excerpts, settings, layout)
    all_lufs = 10 * torch.log10((10 ** (levels_lufs / 10)).sum())
    under_db = pooled_loudness(made, rate) - pooled_loudness(made - paired.target, rate)
    over_db = (levels_lufs - all_lufs + under_db).clamp(-_MOST_DB, _MOST_DB).nan_to_num(-_MOST_DB)
    return tuple(over_db.tolist())


def _distance(paired: Paired) -> Callable[[Tensor], dict[str, Tensor]]:
    return PairedDistance(paired.target, paired.excerpts.sample_rate)


def _terms(paired: Paired, settings: Settings, layout: Layout) -> dict[str, float]:
    with torch.no_grad():
        terms = _distance(paired)(paired.excerpts.mixed(settings, layout))
    return {name: float(term) for name, term in terms.items()}
