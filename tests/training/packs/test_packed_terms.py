"""Losses and yardsticks of scenes of a pack, side by side."""

import math

import pytest
import torch

from diffmst.layout import DEFAULT, Settings
from diffmst.models.prediction import Prediction
from diffmst.models.scene import role_places, role_probabilities
from diffmst.models.style_transfer import StyleTransfer, StyleTransferConfig
from diffmst.roles import BY_NAME
from diffmst.training.packs.band_scenes import BandScene
from diffmst.training.packs.packed import RECORD, Pack, PackedScene, PackRecord, shard_path, write_shard
from diffmst.training.packs.packed_system import PackedSystem
from diffmst.training.packs.packed_terms import PACKED_TERMS, PackedLosses, packed_batch
from diffmst.training.packs.packing import heard_scenes
from diffmst.training.packs.yardsticks import yardsticks
from tests.models import band_scenes

ROUNDING = 1e-4  # of decibels and nats in single precision, whatever stands beside a scene
ROLES = ("kick", "bass", "lead", "pad", "guitar", "keys")
FADER, PAN = map(list(DEFAULT.track.params).index, ("fader.gain_db", "panner.pan"))


def scene_of(generator, tracks):
    """Noises with settings that are nearly neutral, and with some panning."""
    bands = band_scenes.scene(generator, tracks=tracks)
    settings = DEFAULT.defaults(tracks)
    settings.tracks[..., PAN] = torch.linspace(-0.5, 0.5, tracks).double()
    settings.tracks[..., FADER] -= torch.arange(tracks)
    scene = BandScene(bands, settings, role_places(ROLES[:tracks]), "same-song")
    return heard_scenes([scene])[0]


def batch_of(*scenes):
    told = [role_probabilities([BY_NAME[ROLES[place]] for place in range(len(scene.roles))]) for scene in scenes]
    return packed_batch(scenes, told, DEFAULT)


def predicted(unit, width=0.1):
    widths = Settings(*(torch.full_like(part, width) for part in unit))
    return Prediction(unit, widths, right=torch.full(unit.tracks.shape[:2], 0.7))


def moved(truth, column, positions, track=0):
    tracks = truth.tracks.clone()
    tracks[:, track, column] += positions
    return truth._replace(tracks=tracks)


@pytest.fixture
def scenes(generator):
    return scene_of(generator, 3), scene_of(generator, 6)


def test_the_truth_is_no_error(scenes):
    batch = batch_of(*scenes)
    errors = yardsticks(batch, predicted(batch.truth), DEFAULT)
    for name in ("level_lu", "pan_db", "width_db", "eq_db"):
        assert errors[name].abs().max() < ROUNDING, name
        assert errors[f"equal_{name}"].isfinite().all()
    assert (errors["equal_level_lu"] > 0.5).all() and (errors["equal_pan_db"] > 0.5).all()
    terms = PackedLosses({"wet.level": 1.0, "wet.pan": 1.0, "wet.spectrum": 1.0})(
        batch, predicted(batch.truth)._replace(right=None), DEFAULT
    )
    assert all(float(term) < ROUNDING for term in terms.values()), terms


def test_a_fader_too_high_is_an_error_of_level_by_its_share(scenes):
    """Of n tracks one is 2 dB too loud: against the mean it is off by 2 (n - 1) / n, all others by 2 / n."""
    batch, fader = batch_of(*scenes), DEFAULT.track.params["fader.gain_db"]
    errors = yardsticks(batch, predicted(moved(batch.truth, FADER, 2 / (fader.high - fader.low), track=1)), DEFAULT)
    expected = [2 * 2 * (tracks - 1) / tracks**2 for tracks in (3, 6)]
    assert errors["level_lu"].tolist() == pytest.approx(expected, abs=1e-3)
    assert errors["pan_db"].max() < 1e-3


def test_a_mirrored_mix_is_as_wide(scenes):
    batch = batch_of(*scenes)
    tracks = batch.truth.tracks.clone()
    tracks[..., PAN] = 1 - tracks[..., PAN]
    errors = yardsticks(batch, predicted(batch.truth._replace(tracks=tracks)), DEFAULT)
    assert (errors["pan_db"] > 1).all()
    assert errors["width_db"].max() < 0.5  # stereo noises are not quite the same on both sides


