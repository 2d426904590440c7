"""Makes the weights that come with the package, from nothing but folders: songs, packs, training.

    python -m bench.train_weights --real REAL --held-out potassium --held-out caesium \
        --soundfont FluidR3_GM.sf2 --soundfont MuseScore_General_Lite.sf3 --midi MIDI -o OUT

REAL holds a folder of stems for every song: those of the package are named in `REAL` below. Songs are made, some of
them around the stems of the real ones that are not held out; all are packed, the real ones favoured; the model with the
lowest error on the songs held out is the result: OUT/model.safetensors and its card, model.md; and the ear,
OUT/ear.safetensors. Stopped and run again, it goes on. On 2 cores it takes about an hour.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from diffmst.cli import main as diffmst
from diffmst.ear.storage import load_ear, read_ear_record, save_ear
from diffmst.models.card import write_card
from diffmst.models.checkpoint import load_model, read_record, save_model
from diffmst.models.record import DataSource

SONGS, SECONDS, SEED = 240, 45.0, 6
SHARDS, SCENES, PACK_SEED = 18, 512, 8
VALIDATION_SCENES, VALIDATION_SEED = 200, 5
STEPS, EAR_STEPS = 4_000, 500
MADE = DataSource(
    name="Songs of `diffmst data make`",
    licence="CC0-1.0, in part of CC0-1.0 stems, MIT SoundFonts and BSD-3-Clause scores",
    songs=SONGS,
    hours=SONGS * SECONDS / 3600,
)
REAL = DataSource(
    name="Everything Is Free, by I Can Be In Software: lithium, sodium, rubidium",
    licence="CC0-1.0",
    songs=3,
    hours=3 / 60,
    url="https://github.com/ichbinsoftware/everythingisfree",
)
WEAKNESSES = (
    "Of another song it hears how loud roles are and how wide the mix is, but hardly more: errors of level are two "
    "thirds of those of equal loudness, against two fifths on the same song.",
    "Equalizers of tracks are left flat but for what the fit of a stem to the same song tells.",
    "Compressors, sends and the reverb are predicted little better than what is usual.",
    "Its real songs are of one artist, electronic with sung voices; acoustic music it knows from made songs only.",
    "On which side a track stands cannot be known from another song; tracks then take sides in turn.",
)

EAR_WEAKNESSES = (
    "Drum loops are taken for single drums, tonal effects for keys, keys for guitars, choirs for a lead.",
    "Of real stems it knows those of one artist; songs differ much, from 1 role of 8 to 12 of 13.",
)


def train_weights(
    real: Annotated[Path, typer.Option(help="Folder of songs, each a folder of stems.")],
    held_out: Annotated[list[str], typer.Option(help="Song to validate with and not to train on.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for songs, packs and the run.")],
    soundfont: Annotated[list[Path] | None, typer.Option(help="That instruments come from.")] = None,
    midi: Annotated[Path | None, typer.Option(help="Folder of scores.")] = None,
    songs: Annotated[int, typer.Option(help="To be made.")] = SONGS,
    shards: Annotated[int, typer.Option(help=f"Files of {SCENES} scenes.")] = SHARDS,
    steps: Annotated[int, typer.Option(help="Of training.")] = STEPS,
) -> None:
    """Makes songs, packs and weights."""
    if missing := sorted(name for name in held_out if not (real / name).is_dir()):
        raise typer.BadParameter(f"{real} holds no {' and no '.join(missing)}", param_hint="--held-out")
    real, midi = real.resolve(), midi and midi.resolve()
    soundfonts = [path.resolve() for path in soundfont or []]
    out.mkdir(parents=True, exist_ok=True)
    os.chdir(out)  # so that the record of the weights names no folder of this machine
    trained = _linked(Path("real"), real, [name for name in _names(real) if name not in held_out])
    _linked(Path("held-out"), real, held_out)
    sources = [part for path in soundfonts for part in ("--soundfont", str(path))]
    sources += ["--midi", str(midi)] if midi else []
    making = ["--songs", str(songs), "--seed", str(SEED), "--seconds", str(SECONDS), "--stems", "real"]
    _run("data", "make", "-o", "songs", *making, *sources)
    _split("train.json", "train", [*trained, *_names(Path("songs"))])
    _split("held-out.json", "train", held_out)
    packing = ["--splits", "train.json", "--shards", str(shards), "--scenes", str(SCENES)]
    packing += ["--seed", str(PACK_SEED), "--favoured", "real"]
    _run("data", "pack", "songs", "real", "-o", "pack", *packing)
    validating = ["--shards", "1", "--scenes", str(VALIDATION_SCENES), "--seed", str(VALIDATION_SEED), "--as-they-are"]
    _run("data", "pack", "held-out", "-o", "validation", "--splits", "held-out.json", *validating)
    data = ["--data.pack", "pack", "--data.validation", "validation"]
    goes_on = ["--ckpt_path", "last"] if Path("run/last.ckpt").exists() else []
    training = ["-c", "packed", *data, "--trainer.max_steps", str(steps), "--run.out", "run", *goes_on]
    _run("pretrain", "fit", *training, "--run.licence", "Apache-2.0")
    _finish(Path("run/model.safetensors"))
    places = [part for folder in ("real", "held-out", "songs") for part in ("--songs", folder)]
    _split("ear.json", "train", [*trained, *_names(Path("songs"))], validation=held_out)
    learning = [
        "--splits",
        "ear.json",
        "--steps",
        str(EAR_STEPS),
        "--seed",
        "1",
        "--out",
        "run/ear.safetensors",
        "--force",
    ]
    _run("train-ear", *places, *learning)
    _finish_ear(Path("run/ear.safetensors"))


def _finish_ear(path: Path) -> None:
    """The same for the ear."""
    about = {"data": (REAL, MADE), "weaknesses": EAR_WEAKNESSES}
    save_ear(Path(path.name), load_ear(path), read_ear_record(path).training.model_copy(update=about))


def _finish(path: Path) -> None:
    """Writes the model and its card, which then say where its songs are from and where it fails, into this folder."""
    network = load_model(path)
    about = {"data": (REAL, MADE), "weaknesses": WEAKNESSES}
    record = read_record(path).training.model_copy(update=about)
    save_model(Path(path.name), network, training=record)
    write_card(Path("model.md"), network, record)


def _linked(folder: Path, real: Path, names: Sequence[str]) -> list[str]:
    folder.mkdir(exist_ok=True)
    for name in names:
        if not (folder / name).exists():
            (folder / name).symlink_to(real / name)
    return list(names)


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_dir())


def _split(path: str, split: str, names: Sequence[str], **others: Sequence[str]) -> None:
    Path(path).write_text(json.dumps({split: list(names), **others}))


def _run(*arguments: str) -> None:
    sys.argv = ["diffmst", *arguments]  # what the records name
    if code := diffmst(arguments):
        sys.exit(code)


if __name__ == "__main__":
    typer.run(train_weights)
