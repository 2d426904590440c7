import json
import pickle
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from heard_as_published import make_scene, small_config
from safetensors.torch import load_file, save_file

from diffmst.errors import UserError
from diffmst.layout import DEFAULT
from diffmst.models import checkpoint
from diffmst.models.architectures import ARCHITECTURES
from diffmst.models.checkpoint import load_model, read_record, save_model
from diffmst.models.diff_mst import DiffMST
from diffmst.models.migrations import MIGRATIONS, Saved
from diffmst.models.prediction import MixModel
from diffmst.models.record import DataSource, TrainingRecord
from diffmst.models.style_transfer import StyleTransfer, StyleTransferConfig

TRAINING = TrainingRecord(
    licence="CC-BY-4.0",
    data=(DataSource(name="Generated songs", licence="CC0-1.0", songs=12, hours=0.5),),
    methods={"same-song": 0.75, "shared-style": 0.25},
    steps=1_000,
    examples=4_000,
    seconds=90.0,
    figures={"loudness error (LU)": 1.5},
)
MODELS = {
    "diff-mst": lambda: DiffMST(small_config()),
    "style-transfer": lambda: StyleTransfer(StyleTransferConfig(width=16, layers=1, heads=2)),
}


@pytest.fixture
def model():
    torch.manual_seed(1)
    return DiffMST(small_config())


@pytest.fixture
def path(model, tmp_path):
    """A model file."""
    path = tmp_path / "model.safetensors"
    save_model(path, model, training=TRAINING)
    return path


def changed(path, change_record=lambda record: None, change_weights=lambda weights: None):
    """Writes a model file anew, with something changed."""
    weights = load_file(path)
    with checkpoint.safe_open(path, "pt") as file:
        record = json.loads(file.metadata()[checkpoint._KEY])
    change_record(record)
    change_weights(weights)
    save_file(weights, path, {checkpoint._KEY: json.dumps(record)})


def assert_refused(path, words):
    with pytest.raises(UserError, match=words) as caught:
        load_model(path)
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


def test_every_architecture_is_tried_here():
    assert MODELS.keys() == ARCHITECTURES.keys()


@pytest.mark.parametrize("architecture", MODELS)
def test_a_model_comes_back_bit_for_bit(architecture, tmp_path):
    model, path = MODELS[architecture](), tmp_path / "model.safetensors"
    record = save_model(path, model, training=TRAINING)
    loaded = load_model(path)
    assert type(loaded) is type(model) and loaded.config == model.config and loaded.hearing == model.hearing
    assert record == read_record(path) and record.architecture == architecture and record.training == TRAINING
    assert record.weights == sum(weight.numel() for weight in model.parameters())
    torch.testing.assert_close(dict(loaded.state_dict()), dict(model.state_dict()), rtol=0, atol=0)
    assert not loaded.training


def test_a_loaded_model_predicts_what_the_saved_one_did(model, path):
    scene = make_scene(3)
    with torch.no_grad():
        one, other = model.eval()([scene]), load_model(path)([scene])
    torch.testing.assert_close(one.mean, other.mean, rtol=0, atol=0)


def test_the_same_model_makes_the_same_bytes(model, path, tmp_path):
    save_model(tmp_path / "again.safetensors", model, training=TRAINING)
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


def test_no_header_is_taken_for_a_pickle(model, tmp_path):
    """A pickle begins with the byte 80; so does a model file whose header has a length that ends so."""
    path = tmp_path / "model.safetensors"
    for characters in range(0, 256, 8):
        save_model(path, model, training=TRAINING.model_copy(update={"hardware": "x" * characters}))
        if path.read_bytes()[0] == 0x80:
            break
    assert path.read_bytes()[0] == 0x80
    load_model(path)


