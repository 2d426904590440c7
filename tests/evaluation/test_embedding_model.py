import numpy as np
import pytest
import torch
from songs import noise, write

from diffmst.errors import UserError
from diffmst.evaluation.frechet import embed_file, load_embedding
from diffmst.excerpts import Excerpts
from diffmst.models.checkpoint import save_model
from diffmst.models.diff_mst import PUBLISHED_HEARING, DiffMST, DiffMSTConfig
from diffmst.models.record import TrainingRecord
from diffmst.models.scene import ROLE_NAMES, Scene
from diffmst.models.style_transfer import DEFAULT_HEARING, StyleTransfer, StyleTransferConfig

RATE, SAMPLES = 44_100, 8_820
WINDOW_S = SAMPLES / RATE
TRAINING = TrainingRecord(licence="CC0-1.0")
TOLERANCE = 1e-5  # float32, whatever is taken together


def published(**changes):
    hearing = PUBLISHED_HEARING._replace(window_s=WINDOW_S)
    small = {"width": 16, "encoder_channels": (4, 6), "layers": 1, "heads": 2, "feedforward": 24}
    return DiffMST(DiffMSTConfig(hearing=hearing, **small, **changes))


def ours():
    hearing = DEFAULT_HEARING._replace(window_s=WINDOW_S, reference_lufs=-18.0)
    return StyleTransfer(StyleTransferConfig(hearing=hearing, width=16, layers=1, heads=2))


@pytest.fixture
def windows(generator):
    return 0.1 * torch.randn(3, 2, SAMPLES, generator=generator)


def of_scene(model, windows):
    """What the encoder of references says while the model predicts, rows of all windows."""
    heard = []
    model.reference_encoder.register_forward_hook(lambda _, __, output: heard.append(output))
    excerpts = Excerpts(windows[:1, :1].clone(), (1,), 0, RATE)
    with torch.no_grad():
        model([Scene(excerpts, torch.ones(1, len(ROLE_NAMES)) / len(ROLE_NAMES), torch.zeros(1), windows)])
    return heard[0]


def embedded(model, windows):
    with torch.no_grad():
        return model.embed_reference(windows, RATE)


def test_ours_are_the_tokens_that_the_controller_gets(windows):
    model = ours().eval()
    torch.testing.assert_close(embedded(model, windows), of_scene(model, windows)[0], atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize("sides", ["left-right", "mid-side"])
def test_published_are_the_means_of_both_sides(windows, sides):
    model = published(reference_sides=sides).eval()
    tokens = of_scene(model, windows).unflatten(0, (3, 2)).mean(1)
    torch.testing.assert_close(embedded(model, windows), tokens, atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize(("make", "loudness_lufs"), [(ours, -18), (published, -16)])
def test_a_checkpoint_hears_files_as_it_hears_references(make, loudness_lufs, tmp_path):
    torch.manual_seed(2)
    model = make().eval()
    path = tmp_path / "run" / "model.safetensors"
    path.parent.mkdir()
    save_model(path, model, training=TRAINING)
    embedding = load_embedding(f"model:{path}")
    assert (embedding.name, embedding.dims) == ("encoder of run/model.safetensors", 16)
    assert (embedding.sample_rate, embedding.window_s, embedding.loudness_lufs) == (RATE, WINDOW_S, loudness_lufs)
    audio = np.stack([noise(3 * WINDOW_S, 1, RATE), noise(3 * WINDOW_S, 2, RATE)])
    vectors = embed_file(write(tmp_path / "mix.wav", audio, RATE, "FLOAT"), embedding)
    assert vectors.shape == (3, 16)
    assert np.ptp(vectors, axis=0).max() > 10 * TOLERANCE  # it hears a difference


def test_what_is_no_model_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"none\.safetensors: no such file"):
        load_embedding(f"model:{tmp_path / 'none.safetensors'}")
