"""Listening before mixing: the stems and the reference, and what there is to know of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from diffmst.audio import StemFile, find_stems, same_file
from diffmst.data.song import Song
from diffmst.data.survey import Survey, survey_files
from diffmst.errors import UserError
from diffmst.mix import STEMS_SUFFIX, is_mix
from diffmst.prior import Stem
from diffmst.progress import Progress
from diffmst.roles import role_of, sides_of


@dataclass(frozen=True)
class Heard:
    """A song and a reference, both surveyed.

    Attributes:
        song: with one survey per track.
        reference: its survey.
        notes: what was noticed on the way, for the user.
    """

    song: Song
    reference: Survey
    notes: tuple[str, ...]

    @property
    def reference_loudness_lufs(self) -> float:
        """Loudness of the reference as it is heard: one channel plays on both sides."""
        return self.reference.loudness_with_channels_lufs(2)

    @property
    def paths(self) -> list[Path]:
        """All files that were heard."""
        return [*(track.path for track in self.song.tracks), self.reference.info.path]

    @property
    def stems(self) -> list[Stem]:
        """What the prior knows of the tracks, in order."""
        return known_stems(self.song)

    @property
    def surveys(self) -> list[Survey]:
        """Of the tracks, in order."""
        return [track.survey for track in self.song.tracks if track.survey is not None]


def known_stems(song: Song) -> list[Stem]:
    """What the prior knows of the tracks of a surveyed song, in order."""
    sides = sides_of([track.name for track in song.tracks])
    return [
        Stem(
            track.survey.loudness_with_channels_lufs(track.channels),
            track.channels,
            track.survey.low_share,
            role_of(track.name),
            side,
        )
        for track, side in zip(song.tracks, sides, strict=True)
        if track.survey is not None
    ]


def listen(stems: Sequence[Path], reference: Path, progress: Progress) -> Heard:
    """Opens and surveys stems and reference.

    Raises:
        UserError: a file cannot be read, or nothing sounds.
    """
    files, notes = _stems_beside(reference, stems)
    song = Song.of_stems(files)
    paths = [*(track.path for track in song.tracks), reference]
    for path in paths:
        _check_name(path)
    with progress.phase("listening", 1) as advance:
        done = 0.0

        def tell(frames: int, total: int) -> None:
            nonlocal done
            share = frames / max(1, total)
            advance(share - done)
            done = share

        *surveys, of_reference = survey_files(paths, tell)
    if of_reference.silent:
        raise UserError(f"{reference}: is silent (under -70 LUFS throughout); give another reference")
    if all(survey.silent for survey in surveys):
        raise UserError(f"{stems[0]}: every stem is silent (under -70 LUFS throughout); there is nothing to mix")
    return Heard(song.with_surveys(surveys), of_reference, notes)


def _stems_beside(reference: Path, places: Sequence[Path]) -> tuple[list[StemFile], tuple[str, ...]]:
    """The stems in `places`, without the reference and what earlier mixes left there; and notes on what is left out."""
    files = find_stems(places)
    stems = [file for file in files if not same_file(file.path, reference)]
    if not stems:
        raise UserError(f"{reference}: is the reference and the only stem; give the stems of another song")
    notes = []
    if len(stems) < len(files):
        notes.append(f"{reference.name} is the reference, so it is not mixed as a stem.")
    named = set(places)
    mixed = [file for file in stems if file.path not in named and _is_mixed(file.path)]
    if mixed:
        notes.append(f"Left out, as an earlier mix left them there: {', '.join(file.path.name for file in mixed)}.")
    stems = [file for file in stems if file not in mixed]
    if not stems:
        raise UserError(f"{places[0]}: holds nothing but an earlier mix; give the stems of the song")
    return stems, tuple(notes)


def _is_mixed(path: Path) -> bool:
    """Whether a file is a mix or one of its processed stems: the mix document lies beside it."""
    folder = path.parent
    if is_mix(path.with_suffix(".json")):
        return True
    return folder.name.endswith(STEMS_SUFFIX) and is_mix(
        folder.parent / f"{folder.name.removesuffix(STEMS_SUFFIX)}.json"
    )


def _check_name(path: Path) -> None:
    """Refuses what no JSON can name: on Linux a file name need not be text."""
    try:
        str(path.resolve()).encode()
    except UnicodeEncodeError:
        raise UserError(f"{path}: its name is not valid UTF-8; rename it") from None
