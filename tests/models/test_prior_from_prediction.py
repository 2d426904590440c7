import pytest
import torch

from diffmst.layout import Settings
from diffmst.models.prediction import Prediction
from diffmst.models.prior_from_prediction import WIDEST, from_prediction


def prediction(batch=1, width=0.1):
    mean = Settings(torch.rand(batch, 3, 4), torch.rand(batch, 2), torch.rand(batch, 5))
    widths = Settings(*(torch.full_like(part, width) for part in mean))
    return Prediction(mean, widths)


def test_a_prior_starts_at_the_prediction_and_has_its_doubt():
    predicted = prediction()
    prior = from_prediction(predicted)
    for mean, width, start, said in zip(prior.mean, prior.width, prior.start, predicted.mean, strict=True):
        assert mean.dtype == torch.float64
        assert torch.equal(mean, said.double())
        assert torch.equal(start, mean)
        assert torch.allclose(width, torch.tensor(0.1).double())


def test_a_prior_has_no_gradient_and_no_width_beyond_the_range():
    predicted = prediction(width=5.0)
    predicted.mean.tracks.requires_grad_()
    prior = from_prediction(predicted)
    assert not prior.mean.tracks.requires_grad
    assert all((width == WIDEST).all() for width in prior.width)


def test_a_batch_of_several_is_refused():
    with pytest.raises(ValueError, match="one scene, got the prediction of 2"):
        from_prediction(prediction(batch=2))
