import band_scenes
import pytest
import torch

from diffmst.models.window_statistics import STATISTICS, SUMMARY, summary, window_statistics

TOLERANCE = 1e-4  # of statistics of about 1 in single precision
PLACES = slice(7 * 64, 7 * 64 + 8 * 7)  # 6 distances and nowhere in 8 groups of bands, of sum 2 each
WHERE_LOUD_DB = -30.0  # far above the floor, so that a gain moves all levels alike


def statistics(powers):
    return window_statistics(powers, torch.ones(len(powers), powers.shape[-2], dtype=torch.bool))


def test_a_gain_moves_levels_and_nothing_else(generator):
    window = band_scenes.powers(generator, 1, level_db=WHERE_LOUD_DB)
    change = statistics(window * 10**0.6) - statistics(window)  # 6 dB are 0.3 on the scale of 20 dB
    moved = change > 0.15
    assert change[moved].sub(0.3).abs().max() < 1e-3
    assert change[~moved].abs().max() < 1e-3
    assert moved.sum() == 3 * (64 + 1), "three power means of every band, and of all together"


def test_dynamics_survive(generator):
    flat = torch.full((1, 3, 40, 64), 1e-4)
    on = (torch.arange(40) % 4 == 0)[:, None]
    bursts = torch.where(on, 4e-4, 1e-9)  # of the same mean power
    even, uneven = statistics(flat), statistics(bursts.expand(1, 3, 40, 64))
    assert uneven[0, 3 * 64 : 5 * 64].min() > even[0, 3 * 64 : 5 * 64].max() + 0.5, "spread and onsets of every band"
    assert torch.allclose(even[0, 64:128], uneven[0, 64:128], atol=TOLERANCE), "mean levels"


@pytest.mark.parametrize(
    ("cross", "side"), [(1.0, 0.0), (0.0, 0.92), (-1.0, 1.0)], ids=["mono", "wide", "out of phase"]
)
def test_width_is_told_on_a_fixed_scale(cross, side):
    powers = torch.full((1, 3, 10, 64), 1e-4)
    powers[:, 2] *= cross
    widths = statistics(powers)[0, 5 * 64 : 6 * 64]
    assert (widths - side).abs().max() < 0.01


def test_places_are_told_even_where_both_sides_balance_each_other():
    """Sources of one band in turns, one on the left and one on the right: together they look like a middle."""
    for pan, expected in ((0.0, [2, 0, 0, 0, 0, 0]), (0.6, [0, 0, 0, 2, 0, 0]), (0.9, [0, 0, 0, 0, 1, 1])):
        angle = torch.tensor([pan, -pan]).add(1) * torch.pi / 4
        left, right = angle.cos(), angle.sin()
        turns = torch.stack([left.square(), right.square(), left * right])  # [3, 2]
        powers = 1e-3 * turns.repeat(1, 10)[None, :, :, None].expand(1, 3, 20, 64)
        groups = statistics(powers)[0, PLACES].unflatten(-1, (8, 7))
        assert (groups[:, :6] - torch.tensor(expected)).abs().max() < 0.01
        assert groups[:, 6].max() < 0.01, "nothing stands nowhere"


def test_what_is_not_one_source_stands_nowhere():
    powers = torch.full((1, 3, 20, 64), 1e-3)
    powers[:, 2] = 0
    assert statistics(powers)[0, PLACES].unflatten(-1, (8, 7))[:, 6].min() > 1.99


def test_sides_swapped_swap_the_balance_only(generator):
    window = band_scenes.powers(generator, 2)
    one, other = statistics(window), statistics(window[:, [1, 0, 2]])
    balance = torch.zeros(STATISTICS, dtype=torch.bool)
    balance[6 * 64 : 7 * 64] = balance[-1] = True
    assert torch.allclose(one[:, ~balance], other[:, ~balance], atol=TOLERANCE)
    assert torch.allclose(one[:, balance], -other[:, balance], atol=TOLERANCE)


def test_frames_that_do_not_count_change_nothing(generator):
    window = band_scenes.powers(generator, 2, frames=70)
    longer = torch.nn.functional.pad(window, (0, 0, 0, 9), value=7.0)
    has_frame = torch.arange(79).expand(2, 79) < 70
    assert torch.allclose(statistics(window), window_statistics(longer, has_frame), atol=TOLERANCE)


def test_a_summary_is_the_outline_of_bands_and_all_that_is_said_of_the_whole(generator):
    found = statistics(band_scenes.powers(generator, 3))
    outline = summary(found)
    assert outline.shape == (3, SUMMARY)
    assert torch.equal(outline[:, -8:], found[:, -8:])
    levels = found[:, 64:128]
    assert torch.allclose(outline[:, :8], levels.unflatten(-1, (8, 8)).mean(-1), atol=TOLERANCE)


@pytest.mark.parametrize("frames", [1, 2, 3, 33])
def test_short_and_silent_windows_have_finite_foundand_gradients(frames):
    powers = torch.zeros(2, 3, frames, 64, requires_grad=True)
    found = statistics(powers)
    found.sum().backward()
    assert found.shape == (2, STATISTICS)
    assert found.isfinite().all()
    assert powers.grad.isfinite().all()
