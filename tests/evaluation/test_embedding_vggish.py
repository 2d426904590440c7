import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from songs import noise, write

from diffmst.errors import UserError
from diffmst.evaluation.frechet import embed_file, load_embedding
from diffmst.evaluation.frechet.vggish import VGGish, VGGishEmbedding, log_mel

# What torchvggish 0.2 (torch 2.13) says of `sweep`, with the weights of `weight` and two hidden layers 64 wide: some of
# the logarithmic mel bands by patch, frame and band; their mean and deviation; and some of the vectors' numbers.
MEL = {(0, 0, 0): 0.399805, (0, 30, 20): -4.261956, (1, 0, 63): -4.604676, (1, 95, 40): -3.056240}
MEL_MEAN, MEL_DEVIATION = -3.877344, 1.626859
PLACES = [0, 1, 2, 63, 127]
VECTORS = [[-0.1522, -0.1102, -0.1449, 0.3054, -0.2422], [-0.1663, -0.1538, -0.1298, 0.3450, -0.2234]]
DEVIATIONS = [0.27578625, 0.2786769]

HIDDEN = 64
PATCH, HOP = 15_600, 15_360  # samples


def sweep():
    """Two patches and a little more, at 16 kHz, float64."""
    time_s = np.arange(31_200) / 16_000
    return 0.1 * np.sin(2 * np.pi * (200 * time_s + 750 * time_s**2)) + 0.05 * np.sin(2 * np.pi * 3_000 * time_s) * (
        time_s % 0.5 < 0.1
    )


def weight(place, shape):
    """Numbers that look random, the same on every machine: multiples of the golden ratio in 32 bits."""
    places = np.arange(np.prod(shape), dtype=np.uint64) + np.uint64(place * 7_919)
    even = (places * np.uint64(2_654_435_761) % np.uint64(2**32)) / 2**31 - 1
    fan = np.prod(shape[1:]) if len(shape) > 1 else 300
    return torch.from_numpy((even * np.sqrt(6 / fan)).astype(np.float32).reshape(shape))


@pytest.fixture(scope="module")
def network():
    network = VGGish(HIDDEN).eval()
    weights = {name: weight(place, tuple(x.shape)) for place, (name, x) in enumerate(network.state_dict().items())}
    network.load_state_dict(weights)
    return network


@pytest.fixture(scope="module")
def full_size():
    """The whole network on no memory: one number per layer, seen everywhere; its vectors are the last offset."""
    shapes = {name: x.shape for name, x in torch.nn.Module.state_dict(_empty()).items()}
    return {
        name: torch.full((1,), 0.25 if name == "embeddings.4.bias" else 0.0).expand(s) for name, s in shapes.items()
    }


def _empty():
    with torch.device("meta"):
        return VGGish()


def test_mel_bands_are_those_of_the_usual_port():
    patches = log_mel(torch.from_numpy(sweep()))[:192].unflatten(0, (2, 96))
    for place, expected in MEL.items():
        assert patches[place] == pytest.approx(expected, abs=1e-6)  # as many digits as are given
    assert patches.mean() == pytest.approx(MEL_MEAN, abs=1e-6)
    assert patches.std(correction=0) == pytest.approx(MEL_DEVIATION, abs=1e-6)


def test_vectors_are_those_of_the_usual_port(network):
    patches = log_mel(torch.from_numpy(sweep()))[:192].unflatten(0, (2, 96)).float()
    with torch.no_grad():
        vectors = network(patches)
    np.testing.assert_allclose(vectors[:, PLACES], VECTORS, atol=1e-4)  # as many digits as are given
    np.testing.assert_allclose(vectors.std(1, correction=0), DEVIATIONS, atol=1e-5)


def test_windows_make_the_patches_of_the_file_as_a_whole():
    assert VGGishEmbedding.window_s * 16_000 == PATCH and VGGishEmbedding.hop_s * 16_000 == HOP
    x = torch.from_numpy(sweep())
    whole = log_mel(x)[:192].unflatten(0, (2, 96))
    torch.testing.assert_close(log_mel(x.unfold(0, PATCH, HOP)), whole)


def test_the_network_is_the_published_one():
    weights = _empty().state_dict()
    assert sum(x.numel() for x in weights.values()) == 72_141_184
    assert list(weights)[:2] == ["features.0.weight", "features.0.bias"]
    assert weights["features.13.weight"].shape == (512, 512, 3, 3)
    assert weights["embeddings.0.weight"].shape == (4_096, 12_288)
    assert list(weights)[-1] == "embeddings.4.bias"


def test_weights_of_torch_are_read_and_others_in_the_file_left_alone(full_size, tmp_path):
    torch.save(full_size | {"pproc.means": torch.zeros(3)}, tmp_path / "vggish.pth")
    embedding = load_embedding(f"vggish:{tmp_path / 'vggish.pth'}")
    vectors = embed_file(write(tmp_path / "mix.wav", noise(2.0, 1, 22_050)), embedding)
    np.testing.assert_array_equal(vectors, np.full((2, 128), 0.25))


def test_weights_that_do_not_fit_are_refused(full_size, tmp_path):
    def refused(weights, words):
        path = tmp_path / "vggish.pth"
        torch.save(weights, path)
        with pytest.raises(UserError, match=words):
            VGGishEmbedding(path)

    refused({}, r"vggish\.pth: features\.0\.weight is missing")
    refused(full_size | {"features.3.bias": torch.zeros(7)}, r"features\.3\.bias must be \[128\], got \[7\]")
    refused(full_size | {"features.3.bias": torch.full((128,), torch.nan)}, r"features\.3\.bias is not finite")
    refused([1, 2], "holds no state dict")
    refused({"features.0.weight": print}, "cannot be read")


def test_files_that_are_no_weights_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"none\.pth: no such file"):
        VGGishEmbedding(tmp_path / "none.pth")
    for name in ("text.pth", "text.safetensors"):
        (tmp_path / name).write_text("no weights")
        with pytest.raises(UserError, match=f"{name}: cannot be read"):
            VGGishEmbedding(tmp_path / name)
    save_file({"features.0.weight": torch.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(UserError, match=r"must be \[64, 1, 3, 3\]"):
        VGGishEmbedding(tmp_path / "other.safetensors")
