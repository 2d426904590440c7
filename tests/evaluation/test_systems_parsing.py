"""What the user writes behind --systems."""

import pickle
from pathlib import Path

import pytest
import torch
from songs import tone, write

from diffmst.errors import UserError
from diffmst.evaluation.systems import parse_systems
from diffmst.evaluation.systems.external import External
from diffmst.evaluation.systems.matching import LOSSES, Model, ModelRefine, Refine
from diffmst.evaluation.systems.parsing import CONFIGS, KINDS
from diffmst.evaluation.systems.without_reference import Balanced, EqualLoudness, Random
from diffmst.models.checkpoint import save_model
from diffmst.models.record import TrainingRecord
from diffmst.models.shipped import SHIPPED
from diffmst.models.style_transfer import StyleTransfer, StyleTransferConfig


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    torch.manual_seed(5)
    path = tmp_path_factory.mktemp("models") / "model.safetensors"
    network = StyleTransfer(StyleTransferConfig(width=32, layers=1, heads=4))
    save_model(path, network, training=TrainingRecord(licence="Apache-2.0"))
    return path


@pytest.fixture(scope="module")
def mixes(tmp_path_factory):
    return write(tmp_path_factory.mktemp("mixes") / "pair.wav", tone(440, 0.1)).parent


def file_of(folder, text):
    (folder / "systems.yaml").write_text(text, encoding="utf-8")
    return str(folder / "systems.yaml")


def test_kinds_are_systems_by_their_names():
    assert parse_systems("equal-loudness, balanced,random,refine,") == [
        EqualLoudness("equal-loudness"),
        Balanced("balanced"),
        Random("random"),
        Refine("refine"),
    ]


def test_what_is_named_twice_is_done_once(tmp_path):
    text = file_of(tmp_path, "[{name: balanced, kind: balanced}, {name: few, kind: refine, steps: 2}]")
    assert parse_systems(f"balanced,{text},refine,refine") == [
        Balanced("balanced"),
        Refine("few", steps=2),
        Refine("refine"),
    ]


def test_a_suffix_takes_the_names_away(model):
    assert parse_systems("refine@no-names,x=model@no-names", model=model) == [
        Refine("refine@no-names", names=False),
        Model("x", model, names=False),
    ]


def test_models_are_given_one_by_one_or_for_all(model, tmp_path):
    other = Path(tmp_path / "other.safetensors")
    other.write_bytes(model.read_bytes())
    assert parse_systems(f"model,ours=model+refine:{other}", model=model) == [
        Model("model", model),
        ModelRefine("ours", other),
    ]
    assert parse_systems(f"model:{model}") == [Model("model", model)]


def test_paths_are_absolute_as_workers_may_stand_elsewhere(model, mixes, monkeypatch):
    monkeypatch.chdir(model.parent)
    (system,) = parse_systems(f"model:{model.name}")
    assert system.model == model
    monkeypatch.chdir(mixes.parent)
    (system,) = parse_systems("", externals={"human": Path(mixes.name)})
    assert system.folder == mixes


def test_finished_mixes_come_last_unless_the_text_says_where(mixes):
    given = {"human": mixes}
    assert [system.name for system in parse_systems("balanced", externals=given)] == ["balanced", "human"]
    assert [system.name for system in parse_systems("human,balanced", externals=given)] == ["human", "balanced"]
    assert parse_systems("", externals=given) == [External("human", mixes)]
    assert parse_systems(f"koo=external:{mixes}") == [External("koo", mixes)]


def test_finished_mixes_do_not_take_the_place_of_a_kind(mixes):
    with pytest.raises(UserError, match="--external refine: is what a kind of system is called"):
        parse_systems("refine", externals={"refine": mixes})


def test_a_file_holds_systems_with_their_settings(tmp_path, model, mixes):
    (tmp_path / "m.safetensors").write_bytes(model.read_bytes())
    text = """
        - {name: short, kind: refine, steps: 20, seconds: 5, layout: paper, names: false, loss: audio-features}
        - {name: tone twice, kind: model+refine, model: m.safetensors, loss: {tone: 2, af.rms: 1}}
        - {name: theirs, kind: model}
        - {name: dice, kind: random, seed: 3, draw: uniform}
    """
    systems = parse_systems(f"balanced,{file_of(tmp_path, text)}", model=model)
    assert systems == [
        Balanced("balanced"),
        Refine("short", steps=20, seconds=5.0, layout="paper", names=False, loss=LOSSES["audio-features"]),
        ModelRefine("tone twice", tmp_path / "m.safetensors", loss={"tone": 2.0, "af.rms": 1.0}),
        Model("theirs", model),
        Random("dice", seed=3, draw="uniform"),
    ]
    assert pickle.loads(pickle.dumps(systems)) == systems


