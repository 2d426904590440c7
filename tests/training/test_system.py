import copy
import csv
import logging

import pytest
import torch
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.loggers import CSVLogger
from stand_ins import TinyData, TinyMaker, TinyModel

from diffmst.errors import UserError
from diffmst.models.checkpoint import save_model
from diffmst.models.diff_mst import DiffMST, DiffMSTConfig
from diffmst.models.record import TrainingRecord
from diffmst.training.checkpoints import Finish, LastCheckpoint
from diffmst.training.ema import Ema
from diffmst.training.system import Schedule, TrainingSystem

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*does not have many workers"),
    pytest.mark.filterwarnings("ignore:.*LeafSpec"),
    pytest.mark.filterwarnings("ignore:Total length of `list` across ranks is zero"),
]
LOSSES = {"settings.track": 1.0, "settings.master": 1.0, "af.rms": 0.1}


@pytest.fixture(autouse=True)
def _quiet():
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)


def system(losses=LOSSES, **options):
    torch.manual_seed(0)
    return TrainingSystem(TinyModel(), losses, **options)


def trainer(steps, *callbacks, **options):
    checkpoints = any(isinstance(callback, LastCheckpoint) for callback in callbacks)
    defaults = {
        "accelerator": "cpu",
        "devices": 1,
        "val_check_interval": steps,
        "num_sanity_val_steps": 0,
        "logger": False,
    }
    return Trainer(
        max_steps=steps,
        callbacks=list(callbacks),
        enable_checkpointing=checkpoints,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        check_val_every_n_epoch=None,
        **defaults | options,
    )


def sgd(parameters):
    return torch.optim.SGD(parameters, lr=0.1)


class Spoil(Callback):
    """Makes the audio of some batches NaN."""

    def __init__(self, steps):
        self.steps = steps

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        if batch_idx in self.steps:
            batch[0].scene.excerpts.audio[:] = torch.nan


class Weights(Callback):
    """Keeps the weights after every step."""

    def __init__(self):
        self.after = []

    def on_train_batch_end(self, trainer, pl_module, *_):
        self.after.append(copy.deepcopy(pl_module.network.state_dict()))


class Losses(Callback):
    """Keeps the loss of every step."""

    def __init__(self):
        self.seen = []

    def on_train_batch_end(self, trainer, *_):
        self.seen.append(float(trainer.callback_metrics["train/loss"]))


class Crash(Callback):
    """Ends a run in the middle of a step."""

    def __init__(self, step):
        self.step = step

    def on_before_optimizer_step(self, trainer, pl_module, optimizer):
        if trainer.global_step == self.step:
            raise ArithmeticError("the power is off")


class CrashInValidation(Callback):
    """Ends a run in the middle of a validation."""

    def __init__(self, step):
        self.step = step

    def on_validation_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        if trainer.global_step == self.step and batch_idx == 1:
            raise ArithmeticError("the power is off")


def logged(folder, name):
    """Steps and values of what was logged."""
    with (folder / "metrics.csv").open() as file:
        return [(int(row["step"]), row[name]) for row in csv.DictReader(file) if row.get(name)]


def same(one, other):
    return all(torch.equal(value, other[name]) for name, value in one.items())


def test_one_example_is_learnt():
    class One(TinyData):
        def maker(self, *arguments):
            maker = super().maker(*arguments)
            first = maker.make(0)
            maker.make = lambda index, progress=1.0: first
            return maker

    losses = Losses()
    learner = system({"settings.track": 1.0}, optimizer=lambda weights: torch.optim.Adam(weights, lr=0.05))
    trainer(40, losses).fit(learner, datamodule=One(batch=1, validation=0))
    assert losses.seen[-1] < losses.seen[0] - 1.5  # nats: every control is 4.5 times as likely


