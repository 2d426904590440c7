"""Roles by name, by what the user tells, and together with what is heard."""

from pathlib import Path

import pytest

from diffmst.errors import UserError
from diffmst.roles import (
    BY_NAME,
    ROLES,
    UNKNOWN,
    Named,
    TrackRole,
    combined,
    known_role,
    named,
    named_together,
    pairs_of,
    parse_roles,
    role_of,
    roles_by_name,
    roles_heard,
    side_of,
    sides_of,
    told_roles,
)
from diffmst.roles.lexicon import lexicon, words_of

LISTED = [
    (name.strip().removesuffix(".wav"), role)
    for line in (Path(__file__).parent / "stem_names.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
    for role, _, names in [line.partition(":")]
    for name in names.split("|")
]
DECISIVE = {"lead", "backing", "kick", "bass"}  # a mix hangs on these: a wrong one is worse than none
KICK, SNARE, BASS, GUITAR = (BY_NAME[name] for name in ("kick", "snare", "bass", "guitar"))


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
        ("ピアノ", "keys"),
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


def test_roles_are_found_by_name():
    assert all(BY_NAME[role.name] is role for role in ROLES)


def test_names_that_people_write_tell_the_role_that_people_hear():
    right = [role_of(name).name == role for name, role in LISTED]
    assert len(right) > 1000
    assert sum(right) / len(right) >= 0.95


def test_no_name_that_people_write_tells_a_wrong_lead_backing_kick_or_bass():
    told = [(name, role_of(name).name, role) for name, role in LISTED]
    assert not [entry for entry in told if entry[1] in DECISIVE and entry[1] != entry[2]]


def test_the_confidence_of_names_is_what_their_share_of_right_roles_is():
    """Within 0.1 of it: the figures of the lexicon are rounded, and the list is what it is."""
    told = [(named(name), role) for name, role in LISTED]
    told = [(named, role) for named, role in told if named.role is not UNKNOWN]
    confidence = sum(named.confidence for named, _ in told) / len(told)
    right = sum(named.role.name == role for named, role in told) / len(told)
    assert confidence == pytest.approx(right, abs=0.1)


def test_every_word_of_the_lexicon_is_found_as_what_it_says():
    for words, entry in lexicon().entries.items():
        assert role_of(" ".join(words)) is entry.role, words


def test_two_words_that_disagree_are_less_sure_than_one():
    assert named("Bass Guitar Piano").role is BASS
    assert named("Bass Guitar Piano").confidence < 0.7 < named("Bass Guitar").confidence


def test_a_general_word_of_the_family_takes_nothing_from_a_special_one():
    assert named("Drums Snare").confidence == named("Snare").confidence


def test_a_folder_tells_where_the_file_does_not_and_is_less_sure():
    assert named("Bass/01").role is BASS
    assert named("Bass/01").confidence < named("Bass").confidence
    assert named("Bass/Kick") == named("Kick")


def test_what_is_no_part_of_a_mix_is_known_as_such():
    assert named("Click").role is UNKNOWN
    assert named("Click").confidence > 0.8
    assert named("Track 7").confidence == 0
    assert named("Kick Click").role is KICK


def test_accents_and_either_spelling_of_them_make_no_difference():
    assert {role_of(name).name for name in ("Percusión", "Percusio\u0301n", "PERCUSION")} == {"percussion"}
    assert role_of("Flügel").name == "keys"
    assert role_of("Flugel").name == "brass"
    assert words_of("\uff2b\uff49\uff43\uff4b") == ("kick",)  # full-width letters


def test_the_name_of_the_song_tells_no_role():
    names = ["01_Piano Man_Kick", "02_Piano Man_Vox", "03_Piano Man_Gtr", "04_Piano Man_05"]
    assert [told.role.name for told in named_together(names)] == ["kick", "lead", "guitar", ""]


def test_what_all_names_say_counts_where_they_say_nothing_else():
    names = ["Gtr 1", "Gtr 2", "Gtr Lead"]
    assert {told.role for told in named_together(names)} == {GUITAR}


@pytest.mark.parametrize(
    ("names", "sides"),
    [
        (["OH_L_01", "OH_R_01"], [-1, 1]),
        (["01 OH L", "02 OH R"], [-1, 1]),
        (["Gtr 1 L", "Gtr 2 R"], [-1, 1]),
        (["Gtr 1 L", "Gtr 1 R", "Gtr 2 L"], [-1, 1, 0]),
        (["OverheadsL", "OverheadsR"], [-1, 1]),
        (["GTRL", "GTRR"], [-1, 1]),
        (["Gitarre links", "Gitarre rechts"], [-1, 1]),
        (["Verse/Gtr L", "Chorus/Gtr R"], [0, 0]),
        (["L Vox", "R Vox"], [0, 0]),
        ([], []),
    ],
)
def test_sides_need_both_files_of_one_name(names, sides):
    assert sides_of(names) == sides


def test_pairs_are_left_first():
    assert pairs_of(["Gtr R", "Gtr L"]) == [(1, 0)]


STEMS = [("03_gtr", Path("song/03_gtr.wav")), ("Gtr Solo", Path("song/Gtr Solo.wav")), ("a[1]", Path("song/a[1].wav"))]


@pytest.mark.parametrize(
    ("told", "roles"),
    [
        ({"03_gtr.wav": "bass"}, {0: BASS}),
        ({"03_gtr": "bass"}, {0: BASS}),
        ({str(Path("song/03_gtr.wav")): "bass"}, {0: BASS}),
        ({"gtr solo.WAV": "bass"}, {1: BASS}),
        ({"*gtr*": "guitar", "03_*": "Bass "}, {0: BASS, 1: GUITAR}),
        ({"a[1].wav": "snare"}, {2: SNARE}),
        ({"03_gtr": "unknown"}, {0: UNKNOWN}),
        ({}, {}),
    ],
)
def test_the_user_tells_roles_by_file_or_pattern(told, roles):
    assert told_roles(told, STEMS) == roles


def test_the_user_tells_roles_by_a_whole_path_however_the_stems_were_reached(tmp_path):
    stems = [("Gtr", tmp_path / "mix" / ".." / "stems" / "03_gtr.wav")]
    assert told_roles({str(tmp_path / "stems" / "03_gtr.wav"): "bass"}, stems) == {0: BASS}


def test_a_role_that_is_told_of_no_stem_is_refused_with_those_that_are_near():
    with pytest.raises(UserError, match=r"--role 3_gtr.wav=bass: no stem is called so; did you mean 03_gtr.wav"):
        told_roles({"3_gtr.wav": "bass"}, STEMS)
    with pytest.raises(UserError, match=r"there are 03_gtr\.wav, Gtr Solo\.wav, a"):
        told_roles({"zzz": "bass"}, STEMS)


@pytest.mark.parametrize(("word", "meant"), [("drms", "drums"), ("vocals", "lead"), ("Violin", "pad")])
def test_a_role_that_there_is_not_is_refused_with_the_one_that_is_meant(word, meant):
    with pytest.raises(UserError, match=f"there is no role '{word}', did you mean {meant}"):
        parse_roles([f"a.wav={word}"])


@pytest.mark.parametrize("text", ["a.wav", "=bass", "a.wav=", ""])
def test_roles_are_told_with_an_equals_sign(text):
    with pytest.raises(UserError, match="give a file and its role, such as --role"):
        parse_roles([text])


def test_a_file_may_have_an_equals_sign_in_its_name():
    assert parse_roles(["a=b.wav=kick"]) == {"a=b.wav": "kick"}


EVEN = {role.name: 1 / len(ROLES) for role in ROLES}


def test_what_is_heard_as_anything_leaves_the_name_as_sure_as_it_was():
    assert combined(Named(KICK, 0.8), EVEN)["kick"] == pytest.approx(0.8)


def test_a_name_that_tells_nothing_leaves_all_to_the_ear():
    ear = {role.name: 0.0 for role in ROLES} | {"kick": 0.7, "snare": 0.3}
    heard = combined(Named(UNKNOWN, 0.0), ear)
    assert heard["kick"] == pytest.approx(0.7)
    assert heard["snare"] == pytest.approx(0.3)


@pytest.mark.parametrize("confidence", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("role", [*ROLES, UNKNOWN], ids=lambda role: role.name)
@pytest.mark.parametrize("ear", [None, EVEN, {"bass": 1.0}], ids=["deaf", "even", "bass"])
def test_probabilities_sum_to_one(role, confidence, ear):
    assert sum(combined(Named(role, confidence), ear).values()) == pytest.approx(1)


def test_the_ear_overrules_a_name_only_when_it_is_surer():
    doubtful, ear = Named(GUITAR, 0.6), EVEN | {"keys": 0.5}
    assert max(combined(doubtful, ear).items(), key=lambda item: item[1])[0] == "guitar"
    certain = dict.fromkeys(EVEN, 0.001) | {"keys": 0.988}
    assert max(combined(doubtful, certain).items(), key=lambda item: item[1])[0] == "keys"


def test_doubt_goes_to_the_family_first():
    heard = combined(Named(SNARE, 0.6), EVEN)
    assert heard["hats"] > 2 * heard["brass"]


def test_what_somebody_told_stays_whatever_is_heard():
    told = [known_role(BASS, "user"), known_role(KICK, "sidecar")]
    assert roles_heard(told, [{"keys": 1.0}, {"keys": 1.0}]) == told


def test_a_role_that_is_told_to_be_unknown_is_left_to_the_ear():
    opened = known_role(UNKNOWN, "user")
    heard, vague = roles_heard([opened, opened], [{"keys": 1.0}, EVEN])
    assert (heard.role.name, heard.source) == ("keys", "ear")
    assert (vague.role, vague.source) == (UNKNOWN, "user")


def test_what_a_document_says_was_heard_and_is_not_heard_again_somebody_wrote_there():
    roles = [TrackRole(written=written) for written in ("keys", "pad", "pad", "")]
    found = roles_heard(roles, [{"keys": 1.0}, {"keys": 1.0}, None, {"keys": 1.0}])
    assert [(role.role.name, role.source) for role in found] == [
        ("keys", "ear"), ("pad", "user"), ("pad", "user"), ("keys", "ear")
    ]  # fmt: skip


def test_the_ear_says_what_names_do_not():
    unnamed, bass, _ = roles_heard(roles_by_name(["1", "Bass", "2"]), [{"keys": 0.9, "pad": 0.1}, {"bass": 1.0}, None])
    assert (unnamed.role.name, unnamed.source, unnamed.confidence) == ("keys", "ear", pytest.approx(0.9))
    assert (bass.role.name, bass.source) == ("bass", "name")


def test_what_is_heard_too_vaguely_has_no_role():
    (vague,) = roles_heard([TrackRole()], [EVEN])
    assert (vague.role, vague.source) == (UNKNOWN, "")
