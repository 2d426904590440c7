import pytest
import torch

from diffmst.layout import LAYOUTS
from diffmst.params import Param

ALL_PARAMS = [
    pytest.param(param, id=f"{layout.name}.{section_name}.{name}")
    for layout in LAYOUTS.values()
    for section_name, section in layout.sections()
    for name, param in section.params.items()
]


@pytest.mark.parametrize("param", ALL_PARAMS)
def test_unit_interval_maps_onto_the_range_and_back(param):
    u = torch.linspace(0, 1, 101, dtype=torch.float64)
    values = param.from_unit(u)
    assert values[0] == pytest.approx(param.low) and values[-1] == pytest.approx(param.high)
    assert (values.diff() > 0).all()
    torch.testing.assert_close(param.to_unit(values), u, atol=1e-9, rtol=0)


@pytest.mark.parametrize("param", ALL_PARAMS)
def test_gradient_is_finite_and_positive_at_both_ends(param):
    u = torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(param.from_unit(u).sum(), u)
    assert gradient.isfinite().all() and (gradient > 0).all()


@pytest.mark.parametrize("param", ALL_PARAMS)
def test_float32_stays_in_the_range(param):
    values = param.from_unit(torch.linspace(0, 1, 1001))
    assert values.min() >= torch.tensor(param.low) and values.max() <= torch.tensor(param.high)


def test_a_log_scale_moves_by_equal_ratios():
    values = Param("freq_hz", 10, 1000, 100, scale="log").from_unit(torch.tensor([0.0, 0.5, 1.0]))
    torch.testing.assert_close(values, torch.tensor([10.0, 100.0, 1000.0]))


def test_an_amplitude_scale_is_half_as_loud_in_the_middle():
    value = Param("gain_db", -80, 0, 0, scale="amplitude").from_unit(torch.tensor(0.5, dtype=torch.float64))
    assert value.item() == pytest.approx(-6.02, abs=0.01)


def test_a_rate_scale_moves_evenly_in_the_reciprocal():
    value = Param("rt60_s", 1, 3, 1, scale="rate").from_unit(torch.tensor(0.5, dtype=torch.float64))
    assert value.item() == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({"low": 1, "high": 1, "default": 1}, "low < high"),
        ({"low": 0, "high": 1, "default": 2}, "default of x must lie in 0 .. 1, got 2"),
        ({"low": 0, "high": 1, "default": 1, "scale": "log"}, "log range of x must be above 0"),
        ({"low": -1, "high": 1, "default": 1, "scale": "rate"}, "rate range of x must be above 0"),
        ({"low": 0, "high": 1, "default": 1, "scale": "cubic"}, "scale of x must be one of"),
    ],
)
def test_a_wrong_declaration_is_refused(arguments, rule):
    with pytest.raises(ValueError, match=rule):
        Param("x", **arguments)
