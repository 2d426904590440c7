import numpy as np
import pytest

from diffmst.layout import DEFAULT
from diffmst.random_mix.amounts import AT_ONCE, FULL, Amounts, Curriculum
from diffmst.random_mix.controls import towards_default, within_ranges


def test_without_ramps_everything_is_there_from_the_beginning():
    assert AT_ONCE.amounts(0.0) == FULL == Amounts(1, 1, 1, 1, 1, 1)


def test_a_ramp_rises_from_its_beginning_to_its_end():
    curriculum = Curriculum(eq=(0.2, 0.4), space=(0.5, 0.5))
    assert [curriculum.amounts(share).eq for share in (0, 0.2, 0.3, 0.4, 1)] == [0, 0, 0.5, 1, 1]
    assert [curriculum.amounts(share).space for share in (0.49, 0.5)] == [0, 1]


def test_a_ramp_cannot_end_before_it_begins():
    with pytest.raises(ValueError, match=r"the ramp of pan must not end before it begins, got 0\.5 to 0\.1"):
        Curriculum(pan=(0.5, 0.1))


def test_an_effect_moves_in_positions_and_the_others_stay():
    section = DEFAULT.track
    drawn = section.vector({"compressor.ratio": 4.0, "eq.peak_1.gain_db": 6.0})
    half = section.named(towards_default(section, drawn, "compressor", 0.5))
    assert half["compressor.ratio"] == pytest.approx(2.0)  # half of the way in octaves
    assert half["eq.peak_1.gain_db"] == 6.0


@pytest.mark.parametrize("effect", ["eq", "compressor", "send", "panner"])
def test_none_of_an_effect_is_its_default_and_all_of_it_what_was_drawn(effect):
    section = DEFAULT.track
    drawn = section.from_unit(np.linspace(0.1, 0.9, len(section)))
    moved = np.array([name.startswith(effect) for name in section.params])
    assert np.array_equal(towards_default(section, drawn, effect, 0.0)[moved], section.defaults()[moved])
    assert np.array_equal(towards_default(section, drawn, effect, 1.0), drawn)


def test_what_is_out_of_range_is_held_at_its_end():
    section = DEFAULT.track
    values = section.vector({"panner.pan": 3.0, "send.gain_db": -300.0, "compressor.ratio": 2.0})
    held = section.named(within_ranges(section, values))
    assert (held["panner.pan"], held["send.gain_db"], held["compressor.ratio"]) == (1.0, -80.0, 2.0)
