"""From files to what a model believes of them, and back to a document."""

import math

import numpy as np
import pytest
import soundfile
import torch
from models.heard_as_published import small_config
from songs import RATE, noise, tone, write, write_reference, write_song

import diffmst
from diffmst import cli_options
from diffmst.cli import main
from diffmst.errors import UserError
from diffmst.layout import DEFAULT, PAPER
from diffmst.listening import listen
from diffmst.mix import Mix
from diffmst.models.checkpoint import save_model
from diffmst.models.diff_mst import DiffMST
from diffmst.models.record import TrainingRecord
from diffmst.models.style_transfer import StyleTransfer, StyleTransferConfig
from diffmst.passages import Listening
from diffmst.predict import predicted_prior
from diffmst.progress import SILENT
from diffmst.refine import STEPS
from diffmst.render import render_document
from diffmst.task import prepare

SAME = {"rtol": 0, "atol": 2e-4}  # positions, of a song that was written as 24-bit PCM at another level
NEUTRAL = TrainingRecord(licence="Apache-2.0")


def column(name):
    return list(DEFAULT.track.params).index(name)


def make_network():
    """Small, and as if trained: its heads say something."""
    torch.manual_seed(3)
    network = StyleTransfer(StyleTransferConfig(width=32, layers=1, heads=4)).eval()
    for head in (network.track_head.head.linear, network.fx_head.linear, network.master_head.linear):
        torch.nn.init.normal_(head.weight, std=0.2)
    return network


def predicted(network, *places, reference):
    heard = listen(places, reference, SILENT)
    task = prepare(heard, network.layout)
    return predicted_prior(network, heard, task), task


@pytest.fixture(scope="module")
def network():
    return make_network()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    write_song(home / "song")
    write_reference(home / "reference.wav")
    return home


@pytest.fixture(scope="module")
def model_file(home, network):
    save_model(home / "model.safetensors", network, training=NEUTRAL)
    return home / "model.safetensors"


def test_a_louder_file_changes_nothing_but_its_input_gain(network, home, tmp_path):
    write_song(tmp_path / "song")
    bass, rate = soundfile.read(tmp_path / "song" / "bass.wav")
    write(tmp_path / "song" / "bass.wav", 2 * bass, rate)
    reference = home / "reference.wav"
    prior, louder = (predicted(network, folder / "song", reference=reference)[0] for folder in (home, tmp_path))
    changed = DEFAULT.track.from_unit(prior.mean.tracks) - DEFAULT.track.from_unit(louder.mean.tracks)
    torch.testing.assert_close(
        changed[0, :, column("input.gain_db")], torch.tensor([20 * np.log10(2), 0, 0]).double(), rtol=0, atol=0.01
    )
    others = [at for at in range(len(DEFAULT.track)) if at != column("input.gain_db")]
    torch.testing.assert_close(louder.mean.tracks[..., others], prior.mean.tracks[..., others], **SAME)
    torch.testing.assert_close(louder.width.tracks, prior.width.tracks, **SAME)


def test_refinement_begins_at_the_prediction_and_may_leave_it(network, home):
    prior, task = predicted(network, home / "song", reference=home / "reference.wav")
    assert all(torch.equal(mean, start) for mean, start in zip(prior.mean, prior.start, strict=True))
    assert not torch.equal(prior.mean.tracks, task.prior.mean.tracks)
    assert (prior.width.tracks[..., column("fader.gain_db")] > 0).all()
    assert (prior.width.tracks[..., column("input.gain_db")] == 0).all()


def test_a_silent_stem_keeps_its_place_and_is_left_alone(network, home, tmp_path):
    write_song(tmp_path / "song")
    write(tmp_path / "song" / "click.wav", np.zeros(RATE))
    reference = home / "reference.wav"
    prior, task = predicted(network, tmp_path / "song", reference=reference)
    silent = [not stem.audible for stem in task.stems].index(True)
    assert torch.equal(prior.mean.tracks[:, silent], task.prior.mean.tracks[:, silent])
    assert (prior.width.tracks[:, silent] == 0).all()
    without, _ = predicted(network, home / "song", reference=reference)
    heard = [track for track in range(4) if track != silent]
    torch.testing.assert_close(prior.mean.tracks[:, heard], without.mean.tracks, **SAME)


def test_the_published_model_sets_a_stereo_strip_to_the_mean_of_its_sides(home, tmp_path):
    torch.manual_seed(5)
    network = DiffMST(small_config(layout="paper")).eval()
    keys, rate = soundfile.read(home / "song" / "keys.wav")
    write(tmp_path / "both" / "keys.wav", keys.T, rate)
    write(tmp_path / "apart" / "keys left.wav", keys[:, 0], rate)
    write(tmp_path / "apart" / "keys right.wav", keys[:, 1], rate)
    priors = [
        predicted(network, tmp_path / name, reference=home / "reference.wav")[0].mean for name in ("both", "apart")
    ]
    both, apart = (PAPER.track.from_unit(mean.tracks)[0] for mean in priors)
    # The two files stand on the sides that their names say, the stereo one where the mean is.
    params = PAPER.track.params.items()
    linear = [at for at, (name, param) in enumerate(params) if param.scale == "linear" and name != "panner.pan"]
    torch.testing.assert_close(both[0, linear], apart.mean(0)[linear], rtol=1e-3, atol=1e-2)
    torch.testing.assert_close(priors[0].master, priors[1].master, rtol=1e-4, atol=1e-4)


