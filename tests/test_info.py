import subprocess
import sys

import pytest
import torch
import yaml

from diffmst.errors import UserError
from diffmst.info import describe
from diffmst.layout import DEFAULT, PAPER
from diffmst.models.checkpoint import save_model
from diffmst.models.record import DataSource, TrainingRecord
from diffmst.models.style_transfer import StyleTransfer, StyleTransferConfig

TRAINING = TrainingRecord(
    licence="CC-BY-4.0",
    data=(DataSource(name="our songs", licence="CC0-1.0", songs=1_200),),
    steps=2_500,
    figures={"loudness error (LU)": 1.25},
)
SMALL = {"width": 16, "encoder_channels": [2, 3], "layers": 1, "heads": 2, "feedforward": 8}


@pytest.fixture
def model_path(tmp_path):
    path = tmp_path / "model.safetensors"
    model = StyleTransfer(StyleTransferConfig(width=16, layers=1, heads=2))
    save_model(path, model, training=TRAINING, dtype=torch.float16)
    return path


def configuration(tmp_path, model):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump({"model": model, "data": {"batch": 2}}))
    return path


def network(class_path, config):
    return {"network": {"class_path": class_path, "init_args": {"config": config}}}


def test_a_model_file_tells_what_it_is_and_was_trained_on(model_path):
    description = describe(model_path)
    facts = description.facts
    assert facts["architecture"] == "style-transfer" and facts["licence"] == "CC-BY-4.0"
    assert facts["data"] == "1,200 songs of our songs (CC0-1.0)" and facts["steps"] == "2,500"
    assert facts["loudness error (LU)"] == "1.25" and facts["file"].startswith(str(model_path))
    assert description.layout is DEFAULT
    assert "licence: CC-BY-4.0" in str(description).splitlines()


def test_the_number_of_weights_is_that_of_the_model(model_path):
    model = StyleTransfer(StyleTransferConfig(width=16, layers=1, heads=2))
    assert describe(str(model_path)).facts["weights"] == f"{sum(weight.numel() for weight in model.parameters()):,}"


@pytest.mark.parametrize("class_path", ["diffmst.models.diff_mst.DiffMST", "DiffMST"])
def test_a_configuration_tells_what_it_would_train(tmp_path, class_path):
    description = describe(configuration(tmp_path, network(class_path, SMALL)))
    assert description.facts["architecture"] == "diff-mst" and description.layout is PAPER
    assert description.facts["console"].startswith("layout paper: 27 controls per track")
    assert int(description.facts["weights"].replace(",", "")) > 1_000


def test_a_configuration_may_leave_everything_at_its_default(tmp_path):
    path = configuration(tmp_path, {"network": {"class_path": "StyleTransfer"}})
    assert describe(path).facts["architecture"] == "style-transfer"


def test_packaged_configurations_are_known_by_name():
    assert describe("default").facts["architecture"] == "style-transfer"
    published = describe("paper")
    assert published.layout is PAPER and published.facts["weights"] == "190,923,982"


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (None, "names no network to train"),
        ({"losses": {}}, "names no network to train"),
        (network("torch.nn.Linear", {}), "there is no architecture 'Linear' here"),
        (network("DiffMST", {"colour": "red"}), "diff-mst has no setting 'colour'"),
        (network("DiffMST", {"heads": 3}), "heads must divide the width"),
    ],
)
def test_a_configuration_that_trains_nothing_of_ours_is_refused(tmp_path, model, words):
    path = configuration(tmp_path, model)
    with pytest.raises(UserError, match=words) as caught:
        describe(path)
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nowhere.safetensors", "no such file"),
        ("nowhere.yaml", "there is no such file, nor such a packaged configuration"),
        ("song.wav", "is no model"),
        ("", "cannot be read"),
    ],
)
def test_what_is_neither_is_refused(tmp_path, name, words):
    (tmp_path / "song.wav").write_bytes(b"RIFF" + bytes(100))
    with pytest.raises(UserError, match=words):
        describe(tmp_path / name)


def test_models_are_described_and_loaded_without_lightning_and_the_package_without_torch(tmp_path, model_path):
    path = configuration(tmp_path, network("DiffMST", SMALL))
    code = f"""
import sys, diffmst
assert 'torch' not in sys.modules
from diffmst.info import describe
from diffmst.models.checkpoint import load_model
describe({str(path)!r})
describe({str(model_path)!r})
load_model({str(model_path)!r})
assert 'lightning' not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
