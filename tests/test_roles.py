import pytest

from diffmst.roles import BY_NAME, ROLES, role_of, side_of


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("01_Kick.In", "kick"),
        ("BD 2", "kick"),
        ("Bass Drum", "kick"),
        ("hvy_kick", "kick"),
        ("SN top", "snare"),
        ("SnareUp", "snare"),
        ("HiHat", "hats"),
        ("alt_hh", "hats"),
        ("OH-L", "percussion"),
        ("Floor Tom", "percussion"),
        ("Bass DI", "bass"),
        ("pad__bass", "bass"),
        ("sy_bass", "bass"),
        ("808s", "bass"),
        ("Lead Gtr", "guitar"),
        ("EGtr2 R", "guitar"),
        ("Pno", "keys"),
        ("Strings", "pad"),
        ("LeadVox", "lead"),
        ("Vocals/Main", "lead"),
        ("voz principal", "lead"),
        ("Stimme", "lead"),
        ("bgvox_main", "backing"),
        ("BVs", "backing"),
        ("Drums/Loop 1", "drums"),
        ("SFX riser", "effects"),
        ("Audio 17", ""),
        ("ピアノ", ""),
        ("basket", ""),
    ],
)
def test_names_tell_the_role(name, role):
    assert role_of(name).name == role


@pytest.mark.parametrize(
    ("name", "side"),
    [("Gtr L", -1), ("gtr_r", 1), ("OH.Left", -1), ("L", 0), ("Lead", 0), ("EGtr2 R", 1), ("Roller", 0)],
)
def test_names_tell_the_side(name, side):
    assert side_of(name) == side


def test_no_word_stands_for_two_roles():
    words = [word for role in ROLES for word in role.words.split()]
    assert len(words) == len(set(words))


def test_roles_are_found_by_name():
    assert all(BY_NAME[role.name] is role for role in ROLES)
