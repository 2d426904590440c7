import pytest
from refusing import refuse
from stand_ins import TinyMaker

from diffmst.errors import UserError
from diffmst.layout import DEFAULT
from diffmst.training.loading import ExampleLoader, InCourse, MethodByMethod, Share, checked


def test_processes_share_every_batch_in_order():
    whole = list(Share(6, 3))
    shares = [list(Share(6, 3, rank=rank, processes=3)) for rank in range(3)]
    assert whole == [[*range(6)], [*range(6, 12)], [*range(12, 18)]]
    assert [[number for own in batch for number in own] for batch in zip(*shares, strict=True)] == whole


def test_a_run_that_is_resumed_goes_on_with_the_next_batch():
    assert list(Share(2, 5, first=3)) == list(Share(2, 5))[3:]
    assert len(Share(2, 5, first=3)) == 5


def test_a_batch_that_cannot_be_shared_is_refused():
    with pytest.raises(UserError, match="8 examples cannot be shared evenly by 3 processes"):
        Share(8, 1, processes=3)


@pytest.mark.parametrize("workers", [0, 1])
def test_what_a_user_can_mend_is_told_as_it_is(workers):
    (batch,) = ExampleLoader(refuse, Share(1, 1), workers)
    with pytest.raises(UserError, match=r"^song\.wav: has gone \(0\)$"):
        checked(batch)


def test_examples_come_as_they_were_made():
    maker = TinyMaker(["same-song"], DEFAULT)
    (batch,) = ExampleLoader(maker.make, Share(2, 1))
    assert [example.seed for example in checked(batch)] == [0, 1]
    assert batch[1].scene.excerpts.audio.equal(maker.make(1).scene.excerpts.audio)


class Told:
    """A maker that tells what it was asked for."""

    def __init__(self, name=""):
        self.name = name

    def make(self, index, progress=1.0):
        return self.name, index, progress


def test_the_curriculum_runs_with_the_number_of_the_example():
    make = InCourse(Told(), 8)
    assert [make(index)[2] for index in (0, 2, 8, 20)] == [0, 0.25, 1, 1]


def test_validation_goes_method_by_method_with_nothing_held_back():
    make = MethodByMethod([Told("one"), Told("two")], 3)
    assert [make(index) for index in range(5)] == [
        ("one", 0, 1.0),
        ("one", 1, 1.0),
        ("one", 2, 1.0),
        ("two", 0, 1.0),
        ("two", 1, 1.0),
    ]
