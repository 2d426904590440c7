"""Every control and every term of the distance serves one aspect."""

import pytest

from diffmst.aspects import ASPECTS, TERM_ASPECTS, aspect_of
from diffmst.distance import DISTANCE_WEIGHTS
from diffmst.layout import LAYOUTS


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_every_control_serves_an_aspect_and_every_aspect_has_controls(layout):
    served = {aspect_of(name) for _, section in layout.sections() for name in section.params}
    assert served == set(ASPECTS)


def test_every_term_of_the_distance_serves_an_aspect():
    assert TERM_ASPECTS.keys() == DISTANCE_WEIGHTS.keys()
    assert set(TERM_ASPECTS.values()) <= set(ASPECTS)
