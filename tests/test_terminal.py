import io
import logging

import pytest
from rich.console import Console

from diffmst import terminal
from diffmst.evaluate import Row
from diffmst.terminal import logged_notes, one_line, report_rows, shown_progress


@pytest.fixture
def screen(monkeypatch):
    """What a terminal of 100 columns is sent."""
    screen = io.StringIO()
    monkeypatch.setenv("TERM", "xterm")
    console = Console(file=screen, force_terminal=True, width=100, markup=False, emoji=False, highlight=False)
    monkeypatch.setattr(terminal, "_err", console)
    return screen


def work(progress):
    with progress.phase("listening", 2) as advance:
        advance(1)
        advance(1)
    with progress.phase("matching", 100) as advance:
        advance(3)  # and converges


def test_a_terminal_shows_bars_that_end_full(screen):
    with shown_progress() as progress:
        work(progress)
    last = screen.getvalue().split("listening")[-1]
    assert "matching" in last and last.count("100%") == 2 and "left" in last


def test_a_phase_that_fails_does_not_end_full(screen):
    with pytest.raises(KeyboardInterrupt), shown_progress() as progress, progress.phase("listening", 2) as advance:
        advance(1)
        raise KeyboardInterrupt
    assert "100%" not in screen.getvalue() and " 50%" in screen.getvalue()


@pytest.mark.parametrize("kind", ["file", "dumb"])
def test_a_file_gets_a_line_per_phase_and_no_control_characters(capsys, screen, monkeypatch, kind):
    if kind == "file":
        monkeypatch.undo()
    else:
        monkeypatch.setenv("TERM", "dumb")
    with shown_progress() as progress:
        work(progress)
    assert capsys.readouterr().err + screen.getvalue() == "listening\nmatching\n"


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


def test_rows_that_failed_are_notes_said_once(capsys):
    rows = [
        Row(
            "a", "x.wav", "one", {"AF": 1.0, "AF rms": 0.5, "style tone": 0.1, "style width": 0.2, "mono_loss_lu": 2.0}
        ),
        Row(
            "b", "x.wav", "one", {"AF": 3.0, "AF rms": 0.5, "style tone": 0.4, "style width": 0.5, "mono_loss_lu": 2.0}
        ),
        Row("[c]", "x.wav", "one", {}, "is empty"),
        Row("[c]", "x.wav", "two", {}, "is empty"),
    ]
    report_rows(rows)
    captured = capsys.readouterr()
    assert captured.err == "note: [c] like x.wav: is empty\n"
    assert "mono loss lu" in captured.out and "AF rms" not in captured.out
    lines = [line.split() for line in captured.out.splitlines()]
    assert ["a", "x.wav", "one", "1", "0.3", "2"] in lines
    assert ["median", "2", "pairs", "one", "2", "0.6", "2"] in lines


def test_figures_are_never_cut(screen, monkeypatch):
    """Names give way to them."""
    monkeypatch.setattr(terminal, "_out", terminal._err)
    figures = ("AF", "style tone", "low_off_centre_db", "quietest_lu", "largest_eq_db", "mono_loss_lu", "seconds")
    report_rows([Row("a long name of a song", "another.wav", "refine", dict.fromkeys(figures, 0.0012345))])
    assert screen.getvalue().count("0.00123") == 2 * len(figures)
