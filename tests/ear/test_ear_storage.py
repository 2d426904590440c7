import json

import pytest
import torch
from safetensors.torch import save_file

from diffmst.ear import load_ear, save_ear, shipped_ear
from diffmst.ear.network import EarConfig, RoleEar
from diffmst.ear.storage import SHIPPED, read_ear_record
from diffmst.errors import UserError
from diffmst.models.record import TrainingRecord

SMALL = EarConfig(members=1, width=16, hidden=16, heads=2)
MB = 1e6


def saved(path, **of_record):
    ear = RoleEar(SMALL).eval()
    ear.temperature.fill_(1.5)
    save_ear(path, ear, TrainingRecord(licence="CC0-1.0", steps=3, **of_record))
    return ear


def test_an_ear_comes_back_as_it_was_to_the_precision_of_16_bits(tmp_path):
    ear = saved(tmp_path / "ear.safetensors")
    again = load_ear(tmp_path / "ear.safetensors")
    assert again.config == SMALL
    assert not again.training
    for name, value in ear.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], value, rtol=2**-11, atol=1e-6)


def test_the_file_says_how_the_weights_came_about(tmp_path):
    saved(tmp_path / "ear.safetensors", command="diffmst train-ear")
    record = read_ear_record(tmp_path / "ear.safetensors")
    assert record.training.command == "diffmst train-ear"
    assert record.training.steps == 3
    assert record.roles[0] == "kick" and "" not in record.roles


def test_loading_leaves_the_callers_numbers_alone(tmp_path):
    saved(tmp_path / "ear.safetensors")
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    load_ear(tmp_path / "ear.safetensors")
    assert torch.equal(torch.rand(1), expected)


def test_the_package_brings_an_ear_that_is_small_and_says_what_it_learnt_from():
    assert SHIPPED.stat().st_size < 4 * MB
    record = read_ear_record()
    assert record.training.licence
    assert record.training.steps > 0
    assert shipped_ear() is shipped_ear()


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(UserError, match="no such file; give an ear"):
        load_ear(tmp_path / "none.safetensors")


def test_what_is_no_safetensors_file_is_refused(tmp_path):
    path = tmp_path / "ear.safetensors"
    path.write_bytes(b"0123456789")
    with pytest.raises(UserError, match="is no whole safetensors file"):
        load_ear(path)


def test_weights_of_something_else_are_refused(tmp_path):
    path = tmp_path / "other.safetensors"
    save_file({"x": torch.zeros(1)}, path)
    with pytest.raises(UserError, match="holds weights, but no ear"):
        load_ear(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"roles": ["kick"]}, "tells other roles"),
        ({"version": 99}, "version"),
        (
            {"config": {"members": 1, "width": 16, "hidden": 32, "heads": 2, "dropout": 0.2}},
            "are not those of this diffmst's ear",
        ),
    ],
)
def test_an_ear_of_another_diffmst_is_refused(tmp_path, change, message):
    path = tmp_path / "ear.safetensors"
    ear = saved(path)
    record = json.loads(read_ear_record(path).model_dump_json()) | change
    save_file(ear.state_dict(), path, {"diffmst.ear": json.dumps(record)})
    with pytest.raises(UserError, match=message):
        load_ear(path)


def test_weights_that_are_no_numbers_are_refused(tmp_path):
    path = tmp_path / "ear.safetensors"
    ear = saved(path)
    ear.members[0].alone.bias.data[0] = torch.nan
    save_ear(path, ear, TrainingRecord(licence="CC0-1.0"))
    with pytest.raises(UserError, match="damaged"):
        load_ear(path)
