"""The console in band powers: what settings do to the spectrum of every track and of the mix, without audio.

What `console.mix` does to sound is done here to its power in frames and bands (`dsp.band_powers`), at a small part of
the cost and differentiable in the settings and in the powers. It is an approximation: tracks are unrelated to each
other, so that their powers add; a filter scales a band by its mean gain; a compressor hears the level of a frame, from
which `dsp.band_dynamics` reckons what its detector, which hears samples, makes of it; a reverb is a decay of power.

On real and generated stems under random settings it is off by (median and 95 %, in dB): levels of tracks 0.1 and 0.5,
their spectra 0.1 and 0.6, gain reduction of frames 0.2 and 0.8, the level of the mix 0.15 and 0.6, its spectrum 0.25
and 0.8. A window begins as if what came before it had been like its first second, mirrored.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from diffmst.dsp import stereo
from diffmst.dsp.band_dynamics import MIX_SETTLING, STEM_SETTLING, compressor_gains_db
from diffmst.dsp.band_powers import CROSS, LEFT, RIGHT, band_points_hz, k_weights
from diffmst.dsp.band_reverb import reverberated
from diffmst.dsp.filters import equalizer_coefficients, frequency_response_db
from diffmst.dsp.loudness import energy_to_lufs
from diffmst.layout import DEFAULT, Layout, Section, Settings

_POINTS = 3  # of a band, at which the response of an equalizer is taken


class BandMix(NamedTuple):
    """A mix in band powers; a leading axis is there if the powers of the tracks had one.

    Attributes:
        tracks: after fader and pan, [batch, windows, tracks, 3, frames, bands].
        bus: their sum with the reverb, before the master, [batch, windows, 3, frames, bands].
        mix: [batch, windows, 3, frames, bands].
        gain_reduction_db: of the tracks' compressors, at most 0, without makeup, [batch, windows, tracks, frames].
    """

    tracks: Tensor
    bus: Tensor
    mix: Tensor
    gain_reduction_db: Tensor


def mix_bands(
    powers: Tensor,
    mono: Sequence[bool] | Tensor,
    settings: Settings[Tensor],
    sample_rate: int,
    layout: Layout = DEFAULT,
    muted: Sequence[bool] | Tensor | None = None,
) -> BandMix:
    """The mix of a song, or of several, in band powers.

    Args:
        powers: of the tracks, as `dsp.band_powers` gives them.
        mono: which tracks have one channel: they are panned, the others balanced.
        settings: physical; a batch of one serves all songs.
        sample_rate: at which the console would run, Hz.
        layout: the console's controls.
        muted: tracks left out.

    Shape: powers [batch, windows, tracks, 3, frames, bands], or without batch; mono and muted [batch, tracks] or
        [tracks]; of what is returned see `BandMix`.

    Raises:
        ValueError: the settings are for another number of tracks, or for several songs where there is one.
    """
    tracks = powers.shape[-4]
    if settings.tracks.shape[-2] != tracks:
        raise ValueError(f"settings are for {settings.tracks.shape[-2]} tracks, the powers are of {tracks}")
    if powers.ndim == 5:
        if len(settings.tracks) != 1:
            raise ValueError(f"settings are for {len(settings.tracks)} songs, the powers are of one without batch axis")
        return BandMix(*(part[0] for part in mix_bands(powers[None], mono, settings, sample_rate, layout, muted)))
    settings = Settings(*(part.to(powers) for part in settings))
    level, send = _levels(layout.track, settings.tracks, muted)
    values, panned = settings.tracks[:, None], _panned(layout.track, settings.tracks, mono)[:, None]
    outputs = level[:, None, :, None] * panned
    wet, gain_reduction_db = _strip(powers, layout.track, values, sample_rate, outputs, STEM_SETTLING)
    fx = layout.fx.controls(settings.fx, "reverb")
    # What the reverb lets through of a track adds to its sound itself, not to its power.
    direct = 1 + (1 - fx["mix"])[:, None] * send
    dry, sent = torch.einsum("bot,bwtcfn->obwcfn", torch.stack([direct, send], 1).square(), wet)
    bus = dry + reverberated(sent[..., :CROSS, :, :], gain_db=fx["gain_db"], rt60_s=fx["rt60_s"], amount=fx["mix"])
    return BandMix(wet, bus, master_bands(bus, settings.master, sample_rate, layout), gain_reduction_db)


def master_bands(bus: Tensor, master: Tensor, sample_rate: int, layout: Layout = DEFAULT) -> Tensor:
    """What the master bus makes of the sum of the tracks.

    Args:
        bus: see `BandMix`.
        master: settings, physical.
        sample_rate: at which the console would run, Hz.
        layout: the console's controls.

    Shape: bus [batch, windows, 3, frames, bands]; master [batch, controls]; returns the shape of the bus.
    """
    fader = _power_gain(layout.master, master, "fader")[:, None, None].expand(-1, -1, 3)
    mixed, _ = _strip(bus, layout.master, master[:, None], sample_rate, fader, MIX_SETTLING)
    width = layout.master.controls(master, "image").get("width")
    return mixed if width is None else torch.einsum("bio,bwifn->bwofn", _widened(width), mixed)


def master_reduction_db(bus: Tensor, master: Tensor, sample_rate: int, layout: Layout = DEFAULT) -> Tensor:
    """Gain reduction of the master's compressor in every frame, at most 0, without makeup.

    Args:
        bus: see `BandMix`, of one song.
        master: settings, physical.
        sample_rate: at which the console would run, Hz.
        layout: the console's controls.

    Shape: bus [windows, 3, frames, bands]; master [1, controls]; returns [windows, frames].
    """
    _, _, reduction_db = _strip_gains(bus, layout.master, master.to(bus), sample_rate, MIX_SETTLING)
    return reduction_db


def strip_loudness_lufs(powers: Tensor, section: Section, values: Tensor, sample_rate: int) -> Tensor:
    """Loudness of tracks behind input gain, equalizer and compressor, not gated, over all windows.

    Args:
        powers: of the tracks, as `dsp.band_powers` gives them.
        section: the controls of a track.
        values: of them, physical.
        sample_rate: at which the console would run, Hz.

    Shape: powers [windows, tracks, 3, frames, bands]; values [..., tracks, controls], of one song; returns [tracks].
    """
    values = values.reshape(powers.shape[1], -1).to(powers)
    tone, gains, _ = _strip_gains(powers, section, values, sample_rate, STEM_SETTLING)
    both = powers[..., LEFT, :, :] + powers[..., RIGHT, :, :]
    energies = (both @ (tone * k_weights().to(powers))[..., None])[..., 0] * gains
    return energy_to_lufs(energies.mean((0, 2)))


def equalizer_gains(section: Section, values: Tensor, sample_rate: int) -> Tensor:
    """Power gain of the equalizer of a section in every band, the mean over the band.

    Shape: values, physical, [..., controls]; returns [..., bands], of their type.
    """
    coefficients = equalizer_coefficients(sample_rate, **section.controls(values, "eq"))
    points_hz = band_points_hz(_POINTS).to(values.device)
    response_db = frequency_response_db(coefficients, sample_rate, points_hz.clamp(max=sample_rate / 2).flatten())
    return _db_to_power(response_db.unflatten(-1, points_hz.shape)).mean(-1).to(values.dtype)


def _strip(
    powers: Tensor, section: Section, values: Tensor, sample_rate: int, outputs: Tensor, settling: float
) -> tuple[Tensor, Tensor]:
    """Input gain, equalizer, compressor, and gains of left, right and cross; and the gain reduction.

    Shape: powers [..., 3, frames, bands]; values [..., controls], outputs [..., 3].
    """
    tone, gains, reduction_db = _strip_gains(powers, section, values, sample_rate, settling)
    factors = (outputs[..., None] * tone[..., None, :]).expand(*powers.shape[:-2], -1)
    scaled: Tensor = _Scaled.apply(powers, factors, gains)
    return scaled, reduction_db


def _strip_gains(
    powers: Tensor, section: Section, values: Tensor, sample_rate: int, settling: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Power gains of input and equalizer in every band, of the compressor in every frame; and the gain reduction.

    Shape: powers [..., 3, frames, bands]; values [..., controls]; returns [..., bands], [..., frames], [..., frames].
    """
    tone = equalizer_gains(section, values, sample_rate) * _power_gain(section, values, "input")[..., None]
    heard = (powers @ tone[..., None, :, None])[..., 0]
    controls = section.controls(values, "compressor")
    makeup_db = controls.pop("makeup_db")
    reduction_db = compressor_gains_db(heard, **controls, settling=settling)
    return tone, _db_to_power(reduction_db + makeup_db[..., None]), reduction_db


