"""Systems that set the console give what a user gets, and know of the song what they are meant to know."""

import pickle
import shutil
from types import SimpleNamespace

import numpy as np
import pyloudnorm
import pytest
import soundfile
import torch
from evaluation.jobs import job
from songs import RATE, tone, write

from diffmst.distance import DISTANCE_WEIGHTS
from diffmst.errors import UserError
from diffmst.evaluation.systems import console_system, matching
from diffmst.evaluation.systems.console_system import listen_to
from diffmst.evaluation.systems.matching import LOSSES, Model, ModelRefine, Refine, distance_of
from diffmst.evaluation.systems.without_reference import Balanced, EqualLoudness, Random
from diffmst.layout import DEFAULT
from diffmst.losses import AUDIO_FEATURE_WEIGHTS
from diffmst.match import Options, match
from diffmst.models.checkpoint import load_model, save_model
from diffmst.models.record import TrainingRecord
from diffmst.models.style_transfer import StyleTransfer, StyleTransferConfig
from diffmst.stream import ConsoleStream

STEPS = 2
PCM_24_STEP = 2.0**-23  # of a sample that was rounded
METER_LU = 0.15  # between meters of files this short
LIMITED_LU = 0.1  # from the loudness of the reference, under the limiter


def save_network(path, seed=3):
    """A small model, as if trained: its heads say something."""
    torch.manual_seed(seed)
    network = StyleTransfer(StyleTransferConfig(width=32, layers=1, heads=4)).eval()
    for head in (network.track_head.head.linear, network.fx_head.linear, network.master_head.linear):
        torch.nn.init.normal_(head.weight, std=0.2)
    save_model(path, network, training=TrainingRecord(licence="Apache-2.0"))
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_network(tmp_path_factory.mktemp("model") / "model.safetensors")


@pytest.fixture
def work(song, reference, tmp_path):
    return job(song, reference, tmp_path / "job")


def audio(path):
    samples, rate = soundfile.read(path, dtype="float32")
    return samples, rate


def same_settings(one, other):
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def systems(model):
    return [
        EqualLoudness("equal-loudness"),
        Balanced("balanced"),
        Random("random"),
        Refine("refine", steps=STEPS),
        Model("model", model),
        ModelRefine("model+refine", model, steps=STEPS),
    ]


def test_every_system_mixes_the_whole_song_at_the_loudness_of_the_reference(work, model):
    loudness_lufs = work.heard.reference_loudness_lufs
    for number, system in enumerate(systems(model)):
        (work.folder / str(number)).mkdir()
        finished = pickle.loads(pickle.dumps(system)).mix(work._replace(folder=work.folder / str(number)))
        mixed, rate = audio(finished.path)
        assert mixed.shape == (work.heard.song.frames, 2) and rate == RATE
        assert np.isfinite(mixed).all() and np.abs(mixed).max() < 1
        assert finished.seconds > 0
        assert finished.settings.tracks.shape == (1, 3, len(finished.layout.track))
        found_lufs = pyloudnorm.Meter(rate, filter_class="DeMan").integrated_loudness(mixed)
        assert found_lufs == pytest.approx(loudness_lufs, abs=METER_LU + LIMITED_LU), system.name


@pytest.mark.parametrize(
    ("system", "options"),
    [
        (lambda model: Refine("r", steps=STEPS), lambda model: Options(steps=STEPS)),
        (lambda model: Refine("r", steps=STEPS, layout="paper"), lambda model: Options(steps=STEPS, layout="paper")),
        (lambda model: Model("m", model), lambda model: Options(steps=0, model=load_model(model))),
        (lambda model: ModelRefine("m", model, steps=2), lambda model: Options(steps=2, model=load_model(model))),
    ],
    ids=["refine", "refine on the published console", "model", "model+refine"],
)
def test_a_system_gives_what_the_user_gets(work, model, song, reference, tmp_path, system, options):
    finished = system(model).mix(work)
    matched = match([song], reference, tmp_path / "user", options(model))
    assert same_settings(finished.settings, matched.mix.settings.tensors())
    mixed, users = audio(finished.path)[0], audio(tmp_path / "user" / "mix.wav")[0]
    assert np.abs(mixed - users).max() <= PCM_24_STEP


