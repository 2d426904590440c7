"""Our model with the losses of `default`, on one mix of one song: it must be able to find what is there."""

import torch
from song_library import RATE, make_library

from diffmst.layout import DEFAULT
from diffmst.models.hearing_bands import band_batch, scene_bands
from diffmst.models.impression import impression
from diffmst.models.scene import Hearing
from diffmst.models.style_transfer import StyleTransfer, StyleTransferConfig
from diffmst.training.examples import ExampleMaker
from diffmst.training.terms import Case, Losses

HEARING = Hearing(-24.0, -16.0, window_s=1.0, song_windows=2, reference_windows=2, sample_rate=RATE)
LOSSES = {
    "settings.track": 1.0,
    "settings.master": 0.3,
    "wet.level": 0.5,
    "wet.pan": 0.25,
    "wet.spectrum": 0.25,
    "sides.right": 0.2,
}
STEPS = 400


def columns(pattern):
    return [column for column, name in enumerate(DEFAULT.track.params) if pattern in name]


def test_our_model_recovers_the_settings_of_one_mix():
    maker = ExampleMaker(make_library(), HEARING, DEFAULT, proportions={"same-song": 1.0})
    example = maker.make(0)
    bands = scene_bands(example.scene)
    heard = impression(band_batch([bands]))
    torch.manual_seed(0)
    model = StyleTransfer(StyleTransferConfig(hearing=HEARING, width=64, layers=1, heads=4))
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    losses = Losses(LOSSES)
    for _ in range(STEPS):
        optimizer.zero_grad()
        prediction = model.predict_heard(heard)
        torch.stack(list(losses(Case(example, prediction, DEFAULT, bands=bands)).values())).sum().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        found = DEFAULT.from_unit(model.predict_heard(heard).mean)
    off = (found.tracks - example.settings.tracks).abs()[0]
    assert off[:, columns("fader.gain_db")].max() < 0.5, off[:, columns("fader.gain_db")]
    # The two guitars are one noise: how far out they stand can be learnt, on which side each stands cannot be told.
    away, true_away = (part[0][:, columns("panner.pan")].abs() for part in (found.tracks, example.settings.tracks))
    assert (away - true_away).abs().max() < 0.1, (away, true_away)
    gains = columns("eq.")[::3]
    usual = example.settings.tracks[0][:, gains].abs().mean()
    assert off[:, gains].mean() < usual, (off[:, gains].mean(), usual)