class _Scaled(torch.autograd.Function):
    """Powers times factors of outputs and bands, and gains of frames: three passes back, where autograd makes six.

    Shape: powers [..., 3, frames, bands]; factors [..., 3, bands]; gains [..., frames].
    """

    @staticmethod
    def forward(ctx: Any, powers: Tensor, factors: Tensor, gains: Tensor) -> Tensor:  # noqa: ANN401
        ctx.save_for_backward(powers, factors, gains)
        return (powers * factors[..., None, :]).mul_(gains[..., None, :, None])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:  # noqa: ANN401
        powers, factors, gains = ctx.saved_tensors
        to_both = gradient * powers
        to_factors = (gains[..., None, None, :] @ to_both)[..., 0, :]
        to_gains = (to_both @ factors[..., None])[..., 0].sum(-2)
        to_powers = None
        if ctx.needs_input_grad[0]:
            to_powers = gradient * factors[..., None, :] * gains[..., None, :, None]
        return to_powers, to_factors, to_gains


def _levels(section: Section, values: Tensor, muted: Sequence[bool] | Tensor | None) -> tuple[Tensor, Tensor]:
    """Power gain of the faders, and amplitude of the sends behind them; [batch, tracks] both."""
    level = _power_gain(section, values, "fader")
    if muted is not None:
        level = torch.where(torch.as_tensor(muted, device=level.device), 0.0, level)
    send_db = section.controls(values, "send").get("gain_db")
    return level, torch.zeros_like(level) if send_db is None else stereo.send_amplitude(send_db)


