import pytest
import torch
from torch.autograd import gradcheck

from diffmst.dsp import units


@pytest.mark.parametrize(("db", "amplitude"), [(0, 1), (20, 10), (-20, 0.1), (-6.0206, 0.5), (-120, 1e-6)])
def test_decibels_and_amplitudes_are_inverse(db, amplitude):
    amplitude = torch.tensor(amplitude, dtype=torch.float64)
    torch.testing.assert_close(
        units.db_to_amplitude(torch.tensor(db, dtype=torch.float64)), amplitude, rtol=1e-6, atol=0
    )
    torch.testing.assert_close(units.amplitude_to_db(-amplitude).item(), float(db), rtol=0, atol=1e-5)


def test_zero_db_is_exactly_one():
    assert units.db_to_amplitude(torch.tensor(0.0)).item() == 1


def test_silence_has_the_floor_and_no_gradient():
    silence = torch.zeros(3, requires_grad=True)
    level_db = units.amplitude_to_db(silence)
    level_db.sum().backward()
    assert level_db.tolist() == [units.FLOOR_DB] * 3
    assert silence.grad.tolist() == [0, 0, 0]


def test_gradients_are_right():
    values = torch.tensor([-60.0, -3, 0, 24], dtype=torch.float64, requires_grad=True)
    assert gradcheck(units.db_to_amplitude, values)
    assert gradcheck(units.amplitude_to_db, units.db_to_amplitude(values).detach().requires_grad_())
