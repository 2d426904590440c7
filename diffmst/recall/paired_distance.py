"""How far a mix is from the very mix that is wanted, sample by sample and band by band."""

import torch
from torch import Tensor

from diffmst.dsp.bands import band_weights, erb_edges_hz
from diffmst.dsp.framing import frame_size
from diffmst.dsp.measure import measure
from diffmst.dsp.spectrum import BandPower, Frames

FRAME_S = 2_048 / 44_100

RESIDUAL_WEIGHT = 1.0
SPECTROGRAM_WEIGHT = 1.0

_LEAST_SHARE = 1e-4  # of the power of a band: what is explained to 40 dB is explained
_HEARD_SHARE = 1e-6  # of all power: bands 60 dB under the mix hardly count


class PairedDistance:
    """The terms `residual` and `spectrogram` of a mix and the wanted one, both in 24 bands, of middle and side.

    The residual is the mean over bands of ln(|m - w|^2 / |w|^2): the likelihood of a mix w that was made as m but for
    noise of unknown power in each band, so every band is explained as well as it can be, and what no setting explains
    in one does not spoil the others. It sees phase, and far from the goal little else; there the spectrogram leads, the
    mean absolute difference of the levels of frames in nepers of power, which does not.

    Args:
        wanted: windows of the finished mix.
        sample_rate: Hz.

    Shape: wanted [windows, 2, time].
    """

    def __init__(self, wanted: Tensor, sample_rate: int) -> None:
        size = frame_size(sample_rate, FRAME_S)
        weights = band_weights(erb_edges_hz(), sample_rate, size).to(wanted.dtype)
        self._powers = BandPower(Frames(size, size // 2, mid_side=True), weights)
        self._wanted = wanted
        power = self._power(wanted).detach()
        band = power.sum((0, 1, 2)) / power[:, 0].shape[:2].numel()  # mean over frames, of middle and side together
        total = band.sum().clamp_min(1e-12)
        self._floor = _LEAST_SHARE * band + _HEARD_SHARE * total
        self._mean = power.mean((0, 2))
        self._levels = torch.log(power + self._floor)
        self._attention = (self._mean / (self._mean + self._floor)).detach()
        self._attention /= self._attention.sum().clamp_min(1e-12)

    def __call__(self, mix: Tensor) -> dict[str, Tensor]:
        """The terms for the same windows of another mix, [windows, 2, time]."""
        residual = self._power(mix - self._wanted).mean((0, 2))
        share = (residual + _LEAST_SHARE * self._mean + 1e-20) / (self._mean + self._floor)
        apart = (torch.log(self._power(mix) + self._floor) - self._levels).abs().mean((0, 2))
        return {
            "residual": RESIDUAL_WEIGHT * (self._attention * torch.log(share)).sum(),
            "spectrogram": SPECTROGRAM_WEIGHT * (self._attention * apart).sum(),
        }

    def _power(self, x: Tensor) -> Tensor:
        """[windows, middle and side, frames, bands]."""
        ((power,),) = measure(x, self._powers)
        return power[:, :2]
