import pytest
import torch

from diffmst.ear.scores import calibration_error, confusion_rows, scores
from diffmst.models.scene import ROLE_NAMES

KICK, SNARE, BASS = (ROLE_NAMES.index(name) for name in ("kick", "snare", "bass"))


def told(*roles, sure=0.88):
    probabilities = torch.full((len(roles), len(ROLE_NAMES) - 1), (1 - sure) / (len(ROLE_NAMES) - 2))
    probabilities[torch.arange(len(roles)), torch.tensor(roles)] = sure
    return probabilities


def test_another_drum_is_the_wrong_role_of_the_right_family():
    found = scores(told(KICK, SNARE, BASS, KICK), torch.tensor([KICK, KICK, KICK, KICK]))
    assert (found.stems, found.exact, found.family) == (4, 0.5, 0.75)
    assert set(found.confusions) == {("kick", "snare", 1), ("kick", "bass", 1)}


def test_surprise_is_the_negative_logarithm_of_what_was_given_to_the_right_role():
    found = scores(told(KICK, BASS), torch.tensor([KICK, KICK]))
    assert found.surprise == pytest.approx(-(torch.tensor([0.88, 0.01]).log().mean().item()))


def test_who_is_right_as_often_as_sure_is_calibrated():
    confidence = torch.tensor([0.75] * 4 + [0.25] * 4)
    right = torch.tensor([True, True, True, False, True, False, False, False])
    assert calibration_error(confidence, right) == pytest.approx(0)
    assert calibration_error(confidence, ~right) == pytest.approx(0.5)


def test_the_confusion_table_has_right_roles_in_rows():
    headings, *rows = confusion_rows(told(KICK, SNARE, SNARE), torch.tensor([KICK, KICK, KICK]))
    assert headings == ["", "kick", "snare"]
    assert rows == [["kick", "1", "2"], ["snare", "", ""]]
