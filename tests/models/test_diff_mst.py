import pytest
import torch
from heard_as_published import SAMPLES, make_scene, permuted, small_config
from torch.nn.functional import mse_loss

from diffmst.layout import PAPER, Settings
from diffmst.models.diff_mst import PUBLISHED_HEARING, DiffMST, DiffMSTConfig

EXACT = {"rtol": 1e-10, "atol": 1e-10}  # double precision, through a dozen layers


def make_model(**changes):
    """A small model in double precision that has heard something."""
    torch.manual_seed(11)
    model = DiffMST(small_config(**changes)).double()
    with torch.no_grad():
        for seed in range(3):
            model([make_scene(4, seed, dtype=torch.float64)])
    return model.eval()


@pytest.fixture(scope="module")
def model():
    return make_model()


def scene(tracks, seed=0, **options):
    return make_scene(tracks, seed, dtype=torch.float64, **options)


def predicted(model, scenes):
    with torch.no_grad():
        return model(scenes)


def assert_same(one, other):
    for first, second in zip(one.mean, other.mean, strict=True):
        torch.testing.assert_close(first, second, **EXACT)


def test_the_published_model_has_190923982_weights():
    with torch.device("meta"):
        model = DiffMST()
    assert sum(weight.numel() for weight in model.parameters()) == 190_923_982
    assert sum(weight.numel() for weight in model.controller.parameters()) == 12 * 3_152_384
    assert [head.linear.out_features for head in model.heads] == [27, 25, 26]


def test_it_hears_as_published():
    hearing = DiffMSTConfig().hearing
    assert round(hearing.window_s * hearing.sample_rate) == 262_144
    assert (hearing.track_lufs, hearing.reference_lufs, hearing.split_stereo) == (-48, -16, True)


def test_a_prediction_holds_every_control_of_the_layout(model):
    prediction = predicted(model, [scene(3), scene(5, 1)])
    for settings in (prediction.mean, prediction.width):
        assert [tuple(part.shape) for part in settings] == [(2, 5, 27), (2, 25), (2, 26)]
        assert all(((part >= 0) & (part <= 1)).all() for part in settings)
    assert prediction.right is None


def test_it_is_the_same_for_tracks_in_another_order(model):
    heard, order = scene(5), [3, 0, 4, 1, 2]
    one, other = predicted(model, [heard]), predicted(model, [permuted(heard, order)])
    assert not torch.allclose(one.mean.tracks[0, 0], one.mean.tracks[0, 3], atol=1e-4)  # they do differ
    assert_same(one._replace(mean=one.mean._replace(tracks=one.mean.tracks[:, order])), other)


@pytest.mark.parametrize("tracks", [1, 128])
def test_songs_may_have_any_number_of_tracks(model, tracks):
    prediction = predicted(model, [scene(tracks, samples=3_000)])
    assert prediction.mean.tracks.shape[1] == tracks and all(part.isfinite().all() for part in prediction.mean)


def test_a_song_is_mixed_alike_whatever_songs_stand_beside_it(model):
    scenes = [scene(2, 1), scene(6, 2), scene(1, 3)]
    together = predicted(model, scenes)
    for index, alone in enumerate(scenes):
        assert_same(together.song(index, alone.tracks), predicted(model, [alone]))


def test_the_reference_is_heard(model):
    heard = scene(3)
    other = heard._replace(reference=scene(3, 9).reference)
    assert not torch.allclose(predicted(model, [heard]).mean.master, predicted(model, [other]).mean.master, atol=1e-6)


def test_the_lead_is_not_heard(model):
    heard = scene(3, lead=500)
    excerpts = heard.excerpts
    without = excerpts._replace(audio=excerpts.audio[..., 500:], lead_frames=0)
    assert_same(predicted(model, [heard]), predicted(model, [heard._replace(excerpts=without)]))


def test_windows_that_are_alike_are_heard_as_one(model):
    heard = scene(3)
    twice = heard._replace(
        excerpts=heard.excerpts._replace(audio=heard.excerpts.audio.repeat(2, 1, 1)),
        reference=heard.reference.repeat(2, 1, 1),
    )
    assert_same(predicted(model, [heard]), predicted(model, [twice]))


