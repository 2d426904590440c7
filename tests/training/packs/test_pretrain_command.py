"""From songs on disk over a pack to a model file, by the two commands."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from diffmst.cli import main
from diffmst.errors import UserError
from diffmst.models.checkpoint import load_model, read_record
from diffmst.training import run_training
from diffmst.training.packs.packed import RECORD, Pack
from tests.songs import noise, tone, write

SECONDS = 13.0


@pytest.fixture(scope="module")
def songs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("songs")
    for number in range(3):
        song = folder / f"song {number}"
        write(song / "bass.wav", tone(60 + 7 * number, SECONDS))
        write(song / "keys.wav", np.stack([tone(440, SECONDS), tone(660 + 9 * number, SECONDS, level=0.1)]))
        write(song / "hats.wav", np.diff(noise(SECONDS, number), prepend=0))
        write(song / "lead vox.wav", tone(330 + 20 * number, SECONDS) + 0.1 * noise(SECONDS, 9 + number))
    return folder


@pytest.fixture(scope="module")
def packs(songs, tmp_path_factory):
    """A pack to train on and another one to validate with."""
    folder = tmp_path_factory.mktemp("packs")
    splits = folder / "splits.json"
    splits.write_text('{"train": ["song 0", "song 1", "song 2"]}')
    for seed, name in enumerate(("train", "validation")):
        options = ["--splits", str(splits), "--shards", "2", "--scenes", "3", "--seed", str(seed), "--jobs", "1"]
        assert main(["data", "pack", str(songs), "-o", str(folder / name), *options]) == 0
    return folder


def pretrain(packs: Path, out: Path, *options: str):
    run_training(
        "pretrain",
        [
            *(
                "fit",
                "-c",
                "packed",
                "--data.pack",
                str(packs / "train"),
                "--data.validation",
                str(packs / "validation"),
            ),
            *(
                "--data.batch",
                "2",
                "--run.out",
                str(out),
                "--trainer.max_steps",
                "2",
                "--trainer.val_check_interval",
                "1",
            ),
            *("--trainer.enable_progress_bar", "false", "--run.licence", "CC0-1.0", "--model.network.init_args.config"),
            '{"width": 16, "heads": 2, "layers": 1}',
            *options,
        ],
    )


def test_a_pack_holds_its_scenes_and_tells_where_they_are_from(packs):
    pack = Pack(packs / "train")
    assert len(pack) == 6
    assert sum(source.songs for source in pack.record.sources) == 3
    scenes = [pack[number] for number in range(6)]
    assert {scene.method for scene in scenes} <= {"same-song", "shared-style"}
    for scene in scenes:
        assert len(scene.roles) == len(scene.heard.tracks) == len(scene.settings.tracks)
        assert all(bool(part.isfinite().all()) for part in scene.settings)


def test_made_again_a_pack_is_the_same_bit_for_bit(songs, packs, tmp_path):
    options = ["--splits", str(packs / "splits.json"), "--shards", "2", "--scenes", "3", "--jobs", "1"]
    assert main(["data", "pack", str(songs), "-o", str(tmp_path / "again"), *options]) == 0
    for one, other in zip(sorted((packs / "train").iterdir()), sorted((tmp_path / "again").iterdir()), strict=True):
        if one.suffix == ".safetensors":
            assert one.read_bytes() == other.read_bytes()


def test_a_pack_of_another_order_is_not_written_over(songs, packs, capsys):
    options = ["--splits", str(packs / "splits.json"), "--shards", "2", "--scenes", "3", "--seed", "5", "--jobs", "1"]
    assert main(["data", "pack", str(songs), "-o", str(packs / "train"), *options]) == 2
    assert "holds another pack" in capsys.readouterr().err


@pytest.fixture
def validated(songs, tmp_path):
    """Packs songs of a split; one is for validation, and stands in the file once more with a typo."""

    def pack(split: str) -> int:
        splits = tmp_path / "splits.json"
        splits.write_text(json.dumps({"train": ["song 1", "song 2"], "validation": ["song 0", "sogn 0"]}))
        options = ["--splits", str(splits), "--split", split, "--shards", "1", "--scenes", "1", "--jobs", "1"]
        return main(["data", "pack", str(songs), "-o", str(tmp_path / "pack"), *options])

    return pack


def test_a_split_with_too_few_songs_for_a_pack_is_told(validated, capsys):
    assert validated("validation") == 2
    (complaint,) = [line for line in capsys.readouterr().err.splitlines() if "error" in line]
    assert "the split validation holds 1 of 3 songs, and 2 are needed" in complaint


def test_songs_of_the_split_file_that_are_not_there_are_told(validated, capsys):
    assert validated("train") == 0
    assert "note: in the split file, but not there (1): sogn 0\n" in capsys.readouterr().err


def test_pretraining_leaves_a_model_that_tells_how_it_came_about(packs, tmp_path):
    pretrain(packs, tmp_path / "run")
    record = read_record(tmp_path / "run" / "model.safetensors").training
    assert record.command.startswith("diffmst pretrain fit -c packed")
    assert record.licence == "CC0-1.0"
    assert record.steps in (1, 2)  # whichever validated better
    assert any(name.endswith("named/level_lu") for name in record.figures)
    weights = load_model(tmp_path / "run" / "model.safetensors").state_dict().values()
    assert all(bool(weight.isfinite().all()) for weight in weights)


def test_a_run_that_goes_on_is_the_run_that_was_not_stopped(packs, tmp_path):
    pretrain(packs, tmp_path / "whole", "--trainer.max_steps", "4")
    pretrain(packs, tmp_path / "parts", "--trainer.max_steps", "1")
    goes_on = ["fit", "-c", str(tmp_path / "parts" / "config.yaml"), "--ckpt_path", "last"]
    run_training("pretrain", [*goes_on, "--trainer.max_steps", "4"])
    whole, parts = (
        torch.load(tmp_path / name / "last.ckpt", weights_only=True)["state_dict"] for name in ("whole", "parts")
    )
    for name, weight in whole.items():
        assert torch.equal(weight, parts[name]), name


def test_a_pack_that_was_staged_otherwise_than_the_model_hears_is_refused(packs, tmp_path):
    hearing = "--model.network.init_args.config.hearing.track_lufs"
    with pytest.raises(UserError, match="train: was staged otherwise than the model hears"):
        pretrain(packs, tmp_path / "run", hearing, "-30")
    assert not (tmp_path / "run").exists()


def test_packs_of_other_numbers_of_windows_are_not_mixed(packs, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(packs / "train", other)
    record = json.loads((other / RECORD).read_text())
    record["hearing"]["song_windows"] += 1
    (other / RECORD).write_text(json.dumps(record))
    with pytest.raises(UserError, match="other numbers of windows"):
        pretrain(packs, tmp_path / "run", "--data.pack", f"[{packs / 'train'}, {other}]")


def test_a_showcase_is_left_to_runs_on_audio(packs, tmp_path):
    pretrain(packs, tmp_path / "run", "--run.showcase_steps", "1")
    assert not (tmp_path / "run" / "showcase").exists()


def test_packing_leaves_the_number_of_threads_alone(songs, packs, tmp_path):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        options = ["--splits", str(packs / "splits.json"), "--shards", "1", "--scenes", "1"]
        assert main(["data", "pack", str(songs), "-o", str(tmp_path / "one"), *options]) == 0
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_what_is_no_pack_is_refused(tmp_path):
    with pytest.raises(UserError, match="is no pack; make one with `diffmst data pack"):
        Pack(tmp_path)
