import math
from types import MappingProxyType

import pytest
import torch
from stand_ins import SAMPLE_RATE, TinyMaker
from torch.nn.functional import mse_loss

from diffmst.dsp.stereo import pan_gains
from diffmst.features import audio_features
from diffmst.layout import DEFAULT, LAYOUTS, Settings
from diffmst.losses import MultiResolutionSTFTLoss, StyleLoss
from diffmst.models.prediction import Prediction
from diffmst.training.heard_controls import heard_shares
from diffmst.training.terms import TERM_NAMES, Case, Losses

ALL = MappingProxyType(dict.fromkeys(TERM_NAMES, 1.0))
NEEDS_TRUTH = ("mrstft", "settings", "wet")


def example_of(method="same-song", layout=DEFAULT, tracks=2):
    return TinyMaker([method], layout, tracks=tracks).make(0)


def predicted(unit, width=0.1):
    return Prediction(unit, Settings(*(torch.full_like(part, width) for part in unit)))


def truth_of(example, layout=DEFAULT):
    return predicted(layout.to_unit(example.settings))


def moved(example, section, control, change, tracks=slice(None), layout=DEFAULT):
    """The true settings but for one control, changed in physical units."""
    parts = example.settings._asdict()
    column = list(dict(layout.sections())[section].params).index(control)
    name = {"track": "tracks"}.get(section, section)
    parts[name] = parts[name].clone()
    if section == "track":
        parts[name][:, tracks, column] += change
    else:
        parts[name][:, column] += change
    return predicted(layout.to_unit(Settings(**parts)))


def terms_of(weights, example, prediction, **options):
    return Losses(weights)(Case(example, prediction, DEFAULT, **options))


def huber(error):
    return error**2 / 2 if abs(error) < 1 else abs(error) - 0.5


def test_the_true_settings_cost_nothing_on_mix_and_tracks():
    example = example_of()
    weights = {name: 1.0 for name in TERM_NAMES if name.split(".")[0] in ("mrstft", "af", "style", "wet")}
    terms = terms_of(weights, example, truth_of(example))
    assert terms.keys() == weights.keys()
    # The console and its target differ by the rounding of the target to float32; levels there are some 1e-2.
    assert all(abs(float(term)) < 1e-4 for term in terms.values()), terms


def test_each_term_is_weighted_once():
    example = example_of()
    prediction = moved(example, "track", "fader.gain_db", 3.0, tracks=0)
    prediction = prediction._replace(right=torch.full((1, 2), 0.6))
    once = terms_of(ALL, example, prediction)
    thrice = terms_of(dict.fromkeys(TERM_NAMES, 3.0), example, prediction)
    assert list(once) == list(TERM_NAMES)
    for name in TERM_NAMES:
        torch.testing.assert_close(3 * once[name], thrice[name])


def test_mix_terms_are_those_of_the_published_losses():
    example = example_of()
    prediction = moved(example, "master", "fader.gain_db", -6.0)
    mix = example.scene.excerpts.mixed(DEFAULT.from_unit(prediction.mean), DEFAULT)
    terms = terms_of(ALL, example, prediction)
    stft = MultiResolutionSTFTLoss()(mix, example.target.to(mix))
    for name in ("linear", "log"):
        torch.testing.assert_close(terms[f"mrstft.{name}"], stft[name])
    ours, true = (audio_features(x, SAMPLE_RATE).mean() for x in (mix, example.target))
    torch.testing.assert_close(terms["af.rms"], mse_loss(ours.rms, true.rms), check_dtype=False)
    style = StyleLoss(SAMPLE_RATE)(mix, example.target)
    torch.testing.assert_close(terms["style.level"], style["level"], check_dtype=False)


def test_peak_normalised_mixes_are_compared_without_their_level():
    example = example_of()
    prediction = moved(example, "master", "fader.gain_db", -12.0)
    weights = {"mrstft.linear": 1.0, "af.rms": 1.0}
    assert float(terms_of(weights, example, prediction)["mrstft.linear"]) > 0.1
    for name, term in terms_of(weights, example, prediction, peak_normalised=True).items():
        assert abs(float(term)) < 1e-4, name