@pytest.mark.parametrize("optimizer", [torch.optim.AdamW, sgd])
def test_a_step_that_is_not_finite_changes_no_weight_and_is_counted(optimizer):
    weights = Weights()
    learner = system(optimizer=optimizer)
    trainer(4, Spoil({1, 2}), weights).fit(learner, datamodule=TinyData(validation=0))
    assert learner.skipped_steps == 2
    assert same(weights.after[0], weights.after[1])
    assert same(weights.after[0], weights.after[2])
    assert not same(weights.after[0], weights.after[3])
    assert all(value.isfinite().all() for value in weights.after[3].values())


def test_what_was_drawn_again_is_counted_and_told_once(monkeypatch, caplog):
    make = TinyMaker.make
    monkeypatch.setattr(
        TinyMaker, "make", lambda *told: make(*told)._replace(redrawn=("a silent reference",) * (1 + told[1] % 2))
    )
    learner = system()
    training = trainer(2)
    training.fit(learner, datamodule=TinyData(batch=2, validation=0))
    assert learner.redrawn == {"a silent reference": 6}
    assert training.callback_metrics["train/redrawn"] == 6
    assert caplog.text.count("other examples where there is a silent reference") == 1


def test_training_is_given_up_after_too_many_such_steps_in_a_row():
    learner = system(patience=3)
    with pytest.raises(UserError, match=r"not finite 3 steps in a row.*diffmst data check"):
        trainer(9, Spoil({1, 3, 4, 5})).fit(learner, datamodule=TinyData(validation=0))
    assert learner.skipped_steps == 4


@pytest.mark.parametrize(("crash", "left"), [("step", 3), ("step", 4), ("validation", 4), ("step", 1)])
def test_a_run_that_was_stopped_and_resumed_ends_as_one_that_never_stopped(tmp_path, crash, left):
    def fit(callbacks, version, **more):
        learner = system(schedule=Schedule(2, 0.1))
        logger = CSVLogger(tmp_path, name="", version=version)
        options = {"val_check_interval": 2, "log_every_n_steps": 1, "logger": logger}
        training = trainer(7, Finish(), Ema(0.9), *callbacks, **options)
        data = TinyData(methods=("same-song", "real-reference"), validation=2)
        try:
            training.fit(learner, datamodule=data, **more)
        finally:
            logger.save()
            assert training.global_step == (7 if version != "stopped" else left)
        return learner.network.state_dict()

    def checkpoint():
        return LastCheckpoint(tmp_path / "last.ckpt", 4)

    whole = fit([], "whole")
    with pytest.raises(ArithmeticError):
        fit([Crash(left) if crash == "step" else CrashInValidation(left), checkpoint()], "stopped")
    resumed = fit([checkpoint()], "resumed", ckpt_path=tmp_path / "last.ckpt", weights_only=True)
    assert same(whole, resumed)
    for name in ("train/loss", "validation/loss"):
        parts = logged(tmp_path / "stopped", name) + logged(tmp_path / "resumed", name)
        assert parts == logged(tmp_path / "whole", name)
    assert [step for step, _ in parts] == [1, 3, 5, 6]  # counted from 0; the last one, too


def test_two_processes_learn_what_one_does():
    data = {"methods": ("same-song", "real-reference"), "batch": 4, "validation": 2}
    one, two = system(optimizer=sgd), system(optimizer=sgd)
    alone = trainer(3, gradient_clip_val=1.0)
    alone.fit(one, datamodule=TinyData(**data))
    together = trainer(3, gradient_clip_val=1.0, devices=2, strategy="ddp_fork")
    together.fit(two, datamodule=TinyData(**data))
    for name, value in one.network.state_dict().items():
        # Sums of float32 in another order.
        torch.testing.assert_close(two.network.state_dict()[name], value, atol=1e-5, rtol=1e-5)
    assert together.callback_metrics.keys() == alone.callback_metrics.keys()
    for name, value in alone.callback_metrics.items():
        torch.testing.assert_close(together.callback_metrics[name], value, atol=1e-3, rtol=1e-3, msg=name)


