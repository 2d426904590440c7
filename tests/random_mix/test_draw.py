import json

import numpy as np
import pytest
from staged_songs import heard

from diffmst.layout import DEFAULT, PAPER
from diffmst.random_mix.amounts import Amounts
from diffmst.random_mix.draw import MixDraw

SANE = MixDraw("sane", 2**62 + 12345, 987, Amounts(eq=0.37))


@pytest.fixture(scope="module")
def sound():
    return heard(("kick", "snare", "lead", "keys"))


@pytest.mark.parametrize("draw", [SANE, SANE._replace(kind="uniform")], ids=lambda draw: draw.kind)
@pytest.mark.parametrize("layout", [DEFAULT, PAPER], ids=lambda layout: layout.name)
def test_a_record_gives_the_same_bits_again(sound, draw, layout):
    again = MixDraw.from_json(draw.to_json())
    assert again == draw
    for one, other in zip(draw.settings(sound, layout), again.settings(sound, layout), strict=True):
        np.testing.assert_array_equal(one, other)


def test_other_seeds_give_other_mixes(sound):
    one, other, styled = (
        d.settings(sound, DEFAULT) for d in (SANE, SANE._replace(seed=1), SANE._replace(style_seed=1))
    )
    assert not np.array_equal(one.tracks, other.tracks)
    assert np.array_equal(one.fx, other.fx) and np.array_equal(one.master, other.master)  # these are of the style
    assert not np.array_equal(one.fx, styled.fx) and not np.array_equal(one.master, styled.master)


def test_a_record_of_another_version_is_refused():
    record = json.loads(SANE.to_json()) | {"version": 1}
    with pytest.raises(ValueError, match="version of a drawn mix must be 3, got 1"):
        MixDraw.from_json(json.dumps(record))
