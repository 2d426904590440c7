"""What becomes of every effect in every format, and the table of it in the docs."""

from dataclasses import replace

import pytest

from bench.daw_docs import MARK, PAGE, below_the_mark
from diffmst.daw import translation
from diffmst.daw.formats import FORMAT_NAMES, VARIANT_NAMES, all_formats, format_named
from diffmst.daw.translation import Translation, check_translations, console_effects
from diffmst.errors import UserError
from diffmst.layout import DEFAULT, Section

EXACT = dict.fromkeys(console_effects(), Translation("exact", "the same thing"))


@pytest.mark.parametrize("name", [*FORMAT_NAMES, *VARIANT_NAMES])
def test_every_format_translates_every_effect_of_the_console(name):
    kind = format_named(name)
    assert kind.name == name and kind.title and kind.parts
    check_translations(name, kind.translations)


def test_a_new_effect_of_the_console_is_missed_in_every_format(monkeypatch):
    saturator = replace(DEFAULT.track.effects[0], name="saturator")
    grown = replace(DEFAULT, track=Section((*DEFAULT.track.effects, saturator)))
    monkeypatch.setattr(translation, "LAYOUTS", {"default": grown})
    for kind in all_formats():
        with pytest.raises(ValueError, match=rf"format {kind.name} .*lacks saturator"):
            check_translations(kind.name, kind.translations)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"chorus": EXACT["eq"]}, "translates chorus, which the console does not have"),
        ({"eq": Translation("approximate", "an equalizer")}, "must say what differs in eq"),
        ({"eq": Translation("exact", "an equalizer", "but not quite")}, "must say what differs in eq"),
    ],
)
def test_a_translation_that_does_not_hold_is_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        check_translations("x", EXACT | changed)


def test_an_unknown_format_is_refused_with_those_that_there_are():
    with pytest.raises(UserError, match=r"^logic: there is no such format; choose from ardour.*, stems, all$"):
        format_named("logic")


def test_the_table_in_the_docs_is_that_of_the_code():
    """If this fails, run `python -m bench.daw_docs`."""
    assert PAGE.read_text(encoding="utf-8").partition(MARK)[2].strip() == below_the_mark().strip()