def test_every_method_is_validated_by_what_is_known_of_it():
    data = TinyData(methods=("same-song", "real-reference", "shared-style"), validation=2)
    validating = trainer(1)
    (metrics,) = validating.validate(system(), datamodule=data, verbose=False)
    for method in data.methods:
        terms = {name.split("/")[2] for name in metrics if name.startswith(f"validation/{method}/")}
        known = {"af.rms"} if method == "real-reference" else set(LOSSES)
        assert terms == known | {"loss"}
        own = [value for name, value in metrics.items() if method in name and not name.endswith("/loss")]
        assert sum(own) == pytest.approx(metrics[f"validation/{method}/loss"], rel=1e-5)
    losses = [metrics[f"validation/{method}/loss"] for method in data.methods]
    assert metrics["validation/loss"] == pytest.approx(sum(losses) / 3, rel=1e-5)


def test_averaged_weights_follow_the_last_third_of_a_short_run_and_are_the_ones_validated():
    weights, ema = Weights(), Ema(0.999)
    learner = system(optimizer=sgd)
    trainer(4, weights, ema).fit(learner, datamodule=TinyData(validation=2))
    expected = {name: value.clone() for name, value in weights.after[0].items()}
    for step, after in enumerate(weights.after[1:], start=1):
        decay = (1 + step) / (10 + step)
        expected = {name: value + (1 - decay) * (after[name] - value) for name, value in expected.items()}
    for name, value in learner.network.state_dict().items():  # a run ends with the averages in place
        torch.testing.assert_close(value, expected[name])


def test_half_precision_is_the_models_alone():
    learner = system()
    training = trainer(2, precision="bf16-mixed")
    training.fit(learner, datamodule=TinyData(validation=0))
    assert learner.skipped_steps == 0
    assert {weight.dtype for weight in learner.parameters()} == {torch.float32}


@pytest.mark.parametrize(("figures", "said"), [({"warmup_steps": -1}, "at least 0, got -1"), ({"final": 2}, "0 .. 1")])
def test_a_bad_schedule_is_refused(figures, said):
    with pytest.raises(ValueError, match=said):
        Schedule(**figures)


def test_the_learning_rate_follows_the_schedule():
    class Rates(Callback):
        def __init__(self):
            self.seen = []

        def on_train_batch_start(self, trainer, *_):
            self.seen.append(trainer.optimizers[0].param_groups[0]["lr"])

    rates, schedule = Rates(), Schedule(2, 0.1)
    trainer(5, rates).fit(system(optimizer=sgd, schedule=schedule), datamodule=TinyData(validation=0))
    assert rates.seen == pytest.approx([0.1 * schedule.share(step, 5) for step in range(5)])


def test_training_without_end_is_refused():
    with pytest.raises(UserError, match=r"training has no end: give --trainer\.max_steps"):
        trainer(-1, val_check_interval=1, max_epochs=1).fit(system(), datamodule=TinyData(validation=0))


def test_training_begins_with_the_weights_of_a_model_file(tmp_path):
    config = {"width": 8, "heads": 1, "layers": 1, "feedforward": 8}
    one, other = (DiffMST(DiffMSTConfig(encoder_channels=(channels,), **config)) for channels in (2, 3))
    save_model(tmp_path / "one.safetensors", one, training=TrainingRecord(licence="CC0-1.0"))
    new = DiffMST(DiffMSTConfig(encoder_channels=(2,), **config))
    assert not same(new.state_dict(), one.state_dict())
    TrainingSystem(new, LOSSES, start=tmp_path / "one.safetensors")
    assert same(new.state_dict(), one.state_dict())
    with pytest.raises(UserError, match="another model than the one to be trained"):
        TrainingSystem(other, LOSSES, start=tmp_path / "one.safetensors")


def test_a_method_of_which_no_term_can_be_known_costs_nothing():
    data = TinyData(methods=("real-reference",), validation=1)
    (metrics,) = trainer(1).validate(system({"settings.track": 1.0}), datamodule=data, verbose=False)
    assert metrics == {"validation/real-reference/loss": 0, "validation/loss": 0}
