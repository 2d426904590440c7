import csv
import json
import pickle
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
import yaml

from diffmst.errors import UserError
from diffmst.models.checkpoint import read_record
from diffmst.models.diff_mst import DiffMST, DiffMSTConfig
from diffmst.models.scene import Hearing
from diffmst.training import run_training
from diffmst.training.configuration import packaged, read_configuration
from diffmst.training.loading import InCourse
from diffmst.training.song_data import SongData
from diffmst.training.system import TrainingSystem

RATE = 22_050
STEMS = ("kick", "bass", "lead vox")
HEARING = {"window_s": 0.5, "song_windows": 1, "reference_windows": 1}
PAPER = {
    "hearing": {"track_lufs": -48.0, "reference_lufs": -16.0, "sample_rate": RATE, "split_stereo": True, **HEARING},
    "encoder_channels": [2, 4],
    "width": 8,
    "heads": 2,
    "layers": 1,
    "feedforward": 8,
}
DEFAULT = {
    "hearing": {"track_lufs": -24.0, "reference_lufs": -16.0, "sample_rate": RATE, **HEARING},
    "width": 16,
    "heads": 2,
    "layers": 1,
}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Four songs of three stems, of which one is for validation, and two references; and the options that name them."""
    folder = tmp_path_factory.mktemp("songs")
    rng = np.random.default_rng(4)
    time = np.arange(4 * RATE) / RATE
    for song in range(4):
        (folder / "stems" / f"song {song}").mkdir(parents=True)
        for number, stem in enumerate(STEMS):
            tone = np.sin(2 * np.pi * 110 * (1 + song / 5) * 3**number * time) * (1 + np.sin(2 * np.pi * 2 * time))
            audio = 0.05 * tone + 0.01 * rng.standard_normal(len(time))
            soundfile.write(folder / "stems" / f"song {song}" / f"{stem}.wav", audio, RATE)
    (folder / "mixes").mkdir()
    for number in range(2):
        mix = 0.1 * rng.standard_normal((len(time), 2)).cumsum(0) / 50
        soundfile.write(folder / "mixes" / f"mix {number}.wav", mix, RATE)
    splits = {"train": ["song 0", "song 1", "mix 0"], "validation": ["song 2", "song 3", "mix 1"]}
    (folder / "splits.json").write_text(json.dumps(splits))
    return {
        "songs": [f"stems={folder / 'stems'}", f"references={folder / 'mixes'}"],
        "splits": str(folder / "splits.json"),
        "cache": str(folder / "cache"),
        "cache_gb": 0.0,
        "workers": 0,
        "batch": 2,
        "validation": 1,
        "song_windows": 1,
        "reference_windows": 1,
        "tracks": [2, 3],
    }


@pytest.fixture
def tiny(tmp_path, data):
    """Writes a configuration that includes a packaged one and makes it small; returns its path."""

    def write(name, **more):
        config = PAPER if name.startswith("paper") else DEFAULT
        settings = {
            "include": name,
            "model": {"network": {**read_configuration(name)["model"]["network"], "init_args": {"config": config}}},
            "data": data,
            "trainer": {"max_steps": 2, "val_check_interval": 2, "log_every_n_steps": 1, "enable_progress_bar": False},
            "run": {"out": str(tmp_path / "run"), "showcase_steps": 0, "checkpoint_steps": 1},
        }
        for section, values in more.items():
            settings[section] = {**settings[section], **values}
        path = tmp_path / "tiny.yaml"
        path.write_text(yaml.safe_dump(settings))
        return str(path)

    return write


def logged(run):
    (path,) = run.glob("logs/version_0/metrics.csv")
    with path.open() as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in rows if row[name]] for name in rows[0]}


def refusal(*arguments):
    with pytest.raises(UserError) as refused:
        run_training("train", arguments)
    assert "\n" not in str(refused.value)
    return str(refused.value)


ON_SONGS = [name for name in packaged() if "methods" in read_configuration(name)["data"]]  # others are for packs


@pytest.mark.parametrize("name", ON_SONGS)
def test_every_packaged_configuration_trains_and_leaves_a_model(name, tiny, tmp_path):
    run_training("train", ["fit", "-c", tiny(name)])
    metrics = logged(tmp_path / "run")
    weights = read_configuration(name)["model"]["losses"]
    for term in (term for term, weight in weights.items() if weight):
        assert len(metrics[f"train/{term}"]) == 2, term
    assert len(metrics["train/loss"]) == len(metrics["seconds/console"]) == 2
    assert metrics["train/skipped_steps"] == [0, 0]
    methods = {method for method, share in read_configuration(name)["data"]["methods"].items() if share}
    assert {column.split("/")[1] for column in metrics if column.startswith("validation/")} == {*methods, "loss"}
    record = read_record(tmp_path / "run" / "model.safetensors")
    assert (record.training.steps, record.training.examples) == (2, 4)
    assert any("stems" in source.name and source.songs == 2 for source in record.training.data)
    assert record.training.figures.keys() >= {"validation/loss"}
    assert "# Model card" in (tmp_path / "run" / "model.md").read_text()


def test_a_run_leaves_audio_and_spectra_of_every_method(tiny, tmp_path):
    run_training("train", ["fit", "-c", tiny("default", run={"showcase_steps": 5000})])  # of 2: shown at the end
    shown = {path.name for path in (tmp_path / "run" / "showcase" / "step-0000002").iterdir()}
    for number, method in enumerate(("same-song", "shared-style", "real-reference")):
        kinds = ("reference", "prediction") + (("truth",) if method != "real-reference" else ())
        assert {f"{number}-{method}-{kind}.wav" for kind in kinds} | {f"{number}-{method}.png"} <= shown
    assert list((tmp_path / "run").glob("logs/version_0/events.out.tfevents*"))
    audio, rate = soundfile.read(tmp_path / "run/showcase/step-0000002/0-same-song-prediction.wav")
    assert rate == RATE
    assert audio.shape == (RATE // 2, 2)


def test_a_run_that_went_on_from_its_own_configuration_ends_as_one_that_never_stopped(tiny, tmp_path):
    weights = []
    for folder, parts in (("whole", [3]), ("parts", [1, 3])):
        run = tmp_path / folder
        for steps in parts:
            resumed = (run / "config.yaml").exists()
            source = ["-c", str(run / "config.yaml"), "--ckpt_path", "last"] if resumed else ["-c", tiny("paper")]
            run_training("train", ["fit", *source, "--run.out", str(run), "--trainer.max_steps", str(steps)])
        weights.append(torch.load(run / "last.ckpt", weights_only=True)["state_dict"])
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())
    assert yaml.safe_load((run / "config.yaml").read_text())["model"]["losses"] == {"mrstft.linear": 1, "mrstft.log": 1}
    run_training("train", ["validate", "-c", str(run / "config.yaml"), "--ckpt_path", "last"])


def test_a_run_is_not_written_over(tiny, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.yaml").write_text("")
    assert "holds a run already; go on with --ckpt_path last" in refusal("fit", "-c", tiny("paper"))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--data.songs", "[/nowhere]"], "/nowhere"),
        (["--data.songss", "[a]"], "--data.songss"),
        (["--trainer.max_steps", "many"], 'Parser key "trainer.max_steps"'),
        (["--trainer.max_steps", "-1"], "training has no end"),
        (["--model.losses", "{mrstft.phase: 1}"], "losses must be among"),
        (["--model.schedule.warmup_steps", "-1"], "warmup_steps must be at least 0"),
        (["--model.start", "nowhere.safetensors"], "nowhere.safetensors: no such file"),
        (["--data.validation", "-1"], "at least 0"),
        (
            ["--data.batch", "0"],
            "data.batch must be at least 1, data.workers and data.validation at least 0, got 0, 0 and",
        ),
        (["--data.tracks", "[9,3]"], "tracks must be at least 2, the fewest first, got (9, 3)"),
        (["--data.seed", "-1"], "seed must be at least 0"),
        (["--data.methods", "{same-song: 0.0}"], "shares above 0"),
        (["--data.methods", "{same-sing: 1.0}"], "same-sing"),
        (["--ckpt_path", "last"], "there is no such checkpoint"),
        (["--ckpt_path", __file__], "is no checkpoint"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line_and_leaves_nothing(tiny, tmp_path, more, said):
    assert said in refusal("fit", "-c", tiny("paper"), *more)
    assert not (tmp_path / "run").exists()


def test_an_empty_part_of_the_data_is_named_with_what_to_do(tiny, tmp_path, data):
    splits = tmp_path / "splits.json"
    names = [*(f"song {number}" for number in range(4)), "mix 0", "mix 1"]
    for full, empty in (("train", "validation"), ("validation", "train")):
        splits.write_text(json.dumps({full: names}))
        said = refusal("fit", "-c", tiny("paper"), "--data.splits", str(splits))
        assert f"there are no songs for {empty}; songs: train {4 * (full == 'train')}, " in said
        assert "--data.splits FILE" in said
        assert "--data.validation 0" in said
    assert not (tmp_path / "run").exists()
    splits.write_text(json.dumps({"train": names}))
    run_training("train", ["fit", "-c", tiny("paper"), "--data.splits", str(splits), "--data.validation", "0"])


def test_ctrl_c_leaves_a_model_and_says_how_to_go_on(tiny, tmp_path, capsys, monkeypatch):
    step = TrainingSystem.training_step

    def interrupted(system, batch, index):
        if system.global_step == 2:
            raise KeyboardInterrupt
        return step(system, batch, index)

    monkeypatch.setattr(TrainingSystem, "training_step", interrupted)
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(SystemExit) as end:
        run_training("train", ["fit", "-c", tiny("default", trainer={"max_steps": 9, "val_check_interval": 5})])
    signal.signal(signal.SIGINT, handler)  # which Lightning switches off
    run = tmp_path / "run"
    assert end.value.code == 130
    going_on = f"diffmst train fit -c {run / 'config.yaml'} --ckpt_path last"
    assert f"stopped at step 2; go on with: {going_on}" in " ".join(capsys.readouterr().err.split())
    assert read_record(run / "model.safetensors").training.steps == 2


def test_the_configuration_of_a_run_holds_nothing_of_the_call_that_resumed_it(tiny, tmp_path, capsys):
    run_training("train", ["fit", "-c", tiny("paper"), "--trainer.val_check_interval", "50"])
    path = tmp_path / "run" / "config.yaml"
    kept = path.read_text()
    assert f"--model {tmp_path / 'run' / 'model.safetensors'}" in capsys.readouterr().out
    assert read_record(tmp_path / "run" / "model.safetensors").training.figures.keys() >= {"validation/loss"}
    run_training("train", ["fit", "-c", str(path), "--ckpt_path", "last", "--trainer.max_steps", "3"])
    assert path.read_text() == kept
    assert yaml.safe_load(kept)["ckpt_path"] is None
    run_training("train", ["fit", "-c", str(path), "--run.out", str(tmp_path / "other")])


def test_a_single_folder_of_songs_needs_no_brackets(tiny, tmp_path):
    assert "/nowhere" in refusal("fit", "-c", tiny("paper"), "--data.songs", "/nowhere")


def test_a_configuration_that_was_forgotten_is_asked_for():
    assert refusal("fit").endswith("-c default")


def test_unknown_keys_in_a_configuration_are_refused(tiny, tmp_path):
    Path(tmp_path / "odd.yaml").write_text("model: {losess: 1}\n")
    assert "losess" in refusal("fit", "-c", tiny("paper"), "-c", str(tmp_path / "odd.yaml"))


@pytest.mark.parametrize("arguments", [[], ["trian"], ["fit"], ["fit", "-c", "nowhere"]])
def test_incomplete_commands_are_refused_in_one_line(arguments):
    assert refusal(*arguments)


def test_a_checkpoint_of_another_model_is_refused(tiny, tmp_path):
    checkpoint = tmp_path / "other.ckpt"
    torch.save({"state_dict": {"network.weight": torch.zeros(1)}, "loops": {}}, checkpoint)
    assert "is of another model" in refusal("fit", "-c", tiny("paper"), "--ckpt_path", str(checkpoint))
    torch.save({"weights": torch.zeros(1)}, checkpoint)
    assert "is no checkpoint" in refusal("fit", "-c", tiny("paper"), "--ckpt_path", str(checkpoint))
    checkpoint.write_bytes(checkpoint.read_bytes()[:-30])
    assert "a damaged one" in refusal("fit", "-c", tiny("paper"), "--ckpt_path", str(checkpoint))


def test_examples_of_songs_can_be_made_by_other_processes(data):
    network = DiffMST(DiffMSTConfig(**PAPER | {"hearing": Hearing(**PAPER["hearing"])}))
    paths = {name: Path(data[name]) for name in ("cache", "splits")} | {"songs": [*map(Path, data["songs"])]}
    songs = SongData(methods={"same-song": 1.0}, **data | paths)
    make = InCourse(songs.maker("train", songs.methods, network), 10)
    here, there = make(7), pickle.loads(pickle.dumps(make))(7)
    assert here.scene.excerpts.audio.equal(there.scene.excerpts.audio)
    assert here.target.equal(there.target)


def test_profile_tells_where_the_time_goes(tiny, capsys):
    run_training("train", ["profile", "-c", tiny("default"), "--steps", "1", "--warmup", "1"])
    said = capsys.readouterr().out
    for stage in ("data", "model", "console", "loss", "backward", "optimizer", "all"):
        assert stage in said
    assert "1 steps of 2 examples" in said


def test_without_the_extra_what_to_install_is_said(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "lightning"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "diffmst.training.cli", raising=False)
    monkeypatch.delattr("diffmst.training.cli", raising=False)
    monkeypatch.setitem(sys.modules, "lightning", None)
    assert refusal("fit") == "training needs lightning: pip install 'diffmst[train]'"


def test_paper_is_the_published_model():
    network = read_configuration("paper")["model"]["network"]
    assert network == {"class_path": "diffmst.models.diff_mst.DiffMST"}
    assert DiffMSTConfig().layers == 12