def test_equal_loudness_is_equal_dry_and_central(work):
    finished = EqualLoudness("equal-loudness").mix(work)
    song = work.heard.song
    stream = ConsoleStream(RATE, finished.settings, song.channels, stems=True)
    stems = np.concatenate([stream.process(block).stems for block in song.reader()], axis=-1)
    meter = pyloudnorm.Meter(RATE, filter_class="DeMan")
    loudness_lufs = [meter.integrated_loudness(stem.T) for stem in stems]
    assert np.ptp(loudness_lufs) < METER_LU
    assert np.allclose(stems[0, 0], stems[0, 1])  # the bass is a mono file
    changed = {
        name
        for column, name in enumerate(DEFAULT.track.params)
        if (finished.settings.tracks[..., column] - DEFAULT.track.params[name].default).abs().max() > 1e-3
    }
    assert changed == {"input.gain_db"}


@pytest.mark.parametrize("system", [Balanced, Refine])
def test_without_names_stems_are_mixed_as_if_they_had_none(work, song, reference, tmp_path, system):
    nameless = tmp_path / "nameless"
    for number, track in enumerate(work.heard.song.tracks, 1):
        nameless.mkdir(exist_ok=True)
        shutil.copy(track.path, nameless / f"{number}.wav")
    few = {"steps": STEPS} if system is Refine else {}
    blind = system("blind", names=False, **few).find(work.heard, 1)[1]
    other = job(nameless, reference, tmp_path / "other")
    assert same_settings(blind, system("seeing", **few).find(other.heard, 1)[1])
    assert not same_settings(blind, system("seeing", **few).find(work.heard, 1)[1])


def test_a_model_without_names_hears_unknown_roles(work, model, monkeypatch):
    heard_roles = []
    predicted_prior = matching.predicted_prior

    def listening(network, heard, task):
        heard_roles.append({stem.role.name for stem in heard.stems})
        return predicted_prior(network, heard, task)

    monkeypatch.setattr(matching, "predicted_prior", listening)
    Model("seeing", model).find(work.heard, 0)
    Model("blind", model, names=False).find(work.heard, 0)
    assert heard_roles == [{"bass", "keys", "hats"}, {""}]


def test_random_mixes_are_drawn_by_both_seeds(work):
    def drawn(seed_of_work, **settings):
        return Random("random", **settings).find(work.heard, seed_of_work)[1]

    assert same_settings(drawn(1), drawn(1))
    assert not same_settings(drawn(1), drawn(2))
    assert not same_settings(drawn(1), drawn(1, seed=1))
    assert not same_settings(drawn(1), drawn(1, draw="uniform"))


def test_refinement_descends_on_the_loss_that_was_chosen(work):
    _, task = listen_to(work.heard, DEFAULT, names=True)
    mixed = task.excerpts.mixed(DEFAULT.from_unit(task.prior.start), DEFAULT)
    usual = distance_of(task, Refine("r").loss)(mixed)
    assert usual.keys() == DISTANCE_WEIGHTS.keys() == LOSSES["style"].keys() | LOSSES["audio-features"].keys()
    for loss in ("style", "audio-features"):
        expected = {name: factor * float(usual[name]) for name, factor in LOSSES[loss].items()}
        found = {name: float(term) for name, term in distance_of(task, LOSSES[loss])(mixed).items()}
        assert found == pytest.approx(expected, rel=1e-5)
    assert LOSSES["audio-features"]["af.bark_spectrum"] * DISTANCE_WEIGHTS["af.bark_spectrum"] == pytest.approx(
        AUDIO_FEATURE_WEIGHTS["bark_spectrum"]
    )
    chosen = distance_of(task, {"tone": 2.0, "af.rms": 1.0})(mixed)
    assert chosen.keys() == {"tone", "af.rms"}
    assert float(chosen["tone"]) == pytest.approx(2 * float(usual["tone"]), rel=1e-6)


def test_another_loss_gives_another_mix(work):
    found = [Refine("r", steps=STEPS, loss=loss).find(work.heard, 0)[1] for loss in (*LOSSES.values(), {"tone": 1.0})]
    for number, settings in enumerate(found):
        assert not any(same_settings(settings, other) for other in found[:number])


