import io
import logging
import re

import pytest
from rich.console import Console

from diffmst import progress, terminal
from diffmst.mix import TrackMix
from diffmst.terminal import logged_notes, one_line, shown_progress


@pytest.fixture
def screen(monkeypatch):
    """What a terminal of 100 columns is sent."""
    screen = io.StringIO()
    monkeypatch.setenv("TERM", "xterm")
    console = Console(file=screen, force_terminal=True, width=100, markup=False, emoji=False, highlight=False)
    monkeypatch.setattr(terminal, "_err", console)
    return screen


def work(shown):
    with shown.phase("listening", 2) as advance:
        advance(1)
        advance(1)
    with shown.phase("matching", 100) as advance:
        advance(3)  # and converges


def test_a_terminal_shows_bars_that_end_full(screen):
    with shown_progress() as shown:
        work(shown)
    last = screen.getvalue().split("listening")[-1]
    assert "matching" in last and last.count("100%") == 2 and "left" in last


def test_a_phase_that_fails_does_not_end_full(screen):
    with pytest.raises(KeyboardInterrupt), shown_progress() as shown, shown.phase("listening", 2) as advance:
        advance(1)
        raise KeyboardInterrupt
    assert "100%" not in screen.getvalue() and " 50%" in screen.getvalue()


@pytest.mark.parametrize("kind", ["file", "dumb"])
def test_a_file_gets_a_line_per_phase_and_no_control_characters(capsys, screen, monkeypatch, kind):
    if kind == "file":
        monkeypatch.undo()
    else:
        monkeypatch.setenv("TERM", "dumb")
    with shown_progress() as shown:
        work(shown)
    assert capsys.readouterr().err + screen.getvalue() == "listening\nmatching\n"


def test_a_file_is_told_how_far_long_work_is(capsys, monkeypatch):
    monkeypatch.setattr(progress, "LINE_AFTER_S", 0.0)
    with shown_progress() as shown, shown.phase("matching", 4) as advance:
        for _ in range(4):
            advance(1)
    assert re.fullmatch(r"matching\n(matching: (25|50|75) %, 0:00:00 left\n){3}", capsys.readouterr().err)


def test_what_the_library_warns_of_is_a_note(capsys):
    logger = logging.getLogger("diffmst.audio")
    with logged_notes():
        logger.warning("%s: odd", "kick.wav")
        logger.info("fine")
    logger.warning("later")
    assert capsys.readouterr().err == "note: kick.wav: odd\n"


@pytest.mark.parametrize("text", ["طبلة 🥁 👩‍🎤", "a  b", "[red]x[/red] :smile:", "1,000"])
def test_names_are_shown_as_they_are(text, capsys):
    assert one_line(text) == text
    terminal.say(text)
    assert capsys.readouterr().out == f"{text}\n"


def test_what_would_break_the_line_is_replaced():
    assert one_line("a\tb\rc\x1b[2J\x07\udcff") == "a�b�c�[2J��"
    assert one_line("  first\n   second ") == "first second"


def test_a_table_that_is_wider_than_the_screen_comes_in_parts_that_are_not_broken(screen, monkeypatch):
    monkeypatch.setattr(terminal, "_out", terminal._err)
    headings = ["system", *(f"a figure {number}" for number in range(12))]
    terminal.report_table("Figures", headings, [["refine@no-names", *(f"1.{n:02d} ×0.5" for n in range(12))]])
    lines = re.sub(r"\x1b\[[\d;]*m", "", screen.getvalue()).splitlines()
    assert all(len(line.rstrip()) <= 100 for line in lines)
    assert sum("refine@no-names" in line for line in lines) == 2
    assert all(any(f"1.{n:02d} ×0.5" in line for line in lines) for n in range(12))
    assert all(any(f"a figure {n}" in line for line in lines) for n in range(12))


def track(name, role_from, confidence):
    told = {"role": "keys", "role_from": role_from, "role_confidence": confidence}
    return TrackMix(name=name, path=f"{name}.wav", sha256="0" * 64, channels=1, **told)


def test_roles_that_are_guesses_are_marked_and_told_of_once(capsys):
    sure = [track("rhodes", "name", 0.93), track("03", "ear", 0.5), track("x", "user", 1.0), track("y", "", 0.0)]
    terminal.report_roles(sure)
    out, err = capsys.readouterr()
    assert "name, 93 %" in out and "?" not in out and not err
    terminal.report_roles([*sure, track("04", "ear", 0.45), track("05", "ear", 0.31)])
    out, err = capsys.readouterr()
    assert "ear, 45 %?" in out and "ear, 31 %?" in out
    assert err.splitlines() == ["note: A role with a ? is a guess: check it, and tell another with --role '04=guitar'."]