def test_without_truth_only_the_reference_is_compared_with():
    example = example_of("real-reference")
    prediction = predicted(Settings(*(torch.full_like(part, 0.5) for part in DEFAULT.defaults(2))))
    terms = terms_of(ALL, example, prediction)
    assert {name.split(".")[0] for name in terms} == {"af", "style"}
    mix = example.scene.excerpts.mixed(DEFAULT.from_unit(prediction.mean), DEFAULT)
    expected = StyleLoss(SAMPLE_RATE)(mix, example.scene.reference)["tone"]
    torch.testing.assert_close(terms["style.tone"], expected, check_dtype=False)


def test_settings_cost_their_surprise_weighted_by_what_is_heard():
    example = example_of()
    truth = DEFAULT.to_unit(example.settings)
    mean = truth._replace(master=truth.master + 0.2)
    prediction = predicted(mean, width=0.1)
    terms = terms_of({"settings.master": 2.0, "settings.track": 1.0}, example, prediction)
    # Every control is two widths away, so whatever is heard of them, the mean is 2 sqrt 2 + log 0.1.
    assert float(terms["settings.master"]) == pytest.approx(2 * (2 * math.sqrt(2) + math.log(0.1)))
    assert float(terms["settings.track"]) == pytest.approx(math.log(0.1))


def test_controls_that_are_not_the_models_to_set_cost_nothing():
    example = example_of()
    truth = DEFAULT.to_unit(example.settings)
    prediction = predicted(truth._replace(fx=truth.fx + 0.3), width=0.1)
    prediction = prediction._replace(width=prediction.width._replace(fx=torch.zeros_like(truth.fx)))
    assert float(terms_of({"settings.fx": 1.0}, example, prediction)["settings.fx"]) == 0


def test_a_stem_that_is_louder_costs_its_level_and_nothing_else():
    example = example_of()
    audio = example.scene.excerpts.audio
    audio[:] = audio[:, :1]  # one signal everywhere, mono and stereo: K-weighted energies of 1 and 2 times the panning
    flat = DEFAULT.defaults(2)
    example = example._replace(settings=flat)
    prediction = moved(example, "track", "fader.gain_db", 6.0, tracks=0)
    terms = terms_of(ALL, example, prediction)
    # The mono track is panned to the middle at constant power: half the energy of the stereo track.
    before, after = (10 ** (gain_db / 10) * torch.tensor([1.0, 0.0]) for gain_db in (0.0, 6.0))
    before, after = (
        10 * torch.log10(e / e.sum()) for e in (before + torch.tensor([0, 2.0]), after + torch.tensor([0, 2.0]))
    )
    expected = sum(huber(float(error)) for error in after - before) / 2
    assert float(terms["wet.level"]) == pytest.approx(expected, abs=0.01)
    assert float(terms["wet.pan"]) == pytest.approx(0, abs=1e-6)
    assert float(terms["wet.spectrum"]) == pytest.approx(0, abs=1e-4)


def test_pan_costs_what_the_pan_law_makes_of_it():
    example = example_of(tracks=2)
    example = example._replace(settings=DEFAULT.defaults(2))
    prediction = moved(example, "track", "panner.pan", 0.5, tracks=0)
    terms = terms_of(ALL, example, prediction)
    left, right = pan_gains(torch.tensor(0.5, dtype=torch.float64)).square()
    floor = 1e-3 * (left + right)
    error_db = 10 * math.log10((right + floor) / (left + floor))
    assert float(terms["wet.pan"]) == pytest.approx(huber(error_db) / 2, rel=1e-4)
    assert float(terms["wet.spectrum"]) == pytest.approx(0, abs=1e-4)


def test_an_equalizer_costs_spectrum():
    example = example_of()
    example = example._replace(settings=DEFAULT.defaults(2))
    terms = terms_of(ALL, example, moved(example, "track", "eq.high_shelf.gain_db", 6.0))
    assert float(terms["wet.spectrum"]) > 0.3


def test_a_silent_track_costs_nothing():
    example = example_of()
    example.scene.excerpts.audio[:, 0] = 0
    weights = {"settings.track": 1.0, "wet.level": 1.0, "wet.pan": 1.0, "wet.spectrum": 1.0}
    prediction = moved(example, "track", "fader.gain_db", 9.0, tracks=0)
    terms, right = (terms_of(weights, example, p) for p in (prediction, truth_of(example)))
    for name, term in terms.items():
        assert float(term) == pytest.approx(float(right[name])), name


