"""Sessions that are damaged or made to harm: they are refused in one line, or read as far as they make sense."""

import math
import zipfile
from xml.etree.ElementTree import ParseError, fromstring

import pytest
from dawproject_files import change, channel, export
from mixes import make_mix
from reaper_sessions import RATE, exported

from diffmst.daw.dawproject import archive, devices, parameters
from diffmst.daw.dawproject.format import FORMAT as DAWPROJECT
from diffmst.daw.dawproject.tags import tags_in
from diffmst.daw.ranges import within_ranges
from diffmst.daw.reaper.format import FORMAT as REAPER
from diffmst.daw.xml_reading import parse_xml
from diffmst.errors import UserError
from diffmst.layout import DEFAULT

GROWING = b'<!DOCTYPE p [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><Project>&b;</Project>'
REACHING = b'<!DOCTYPE p [<!ENTITY a SYSTEM "file:///etc/hostname">]><Project>&a;</Project>'
BARE = b"<!DOCTYPE p><Project/>"
DEEP = 5_000  # levels, past what Python recurses


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A DAWproject of two tracks."""
    return export(tmp_path_factory.mktemp("hostile"), make_mix(["kick", "pad"]))


@pytest.fixture(scope="module")
def reaper(tmp_path_factory):
    """The text of a project of two tracks."""
    return exported(tmp_path_factory.mktemp("hostile"), make_mix(["kick", "pad"], rate=RATE)).path.read_text()


def zipped(path, content=b"<Project/>", compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as target:
        target.writestr("project.xml", content)
    return path


@pytest.mark.parametrize("content", [GROWING, REACHING, BARE])
def test_a_document_type_is_refused(tmp_path, content):
    with pytest.raises(ParseError, match="document type"):
        parse_xml(content)
    with pytest.raises(UserError, match=r"project\.xml is damaged \(it has a document type"):
        DAWPROJECT.read(zipped(tmp_path / "x.dawproject", content))


@pytest.mark.parametrize("content", [b"", b"<a>", b'<?xml version="1.0" encoding="zork"?><a/>', b"\xff\xfe"])
def test_what_is_no_xml_is_no_xml(content):
    with pytest.raises(ParseError):
        parse_xml(content)


def test_plain_xml_is_read_whole():
    root = parse_xml('<?xml version="1.0" encoding="UTF-8"?><a b="é&amp;"><c>x</c>t</a>'.encode())
    assert (root.tag, root.attrib, root[0].text, root[0].tail) == ("a", {"b": "é&"}, "x", "t")


def test_an_archive_that_was_damaged_is_refused(tmp_path):
    path = zipped(tmp_path / "x.dawproject", b"<Project/>" * 1000)
    content = bytearray(path.read_bytes())
    content[60:70] = b"\xff" * 10  # within what is compressed
    path.write_bytes(content)
    with pytest.raises(UserError, match="is no DAWproject that can be read"):
        DAWPROJECT.read(path)


def test_an_archive_with_a_name_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "x.dawproject"
    with zipfile.ZipFile(path, "w") as target:
        target.writestr("é.xml", b"")
    path.write_bytes(path.read_bytes().replace("é".encode(), b"\xff\xff"))
    with pytest.raises(UserError, match="is no DAWproject that can be read"):
        DAWPROJECT.read(path)


def test_an_archive_that_is_packed_another_way_is_refused(tmp_path):
    with pytest.raises(UserError, match="packed in a way that the format does not have"):
        DAWPROJECT.read(zipped(tmp_path / "x.dawproject", compression=zipfile.ZIP_BZIP2))


def test_a_document_that_grows_past_any_project_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "_LARGEST_DOCUMENT_BYTES", 1000)
    path = zipped(tmp_path / "x.dawproject", b" " * 1001)
    assert path.stat().st_size < 500
    with pytest.raises(UserError, match="larger than any project"):
        DAWPROJECT.read(path)


@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "1e308", "-1e308", "1e999", "0", "-1", "²", "", "9" * 5000])
@pytest.mark.parametrize("unit", ["linear", "normalized", "percent", "decibel", "hertz", "semitones", "seconds"])
def test_no_number_of_a_project_breaks_the_reader_or_leaves_the_ranges(project, value, unit):
    def edit(root):
        for element in channel(root, "kick").iter():
            if "value" in element.attrib:
                element.attrib |= {"value": value, "unit": unit}
            if element.tag == "Band":
                element.set("order", value)

    read = within_ranges(DAWPROJECT.read(change(project.path, edit)), DEFAULT)
    values = read.tracks[project.mix.tracks[0].key]
    assert all(
        DEFAULT.track.params[name].low <= held <= DEFAULT.track.params[name].high for name, held in values.items()
    )
    assert read.tracks[project.mix.tracks[1].key]


@pytest.mark.parametrize(("unit", "value"), [("semitones", "1e9"), ("hertz", "inf"), ("hertz", "0"), ("hertz", "-5")])
def test_a_frequency_that_no_sound_has_says_nothing(unit, value):
    band = fromstring(f'<Band><Freq unit="{unit}" value="{value}"/></Band>')
    assert parameters.hertz(band.find("Freq")) is None
    assert devices._octaves_out_of(DEFAULT.track.params["eq.peak_1.freq_hz"], band) == 0


@pytest.mark.parametrize(
    "fields",
    [
        '"channels":1e999,"layout":"default","gains_db":[0,0,0,0]',
        '"channels":1,"layout":[],"gains_db":[0,0,0,0]',
        '"channels":1,"layout":"default","gains_db":[NaN,0,0,0]',
        '"channels":1,"layout":"default","gains_db":[0,1e999,0,0]',
        '"channels":1,"layout":"default","gains_db":[0,0,0,0,0]',
        f'"x":{"[" * 100_000}',
    ],
)
def test_a_tag_that_makes_no_sense_is_no_tag(fields):
    assert tags_in(f'{{"diffmst":"track",{fields}}}') == []
    assert len(tags_in('{"diffmst":"track","channels":1,"layout":"default","gains_db":[0,0,0,0]}')) == 1


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e999", "-1", "x"])
@pytest.mark.parametrize("line", ["VOLPAN", "AUXRECV", "MUTESOLO", "MASTER_VOLUME", "POSITION"])
def test_no_number_of_a_reaper_project_breaks_the_reader_or_leaves_the_ranges(tmp_path, reaper, line, number):
    lines = [
        f"{text.split(line)[0]}{line} {' '.join([number] * 6)}" if text.strip().startswith(f"{line} ") else text
        for text in reaper.splitlines()
    ]
    path = tmp_path / "x.rpp"
    path.write_text("\n".join(lines))
    read = within_ranges(REAPER.read(path), DEFAULT)
    values = [*read.tracks["000.wav"].values(), *read.master.values()]
    assert len(read.tracks) == 2 and all(map(math.isfinite, values))


def test_a_reaper_project_may_be_nested_past_all_sense(tmp_path, reaper):
    deep = "<SOURCE SECTION\n" * DEEP + ">\n" * DEEP
    path = tmp_path / "x.rpp"
    path.write_text(reaper.replace("      <SOURCE WAVE\n", f"{deep}      <SOURCE WAVE\n").replace("{", "{NEW-", 2))
    assert set(REAPER.read(path).tracks) == {"000.wav", "001.wav"}


@pytest.mark.parametrize("text", [">\n", ">\n<REAPER_PROJECT 0.1\n>\n", ">\n>\n"])
def test_a_reaper_project_that_ends_before_it_begins_is_refused(tmp_path, text):
    path = tmp_path / "x.rpp"
    path.write_text(text)
    with pytest.raises(UserError, match=r"x\.rpp: is no REAPER project"):
        REAPER.read(path)
