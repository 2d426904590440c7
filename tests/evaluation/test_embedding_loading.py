import numpy as np
import pytest
from songs import noise, write

from diffmst.errors import UserError
from diffmst.evaluation.frechet import embed_file, embedding_identity, load_embedding

PLUG_IN = """
import numpy as np

class Level:
    name, sample_rate, window_s, hop_s, dims, loudness_lufs = "level", 16_000, 0.5, 0.5, 2, -16.0

    def __call__(self, windows):
        return windows.std(-1)

def nothing():
    return object()
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "plugged_in_embedding.py").write_text(PLUG_IN)
    monkeypatch.syspath_prepend(tmp_path)
    return "plugged_in_embedding"


def test_style_is_there_without_anything(tmp_path):
    embedding = load_embedding("style")
    assert embedding.name == "style"
    assert embed_file(write(tmp_path / "mix.wav", noise(7, 1)), embedding).shape == (1, 31)


def test_what_was_loaded_is_kept(module):
    assert load_embedding(f"python:{module}:Level") is load_embedding(f"python:{module}:Level")


def test_a_plug_in_hears_mixes(module, tmp_path):
    vectors = embed_file(write(tmp_path / "mix.wav", noise(2, 1)), load_embedding(f"python:{module}:Level"))
    assert vectors.shape == (4, 2)
    assert np.all(vectors > 0)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("fad", "'fad': there is none such; give style, model:FILE"),
        ("style:3", "'style:3': there is none such"),
        ("model", "'model': there is none such"),
        ("vggish:", "'vggish:': there is none such"),
        ("python:json", "names no factory"),
        ("python:no_such_module:make", "cannot be imported: No module named 'no_such_module'"),
        ("python:json:make", "cannot be imported: module 'json' has no attribute 'make'"),
    ],
)
def test_what_is_no_embedding_is_refused(spec, words):
    with pytest.raises(UserError, match=words):
        load_embedding(spec)


def test_a_factory_of_something_else_is_refused(module):
    with pytest.raises(UserError, match="is no Embedding, it has no name"):
        load_embedding(f"python:{module}:nothing")


def test_files_of_other_contents_are_another_embedding(tmp_path):
    file, folder = tmp_path / "weights", tmp_path / "folder"
    file.write_text("one")
    (folder / "inside").mkdir(parents=True)
    (folder / "weights").write_text("one")
    specs = [f"vggish:{file}", f"clap:{folder}"]
    before = [embedding_identity(spec) for spec in specs]
    assert before == [embedding_identity(spec) for spec in specs]
    file.write_text("two")
    (folder / "weights").write_text("two")
    after = [embedding_identity(spec) for spec in specs]
    assert len({*before, *after, embedding_identity("style"), embedding_identity("python:json:loads")}) == 6
    with pytest.raises(UserError, match="missing: cannot be read"):
        embedding_identity(f"model:{tmp_path / 'missing'}")
