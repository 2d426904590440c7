import doctest

import pytest

from bench import measurements, pictures, tables


@pytest.mark.parametrize("module", [measurements, pictures, tables], ids=lambda module: module.__name__)
def test_the_examples_in_the_docstrings_hold(module):
    """They are not collected by themselves, as modules of `bench` import peers that are not there."""
    assert doctest.testmod(module).attempted > 0
    assert doctest.testmod(module).failed == 0