def test_a_passage_too_quiet_to_be_staged_is_refused(home, tmp_path):
    where = Listening(start_s=10.0, seconds=4.0)
    for path in (home / "song").glob("*.wav"):
        audio, rate = soundfile.read(path, always_2d=True)
        faint = 3e-5 * np.random.default_rng(1).standard_normal((2, 8 * rate, audio.shape[1]))
        faint[:, ::rate] *= 10
        write(tmp_path / path.name, np.concatenate([audio, *faint]).T, rate)
    network = DiffMST(small_config(layout="paper")).eval()
    heard = listen([tmp_path], home / "reference.wav", SILENT)
    task = prepare(heard, network.layout, where)
    with pytest.raises(UserError, match="louder than -70 LUFS"):
        predicted_prior(network, heard, task, where)


def test_a_prediction_from_python_is_a_mix_that_renders(home, model_file, tmp_path):
    mix = diffmst.load_model(model_file).predict(home / "song", home / "reference.wav", folder=tmp_path)
    assert [track.name for track in mix.tracks] == ["bass", "hats", "keys"]
    assert mix.comparison.distance_before != mix.comparison.distance_after
    (tmp_path / "mix.json").write_text(mix.to_json())
    output = render_document(tmp_path / "mix.json", tmp_path / "mix.wav")
    assert output.loudness_lufs == pytest.approx(mix.render.loudness_lufs, abs=0.1)


def test_the_command_leaves_what_python_predicts(home, model_file, tmp_path):
    arguments = ["mix", str(home / "song"), "-r", str(home / "reference.wav"), "-o", str(tmp_path / "mix")]
    assert main([*arguments, "--model", str(model_file), "--no-refine"]) == 0
    mix = Mix.read(tmp_path / "mix" / "mix.json")
    same = diffmst.load_model(model_file).predict(home / "song", home / "reference.wav", folder=tmp_path / "mix")
    assert mix == same


def test_refinement_leaves_the_prediction_for_something_nearer(home, model_file):
    model = diffmst.load_model(model_file)
    mixes = [model.predict(home / "song", home / "reference.wav", steps=steps) for steps in (0, 10)]
    before, after = (sum(mix.comparison.distance_after.values()) for mix in mixes)
    assert after < before
    assert mixes[0].comparison.distance_before == mixes[1].comparison.distance_before


def test_a_model_decides_the_controls(home, model_file, tmp_path, capsys):
    arguments = ["mix", str(home / "song"), "-r", str(home / "reference.wav"), "-o", str(tmp_path / "mix")]
    assert main([*arguments, "--model", str(model_file), "--layout", "paper"]) == 2
    assert "sets the controls of layout default" in capsys.readouterr().err
    assert not (tmp_path / "mix").exists()


def test_several_places_of_stems_are_one_song(network, home, tmp_path):
    extra = write(tmp_path / "lead.wav", tone(330, 8.0))
    prior, _ = predicted(network, home / "song", extra, reference=home / "reference.wav")
    assert prior.mean.tracks.shape[1] == 4


def test_without_a_model_there_is_no_prediction_to_leave_it_at(home, tmp_path, capsys):
    arguments = ["mix", str(home / "song"), "-r", str(home / "reference.wav"), "-o", str(tmp_path / "mix")]
    assert main([*arguments, "--model", "none", "--no-refine"]) == 2
    assert "and there is none; give --steps 0" in capsys.readouterr().err


@pytest.mark.parametrize("asked", [("--steps", "80"), ("--time", "30")])
def test_to_leave_refinement_out_and_to_ask_for_it_is_refused(asked, home, tmp_path, capsys):
    mix = ["mix", str(home / "song"), "-r", str(home / "reference.wav"), "-o", str(tmp_path / "mix")]
    assert main([*mix, "--no-refine", "--steps", "0"]) == 0
    capsys.readouterr()
    for command in ([*mix, "--force"], ["match", str(tmp_path / "mix" / "mix.json")]):
        assert main([*command, "--no-refine", *asked]) == 2
        refusal = f"error: --no-refine leaves refinement out, and {' '.join(asked)} asks for it; give one of the two"
        assert capsys.readouterr().err.strip() == refusal


def test_as_many_steps_are_taken_as_the_help_says(capsys):
    assert cli_options.refinement_steps(None, math.inf, None, no_refine=False) == STEPS
    for command in ("mix", "match"):
        assert main([command, "--help"]) == 0
        assert f"[default: ({STEPS})]" in capsys.readouterr().out


def test_what_became_of_the_distance_is_called_by_its_name(home, model_file, tmp_path, capsys):
    for index, (options, word) in enumerate(
        [
            (["--model", str(model_file), "--no-refine"], "predicted"),
            (["--steps", "2"], "matched"),
            (["--model", "none", "--steps", "0"], "left so"),
        ]
    ):
        arguments = ["mix", str(home / "song"), "-r", str(home / "reference.wav"), "-o", str(tmp_path / str(index))]
        assert main([*arguments, *options]) == 0
        assert capsys.readouterr().out.splitlines()[0].endswith(word)


def test_the_files_of_a_pair_stand_on_the_sides_that_they_are_of(tmp_path):
    for name in ("Gtr L", "Gtr R", "Lead"):
        write(tmp_path / "song" / f"{name}.wav", tone(330, 8.0) + noise(8.0, seed=len(name), level=0.02))
    reference = write_reference(tmp_path / "reference.wav")
    heard = listen([tmp_path / "song"], reference, SILENT)
    task = prepare(heard, DEFAULT)
    network = make_network()
    torch.nn.init.constant_(network.track_head.role_distance, 0.0)  # everything half way out
    pans = predicted_prior(network, heard, task).mean.tracks[0, :, DEFAULT.track.column("panner.pan")] - 0.5
    sides = {track.name: float(pan) for track, pan in zip(heard.song.tracks, pans, strict=True)}
    assert sides["Gtr L"] < -0.05 and sides["Gtr R"] > 0.05
