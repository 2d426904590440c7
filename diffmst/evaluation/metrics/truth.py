"""What is known of the mix that is wanted: the mix itself, and what becomes of the stems in it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from diffmst.audio import same_file
from diffmst.data.song import Song
from diffmst.errors import UserError
from diffmst.evaluation.metrics.finished_file import read_mix
from diffmst.evaluation.metrics.processed_stems import ProcessedStem, console_stems
from diffmst.evaluation.metrics.wet_files import wet_stems
from diffmst.evaluation.pair import Pair
from diffmst.listening import Heard
from diffmst.mix import Mix
from diffmst.outputs import OutputFolder
from diffmst.render import render

_MIX = "wanted.wav"


@dataclass(frozen=True, eq=False)
class Truth:
    """The mix that is wanted.

    Attributes:
        mix: from the beginning of the stems, at the rate of the song, [1, 2, time]; None where it is not known.
        stems: what becomes of each, in the order of the song's tracks; empty where it is not known.
        notes: what was noticed about files from outside.
    """

    mix: Tensor | None = None
    stems: Sequence[ProcessedStem] = ()
    notes: tuple[str, ...] = ()


def read_truth(pair: Pair, heard: Heard) -> Truth | None:
    """What is known of the mix that is wanted; None if nothing is.

    A mix document says both what the mix is and what becomes of the stems; a folder of processed stems, where there is
    one, says the latter in its place.

    Args:
        pair: names the files.
        heard: its song.

    Raises:
        UserError: a file cannot be read, or does not belong to these stems.
    """
    if pair.truth is None and pair.truth_stems is None:
        return None
    truth = Truth()
    if pair.truth is not None:
        is_document = pair.truth.suffix.lower() == ".json"
        truth = _of_document(pair.truth, heard) if is_document else Truth(read_mix(pair.truth, heard.song.sample_rate))
        if truth.mix is not None and not truth.mix.any():
            raise UserError(f"{pair.truth}: the mix is silent; give the mix that is wanted")
    if pair.truth_stems is not None:
        truth = Truth(truth.mix, *wet_stems(pair.truth_stems, heard))
    if truth.stems and not any(stem.sounds for stem in truth.stems):
        raise UserError(f"{pair.truth_stems or pair.truth}: every stem is silent; give the mix that is wanted")
    return truth


def _of_document(path: Path, heard: Heard) -> Truth:
    """The mix and the stems that a document makes of the song."""
    document = _for_song(path, heard)
    song = heard.song.with_channels(document.channels)
    stems = console_stems(song, document.settings, document.console_layout, document.muted)
    return Truth(_rendered(document, song), stems)


def _for_song(path: Path, heard: Heard) -> Mix:
    """The document with its tracks in the order of the song's, at the rate of the song.

    Raises:
        UserError: it cannot be read, or its tracks are others.
    """
    document = Mix.read(path)
    remaining, tracks = list(document.tracks), []
    for track, survey in zip(heard.song.tracks, heard.surveys, strict=True):
        same = (one for one in remaining if same_file(path.parent / one.path, track.path))
        same_content = (one for one in remaining if one.sha256 == survey.sha256)
        found = next(same, None) or next(same_content, None)
        if found is None:
            raise UserError(f"{path}: does not mix stem {track.name!r}; give the document of a mix of these stems")
        if found.channels > track.info.channels:
            raise UserError(f"{path}: track {found.name!r} was stereo, {track.path} is mono; make the document again")
        remaining.remove(found)
        tracks.append(found)
    if remaining:
        raise UserError(
            f"{path}: also mixes {remaining[0].name!r}, which is no stem of this song; "
            "give the document of a mix of these stems"
        )
    return document.model_copy(update={"tracks": tuple(tracks), "sample_rate": heard.song.sample_rate})


def _rendered(document: Mix, song: Song) -> Tensor:
    """The whole mix as `diffmst render` makes it, [1, 2, time]."""
    settings = document.render.model_copy(update={"subtype": "FLOAT"})
    with tempfile.TemporaryDirectory(prefix="diffmst-") as folder:
        with OutputFolder(Path(folder), [_MIX]) as outputs:
            render(document.model_copy(update={"render": settings}), song, outputs, _MIX)
        return read_mix(Path(folder) / _MIX, song.sample_rate)