def test_on_a_side_that_is_not_trusted_a_pan_costs_its_distance_from_the_middle():
    example = example_of(tracks=2)
    pan = list(DEFAULT.track.params).index("panner.pan")
    truth = DEFAULT.to_unit(example.settings)
    truth.tracks[..., pan] = torch.tensor([0.8, 0.3])
    example = example._replace(settings=DEFAULT.from_unit(truth))
    mirrored = truth.tracks.clone()
    mirrored[..., pan] = 1 - mirrored[..., pan]
    prediction = predicted(truth._replace(tracks=mirrored), width=0.1)
    costs = [
        float(terms_of({"settings.track": 1.0}, example, prediction._replace(right=right))["settings.track"])
        for right in (torch.full((1, 2), 0.5), torch.full((1, 2), 0.75), torch.ones(1, 2))
    ]
    assert costs[0] == pytest.approx(math.log(0.1), abs=1e-5)
    assert costs[0] < costs[1] < costs[2]


def test_a_side_that_is_wrong_costs_the_more_the_surer_it_was():
    example = example_of(tracks=2)
    pan = list(DEFAULT.track.params).index("panner.pan")
    truth = DEFAULT.to_unit(example.settings)
    truth.tracks[..., pan] = torch.tensor([0.75, 0.5])  # the second stands on no side
    prediction = truth_of(example._replace(settings=DEFAULT.from_unit(truth)))
    costs = [
        float(
            terms_of(
                {"sides.right": 1.0},
                example._replace(settings=DEFAULT.from_unit(truth)),
                prediction._replace(right=torch.tensor([[right, 0.9]])),
            )["sides.right"]
        )
        for right in (0.9, 0.5, 0.1)
    ]
    assert costs == pytest.approx([-math.log(0.9), -math.log(0.5), -math.log(0.1)], rel=1e-4)
    assert "sides.right" not in terms_of({"sides.right": 1.0}, example, truth_of(example))


@pytest.mark.parametrize("layout", list(LAYOUTS.values()), ids=lambda layout: layout.name)
@pytest.mark.parametrize("position", [0.0, 1.0])
def test_the_gradient_is_finite_at_the_ends_of_every_range(layout, position):
    example = example_of(layout=layout)
    unit = Settings(*(torch.full_like(part, position).requires_grad_() for part in layout.defaults(2)))
    prediction = predicted(unit)
    terms = Losses(ALL)(Case(example, prediction, layout))
    torch.stack([term.double() for term in terms.values()]).sum().backward()
    assert all(part.grad.isfinite().all() for part in unit)


@pytest.mark.parametrize(("weights", "said"), [({"mrstft.phase": 1.0}, "got mrstft.phase"), ({"af.rms": 0.0}, "none")])
def test_bad_weights_are_refused(weights, said):
    with pytest.raises(ValueError, match=said):
        Losses(weights)


def test_a_term_of_weight_0_is_not_computed():
    example = example_of()._replace(target=None)  # the mix would have nothing to be compared with
    case = Case(example, truth_of(example), DEFAULT)
    assert list(Losses({"settings.track": 1.0, "mrstft.log": 0.0})(case)) == ["settings.track"]
    assert "mix" not in vars(case)


def test_controls_are_heard_as_far_as_their_effect_does_something():
    settings = DEFAULT.defaults(2)
    track, master = list(DEFAULT.track.params), list(DEFAULT.master.params)
    settings.tracks[0, 0, track.index("eq.peak_1.gain_db")] = -1.5
    settings.tracks[0, 0, track.index("compressor.ratio")] = 4 / 3
    settings.tracks[0, 1, track.index("send.gain_db")] = -38.0
    settings.master[0, master.index("eq.low_shelf.gain_db")] = 6.0
    heard = heard_shares(settings, DEFAULT, torch.tensor([True, True]))
    first = dict(zip(track, heard.tracks[0, 0].tolist(), strict=True))
    assert first["eq.peak_1.freq_hz"] == first["eq.peak_1.q"] == pytest.approx(0.5)
    assert first["eq.peak_2.freq_hz"] == 0
    assert first["compressor.attack_ms"] == pytest.approx(0.5)
    assert first["eq.peak_1.gain_db"] == first["compressor.ratio"] == first["fader.gain_db"] == 1
    assert heard.fx.tolist() == [[pytest.approx(0.1)] * len(DEFAULT.fx)]
    assert heard.master[0, master.index("eq.low_shelf.q")] == 1
    silent = heard_shares(settings, DEFAULT, torch.tensor([True, False]))
    assert silent.tracks[0, 1].sum() == 0
    assert silent.fx.max() < 1e-3  # nothing else is sent
