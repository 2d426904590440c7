import numpy as np
import pytest

from diffmst.layout import DEFAULT, LAYOUTS
from diffmst.locks import locked_columns, matching_controls, patterns_of

TRACK = DEFAULT.track


@pytest.mark.parametrize("section", [section for layout in LAYOUTS.values() for _, section in layout.sections()])
def test_every_control_can_be_locked_by_its_name_alone(section):
    for name in section.params:
        assert matching_controls(section, name) == [name]


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        ("*", len(TRACK)),
        ("eq", 18),
        ("EQ.*", 18),
        ("eq.*.gain_db", 6),
        ("eq.low_shelf", 3),
        ("low_shelf", 3),
        ("q", 6),
        ("compressor", 6),
        ("threshold", 1),
        ("ratio", 1),
        ("pan", 1),
        ("Fader", 1),
        ("send", 1),
    ],
)
def test_controls_are_found_the_way_people_name_them(pattern, count):
    found = matching_controls(TRACK, pattern)
    assert len(found) == count and found == [name for name in TRACK.params if name in found]


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        ("volume", "'volume' fits no control; there are input, eq, compressor, panner, fader and send"),
        ("", "'' fits no control"),
        ("eq.peak_9.*", r"'eq.peak_9.\*' fits no control"),
        ("gain", r"'gain' may mean input.\*gain\*, eq.\*gain\*, fader.\*gain\* or send.\*gain\*"),
    ],
)
def test_a_pattern_of_nothing_or_of_several_effects_is_refused(pattern, line):
    with pytest.raises(ValueError, match=line):
        matching_controls(TRACK, pattern)


@pytest.mark.parametrize("seed", range(20))
def test_patterns_for_some_controls_lock_just_these(seed):
    """Any subset, and subsets that hold whole effects."""
    random = np.random.default_rng(seed)
    wanted = random.random(len(TRACK)) < random.random()
    for effect in TRACK.effects:
        if random.random() < 0.4:
            wanted |= np.array([name.startswith(f"{effect.name}.") for name in TRACK.params])
    names = [name for name, held in zip(TRACK.params, wanted, strict=True) if held]
    patterns = patterns_of(TRACK, names)
    assert np.array_equal(locked_columns(TRACK, patterns), wanted)
    assert len(patterns) <= len(names)


def test_all_controls_are_one_star():
    assert patterns_of(TRACK, set(TRACK.params)) == ("*",) and patterns_of(TRACK, ()) == ()
