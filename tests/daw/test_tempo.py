"""The grid of sessions: as the user says it, in every format that has one, and never in the way of the audio."""

import math
import re
import zipfile
from xml.etree import ElementTree

import pytest
from mixes import make_mix, write_mix

from diffmst.daw.exporting import export_session
from diffmst.daw.read_back import read_session
from diffmst.daw.tempo import Tempo
from diffmst.errors import UserError


def reaper(path):
    (line,) = re.findall(r"^  TEMPO (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    bpm, beats, beat_unit = line.split()
    return float(bpm), int(beats), int(beat_unit)


def ardour(path):
    root = ElementTree.parse(path).getroot()
    (tempo,), (meter,) = root.findall("TempoMap/Tempos/Tempo"), root.findall("TempoMap/Meters/Meter")
    assert tempo.get("npm") == tempo.get("enpm") and tempo.get("note-type") == "4"
    return float(tempo.get("npm")), int(meter.get("divisions-per-bar")), int(meter.get("note-value"))


def dawproject(path):
    with zipfile.ZipFile(path) as archive:
        transport = ElementTree.fromstring(archive.read("project.xml")).find("Transport")
    tempo, meter = transport.find("Tempo"), transport.find("TimeSignature")
    return float(tempo.get("value")), int(meter.get("numerator")), int(meter.get("denominator"))


@pytest.mark.parametrize("read", [reaper, ardour, dawproject])
def test_every_format_with_a_grid_has_the_one_that_is_asked_for(run, tmp_path, read):
    document = write_mix(tmp_path, make_mix(), 0.05)
    (plain,) = export_session(document, read.__name__, tmp_path / "plain")
    assert read(plain.path) == (120, 4, 4)
    arguments = ("--to", read.__name__, "--tempo", "90.5", "--meter", "6/8")
    assert run("export", document, tmp_path / "asked", *arguments)[0] == 0
    path = tmp_path / "asked" / plain.path.relative_to(tmp_path / "plain")
    assert read(path) == (90.5, 6, 8)
    assert read_session(path).changes == ()


def test_mixing_takes_the_grid_of_the_sessions_beside_it(run, song, reference, tmp_path):
    arguments = ("mix", song, "-r", reference, "--steps", 0, "--model", "none", "-o", tmp_path / "mix")
    code, _, err = run(*arguments, "--tempo", "90.5", "--meter", "6/8")
    assert code == 2 and err == [
        "error: --tempo and --meter (90.5 bpm, 6/8) are of sessions; name a format for them with --export"
    ]
    code, _, err = run(*arguments, "--export", "reaper", "--meter", "6")
    assert code == 2 and len(err) == 1 and err[0].startswith("error: --meter 6: give")
    assert not (tmp_path / "mix").exists()
    assert run(*arguments, "--export", "reaper", "--tempo", "90.5", "--meter", "6/8")[0] == 0
    (path,) = (tmp_path / "mix" / "daw" / "reaper").glob("*.rpp")
    assert reaper(path) == (90.5, 6, 8)


@pytest.mark.parametrize(
    ("bpm", "meter", "message"),
    [
        (19.9, "4/4", r"--tempo 19\.9: give quarter notes per minute from 20 to 666"),
        (667, "4/4", r"--tempo 667: "),
        (math.nan, "4/4", r"--tempo nan: "),
        (120, "4", r"--meter 4: give beats per bar .* such as 4/4 or 6/8"),
        (120, "0/4", r"--meter 0/4: "),
        (120, "4/3", r"--meter 4/3: "),
        (120, "٣/4", r"--meter ٣/4: "),
    ],
)
def test_a_grid_that_no_session_may_have_is_refused(bpm, meter, message):
    with pytest.raises(UserError, match=f"^{message}"):
        Tempo.of(bpm, meter)


def test_beats_are_counted_in_quarter_notes():
    assert Tempo(90, 6, 8).beats_at(2.0) == 3.0
