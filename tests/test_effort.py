import pytest

from diffmst.amount import Amounts
from diffmst.effort import shortened
from diffmst.refine import STEPS, Refined

ENDED = Refined(None, {}, {}, (1.0,), converged=False, seconds=5.0)
CONVERGED = Refined(None, {}, {}, (1.0,), converged=True, seconds=5.0)


STOPPED = Refined(None, {}, {}, (3.0, 2.0), converged=False, seconds=5.0, stopped=True)


@pytest.mark.parametrize(
    ("refined", "options", "amounts", "words"),
    [
        (ENDED, {"steps": 0}, {}, ("refinement was left out",)),
        (ENDED, {"steps": 20}, {}, ("refinement took only 20 steps",)),
        (ENDED, {"steps": 1}, {"tone": 0}, ("refinement took only 1 step", "tone 0 %")),
        (STOPPED, {"steps": 20, "seconds": 4.0}, {}, ("refinement was stopped after 2 steps",)),
        (CONVERGED, {"steps": 20}, {}, ()),
        (ENDED, {"seconds": 4.0}, {}, ("refinement ended after 4 s, as asked",)),
        (ENDED, {}, {"overall": 50}, ("amount 50 %",)),
        (ENDED, {}, {"overall": 120, "width": 50}, ()),
        (ENDED, {}, {}, ()),
    ],
)
def test_what_the_user_left_out_is_named(refined, options, amounts, words):
    options = {"steps": STEPS, "seconds": float("inf")} | options
    assert shortened(refined, Amounts(**amounts), **options) == words
