"""A song on disk with a mix document, as the renderers get it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import soundfile

from bench.signals import Size, tracks, unit_settings
from diffmst.layout import DEFAULT
from diffmst.mix import Mix, RenderSettings, TrackMix

_LOUDNESS_LUFS = -16.0
"""High enough that the limiter has work to do."""

_SEND_DB = -15.0
_LOOP_S = 10.0  # long files repeat it: what they sound like does not matter, and their making should take no time


def write_song(folder: Path, size: Size, *, files: int | None = None) -> list[Path]:
    """Mono PCM16 WAV files, one per track, or fewer that several tracks then share; read once, so that they are cached.

    Args:
        folder: to write to.
        size: of the song.
        files: different ones.
    """
    folder.mkdir(parents=True, exist_ok=True)
    count = files or size.tracks
    loop = tracks(Size(count, min(_LOOP_S, size.seconds), size.sample_rate))[0].numpy()
    steps = np.rint(32_767 * loop.clip(-1, 1)).astype(np.int16)
    paths = [folder / f"{number:02d}.wav" for number in range(1, count + 1)]
    for path, row in zip(paths, steps, strict=True):
        with soundfile.SoundFile(path, "w", size.sample_rate, 1, subtype="PCM_16") as file:
            for start in range(0, size.frames, len(row)):
                file.write(row[: size.frames - start])
        _read_through(path)
    return [paths[track % count] for track in range(size.tracks)]


def write_document(path: Path, stems: list[Path], sample_rate: int, *, whole: bool) -> Path:
    """A mix document of stems that lie in its folder.

    Args:
        path: of the document.
        stems: the files of the tracks.
        sample_rate: of all.
        whole: with reverb and a loudness that needs the limiter; without, the console alone.
    """
    unit = unit_settings(len(stems))
    settings = DEFAULT.from_unit(unit)
    checksums = {stem: _sha256(stem) for stem in set(stems)}
    parts = []
    for number, (stem, values) in enumerate(zip(stems, settings.tracks[0], strict=True), 1):
        named = DEFAULT.track.named(values)
        if whole:
            named["send.gain_db"] = _SEND_DB
        parts.append(
            TrackMix(name=f"{number:02d}", path=stem.name, sha256=checksums[stem], channels=1, role="", settings=named)
        )
    mix = Mix(
        sample_rate=sample_rate,
        tracks=tuple(parts),
        fx=DEFAULT.fx.named(DEFAULT.fx.defaults()),
        master=DEFAULT.master.named(settings.master[0]),
        render=RenderSettings(loudness_lufs=_LOUDNESS_LUFS if whole else None, subtype="PCM_16"),
    )
    path.write_text(mix.to_json(), encoding="utf-8")
    return path


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_through(path: Path) -> None:
    with path.open("rb") as file:
        while file.read(1 << 24):
            pass
