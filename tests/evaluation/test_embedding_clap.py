import builtins

import numpy as np
import pytest
from songs import noise, write

from diffmst.errors import UserError
from diffmst.evaluation.frechet import embed_file
from diffmst.evaluation.frechet.clap import ClapEmbedding


@pytest.fixture(scope="module", params=[False, True], ids=["unfused", "fused"])
def folder(request, tmp_path_factory):
    """A small model with random weights, saved as transformers saves one."""
    transformers = pytest.importorskip("transformers", reason="transformers, which CLAP needs, is not installed")
    audio = {
        "patch_embeds_hidden_size": 16, "depths": [1] * 4, "num_attention_heads": [1] * 4, "hidden_size": 128,
        "projection_dim": 8, "enable_fusion": request.param,
    }  # fmt: skip
    text = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    config = transformers.ClapConfig(text_config=text | {"vocab_size": 50}, audio_config=audio, projection_dim=8)
    folder = tmp_path_factory.mktemp("clap")
    transformers.ClapModel(config).save_pretrained(folder)
    truncation = "fusion" if request.param else "rand_trunc"
    transformers.ClapFeatureExtractor(truncation=truncation).save_pretrained(folder)
    return folder


def test_vectors_are_projections_of_windows_of_ten_seconds(folder, tmp_path):
    embedding = ClapEmbedding(folder)
    assert (embedding.sample_rate, embedding.window_s, embedding.dims) == (48_000, 10, 8)
    vectors = embed_file(write(tmp_path / "mix.wav", noise(21, 1, 48_000), 48_000), embedding)
    assert vectors.shape == (2, 8)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)  # as CLAP compares them, in float32


def test_a_window_does_not_depend_on_those_beside_it(folder):
    embedding = ClapEmbedding(folder)
    windows = np.stack([np.stack([noise(10, seed, 48_000)] * 2) for seed in (1, 2)])
    alone = np.concatenate([embedding(window[None]) for window in windows])
    np.testing.assert_allclose(embedding(windows), alone, atol=1e-5)


def test_other_folders_are_refused(tmp_path):
    pytest.importorskip("transformers", reason="transformers, which CLAP needs, is not installed")
    with pytest.raises(UserError, match="holds no CLAP model"):
        ClapEmbedding(tmp_path)
    with pytest.raises(UserError, match="none: no such folder"):
        ClapEmbedding(tmp_path / "none")


def test_without_transformers_it_is_said_how_to_get_it(tmp_path, monkeypatch):
    importing = builtins.__import__

    def without(name, *rest):
        if name == "transformers":
            raise ImportError(name)
        return importing(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UserError, match=r"pip install 'diffmst\[clap\]'"):
        ClapEmbedding(tmp_path)