def test_a_scene_counts_alike_alone_and_beside_larger_ones(scenes):
    weights = dict.fromkeys(PACKED_TERMS, 1.0)

    def terms(*some):
        batch = batch_of(*some)
        found = predicted(moved(batch.truth, FADER, 0.02))
        return PackedLosses(weights)(batch, found, DEFAULT), yardsticks(batch, found, DEFAULT)

    (small, own), (large, other), (both, beside) = terms(scenes[0]), terms(scenes[1]), terms(*scenes)
    assert list(both) == list(PACKED_TERMS)
    for name in ("wet.level", "wet.pan", "wet.spectrum", "song.tone"):
        assert float(both[name]) == pytest.approx((float(small[name]) + float(large[name])) / 2, abs=ROUNDING), name
    for name in own:
        torch.testing.assert_close(torch.cat([own[name], other[name]]), beside[name], atol=1e-3, rtol=1e-4)


def test_what_fills_up_costs_nothing_and_has_a_finite_gradient(scenes):
    batch = batch_of(*scenes)
    unit = Settings(*(part.clone().requires_grad_() for part in moved(batch.truth, FADER, 0.02)))
    right = torch.full(unit.tracks.shape[:2], 0.7, requires_grad=True)
    terms = PackedLosses(dict.fromkeys(PACKED_TERMS, 1.0))(batch, predicted(unit)._replace(right=right), DEFAULT)
    torch.stack(list(terms.values())).sum().backward()
    for part in (*unit, right):
        assert part.grad.isfinite().all()
    assert (unit.tracks.grad[0, 3:] == 0).all() and (right.grad[0, 3:] == 0).all()


def test_settings_of_all_that_is_heard_are_meaned(scenes):
    batch = batch_of(*scenes)
    terms = PackedLosses({"settings.master": 1.0})(batch, predicted(batch.truth), DEFAULT)
    assert float(terms["settings.master"]) == pytest.approx(math.log(0.1), abs=1e-5)


def test_terms_are_in_full_precision_whatever_that_of_the_trainer_is(scenes):
    """Half precision has steps of 0.4 % of the power, so of some hundredths of a decibel."""
    torch.manual_seed(0)
    network = StyleTransfer(StyleTransferConfig(width=16, layers=1, heads=2))
    system, batch = PackedSystem(network, dict.fromkeys(PACKED_TERMS, 1.0)), batch_of(*scenes)
    with torch.no_grad():
        prediction = system._heard(batch)
        expected = system._terms_of(batch, prediction)
        with torch.autocast("cpu", torch.bfloat16):
            found = system._terms_of(batch, prediction)
            assert all(part.dtype == torch.float32 for part in system._heard(batch).mean)
    for name, term in expected.items():
        torch.testing.assert_close(found[name], term, rtol=0, atol=0)


def test_what_is_written_is_read_again_but_for_half_precision_of_statistics(scenes, tmp_path):
    record = {
        "layout": "default",
        "hearing": StyleTransferConfig().hearing._asdict(),
        "seed": 0,
        "songs": 2,
        "favoured": 0.0,
        "tracks": (2, 6),
        "variety": {},
        "methods": {"same-song": 1.0},
        "sources": (),
        "command": "",
        "shards": (2,),
    }
    (tmp_path / RECORD).write_text(PackRecord(**record).model_dump_json())
    write_shard(shard_path(tmp_path, 0), scenes)
    for scene, again in zip(scenes, map(Pack(tmp_path).__getitem__, range(2)), strict=True):
        assert isinstance(again, PackedScene)
        for one, other in zip(scene.settings, again.settings, strict=True):
            assert torch.equal(one, other)
        assert torch.equal(scene.roles, again.roles) and scene.method == again.method
        torch.testing.assert_close(scene.heard.tracks, again.heard.tracks, atol=2e-3, rtol=1e-3)
        torch.testing.assert_close(scene.heard.reference, again.heard.reference, atol=2e-3, rtol=1e-3)
        for name in ("track_spectra", "reference_spectrum", "mono", "sides", "has_track", "has_reference_window"):
            assert torch.equal(getattr(scene.heard, name), getattr(again.heard, name)), name
        for one, other in zip(scene.heard.pair, again.heard.pair, strict=True):
            assert torch.equal(one, other)
