import numpy as np
import pytest
import torch
from scipy.signal import butter, fftconvolve, sosfiltfilt
from torch.autograd import gradcheck

from diffmst.dsp import reverb
from diffmst.dsp.streamed_convolution import PartitionedConvolver

SAMPLE_RATE = 44_100
BANDS = len(reverb.BAND_NAMES)
OCTAVES = range(1, BANDS - 1)  # the bands that lie within the range of hearing whole


def flat(rt60_s=0.5, gain_db=0.0, batch=1, dtype=torch.float32):
    return {
        "gain_db": torch.full((batch, BANDS), gain_db, dtype=dtype),
        "rt60_s": torch.full((batch, BANDS), rt60_s, dtype=dtype),
    }


def alone(band, rt60_s=0.5):
    """Controls under which one band sounds."""
    controls = flat(rt60_s, gain_db=-200.0)
    controls["gain_db"][:, band] = 0
    return controls


def measured_rt60_s(response, sample_rate):
    """Schroeder: the energy still to come falls by 20 dB between -5 and -25 dB; three times that is the RT60."""
    energy = np.cumsum(response[::-1] ** 2)[::-1]
    decay_db = 10 * np.log10(energy / energy[0] + 1e-30)
    inside = (decay_db < -5) & (decay_db > -25)
    time_s = np.arange(len(response)) / sample_rate
    return -60 / np.polyfit(time_s[inside], decay_db[inside], 1)[0]


def test_noise_is_the_same_everywhere():
    """Golden values: the bits of Philox, which numpy promises to keep, as numbers in +-sqrt(3)."""
    expected = [[-1.128136, -0.882237, -0.176233], [0.565111, 0.323426, -0.886777]]
    np.testing.assert_allclose(reverb.white_noise(3), expected, rtol=0, atol=1e-6)


def test_noise_is_white_and_independent():
    noise = reverb.white_noise(200_000)
    standard_error = 200_000**-0.5
    assert abs(noise.var() - 1) < 4 * standard_error
    assert abs((noise[0] * noise[1]).mean()) < 4 * standard_error
    assert abs((noise[:, 1:] * noise[:, :-1]).mean()) < 4 * standard_error


@pytest.mark.parametrize("sample_rate", [22_050, 44_100, 192_000])
def test_bands_add_up_to_the_noise(sample_rate):
    taps = 1000
    bands, _, fade = reverb.noise_bands(sample_rate, taps)
    early = (reverb._split_filters(sample_rate).shape[-1] - 1) // 2
    noise = reverb.white_noise(early + taps)[:, early:]
    np.testing.assert_allclose(bands.sum(0), noise, rtol=0, atol=1e-6)  # the bands are kept in float32
    assert fade[-1] < 0.01


def test_longer_decay_begins_with_the_same_noise():
    short, _, _ = reverb.noise_bands(SAMPLE_RATE, 1000)
    long, _, _ = reverb.noise_bands(SAMPLE_RATE, 1500)
    np.testing.assert_allclose(long[..., :1000], short, rtol=0, atol=1e-6)


@pytest.mark.parametrize("rt60_s", [0.2, 1.0])
@pytest.mark.parametrize("band", OCTAVES)
def test_band_decays_in_its_rt60(band, rt60_s):
    """Within 5 %, or, where the octave is narrow, what the few independent values of its noise allow."""
    left, right = reverb.impulse_response(SAMPLE_RATE, **alone(band, rt60_s))[0].double().numpy()
    measured_s = (measured_rt60_s(left, SAMPLE_RATE) + measured_rt60_s(right, SAMPLE_RATE)) / 2
    independent_values = 2 * 0.7 * reverb.CENTERS_HZ[band] * rt60_s
    assert measured_s == pytest.approx(rt60_s, rel=0.05 + independent_values**-0.5)


def test_bands_decay_each_on_its_own():
    controls = flat(0.3)
    controls["rt60_s"][:, 8:] = 0.9  # from 4 kHz up
    response = reverb.impulse_response(SAMPLE_RATE, **controls)[0].double().numpy()
    for center_hz, rt60_s in ((1000, 0.3), (8000, 0.9)):
        octave = butter(4, [center_hz / 2**0.5, center_hz * 2**0.5], "band", fs=SAMPLE_RATE, output="sos")
        measured_s = [measured_rt60_s(channel, SAMPLE_RATE) for channel in sosfiltfilt(octave, response)]
        assert np.mean(measured_s) == pytest.approx(rt60_s, rel=0.1)


@pytest.mark.parametrize("rt60_s", [0.1, 0.5, 2.0])
def test_reverb_returns_the_energy_that_goes_in_whatever_its_decay(rt60_s):
    response = reverb.impulse_response(SAMPLE_RATE, **flat(rt60_s))
    energy_db = 10 * response.double().square().sum(-1).log10()
    assert energy_db.abs().max() < 0.1  # what is left is the chance overlap of neighbouring bands