def test_half_precision_halves_the_file_and_rounds_matrices_only(model, path, tmp_path):
    half = tmp_path / "half.safetensors"
    save_model(half, model, training=TRAINING, dtype=torch.float16)
    assert half.stat().st_size < 0.75 * path.stat().st_size  # the header stays as it is
    for (name, found), value in zip(load_model(half).state_dict().items(), model.state_dict().values(), strict=True):
        assert found.dtype == value.dtype, name
        relative = 2**-11 if value.ndim > 1 and value.is_floating_point() else 0  # 11 bits, rounded to nearest
        torch.testing.assert_close(found, value, rtol=relative, atol=2**-25)


def test_weights_of_another_precision_are_stored_in_that_asked_for(model, tmp_path):
    save_model(tmp_path / "a.safetensors", model.double(), training=TRAINING)
    weights = load_file(tmp_path / "a.safetensors").values()
    assert {weight.dtype for weight in weights} == {torch.float32, torch.int64}  # batch norm counts its batches


def test_only_two_precisions_are_stored(model, tmp_path):
    with pytest.raises(ValueError, match="dtype must be one of torch"):
        save_model(tmp_path / "a.safetensors", model, training=TRAINING, dtype=torch.int8)


@pytest.mark.parametrize(("value", "dtype"), [(float("nan"), torch.float32), (1e6, torch.float16)])
def test_weights_that_are_no_numbers_are_not_written(model, path, value, dtype):
    before = path.read_bytes()
    with torch.no_grad():
        model.side_types[0, 0] = value
    with pytest.raises(ValueError, match="weights must be finite, got others in side_types"):
        save_model(path, model, training=TRAINING, dtype=dtype)
    assert path.read_bytes() == before and [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_model_of_no_known_architecture_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="model must be one of diff-mst, style-transfer, got MixModel"):
        save_model(tmp_path / "a.safetensors", MixModel(), training=TRAINING)


def test_a_folder_that_does_not_exist_is_named(model, tmp_path):
    with pytest.raises(UserError, match=r"a\.safetensors: cannot be written"):
        save_model(tmp_path / "nowhere" / "a.safetensors", model, training=TRAINING)


def test_loading_draws_no_random_numbers(path):
    torch.manual_seed(4)
    expected = torch.rand(3)
    torch.manual_seed(4)
    load_model(path)
    torch.testing.assert_close(torch.rand(3), expected, rtol=0, atol=0)


def test_figures_that_are_no_numbers_are_unknown(model, tmp_path):
    figures = {"AF": float("nan"), "loudness error (LU)": float("inf"), "EQ error (dB)": 1.0}
    training = TrainingRecord(licence="CC0-1.0", figures=figures)
    assert training.figures == {"AF": None, "loudness error (LU)": None, "EQ error (dB)": 1.0}
    save_model(tmp_path / "a.safetensors", model, training=training)
    assert read_record(tmp_path / "a.safetensors").training == training


def test_ranges_are_kept_to_nine_digits(path):
    """Computed ends of ranges, of the reverb for one, may differ in their last digits between machines."""
    ends = [end for controls in read_record(path).controls.values() for c in controls for end in (c.low, c.high)]
    assert ends == [float(f"{end:.8e}") for end in ends]


# --- What cannot be loaded -------------------------------------------------------------------------------------------


