"""What a model believes, as the prior of a refinement."""

from torch import Tensor

from diffmst.layout import Settings
from diffmst.models.prediction import Prediction
from diffmst.prior import BOUND, Prior

WIDEST = 1 / BOUND
"""A width with which a control may move by its whole range; more means nothing."""


def from_prediction(prediction: Prediction) -> Prior:
    """The prior that starts at what is predicted, and moves each control as far as the model is in doubt of it.

    For tracks that are staged as the model heard them; on the processor, without gradient.

    Args:
        prediction: of one scene, see `Prediction.song`.

    Raises:
        ValueError: it is of several.
    """
    if (scenes := prediction.mean.tracks.shape[0]) != 1:
        raise ValueError(f"a prior is of one scene, got the prediction of {scenes}")
    mean = _limited(prediction.mean, 1.0)
    return Prior(mean, _limited(prediction.width, WIDEST), mean)


def _limited(settings: Settings[Tensor], highest: float) -> Settings[Tensor]:
    return Settings(*(part.detach().cpu().double().clamp(0, highest) for part in settings))