def _panned(section: Section, values: Tensor, mono: Sequence[bool] | Tensor) -> Tensor:
    """Gains of left, right and cross power by the panner, [batch, tracks, 3]."""
    pan = section.controls(values, "panner")["pan"]
    is_mono = torch.as_tensor(mono, device=pan.device)[..., None]
    gains = torch.where(is_mono, stereo.pan_gains(pan), stereo.balance_gains(pan))
    left, right = gains.unbind(-1)
    return torch.stack([left.square(), right.square(), left * right], -1)


def _widened(width: Tensor) -> Tensor:
    """What left, right and cross power (rows) become (columns) where the side is scaled; [batch] to [batch, 3, 3]."""
    own, other = (1 + width) / 2, (1 - width) / 2
    near, far, both = own.square(), other.square(), own * other
    rows = [[near, far, both], [far, near, both], [2 * both, 2 * both, near + far]]
    return torch.stack([torch.stack(row, -1) for row in rows], -2)


def _power_gain(section: Section, values: Tensor, effect: str) -> Tensor:
    """Of a gain effect, 1 where the section has no such effect."""
    gain_db = section.controls(values, effect).get("gain_db")
    return torch.ones_like(values[..., 0]) if gain_db is None else _db_to_power(gain_db)


def _db_to_power(db: Tensor) -> Tensor:
    return 10 ** (db / 10)