class _Touches:
    """Leaves a file behind where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("name", ["model.safetensors", "model.ckpt", "model"])
@pytest.mark.parametrize("zipped", [False, True])
def test_a_pickled_checkpoint_is_refused_and_not_run(tmp_path, name, zipped):
    path, touched = tmp_path / name, tmp_path / "touched"
    if zipped:
        torch.save(_Touches(touched), path)
    else:
        path.write_bytes(pickle.dumps(_Touches(touched)))
    assert_refused(path, "is a checkpoint of torch.*give the model.safetensors that training writes")
    assert not touched.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is no model"),
        (b"model", "is no model"),
        (b"# A text\n\nof some length", "is no model"),
        (b"\xff" * 8 + b"{" * 100, "is no whole safetensors file"),
        (b"\x10" + bytes(7) + b"{not JSON at all}", "is no whole safetensors file"),
    ],
)
def test_what_is_no_model_is_refused(tmp_path, content, words):
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    assert_refused(path, words)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    assert_refused(tmp_path / "nowhere.safetensors", "no such file")
    assert_refused(tmp_path, "cannot be read")


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.999])
def test_a_truncated_file_is_refused(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    assert_refused(path, "is no whole safetensors file, get it again")


@pytest.mark.parametrize(
    "metadata", [None, {}, {"format": "pt"}, {"diffmst.model": "[]"}, {"diffmst.model": "[" * 9_999}]
)
def test_weights_of_something_else_are_refused(tmp_path, metadata):
    save_file({"weight": torch.zeros(3)}, tmp_path / "other.safetensors", metadata)
    assert_refused(tmp_path / "other.safetensors", "holds weights, but no model of diffmst")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda r: r.update(version=3),
            "saved in version 3 of the format, this diffmst .* reads up to 2; update diffmst",
        ),
        (lambda r: r.update(version=0), "version must be a whole number from 1, got 0"),
        (lambda r: r.update(version="1"), "version must be a whole number from 1, got '1'"),
        (lambda r: r.update(format="another"), "no model of diffmst"),
        (lambda r: r.update(colour="red"), "colour: there is no such key"),
        (lambda r: r.pop("training"), "training: is missing"),
        (lambda r: r["training"].update(steps=-1), "training.steps: should be greater than or equal to 0"),
        (lambda r: r.update(architecture="oracle"), "there is no architecture 'oracle' here, only diff-mst, style-tra"),
        (lambda r: r["config"].update(colour="red"), "diff-mst has no setting 'colour'; update diffmst"),
        (lambda r: r["config"].update(width="wide"), "diff-mst: width: should be a valid integer"),
        (lambda r: r["config"].update(heads=3), "diff-mst: heads must divide the width"),
        (lambda r: r["config"].update(layout="mine"), "diff-mst: layout: should be 'default' or 'paper'"),
        (lambda r: r["config"]["hearing"].update(ears=2), "diff-mst: hearing.ears: "),
        (lambda r: r["config"].update(feedforward=10**17), "diff-mst cannot be made: "),
        (lambda r: r["config"].update(layers=1), "weights are not the model's, such as controller.layers.1"),
        (lambda r: r["config"].update(layers=3), "of the weights are missing, such as controller.layers.2"),
        (lambda r: r["config"].update(feedforward=25), r"controller.* must be \[.*25.*\], got \[.*24.*\]"),
        (
            lambda r: r["controls"]["track"][1].update(high=15.0),
            r"number 2 of the track controls it has learnt is eq.low_shelf.gain_db \(-12 .. 15, linear\), "
            r"today it is eq.low_shelf.gain_db \(-12 .. 12, linear\); use diffmst",
        ),
        (lambda r: r["controls"]["master"].pop(), "it has learnt 25 master controls, today there are 26"),
        (lambda r: r["controls"].pop("fx"), "it has learnt 0 fx controls, today there are 25"),
    ],
)
def test_a_record_that_does_not_fit_is_refused_in_one_line(path, change, words):
    changed(path, change)
    assert_refused(path, words)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda i: i["roles"].reverse(), "number 1 of the roles it has learnt is , today it is kick; use diffmst"),
        (lambda i: i.pop("pair features"), "it has learnt 0 pair features, today there are"),
    ],
)
def test_a_model_that_learnt_other_inputs_is_refused(tmp_path, change, words):
    path = tmp_path / "model.safetensors"
    save_model(path, MODELS["style-transfer"](), training=TRAINING)
    changed(path, lambda record: change(record["inputs"]))
    assert_refused(path, words)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_damaged_weights_are_refused(path, value):
    changed(path, change_weights=lambda weights: weights["side_types"].fill_(value))
    assert_refused(path, "the weights are damaged: side_types is not finite")


def test_settings_that_a_record_leaves_out_are_at_their_defaults(model, path):
    changed(path, lambda record: record["config"].pop("uncertainty"))
    assert load_model(path).config == model.config


@pytest.mark.parametrize("device", ["cuda:99", "toaster"])
def test_a_device_that_is_not_there_is_named(path, device):
    with pytest.raises(UserError, match=f"device {device}: cannot be used") as caught:
        load_model(path, device)
    assert "\n" not in str(caught.value)


def test_an_older_file_is_migrated_step_by_step(model, path, monkeypatch):
    """An invented version 0 runs all steps."""

    def to_version_1(saved):
        record = {**saved.record, "architecture": saved.record["kind"]}
        del record["kind"]
        return Saved(record, {name.replace("pan_", "side_"): weight for name, weight in saved.weights.items()})

    def to_version_0(record):
        record.update(version=0, kind=record.pop("architecture"))

    monkeypatch.setattr(checkpoint, "_OLDEST", 0)
    monkeypatch.setitem(MIGRATIONS, 0, to_version_1)
    changed(path, to_version_0, lambda weights: weights.update(pan_types=weights.pop("side_types")))
    assert read_record(path).architecture == "diff-mst"
    torch.testing.assert_close(load_model(path).side_types, model.side_types, rtol=0, atol=0)


def test_a_configuration_is_kept_in_every_field(tmp_path):
    """Values unlike the defaults, of every type that a configuration holds."""
    hearing = small_config().hearing._replace(song_windows=2, sample_rate=None)
    config = replace(small_config(), hearing=hearing, reference_sides="mid-side", reverb=True, layout="default")
    save_model(tmp_path / "a.safetensors", DiffMST(config), training=TRAINING)
    assert load_model(tmp_path / "a.safetensors").config == config


def older(record):
    """As version 1 had it: the master without the width of the mix."""
    record["controls"]["master"] = [one for one in record["controls"]["master"] if one["name"] != "image.width"]
    record["version"] = 1


def without_width(name, weight):
    """A weight of a head as version 1 had it."""
    if not name.startswith(("master_head.linear.", "heads.2.linear.")):
        return weight
    kept = [column for column, control in enumerate(DEFAULT.master.params) if control != "image.width"]
    return weight.unflatten(0, (-1, len(DEFAULT.master)))[:, kept].flatten(0, 1).contiguous()


@pytest.mark.parametrize(
    "make",
    [MODELS["style-transfer"], lambda: DiffMST(replace(small_config(), layout="default"))],
    ids=["ours", "paper's"],
)
def test_a_model_from_before_the_width_of_the_mix_leaves_it_where_it_does_nothing(make, tmp_path):
    torch.manual_seed(2)
    model, path = make().eval(), tmp_path / "model.safetensors"
    save_model(path, model, training=TRAINING)
    weights = {name: without_width(name, weight) for name, weight in load_file(path).items()}
    changed(path, older, lambda found: found.update(weights))
    scene, column = make_scene(3), DEFAULT.master.column("image.width")
    with torch.no_grad():
        found, expected = load_model(path)([scene]).mean, model([scene]).mean
    assert DEFAULT.from_unit(found).master[0, column] == pytest.approx(1, abs=1e-6)
    others = torch.arange(len(DEFAULT.master)) != column
    assert torch.equal(found.tracks, expected.tracks) and torch.equal(found.fx, expected.fx)
    torch.testing.assert_close(found.master[:, others], expected.master[:, others])


def test_the_published_layout_is_as_it_was_before_the_width_of_the_mix(model, path):
    changed(path, lambda record: record.update(version=1))
    assert torch.equal(load_model(path).heads[2].linear.weight, model.heads[2].linear.weight)


def test_a_damaged_head_of_an_older_file_is_refused_in_one_line(tmp_path):
    path = tmp_path / "model.safetensors"
    save_model(path, MODELS["style-transfer"](), training=TRAINING)
    changed(path, older, lambda found: found.update({"master_head.linear.bias": torch.zeros(7)}))
    assert_refused(path, "must be")


def test_an_older_record_without_controls_is_refused_in_one_line(path):
    changed(path, lambda record: (record.update(version=1), record.pop("controls")))
    assert_refused(path, "controls")