def test_gain_of_a_band_is_its_level():
    changed = flat(0.5)
    changed["gain_db"][:, 7] = 6  # 2 kHz
    responses = [reverb.impulse_response(SAMPLE_RATE, **controls) for controls in (flat(0.5), changed)]
    before, after = (torch.fft.rfft(response.double(), SAMPLE_RATE).abs().square() for response in responses)
    for center_hz, expected_db in ((500, 0), (2000, 6), (8000, 0)):
        near = slice(int(center_hz * 0.95), int(center_hz * 1.05))
        gain_db = 10 * (after[..., near].mean() / before[..., near].mean()).log10()
        assert gain_db.item() == pytest.approx(expected_db, abs=0.1)


@pytest.mark.parametrize("sample_rate", [22_050, 44_100])
def test_bands_below_the_nyquist_frequency_sound_and_those_above_are_silent(sample_rate):
    for band, center_hz in enumerate(reverb.CENTERS_HZ):
        energy = reverb.impulse_response(sample_rate, **alone(band, 0.1)).square().sum()
        if center_hz / 2 < sample_rate / 2:
            assert energy > 1e-4
        else:
            assert energy < 1e-12


def test_response_is_as_long_as_the_longest_decay_and_ends_in_silence():
    controls = flat(0.3)
    controls["rt60_s"][:, 3] = 0.7
    response = reverb.impulse_response(SAMPLE_RATE, **controls)
    assert response.shape == (1, 2, SAMPLE_RATE)  # 0.7 s, up to the next half second
    assert response[..., -10:].abs().max() < 1e-4 * response.abs().max()
    assert reverb.impulse_response(SAMPLE_RATE, **flat(10.0)).shape[-1] == reverb.LONGEST_S * SAMPLE_RATE


def test_reverb_equals_direct_convolution(generator):
    x = torch.randn(2, 2, 30_001, generator=generator)
    controls = flat(0.4, batch=2)
    y = reverb.reverb(x, SAMPLE_RATE, **controls, mix=torch.tensor([1.0, 0.25]))
    response = reverb.impulse_response(SAMPLE_RATE, **controls).double().numpy()
    wet = fftconvolve(x.double().numpy(), response, axes=-1)[..., : x.shape[-1]]
    expected = np.stack([wet[0], 0.25 * wet[1] + 0.75 * x[1].double().numpy()])
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-6 * np.abs(expected).max())


def test_stream_equals_the_whole(generator):
    x = torch.randn(2, 50_000, generator=generator)
    whole = reverb.reverb(x[None], SAMPLE_RATE, **flat(1.0), mix=torch.ones(1))[0]
    controls = {name: control.numpy() for name, control in flat(1.0).items()}
    convolver = PartitionedConvolver(reverb.impulse_response(SAMPLE_RATE, **controls)[0])
    stream = np.concatenate([convolver.process(block.numpy()) for block in x.split([1, 9999, 40_000], -1)], -1)
    np.testing.assert_allclose(stream, whole, rtol=0, atol=1e-6 * whole.abs().max().item())


def test_one_setting_serves_a_batch(generator):
    x = torch.randn(3, 2, 1000, generator=generator)
    shared = reverb.reverb(x, SAMPLE_RATE, **flat(0.2), mix=torch.full((1,), 0.5))
    separate = reverb.reverb(x, SAMPLE_RATE, **flat(0.2, batch=3), mix=torch.full((3,), 0.5))
    torch.testing.assert_close(shared, separate)


def test_reverb_passes_gradcheck(generator):
    rate = 400  # few taps; all octaves below 200 Hz
    x = torch.randn(1, 2, 30, generator=generator, dtype=torch.float64)
    gain_db = torch.randn(1, BANDS, generator=generator, dtype=torch.float64)
    rt60_s = torch.linspace(0.1, 0.4, BANDS, dtype=torch.float64)[None]
    mix = torch.tensor([0.4], dtype=torch.float64)

    def process(x, gain_db, rt60_s, mix):
        return reverb.reverb(x, rate, gain_db=gain_db, rt60_s=rt60_s, mix=mix)

    assert gradcheck(process, [tensor.requires_grad_() for tensor in (x, gain_db, rt60_s, mix)], fast_mode=True)


@pytest.mark.parametrize("signal", ["noise", "silence"])
@pytest.mark.parametrize("sample_rate", [22_050, 44_100])
def test_gradients_are_finite_at_both_ends_of_the_ranges(generator, sample_rate, signal):
    for gain, rt60, amount in ((-80.0, 0.05, 0.0), (24.0, 6.0, 1.0)):
        controls = flat(rt60, gain) | {"mix": torch.tensor([amount])}
        leaves = [control.requires_grad_() for control in controls.values()]
        x = torch.randn(1, 2, 500, generator=generator) * (signal == "noise")
        y = reverb.reverb(x.requires_grad_(), sample_rate, **controls)
        y.square().sum().backward()
        assert torch.isfinite(y).all()
        assert all(torch.isfinite(tensor.grad).all() for tensor in (x, *leaves))


def test_wrong_number_of_bands_is_refused():
    with pytest.raises(ValueError, match="rt60_s must have 12 bands, got 3"):
        reverb.impulse_response(SAMPLE_RATE, torch.zeros(1, BANDS), torch.ones(1, 3))
