"""The text of REAPER's projects: what is written is what is read, by us and by others."""

import pytest
import rpp

from diffmst.daw.reaper.chunks import Chunk, decimal, from_text, to_text

ODD = [
    "",
    " ",
    "a b",
    'say "x"',
    "it's",
    "back`tick",
    "\"'",
    "'`",
    "AC/DC",
    "🎸 <b>",
    "<x",
    ">",
    "|bar",
    "#1 %d \\n",
    "ö" * 300,
]


@pytest.mark.parametrize("name", ODD)
def test_a_name_comes_back_from_both_readers(name):
    text = to_text(Chunk(("REAPER_PROJECT", "0.1"), [Chunk(("TRACK", "{1}"), [("NAME", name)])]))
    assert from_text(text).chunk("TRACK").line("NAME") == (name,)
    assert rpp.loads(text).find("TRACK").find("NAME") == ["NAME", name]


def test_a_name_with_every_kind_of_quotes_loses_one_kind_as_in_reaper():
    text = to_text(Chunk(("A",), [("NAME", "\"a\" 'b' `c`")]))
    assert text == "<A\n  NAME `\"a\" 'b' 'c'`\n>\n"
    assert from_text(text).line("NAME") == ("\"a\" 'b' 'c'",)


def test_a_name_of_several_lines_becomes_one():
    assert from_text(to_text(Chunk(("A",), [("NAME", "a\r\nb\0c")]))).line("NAME") == ("a b c",)


def test_text_of_other_systems_is_read():
    project = from_text(
        "\ufeff<A 0.1\r\n\r\n\t<B `x y` 2\r\n    |> text < of \"notes\r\n    C 'd' e\"f\r\n  >\r\n  D\r\n>\r\nrest\r\n"
    )
    assert project.chunk("B").head == ("B", "x y", "2")
    assert project.chunk("B").items == [('|> text < of "notes',), ("C", "d", 'e"f')]
    assert project.items[-1] == ("D",) and project.line("D") == () and project.chunk("Z").items == []


def test_a_line_ends_where_reaper_ends_it_and_nowhere_else():
    assert from_text("<A\n  NAME 'a\u2028<b\x0cc\x85d'\n>\n").line("NAME") == ("a\u2028<b\x0cc\x85d",)


@pytest.mark.parametrize("text", ["", ">\n<A\n>\n", "NAME x\n", "<A\n  <B\n  >\n", "PK\x03\x04"])
def test_what_is_no_chunk_is_refused(text):
    with pytest.raises(ValueError, match="must be a chunk from < to >"):
        from_text(text)


@pytest.mark.parametrize("value", [0.0, -0.0, 1e-20, 1 / 3, 48_000, 1e15, -12.25])
def test_numbers_keep_every_digit_and_have_no_exponent(value):
    assert float(decimal(value)) == value
    assert set(decimal(value)) <= set("-.0123456789") and decimal(value) != "-0"
