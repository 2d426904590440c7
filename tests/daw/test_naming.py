"""Names that go into sessions."""

import re

import pytest

from diffmst.daw.naming import LONGEST_NAME, RESERVED_NAMES, audio_names, session_title, shown_names, track_keys

ODD = [
    "AC/DC \\ live",
    '"It\'s" `so`',
    "🎸 guitar",
    "x" * 200,
    "x" * 200,
    "...hidden",
    "Kick",
    "KICK",
    "two\nlines\x00",
    "",
    "   ",
    "Master",
    "reverb RETURN",
    "half \udcff character",
    "<b>&amp;</b>",
    "\x1b[2J\x7f\x85cleared",
    "\u202eturned\ufeff",
    "CON",
    "end. ",
]


def test_names_are_unique_in_any_letter_case_and_apart_from_those_of_the_buses():
    names = [name.casefold() for name in (*shown_names(ODD), *RESERVED_NAMES)]
    assert len(set(names)) == len(ODD) + len(RESERVED_NAMES)


def test_names_are_one_printable_line_of_limited_length():
    for name in shown_names(ODD):
        assert name == name.strip() and 0 < len(name) <= LONGEST_NAME
        assert name.encode() and name.isprintable() and not name.startswith(".")


def test_plain_names_stay_as_they_are():
    plain = ["Kick", "Lead Vox (dbl)", "Gitarre Süd", "“Quoted”", "50% wet", "D.I."]
    assert shown_names(plain) == plain


def test_files_have_names_that_every_system_takes_in_the_order_of_the_tracks():
    names = audio_names(shown_names(ODD * 7))
    assert names == sorted(names) and len({name.casefold() for name in names}) == len(names)
    for name in names:
        assert re.fullmatch(r'[^\x00-\x1f<>:"/\\|?*]+[^ .]\.wav', name) and len(name.encode()) < 255


@pytest.mark.parametrize("title", ["", "...", "a/b", "🎸" * 100, "con\x07trol", "é" * 200, "a. . ", "\u202e\ufeff"])
def test_a_title_is_a_name_for_files(title):
    found = session_title(title)
    assert (
        found and len(found.encode()) <= 80 and re.fullmatch(r'[^\x00-\x1f<>:"/\\|?*]*[^\x00-\x1f<>:"/\\|?*. ]', found)
    )


@pytest.mark.parametrize("title", ["CON", "nul", "Aux.stems", "com1", "LPT³", "prn ", "con .x"])
def test_a_title_is_no_device_of_windows(title):
    """Windows opens a device for these names whatever ending follows."""
    assert session_title(title) == f"_{title.strip()}"


@pytest.mark.parametrize("title", ["Console", "Auxiliary", "com10", "null", "My Con", "Prn1.x"])
def test_a_title_that_is_like_a_device_stays(title):
    assert session_title(title) == title


def test_keys_are_unique_plain_characters():
    paths = ["a/k.wav", "b/k.wav", "b/k.wav", "x/🎸 'g\".wav", "k.wav", "/abs/n\nl.wav", "a\udcff.wav", "~2"]
    keys = track_keys(paths)
    assert len(set(keys)) == len(paths)
    assert all(re.fullmatch(r"[\w%\-.~/]+", key, re.ASCII) for key in keys)


def test_the_number_of_a_key_is_never_taken_for_a_part_of_a_name():
    assert track_keys(["k.wav", "k.wav", "k.wav~2"]) == ["k.wav", "k.wav~2", "k.wav%7E2"]


def test_keys_stay_when_the_document_moves():
    assert track_keys(["../stems/a.wav", "../dub/a.wav"]) == track_keys(["../../x/stems/a.wav", "../../x/dub/a.wav"])
