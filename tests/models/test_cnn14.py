from itertools import pairwise

import numpy as np
import pytest
import scipy.signal
import torch

from diffmst.models.cnn14 import CNN14, compressed_magnitudes

CHANNELS = (3, 4, 5)


@pytest.fixture
def noise(generator):
    return torch.randn(6, 5_000, generator=generator, dtype=torch.float64)


@pytest.fixture
def settled(noise):
    """A small network in double precision whose batch norms have heard something."""
    torch.manual_seed(3)
    network = CNN14(7, CHANNELS).double()
    for norm in norms_of(network):
        torch.nn.init.uniform_(norm.weight, 0.5, 2)
        torch.nn.init.normal_(norm.bias)
    for _ in range(3):
        network(noise)
    return network.eval()


def norms_of(network):
    return [module for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d)]


def test_cnn14_has_the_published_number_of_weights():
    with torch.device("meta"):
        network = CNN14(512)
    assert sum(weight.numel() for weight in network.parameters()) == 76_526_400


@pytest.mark.parametrize("time", [2_048, 5_001])
def test_the_spectrogram_is_that_of_scipy(generator, time):
    x = torch.randn(2, time, generator=generator, dtype=torch.float64)
    mirrored = np.pad(x.numpy(), ((0, 0), (1_024, 1_024)), mode="reflect")
    _, _, spectra = scipy.signal.stft(
        mirrored, window="hann", nperseg=2_048, noverlap=2_048 - 512, boundary=None, padded=False
    )
    unscaled = np.abs(spectra) * scipy.signal.get_window("hann", 2_048).sum()
    expected = (unscaled.swapaxes(-1, -2) + 1e-8) ** 0.3
    found = compressed_magnitudes(x)
    assert found.shape == (2, time // 512 + 1, 1_025)
    np.testing.assert_allclose(found, expected, rtol=1e-9)  # two transforms in double precision


def reference_cnn14(network, x):
    """One signal through the network in numpy and scipy, layer by layer as the PANNs describe it."""
    maps = compressed_magnitudes(x[None])[0].numpy()[None]
    for index, block in enumerate(network.blocks):
        for layer in block:
            kernels, norm = layer.convolution.weight.detach().numpy(), layer.norm
            maps = np.stack(
                [
                    sum(scipy.signal.correlate2d(m, k, mode="same") for m, k in zip(maps, kernel, strict=True))
                    for kernel in kernels
                ]
            )
            mean, variance, gain, offset = (
                value.detach().numpy()[:, None, None]
                for value in (norm.running_mean, norm.running_var, norm.weight, norm.bias)
            )
            maps = np.maximum(0, (maps - mean) / np.sqrt(variance + 1e-5) * gain + offset)
        if index < len(network.blocks) - 1:
            frames, bins = (size // 2 * 2 for size in maps.shape[1:])
            maps = maps[:, :frames, :bins].reshape(len(maps), frames // 2, 2, bins // 2, 2).mean((2, 4))
    over_time = maps.mean(2)
    return (over_time.max(1) + over_time.mean(1)) @ network.embedding.weight.detach().numpy().T + (
        network.embedding.bias.detach().numpy()
    )


def test_the_network_is_that_of_the_panns(settled, noise):
    with torch.no_grad():
        found = settled(noise[:1])[0]
    np.testing.assert_allclose(found, reference_cnn14(settled, noise[0]), rtol=1e-9)


def test_what_is_heard_at_once_does_not_matter(settled, noise):
    """Six signals are encoded in several parts."""
    with torch.no_grad():
        together, alone = settled(noise), torch.cat([settled(x[None]) for x in noise])
    torch.testing.assert_close(together, alone, rtol=1e-12, atol=1e-12)


def test_recomputing_changes_neither_gradients_nor_statistics(noise):
    results = []
    for recompute in (False, True):
        torch.manual_seed(5)
        network = CNN14(7, CHANNELS, recompute=recompute).double()
        network(noise).square().sum().backward()
        gradients = [weight.grad for weight in network.parameters()]
        results.append((gradients, [norm.running_var for norm in norms_of(network)]))
        assert all(norm.momentum == 0.1 for norm in norms_of(network))
    torch.testing.assert_close(*results, rtol=0, atol=0)


def test_training_learns_statistics_of_all_signals_together(noise):
    network = CNN14(7, CHANNELS).double()
    first = network.blocks[0][0]
    network(noise)
    heard = first.convolution(compressed_magnitudes(noise)[:, None])
    expected = 0.1 * heard.mean((0, 2, 3))  # from 0, with a momentum of 0.1
    torch.testing.assert_close(first.norm.running_mean, expected)


def test_silence_has_an_embedding_and_finite_gradients():
    network = CNN14(7, CHANNELS)
    embedding = network(torch.zeros(2, 4_000))
    embedding.sum().backward()
    assert embedding.isfinite().all()
    assert all(weight.grad.isfinite().all() for weight in network.parameters())


@pytest.mark.parametrize(("blocks", "shortest"), [(1, 1_025), (4, 3_584)])
def test_the_shortest_signal_still_gives_a_frame(blocks, shortest):
    network = CNN14(7, (2,) * blocks).eval()
    x = torch.randn(1, shortest)
    assert network(x).isfinite().all()
    with pytest.raises(ValueError, match=f"at least {shortest} samples, got {shortest - 1}"):
        network(x[:, 1:])


def test_blocks_have_the_channels_asked_for():
    network = CNN14(7, CHANNELS)
    shapes = [tuple(block[0].convolution.weight.shape[:2]) for block in network.blocks]
    assert shapes == [(outputs, inputs) for inputs, outputs in pairwise((1, *CHANNELS))]
