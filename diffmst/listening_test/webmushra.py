"""The same test for webMUSHRA: its configuration, and the sounds where it looks for them.

Both stand in a folder `configs`, to be laid over that of a webMUSHRA installation. Sounds keep their meaningless names,
so that its results are read with the same key.

Reference: M. Schoeffler et al., "webMUSHRA: a comprehensive framework for web-based listening tests", Journal of Open
Research Software 6(1), 2018.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import yaml
from markupsafe import escape

from diffmst.audio import AudioWriter
from diffmst.listening_test.key import Key, KeyTrial
from diffmst.listening_test.page import WORDINGS
from diffmst.listening_test.sources import REFERENCE
from diffmst.listening_test.stimuli import Samples
from diffmst.outputs import OutputFolder

_BUFFER_FRAMES = 2048
_MOST_CONDITIONS, _LONGEST_S = 12, 12.0  # that its strict pages take
_FULL_SCALE = np.float32(32_768)


def write_sounds(
    trial: KeyTrial, samples: Mapping[str, Samples], sample_rate: int, outputs: OutputFolder, folder: str
) -> None:
    """Writes the sounds of a trial as WAV files.

    Args:
        trial: whose they are.
        samples: 16-bit sounds by their names; the open reference is "reference", which webMUSHRA hides by itself.
        sample_rate: hertz.
        outputs: where to.
        folder: below that.
    """
    for name, audio in samples.items():
        with AudioWriter(outputs.path(f"{folder}/{_sound(trial, name)}"), sample_rate, len(audio), "PCM_16") as writer:
            writer.write(audio.astype(np.float32) / _FULL_SCALE)


def write_configuration(key: Key, instructions: str, outputs: OutputFolder, folder: str) -> None:
    """Writes the configuration beside the sounds.

    Args:
        key: the test.
        instructions: more for listeners to know.
        outputs: where to.
        folder: below that.
    """
    path = outputs.path(f"{folder}/configs/{key.test}.yaml")
    text = yaml.safe_dump(_configuration(key, instructions), sort_keys=False, allow_unicode=True, width=120)
    path.write_text(text, encoding="utf-8")


def _configuration(key: Key, instructions: str) -> dict[str, Any]:
    return {
        "testname": key.title,
        "testId": key.test,
        "bufferSize": _BUFFER_FRAMES,
        "stopOnErrors": True,
        "showButtonPreviousPage": False,
        "remoteService": "service/write.php",
        "pages": [
            _page("generic", "welcome", key.title, f"{WORDINGS[key.question].task} {instructions}".strip()),
            _page("volume", "volume", "Volume", "Make it comfortable, and leave it like that until the end.")
            | {"stimulus": _sound(key.trials[0], REFERENCE), "defaultVolume": 0.5},
            ["random", *(_trial_page(key, trial) for trial in key.trials)],
            _page("finish", "finish", "Thank you", "Your ratings are complete.")
            | {"showResults": False, "writeResults": True, "questionnaire": _QUESTIONNAIRE},
        ],
    }


def _page(kind: str, name: str, heading: str, text: str) -> dict[str, Any]:
    """What every page has; texts are HTML there."""
    return {"type": kind, "id": name, "name": str(escape(heading)), "content": str(escape(text))}


def _trial_page(key: Key, trial: KeyTrial) -> dict[str, Any]:
    wording = WORDINGS[key.question]
    rated = [stimulus.id for stimulus in trial.stimuli if stimulus.role != "reference"]
    return _page("mushra", trial.id, wording.heading, wording.task) | {
        "showWaveform": True,
        "enableLooping": True,
        "strict": len(rated) < _MOST_CONDITIONS and trial.seconds <= _LONGEST_S,
        "reference": _sound(trial, REFERENCE),
        "createAnchor35": False,
        "createAnchor70": False,
        "randomize": True,
        "showConditionNames": False,
        "stimuli": {name: _sound(trial, name) for name in sorted(rated)},
    }


def _sound(trial: KeyTrial, name: str) -> str:
    """Where a sound lies; no other test has such a folder."""
    return f"configs/resources/{trial.id}-{trial.stimuli[0].id}/{name}.wav"


def _choices(name: str, question: str, answers: Mapping[str, str]) -> dict[str, Any]:
    response = [{"value": value, "label": label} for value, label in answers.items()]
    return {"type": "likert", "name": name, "label": question, "response": response}


_QUESTIONNAIRE = [
    {"type": "text", "name": "participant", "label": "Your name or code"},
    _choices(
        "experience",
        "Your experience with mixing",
        {"none": "None", "listener": "I listen closely", "amateur": "As a hobby", "professional": "For a living"},
    ),
    _choices(
        "device",
        "What you listened with",
        {"headphones": "Headphones", "monitors": "Monitors", "speakers": "Other speakers", "built-in": "Built-in"},
    ),
]