def test_the_example_of_the_package_needs_no_model():
    systems = parse_systems("ablation.yaml")
    assert {system.kind for system in systems} == {"equal-loudness", "balanced", "random", "refine"}
    assert len({system.identity() for system in systems}) == len(systems)
    assert systems == parse_systems(str(CONFIGS / "ablation.yaml"))


def test_a_model_that_nobody_names_is_that_of_the_package():
    (system,) = parse_systems("model")
    assert system.model == SHIPPED


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", f"--systems: names none; known are {', '.join(list(KINDS)[:4])}, "),
        ("magic", "--systems magic: there is no such system; known are equal-loudness, .*, external"),
        ("refine@names", "--systems refine@names: there is no such system"),
        ("model:no.safetensors", "no.safetensors: no such file; give a model.safetensors"),
        ("refine:model.safetensors", "refine takes no file; only model, model.refine, external do"),
        ("equal-loudness@no-names", "equal-loudness has no setting 'names'; known are layout"),
        ("balanced,balanced=refine", "system 'balanced': there are two of this name; .* mine=balanced"),
        ("refine,REFINE=balanced", "system 'REFINE': there are two of this name"),
        (f"{'x' * 61}=refine", "must be one line of 1 to 60 characters"),
        ("external", "--systems external: folder: is missing"),
        ("x=external:nowhere", "nowhere: is not a folder; x needs one"),
        ("no.yaml", "no.yaml: no such file; give a YAML file .*, or ablation.yaml"),
    ],
)
def test_what_cannot_be_meant_is_refused(text, words):
    with pytest.raises(UserError, match=words) as refusal:
        parse_systems(text)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "must hold a list of systems"),
        ("name: x", "must hold a list of systems"),
        ("- [", "is no YAML"),
        ("- refine", "system 1: must have name and kind, got 'refine'"),
        ("- {kind: refine}", "system 1: must have name and kind, both text; name is missing"),
        ("- {name: 1, kind: refine}", "name is missing or is none"),
        ("- {name: x, kind: refined}", "system 1, 'x': there is no kind 'refined'; known are equal-loudness"),
        ("- {name: x, kind: refine, step: 2}", "refine has no setting 'step'; known are layout, names, steps"),
        ("- {name: x, kind: model, steps: 2}", "model has no setting 'steps'; known are model, names"),
        ("- {name: x, kind: refine, steps: -1}", "'x': steps: should be greater than or equal to 0, got -1"),
        ("- {name: x, kind: refine, steps: many}", "'x': steps: .* got 'many'"),
        ("- {name: x, kind: refine, seconds: 0}", "'x': seconds: should be greater than 0, got 0"),
        ("- {name: x, kind: refine, layout: mine}", "'x': layout: should be 'default' or 'paper', got 'mine'"),
        ("- {name: x, kind: refine, loss: mrstft}", "'x': loss: should be one of style.audio-features, style, au"),
        ("- {name: x, kind: refine, loss: {tones: 1}}", "'x': loss: there is no term 'tones'; known are tone, "),
        ("- {name: x, kind: refine, loss: {tone: 0}}", "'x': loss: leaves no term"),
        ("- {name: x, kind: refine, loss: {tone: -1}}", "loss.*tone: should be greater than or equal to 0, got -1"),
        ("- {name: x, kind: random, seed: -1}", "seed: should be greater than or equal to 0"),
        ("- {name: x, kind: external, folder: gone}", "gone: is not a folder"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_with_its_place(tmp_path, text, words):
    with pytest.raises(UserError, match=words) as refusal:
        parse_systems(file_of(tmp_path, text))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and more", b"RIFF....WAVE"])
def test_a_model_of_another_kind_is_refused_before_the_work(tmp_path, content):
    (tmp_path / "model.pt").write_bytes(content)
    with pytest.raises(UserError, match=r"model\.pt: is (no model|a checkpoint of torch)"):
        parse_systems("balanced,model+refine", model=tmp_path / "model.pt")


def test_what_is_no_text_is_refused(tmp_path):
    (tmp_path / "systems.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="cannot be read as text"):
        parse_systems(str(tmp_path / "systems.yaml"))
