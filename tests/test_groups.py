"""Tracks of one source, by their names and their sound."""

import numpy as np
import pytest
from scipy.signal import lfilter
from songs import RATE, noise, write

from diffmst.data.survey import survey_files
from diffmst.groups import find_groups, likeness, spectral_difference_db
from diffmst.roles import roles_by_name

SECONDS = 8.0


def struck(seed, colour=0.0):
    """A part: noise struck at moments of its own, the darker the more colour."""
    chance = np.random.default_rng(seed)
    hits = np.zeros(round(SECONDS * RATE))
    hits[np.sort(chance.choice(len(hits), 20, replace=False))] = chance.uniform(0.3, 1, 20)
    envelope = lfilter([1], [1, -np.exp(-1 / (0.08 * RATE))], hits)
    return lfilter([1 - colour], [1, -colour], noise(SECONDS, seed + 100) * envelope)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("stems")


@pytest.fixture
def groups(folder):
    """The groups among parts by their names, as name of the group: its members."""

    def found(parts):
        names = list(parts)
        paths = [write(folder / f"{place}.wav", audio) for place, audio in enumerate(parts.values())]
        roles = [known.role for known in roles_by_name(names)]
        return {
            group.name: (group.kind, [names[place] for place in group.tracks])
            for group in find_groups(names, roles, survey_files(paths))
        }

    return found


ONE, DARK, LATE, OTHER = struck(1), struck(1, 0.95), np.roll(struck(1), round(0.015 * RATE)), struck(2)


def test_sides_are_left_and_right_of_one_name(groups):
    assert groups({"EGtr R": ONE, "Bass": OTHER, "EGtr L": LATE}) == {"egtr": ("sides", ["EGtr L", "EGtr R"])}


def test_files_of_one_name_that_play_something_else_are_no_group(groups):
    assert groups({"EGtr L": ONE, "EGtr R": OTHER}) == {}
    assert groups({"Bass DI": ONE, "Bass Amp": OTHER}) == {}


@pytest.mark.parametrize(
    ("names", "group"),
    [
        (("Bass DI", "Bass Amp"), "bass"),
        (("BASSDI", "BASSAMP"), "bass"),
        (("07 bass di", "08 bass amp"), "bass"),
        (("11_ElecGtr1DI", "12_ElecGtr1Mic"), "elec gtr 1"),
        (("Gtr Amp SM57", "Gtr Amp MD421"), "gtr"),
        (("Bass", "Bass DI"), "bass"),
        (("KD In", "Kick Out"), "kick"),
        (("01_kickin_48k", "02_subkick_48k"), "kick"),
        (("SN top", "Snare Bottom"), "snare"),
        (("04_SnareUp", "05_SnareDown"), "snare"),
    ],
)
def test_mics_and_wires_of_one_source_belong_together(groups, names, group):
    found = groups({names[0]: ONE, "Keys": OTHER, names[1]: DARK})
    assert found == {group: ("mics", list(names))}


@pytest.mark.parametrize("names", [("Bass DI", "Gtr Amp"), ("Gtr 1 DI", "Gtr 2 Amp"), ("Synth 1", "Synth 2")])
def test_names_of_other_sources_do_not_whatever_they_sound_like(groups, names):
    assert groups({names[0]: ONE, names[1]: ONE}) == {}


def test_a_double_belongs_to_what_it_doubles(groups):
    assert groups({"Gtr": ONE, "Gtr Dbl": LATE}) == {"gtr": ("doubles", ["Gtr", "Gtr Dbl"])}
    assert groups({"Lead Vox": ONE, "Lead Vox Dbl": LATE}) == {"lead vox": ("voice", ["Lead Vox", "Lead Vox Dbl"])}


def test_two_guitars_that_play_one_part_are_doubles_and_two_parts_are_not(groups):
    assert groups({"Gtr 1": ONE, "Gtr 2": LATE}) == {"gtr": ("doubles", ["Gtr 1", "Gtr 2"])}
    assert groups({"Gtr 1": ONE, "Gtr 2": OTHER}) == {}


def test_a_double_that_is_stereo_has_an_image_of_its_own(groups):
    wide = np.stack([ONE, LATE])
    assert groups({"Gtr": ONE, "Gtr Dbl": wide}) == groups({"Gtr": wide, "Gtr Dbl": ONE}) == {}


def test_the_rest_of_a_kit_is_a_group_where_there_are_mics_of_the_room(groups):
    kit = {"Kick": ONE, "Snare": OTHER, "OH": ONE + OTHER}
    assert groups(kit) == {"drum kit": ("kit", ["Kick", "Snare", "OH"])}
    assert groups({"Kick": ONE, "Snare": OTHER, "Shaker": LATE}) == {}


def test_overheads_of_two_files_are_sides(groups):
    found = groups({"Kick": ONE, "Tom": OTHER, "OH L": ONE + 0.7 * OTHER, "OH R": 0.7 * ONE + OTHER})
    assert found == {"oh": ("sides", ["OH L", "OH R"]), "drum kit": ("kit", ["Kick", "Tom"])}


def test_neighbours_without_names_that_sound_alike_are_sides(groups):
    assert groups({"1": ONE, "2": 0.8 * ONE + 0.03 * OTHER, "3": OTHER}) == {"pair": ("sides", ["1", "2"])}


def test_a_wire_and_its_amp_without_names_are_none(groups):
    assert groups({"1": ONE, "2": DARK}) == {}


def test_sides_without_names_are_neighbours_as_long_as_each_other(groups):
    assert groups({"1": ONE, "2": OTHER, "3": ONE}) == {}
    assert groups({"1": ONE, "2": ONE[:-RATE]}) == {}


def test_groups_of_one_name_are_numbered(groups):
    found = groups({"A/Gtr L": ONE, "A/Gtr R": ONE, "B/Gtr L": OTHER, "B/Gtr R": OTHER})
    assert found == {"gtr 1": ("sides", ["A/Gtr L", "A/Gtr R"]), "gtr 2": ("sides", ["B/Gtr L", "B/Gtr R"])}


def test_silence_belongs_to_nothing(groups):
    assert groups({"OH L": ONE, "OH R": np.zeros(len(ONE))}) == {}


def test_no_track_is_in_two_groups(groups):
    names = ("Gtr DI L", "Gtr DI R", "Gtr Amp L", "Gtr Amp R", "Gtr Dbl", "Kick In", "Kick Out", "OH L", "OH R")
    members = [name for _, tracks in groups(dict.fromkeys(names, ONE)).values() for name in tracks]
    assert len(members) == len(set(members)) >= 8


def test_likeness_is_of_what_is_played_not_of_how_loud_or_dark(folder):
    one, dark, other = survey_files(
        [write(folder / f"like{n}.wav", audio) for n, audio in enumerate((ONE, 0.1 * DARK, OTHER))]
    )
    assert likeness(one, one) == pytest.approx(1)
    assert likeness(one, dark) == likeness(dark, one) > 0.9
    assert abs(likeness(one, other)) < 0.5
    assert spectral_difference_db(one, one) == 0
    assert spectral_difference_db(one, dark) > 2
