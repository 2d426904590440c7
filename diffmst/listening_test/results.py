"""The results that listeners hand in, of our page and of webMUSHRA, in terms of systems and songs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffmst.audio.discovery import natural_key
from diffmst.errors import UserError
from diffmst.listening_test.key import Key
from diffmst.listening_test.sources import REFERENCE

_COLUMNS = ("test", "session", "trial", "repeat", "stimulus", "score")
_WEBMUSHRA_COLUMNS = ("session_test_id", "trial_id", "rating_stimulus", "rating_score")
_ABOUT = ("experience", "device", "age", "remarks")
_MILLISECONDS = 1000.0


class Place(NamedTuple):
    """What was rated when: trials and stimuli by their names in the key."""

    trial: str
    stimulus: str
    repeat: int


@dataclass
class Participant:
    """One listener.

    Attributes:
        session: identifies them.
        name: given by themselves, or the session.
        about: what they said of themselves.
        scores: their ratings, 0 to 100.
        page_seconds: time spent on each page.
    """

    session: str
    name: str
    about: dict[str, str] = field(default_factory=dict)
    scores: dict[Place, float] = field(default_factory=dict)
    page_seconds: dict[tuple[str, int], float] = field(default_factory=dict)

    def table(self, key: Key, repeat: int = 0) -> NDArray[np.float64]:
        """Scores [trials, conditions] in the order of the key; NaN where there is none."""
        conditions = list(key.conditions)
        table = np.full((len(key.trials), len(conditions)), np.nan)
        for row, trial in enumerate(key.trials):
            for stimulus in trial.stimuli:
                place = Place(trial.id, stimulus.id, repeat)
                table[row, conditions.index(stimulus.system)] = self.scores.get(place, np.nan)
        return table


class Line(NamedTuple):
    """One rating as it stands in a file."""

    test: str
    session: str
    name: str
    about: dict[str, str]
    place: Place
    score: float
    seconds: float


def read_results(paths: Sequence[Path], key: Key) -> list[Participant]:
    """Everybody who took part in a test, in the order of the files.

    The same session in several files counts once, as people save twice.

    Args:
        paths: CSV files, and folders of them.
        key: of the test.

    Raises:
        UserError: a file cannot be read, is of another test, or there are no results at all.
    """
    participants: dict[str, Participant] = {}
    for path in _files(paths):
        for line in _lines(path, key):
            if line.test != key.test:
                raise UserError(f"{path}: is a result of test {line.test}; the key is that of test {key.test}")
            who = participants.setdefault(line.session, Participant(line.session, line.name or line.session))
            who.about |= line.about
            who.scores[line.place] = line.score
            who.page_seconds[line.place.trial, line.place.repeat] = line.seconds
    if not participants:
        raise UserError(f"{', '.join(map(str, paths))}: no results found; give the CSV files that listeners saved")
    return list(participants.values())


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    """The files named, and the results among those in the folders named."""
    for path in paths:
        if not path.is_dir():
            yield path
        else:
            yield from (file for file in sorted(path.rglob("*.csv"), key=_by_path) if _is_result(_header(_text(file))))


def _by_path(path: Path) -> tuple[list[str | int], str]:
    return natural_key(str(path))


def _lines(path: Path, key: Key) -> Iterator[Line]:
    text = _text(path)
    header = _header(text)
    if not _is_result(header):
        raise UserError(f"{path}: is no result of a listening test (it lacks the column {_COLUMNS[0]})")
    parse = _our_line if "session_test_id" not in header else _webmushra_line
    reader = csv.DictReader(io.StringIO(text), delimiter=_delimiter(text), restval="")
    for row in reader:
        try:
            line = parse({name: value or "" for name, value in row.items() if name}, key)
        except ValueError as error:
            raise UserError(f"{path}: line {reader.line_num}: {error}") from None
        yield line


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as text ({error.__class__.__name__})") from None


def _delimiter(text: str) -> str:
    """A comma, or the semicolon that some spreadsheets put in its place when they save."""
    first = text.partition("\n")[0]
    return ";" if first.count(";") > first.count(",") else ","


def _header(text: str) -> list[str]:
    return next(csv.reader(io.StringIO(text), delimiter=_delimiter(text)), [])


def _is_result(header: Iterable[str]) -> bool:
    return set(_COLUMNS) <= set(header) or set(_WEBMUSHRA_COLUMNS) <= set(header)


def _our_line(row: Mapping[str, str], key: Key) -> Line:
    place = Place(row["trial"].rjust(len(key.trials[0].id), "0"), row["stimulus"], int(row["repeat"] or 0))
    about = {name: row[name] for name in _ABOUT if row.get(name)}
    if volume := row.get("volume_db"):
        about["volume"] = f"{volume} dB"
    score, seconds = _score(row["score"]), float(row.get("seconds") or 0)
    return _known(Line(row["test"], row["session"], row.get("participant", ""), about, place, score, seconds), key)


def _webmushra_line(row: Mapping[str, str], key: Key) -> Line:
    """A line of webMUSHRA, which hides the open reference itself, and calls it that in its results."""
    name = row.get("participant", "")
    session = row.get("session_uuid") or name
    if not session:
        raise ValueError("says neither session_uuid nor participant, so that nobody knows whose it is")
    trial, stimulus = row["trial_id"], row["rating_stimulus"]
    hidden = {part.id: x.id for part in key.trials for x in part.stimuli if x.role == "reference"}
    place = Place(trial, hidden.get(trial, stimulus) if stimulus == REFERENCE else stimulus, 0)
    about = {name: row[name] for name in _ABOUT if row.get(name)}
    seconds = float(row.get("rating_time") or 0) / _MILLISECONDS
    return _known(Line(row["session_test_id"], session, name, about, place, _score(row["rating_score"]), seconds), key)


def _score(text: str) -> float:
    score = float(text)
    if not 0 <= score <= 100:
        raise ValueError(f"the score is {text}; it must lie in 0 .. 100")
    return score


def _known(line: Line, key: Key) -> Line:
    """The line, if the key knows what was rated; those of other tests are refused as such later."""
    trial = next((trial for trial in key.trials if trial.id == line.place.trial), None)
    if line.test == key.test and (trial is None or line.place.stimulus not in {x.id for x in trial.stimuli}):
        raise ValueError(f"the key knows no sound {line.place.stimulus!r} on page {line.place.trial!r}")
    return line