def test_left_and_right_of_the_reference_are_told_apart(model):
    heard = scene(3)
    swapped = heard._replace(reference=heard.reference.flip(1))
    assert not torch.allclose(predicted(model, [heard]).mean.tracks, predicted(model, [swapped]).mean.tracks, atol=1e-6)


def test_as_mid_and_side_a_reference_sounds_like_its_mirror_image_but_not_like_mono():
    model, heard = make_model(reference_sides="mid-side"), scene(3)
    mirrored = heard._replace(reference=heard.reference.flip(1))  # the side changes its sign only
    mono = heard._replace(reference=heard.reference.mean(1, keepdim=True).repeat(1, 2, 1))  # the mid stays
    original = predicted(model, [heard])
    assert_same(original, predicted(model, [mirrored]))
    assert not torch.allclose(original.mean.tracks, predicted(model, [mono]).mean.tracks, atol=1e-6)


def test_the_reverb_is_off_as_published(model):
    prediction, send = predicted(model, [scene(3)]), list(PAPER.track.params).index("send.gain_db")
    settings = PAPER.from_unit(prediction.mean)
    torch.testing.assert_close(settings.fx[0], torch.as_tensor(PAPER.fx.defaults()), rtol=1e-6, atol=1e-5)
    assert (settings.tracks[..., send] == PAPER.track.params["send.gain_db"].low).all()
    assert not prediction.width.fx.any() and not prediction.width.tracks[..., send].any()
    others = [column for column in range(len(PAPER.track)) if column != send]
    assert (prediction.width.tracks[..., others] == 0.05).all() and (prediction.width.master == 0.05).all()


def test_the_reverb_can_be_the_models_to_set():
    prediction = predicted(make_model(reverb=True, uncertainty=0.1), [scene(3)])
    assert all((part == 0.1).all() for part in prediction.width)
    assert prediction.mean.fx.std() > 0


@pytest.mark.parametrize("recompute", [False, True])
def test_gradients_reach_every_weight(recompute):
    model = make_model(reverb=True, recompute=recompute).train()
    prediction = model([scene(3), scene(2, 1)])
    sum(part.square().sum() for part in prediction.mean).backward()
    for name, weight in model.named_parameters():
        assert weight.grad is not None and weight.grad.isfinite().all() and weight.grad.any(), name


def test_weights_of_what_is_off_have_a_gradient_of_zero():
    """So that processes that share the training wait for none of them."""
    model = make_model().train()
    sum(part.sum() for part in model([scene(3)]).mean).backward()
    assert all(weight.grad is not None for weight in model.parameters())
    assert not model.heads[1].linear.weight.grad.any()


def test_it_learns_one_batch_by_heart():
    torch.manual_seed(2)
    model = DiffMST(small_config(encoder_channels=(2, 3), reverb=True))
    scenes = [make_scene(3, 1, samples=2_000), make_scene(2, 2, samples=2_000)]
    truth = Settings(*(0.1 + 0.8 * torch.rand_like(part) for part in model(scenes).mean))
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    losses = []
    for _ in range(100):
        prediction = model(scenes)
        heard = [truth.tracks[0], truth.tracks[1, :2], truth.fx, truth.master]
        told = [prediction.mean.tracks[0], prediction.mean.tracks[1, :2], prediction.mean.fx, prediction.mean.master]
        loss = sum(mse_loss(one, other) for one, other in zip(told, heard, strict=True))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 50


def test_stereo_tracks_are_refused(model):
    heard = scene(3)
    stereo = heard._replace(excerpts=heard.excerpts._replace(channels=(1, 2)), roles=heard.roles[:2])
    with pytest.raises(ValueError, match="tracks of one channel"):
        model([stereo])


def test_windows_of_several_lengths_are_refused(model):
    with pytest.raises(ValueError, match=rf"one length, got \[5000, {SAMPLES}\] samples"):
        model([scene(3), scene(3, samples=5_000)])


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"heads": 3}, "heads must divide the width, got 3 heads for a width of 16"),
        ({"layers": 0}, "every size of Diff-MST must be at least 1"),
        ({"encoder_channels": ()}, "every size of Diff-MST must be at least 1"),
        ({"hearing": PUBLISHED_HEARING._replace(split_stereo=False)}, "split_stereo must be true"),
        ({"uncertainty": 0.0}, "uncertainty must be above 0, got 0"),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused(change, rule):
    with pytest.raises(ValueError, match=rule):
        small_config(**change)
