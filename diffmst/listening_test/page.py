"""The page that listeners open: one HTML file with all of its style and program, and a script of sound per trial."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from diffmst.audio.flac import flac_bytes
from diffmst.listening_test.key import Key, Question
from diffmst.listening_test.stimuli import Audio, Samples

_SCRIPTS = ("random", "elements", "player", "waveform", "rating", "trial", "session", "screens", "main")
_ENVELOPE_POINTS = 480
_ENVELOPE_STEPS = 99


class Wording(NamedTuple):
    """How a question is put.

    Attributes:
        heading: of every page.
        task: what to do, in a sentence or two.
        labels: of the fifths of the scale, the lowest first.
    """

    heading: str
    task: str
    labels: tuple[str, str, str, str, str]


_QUALITY = ("Bad", "Poor", "Fair", "Good", "Excellent")  # ITU-R BS.1534-3, figure 1
WORDINGS: dict[Question, Wording] = {
    "similarity": Wording(
        "How similar is each to the reference?",
        "Compare every sound with the reference, and rate how similar the two are. Any difference counts. One of the "
        "sounds is the reference itself: at least one rating on every page ought to be 100.",
        _QUALITY,
    ),
    "quality": Wording(
        "How good is each mix?",
        "Every sound is the same song, mixed in another way. Rate how good each is as a mix: balance, clarity, tone, "
        "space, punch. The song and its performance are the same in all.",
        _QUALITY,
    ),
    "style": Wording(
        "How near is each mix to the style of the reference?",
        "Every sound is the same song, mixed in another way; the reference is another song. Rate how near the sound of "
        "each mix comes to that of the reference: balance, tone, space, punch. What is played does not matter.",
        ("Very far", "Far", "In between", "Near", "Very near"),
    ),
}


def build_page(key: Key, *, instructions: str = "", send_to: str = "") -> str:
    """The page of a test, which says nothing of what made the sounds.

    Args:
        key: the test.
        instructions: a paragraph of the caller's own on the first page; a blank line begins another.
        send_to: where listeners are asked to send their results: an address, or a sentence.
    """
    return _template().render(
        title=key.title,
        style=Markup(asset("style.css") + asset("waveform.css")),
        script=Markup("\n".join(asset(f"{name}.js") for name in _SCRIPTS)),
        test=_public(key) | {"instructions": _paragraphs(instructions), "sendTo": send_to},
    )


def trial_script(trial: str, drawn: Sequence[Audio], samples: Mapping[str, Samples], sample_rate: int) -> str:
    """The sounds of one trial as a script for the page: scripts are what browsers load from a disk without a server.

    Args:
        trial: its name.
        drawn: the sounds whose outline is drawn, one picture for all: its own would tell each from the others.
        samples: 16-bit sounds by their names on the page.
        sample_rate: of the sounds, Hz.
    """
    sounds = {name: base64.b64encode(flac_bytes(x, sample_rate)).decode() for name, x in sorted(samples.items())}
    return f"listeningTest.receive({json.dumps({'id': trial, 'envelope': envelope(drawn), 'sounds': sounds})});\n"


def _public(key: Key) -> dict[str, Any]:
    """What the page is told of the test; sounds are sorted by their meaningless names."""
    wording = WORDINGS[key.question]
    return {
        "id": key.test,
        "title": key.title,
        "kind": key.kind,
        "heading": wording.heading,
        "task": wording.task,
        "labels": wording.labels,
        "sampleRate": key.sample_rate,
        "seconds": max(trial.seconds for trial in key.trials),
        "repeats": key.repeats,
        "mustHear": key.must_hear,
        "trials": [
            {
                "id": trial.id,
                "reference": trial.reference_start_s is not None,
                "stimuli": sorted(stimulus.id for stimulus in trial.stimuli),
            }
            for trial in key.trials
        ],
    }


def _paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]


def envelope(sounds: Sequence[Audio]) -> list[int]:
    """The highest magnitude of all sounds in each of a few hundred stretches, in hundredths of the highest of all.

    Shape: each sound [channels, time], all of one length.
    """
    level = np.max([np.abs(audio).max(0) for audio in sounds], axis=0)
    peaks = np.array([part.max(initial=0) for part in np.array_split(level, _ENVELOPE_POINTS)])
    return [int(step) for step in np.rint(_ENVELOPE_STEPS * peaks / max(float(peaks.max()), 1e-9))]


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(asset("index.html.j2"))


def asset(name: str) -> str:
    """A file of the page, for other pages that play sounds in step."""
    return (files("diffmst.listening_test") / "assets" / name).read_text(encoding="utf-8")