def test_another_reference_makes_a_difference_to_those_that_listen_and_to_no_other(work, song, model, tmp_path):
    write(tmp_path / "wrong.wav", np.stack([tone(2_000, 3.0), tone(3_000, 3.0)]))
    other = job(song, tmp_path / "wrong.wav", tmp_path / "other")
    for system in (Balanced("b"), Random("r"), Refine("refine", steps=STEPS), Model("model", model)):
        same = same_settings(system.find(work.heard, 1)[1], system.find(other.heard, 1)[1])
        assert same != system.listens, system.name


def test_a_model_is_read_once_and_again_when_its_file_has_changed(tmp_path, monkeypatch):
    path = save_network(tmp_path / "model.safetensors", seed=11)
    read = []
    monkeypatch.setattr(matching, "load_model", lambda path: read.append(path) or load_model(path))
    assert matching.network(path) is matching.network(path)
    save_network(path, seed=12)
    matching.network(path)
    assert len(read) == 2


def test_identity_changes_with_all_that_the_mixes_depend_on(tmp_path, model):
    other = save_network(tmp_path / "other.safetensors", seed=4)
    told = [
        system.identity()
        for system in (
            *systems(model),
            Refine("r", steps=STEPS, layout="paper"),
            Balanced("b", names=False),
            Balanced("b", layout="paper"),
            Random("r", seed=2),
            Refine("r", steps=STEPS, loss={"tone": 1.0}),
            Refine("r", seconds=1.0),
            Model("m", other),
            Model("m", model, names=False),
        )
    ]
    assert len(set(told)) == len(told)
    copied = shutil.copy(model, tmp_path / "copy.safetensors")
    assert Model("another name", copied).identity() == Model("m", model).identity()


def test_identity_changes_with_the_version(monkeypatch):
    from diffmst.evaluation.systems import identity

    before = EqualLoudness("e").identity()
    monkeypatch.setattr(identity, "__version__", "99.0")
    assert EqualLoudness("e").identity() != before


def test_a_model_that_is_gone_is_one_line(work, tmp_path):
    gone = Model("m", tmp_path / "gone.safetensors")
    for asked in (gone.identity, lambda: gone.mix(work)):
        with pytest.raises(UserError, match=r"gone\.safetensors: cannot be read: No such file"):
            asked()


def one_mono_stem(folder):
    return write(folder / "vocals.wav", tone(440, 1.0)).parent


def half_a_second(folder):
    for name in ("bass", "lead"):
        write(folder / f"{name}.wav", tone(220, 0.5))
    return folder


def at_96_khz(folder):
    return write(folder / "keys.wav", np.stack([tone(440, 0.6, 96_000)] * 2) * [[1], [0.5]], 96_000).parent


def one_silent(folder):
    write(folder / "click.wav", np.zeros(RATE))
    return one_mono_stem(folder)


@pytest.mark.parametrize("stems", [one_mono_stem, half_a_second, at_96_khz, one_silent])
def test_odd_songs_are_mixed(tmp_path, reference, model, stems):
    folder = stems(tmp_path / "stems")
    for number, system in enumerate([Random("random"), ModelRefine("model+refine", model, steps=1)]):
        work = job(folder, reference, tmp_path / str(number))
        mixed, rate = audio(system.mix(work).path)
        assert (len(mixed), rate) == (work.heard.song.frames, work.heard.song.sample_rate)
        assert np.isfinite(mixed).all() and np.abs(mixed).max() > 1e-3, system.name


def test_time_to_get_ready_is_no_time_of_a_mix(work, model, monkeypatch):
    """What is loaded or compiled once is not what a mix costs."""
    ready = []
    network = matching.network
    clock = SimpleNamespace(monotonic=lambda: ready.append("clock") or 0.0)
    monkeypatch.setattr(console_system, "time", clock)
    monkeypatch.setattr(console_system, "compile_kernels", lambda progress: ready.append("compiled"))
    monkeypatch.setattr(matching, "network", lambda path: ready.append("read") or network(path))
    Model("m", model).mix(work)
    assert ready[:3] == ["compiled", "read", "clock"]
