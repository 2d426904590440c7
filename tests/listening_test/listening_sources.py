"""Mixes on disk, and listeners with opinions of them."""

import csv

import numpy as np
from songs import noise, tone, write

from diffmst.listening_test.key import Key, KeyStimulus, KeyTrial

RATE = 44_100
SECONDS = 2.0
SONGS = ("ballad", "dub plate")
SYSTEMS = ("gentle giant", "loudness war", "plain sum")


def write_mixes(folder, songs=SONGS, systems=SYSTEMS, reference=True, seconds=SECONDS):
    """A folder per song with a mix per system, each at its own level."""
    for number, song in enumerate(songs):
        lead, hiss = tone(220 * (number + 1), seconds, RATE), noise(seconds, number, RATE)
        for place, system in enumerate(systems):
            level = 0.3 * (place + 1)
            write(folder / song / f"{system}.wav", level * np.stack([lead + hiss, lead]), RATE)
        if reference:
            write(folder / song / "reference.flac", np.stack([lead, lead + 0.5 * hiss]), RATE)
    return folder


def make_key(kind="mushra", songs=4, systems=SYSTEMS, repeats=0):
    """A key without any sound."""
    names = [(system, "system") for system in systems]
    if kind == "mushra":
        names += [("reference", "reference"), ("anchor 3.5 kHz", "anchor"), ("anchor 7 kHz", "anchor")]
    trials = tuple(
        KeyTrial(
            id=f"{number + 1:02d}",
            song=f"song {number}",
            seconds=10.0,
            start_s=0.0,
            reference_start_s=0.0,
            loudness_lufs=-23.0,
            stimuli=tuple(
                KeyStimulus(id=f"s{number}{place}", system=name, role=role, path="", gain_db=0.0)
                for place, (name, role) in enumerate(names)
            ),
        )
        for number in range(songs)
    )
    return Key(
        test="0a1b2c3d",
        title="Test",
        kind=kind,
        question="similarity" if kind == "mushra" else "quality",
        sample_rate=48_000,
        seed=1,
        repeats=repeats,
        must_hear=1.0,
        trials=trials,
    )


def lines_of(key, session, opinion, name=""):
    """The lines of one listener's results, as the page writes them; `opinion` rates (trial, system, repeat)."""
    pages = [(trial, 0) for trial in key.trials] + [(trial, 1) for trial in key.trials[: key.repeats]]
    return [
        {
            "test": key.test,
            "participant": name,
            "session": session,
            "seed": 1,
            "page": page + 1,
            "trial": trial.id,
            "repeat": repeat,
            "position": position + 1,
            "stimulus": stimulus.id,
            "score": opinion(trial, stimulus.system, repeat),
            "heard": "1.00",
            "seconds": "60.0",
            "volume_db": -12,
            "experience": "amateur",
            "device": "headphones",
            "age": "",
            "remarks": 'quite "even"; really',
            "started": "",
            "finished": "",
        }
        for page, (trial, repeat) in enumerate(pages)
        for position, stimulus in enumerate(trial.stimuli)
    ]


def save(path, lines, delimiter=","):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, lines[0], delimiter=delimiter)
        writer.writeheader()
        writer.writerows(lines)
    return path


def honest(seed, spread=4.0):
    """A listener who hears the reference, and likes systems in the order of their names."""
    generator = np.random.default_rng(seed)
    liked = {"gentle giant": 80, "loudness war": 60, "plain sum": 45}
    fixed = {"reference": 100, "anchor 3.5 kHz": 15, "anchor 7 kHz": 40}

    def opinion(trial, system, repeat):
        return fixed.get(system) or int(np.clip(liked[system] + generator.normal(0, spread), 0, 99))

    return opinion
