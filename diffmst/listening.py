"""Listening before mixing: the stems and the reference, and what there is to know of them."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from diffmst.aspects import ASPECTS, Aspect
from diffmst.audio import StemFile, find_stems, probe, same_file
from diffmst.data.datasets.folders import sidecar_roles
from diffmst.data.song import Song
from diffmst.data.survey import Survey, survey_files
from diffmst.errors import UserError
from diffmst.groups import Group, find_groups
from diffmst.mix import STEMS_SUFFIX, is_mix
from diffmst.prior import Stem
from diffmst.progress import Progress
from diffmst.references import ReferenceChoice, shares
from diffmst.roles import BY_NAME, TrackRole, known_role, roles_by_name, sides_of, told_roles


@dataclass(frozen=True)
class HeardReference:
    """A reference, surveyed.

    Attributes:
        survey: of its file.
        weight: against the other references that an aspect is taken from.
        aspects: what is taken from it.
        main: whether it also says how loud the mix becomes.
    """

    survey: Survey
    weight: float = 1.0
    aspects: tuple[Aspect, ...] = ASPECTS
    main: bool = True

    @property
    def path(self) -> Path:
        """The file."""
        return self.survey.info.path

    @property
    def loudness_lufs(self) -> float:
        """As it is heard: one channel plays on both sides."""
        return self.survey.loudness_with_channels_lufs(2)


@dataclass(frozen=True)
class Heard:
    """A song and its references, all surveyed.

    Attributes:
        song: with one survey per track.
        references: at least one of them a main one.
        notes: what was noticed on the way, for the user.
        told_roles: of the tracks, where more is known than their names tell; empty for nothing.
    """

    song: Song
    references: tuple[HeardReference, ...]
    notes: tuple[str, ...]
    told_roles: tuple[TrackRole, ...] = ()

    @property
    def reference(self) -> Survey:
        """The main reference that weighs most: for whoever can listen to one only."""
        return max(self._main, key=lambda reference: reference.weight).survey

    def reference_of(self, aspect: Aspect) -> Survey:
        """The reference that an aspect is taken from; of several, that which counts most."""
        counts = shares(self.references, aspect)
        return self.references[counts.index(max(counts))].survey

    @property
    def reference_loudness_lufs(self) -> float:
        """The mean loudness of the main references, in LU, by their weights."""
        weighted = [reference.weight * reference.loudness_lufs for reference in self._main]
        return sum(weighted) / sum(reference.weight for reference in self._main)

    @property
    def _main(self) -> list[HeardReference]:
        return [reference for reference in self.references if reference.main]

    @property
    def paths(self) -> list[Path]:
        """All files that were heard."""
        return [*(track.path for track in self.song.tracks), *(reference.path for reference in self.references)]

    @cached_property
    def stems(self) -> list[Stem]:
        """What the prior knows of the tracks, in order."""
        return known_stems(self.song, self.roles)

    @cached_property
    def groups(self) -> list[Group]:
        """Tracks that belong together."""
        return groups_of(self.song, self.roles)

    @property
    def roles(self) -> list[TrackRole]:
        """Of the tracks, in order: as was told, or else as their names tell."""
        return list(self.told_roles) or roles_by_name([track.name for track in self.song.tracks])

    @property
    def surveys(self) -> list[Survey]:
        """Of the tracks, in order."""
        return [track.survey for track in self.song.tracks if track.survey is not None]


def known_stems(song: Song, roles: Sequence[TrackRole] | None = None) -> list[Stem]:
    """What the prior knows of the tracks of a surveyed song, in order; roles by their names if none are given."""
    roles = roles or roles_by_name([track.name for track in song.tracks])
    sides = _sides_of(song, groups_of(song, roles))
    return [
        Stem(
            track.survey.loudness_with_channels_lufs(track.channels),
            track.channels,
            track.survey.low_share,
            known.role,
            side,
        )
        for track, known, side in zip(song.tracks, roles, sides, strict=True)
        if track.survey is not None
    ]


def groups_of(song: Song, roles: Sequence[TrackRole]) -> list[Group]:
    """The groups of the tracks of a surveyed song, in which they have these roles."""
    surveys = [track.survey for track in song.tracks if track.survey is not None]
    return find_groups([track.name for track in song.tracks], [known.role for known in roles], surveys)


def _sides_of(song: Song, groups: Sequence[Group]) -> list[int]:
    """For each track -1 or 1 for one side of a pair, as its name or else its sound tells, else 0."""
    sides = sides_of([track.name for track in song.tracks])
    for group in groups:
        if group.kind == "sides":
            left, right = group.tracks
            sides[left], sides[right] = -1, 1
    return sides


def listen(
    stems: Sequence[Path],
    reference: Path | Sequence[ReferenceChoice],
    progress: Progress,
    roles: Mapping[str, str] | None = None,
    check: Callable[[Song], None] | None = None,
) -> Heard:
    """Opens and surveys stems and references, each file once.

    Args:
        stems: audio files and folders of them.
        reference: the song to mix like; or several, or some for one aspect, see `references.choose_references`.
        progress: told how far it is.
        roles: what stems are, by file or pattern; see `roles.told_roles`.
        check: told the song before it is listened to; it may raise UserError.

    Raises:
        UserError: a file cannot be read, or nothing sounds; or there is no such role, or no such stem.
    """
    choices = [ReferenceChoice(reference)] if isinstance(reference, Path) else reference
    files, notes = _stems_beside([choice.path for choice in choices], stems)
    song = Song.of_stems(files)
    if check:
        check(song)
    return hear(song, choices, progress, notes, roles_of(song, roles or {}))


def roles_of(song: Song, told: Mapping[str, str]) -> list[TrackRole]:
    """The roles of the tracks: as the user tells, or the `song.json` beside a file, or the names of file and folders.

    Raises:
        UserError: the user tells the role of a stem that is not there, or one that there is not.
    """
    paths = [track.path for track in song.tracks]
    by_user = told_roles(told, [(track.name, track.path) for track in song.tracks])
    by_folder = {folder: sidecar_roles(folder) for folder in {path.parent for path in paths}}
    roles = roles_by_name(_names_below(paths))
    for place, path in enumerate(paths):
        if place in by_user:
            roles[place] = known_role(by_user[place], "user")
        elif path.name in by_folder[path.parent]:
            roles[place] = known_role(BY_NAME[by_folder[path.parent][path.name]], "sidecar")
    return roles


def _names_below(paths: Sequence[Path]) -> list[str]:
    """Names of files without their endings, after those of the folders below the one that holds them all."""
    try:
        top = os.path.commonpath([path.absolute().parent for path in paths])
    except ValueError:  # on several drives
        return [path.stem for path in paths]
    return [path.absolute().with_suffix("").relative_to(top).as_posix() for path in paths]


def hear(
    song: Song,
    choices: Sequence[ReferenceChoice],
    progress: Progress,
    notes: tuple[str, ...] = (),
    roles: Sequence[TrackRole] = (),
) -> Heard:
    """Surveys a song and references, each file once.

    Args:
        song: its tracks.
        choices: of references.
        progress: told how far it is.
        notes: what was noticed before.
        roles: of the tracks, where more is known than their names tell.

    Raises:
        UserError: a file cannot be read, or nothing sounds.
    """
    paths = [*(track.path for track in song.tracks), *(choice.path for choice in choices)]
    for path in paths:
        _check_name(path)
    for choice in choices:
        probe(choice.path)  # what cannot be opened is told before the stems are listened to
    with progress.phase("listening", 1) as advance:
        done = 0.0

        def tell(frames: int, total: int) -> None:
            nonlocal done
            share = frames / max(1, total)
            advance(share - done)
            done = share

        surveyed = survey_files(paths, tell)
    surveys, of_references = surveyed[: len(song.tracks)], surveyed[len(song.tracks) :]
    if silent := next((survey.info.path for survey in of_references if survey.silent), None):
        raise UserError(f"{silent}: is silent (under -70 LUFS throughout); give another reference")
    if all(survey.silent for survey in surveys):
        path = song.tracks[0].path
        raise UserError(f"{path}: every stem is silent (under -70 LUFS throughout); export them again")
    references = tuple(
        HeardReference(survey, choice.weight, choice.aspects, choice.main)
        for survey, choice in zip(of_references, choices, strict=True)
    )
    return Heard(song.with_surveys(surveys), references, notes, tuple(roles))


def _stems_beside(references: Sequence[Path], places: Sequence[Path]) -> tuple[list[StemFile], tuple[str, ...]]:
    """The stems in `places`, without references and what earlier mixes left there; and notes on what is left out."""
    stems = find_stems(places)
    notes = []
    for reference in references:
        others = [file for file in stems if not same_file(file.path, reference)]
        if not others:
            raise UserError(f"{reference}: is the reference and the only stem; give the stems of another song")
        if len(others) < len(stems):
            which = "a" if len(references) > 1 else "the"
            notes.append(f"{reference.name} is {which} reference, so it is not mixed as a stem.")
        stems = others
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
