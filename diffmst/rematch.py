"""Matching again: a mix that the user has changed or locked in places, towards the same references or others."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from diffmst.adjust import moved_to, remembers
from diffmst.data.song import Song, song_title
from diffmst.delivery import REPORT, SAME_LU, deliver
from diffmst.descent import Observer
from diffmst.effort import shortened
from diffmst.errors import UserError
from diffmst.held import Held
from diffmst.listening import Heard, hear, roles_of
from diffmst.locking import with_changes_locked
from diffmst.match import Loudness, Matched, Options, document, find
from diffmst.mix import Mix
from diffmst.outputs import OutputFolder
from diffmst.progress import SILENT, Progress
from diffmst.references import ReferenceChoice
from diffmst.render import compile_kernels, rendered_bytes, stem_files, stem_names
from diffmst.roles import UNKNOWN, TrackRole, told_role, told_roles
from diffmst.task import KNOWN


def options_of(mix: Mix, *, same_references: bool = True) -> Options:
    """The options with which a mix is matched again, as far as its document tells.

    The loudness that the user asked for stays; one that was the references' becomes that of other ones.

    Args:
        mix: its document.
        same_references: as those in the document.
    """
    followed = _reference_lufs(mix)
    asked = mix.render.loudness_lufs
    loudness: Loudness = "keep" if asked is None else asked
    if not same_references and asked is not None and followed is not None and abs(asked - followed) < SAME_LU:
        loudness = "reference"
    return Options(
        loudness=loudness,
        ceiling_dbtp=mix.render.ceiling_dbtp,
        subtype=mix.render.subtype,
        tail_s=mix.render.tail_s,
        layout=mix.layout,
        amounts=mix.amounts,
    )


def rematch(
    path: Path,
    folder: Path,
    references: Sequence[ReferenceChoice] = (),
    options: Options | None = None,
    *,
    keep_changes: bool = False,
    title: str | None = None,
    progress: Progress = SILENT,
    observer: Observer | None = None,
) -> Matched:
    """Matches the mix of a document again, and writes document, WAV file and report into a folder.

    Stems, roles, mutes, locks and, unless others are given, references are those of the document. What is locked keeps
    its value to the last digit; everything else is found anew. Muted tracks are not listened to, and stay as they are.

    Args:
        path: of the document.
        folder: for the outputs, which are called as the document is.
        references: to mix like; those of the document if none are given.
        options: what the user may choose; as `options_of` the document if not given.
        keep_changes: lock what the user has changed since it was written.
        title: of the song, for the report; by the folder of its stems if not given.
        progress: told how far it is.
        observer: told of every step of refinement; it may end that, and the best so far is written.

    Raises:
        UserError: the document, a stem or a reference cannot be used, or an output not written.
    """
    mix = Mix.read(path)
    options = options or options_of(mix, same_references=not references)
    _check_model(options, mix)
    if keep_changes:
        if not remembers(mix):
            raise UserError(f"{path}: does not say what diffmst wrote; `diffmst lock` what you want to keep")
        mix = with_changes_locked(mix)
    choices = references or references_of(mix, path)
    wav = f"{path.stem}.wav"
    stems = stem_names(wav, [track.name for track in mix.tracks]) if options.stems else []
    names = [wav, f"{path.stem}.json", REPORT, *stems]
    with OutputFolder(folder, force=options.force) as outputs:
        song = Song.of_stems(stem_files(mix, path.parent), mix.sample_rate)
        outputs.claim(names, inputs=[*(track.path for track in song.tracks), *(choice.path for choice in choices)])
        outputs.check_room(rendered_bytes(song.with_tail(options.tail_s), options.subtype, stems=options.stems))
        roles = _roles(mix, song, options.roles)
        heard = _heard(mix, song, roles, choices, progress)
        compile_kernels(progress)
        held = Held.of(_sounding(mix))
        task, refined = find(heard, options, progress, held, observer)
        found = document(heard, task, refined, folder, options, held)
        merged = _merged(moved_to(mix, path.parent, folder), found, song.channels)
        delivered = deliver(
            merged,
            heard,
            task,
            outputs,
            title=title or song_title(song.tracks[0].path),
            name=path.stem,
            song=song.with_channels(merged.channels),
            stems=options.stems,
            shortened=shortened(refined, merged.amounts, steps=options.steps, seconds=options.time_s),
            progress=progress,
        )
    return Matched(merged, refined, *delivered)


def references_of(mix: Mix, path: Path) -> list[ReferenceChoice]:
    """The references that a document was matched to.

    Args:
        mix: the document.
        path: where it lies.

    Raises:
        UserError: it names none, or one is not there any more.
    """
    if not any(reference.main for reference in mix.references):
        raise UserError(f"{path}: names no main reference; give one with --reference")
    choices = [
        ReferenceChoice(path.parent / reference.path, reference.weight, reference.aspects, reference.main)
        for reference in mix.references
    ]
    for choice in choices:
        if not choice.path.exists():
            raise UserError(f"{choice.path}: no such file; {path} was matched to it, give another with --reference")
    return choices


def _check_model(options: Options, mix: Mix) -> None:
    if options.console_layout.name != mix.layout:
        raise UserError(
            f"the model sets the controls of layout {options.console_layout.name}, the mix has those of layout "
            f"{mix.layout}; give another --model, or mix anew"
        )


def _reference_lufs(mix: Mix) -> float | None:
    """The loudness that the references of a document had together."""
    main = [reference for reference in mix.references if reference.main]
    weight = sum(reference.weight for reference in main)
    return min(0.0, sum(reference.weight * reference.loudness_lufs for reference in main) / weight) if main else None


def _sounding(mix: Mix) -> Mix:
    """The document without its muted tracks."""
    return mix.model_copy(update={"tracks": tuple(track for track in mix.tracks if not track.mute)})


def _heard(
    mix: Mix, song: Song, roles: Sequence[TrackRole], choices: Sequence[ReferenceChoice], progress: Progress
) -> Heard:
    """The tracks that are not muted, and the references."""
    places = [place for place, track in enumerate(mix.tracks) if not track.mute]
    if not places:
        raise UserError("every track is muted; there is nothing to match")
    sounding = replace(song, tracks=tuple(song.tracks[place] for place in places))
    heard = hear(sounding, choices, progress, roles=[roles[place] for place in places])
    return replace(heard, notes=(*heard.notes, *_changes(_sounding(mix), heard)))


def _roles(mix: Mix, song: Song, asked: Mapping[str, str]) -> list[TrackRole]:
    """The roles of the tracks: as is asked now, as the user told before, or as files and their names tell."""
    roles = roles_of(song, _told_roles(mix, song) | dict(asked))
    places = told_roles(asked, [(track.name, track.path) for track in song.tracks])
    return [
        replace(role, written=told_role(track.role).name)
        if track.role_from == "ear" and role.source != "sidecar" and place not in places
        else role
        for place, (role, track) in enumerate(zip(roles, mix.tracks, strict=True))
    ]


def _told_roles(mix: Mix, song: Song) -> dict[str, str]:
    """The roles that the user has told, by file: so the document says, or what it says has told them tells another.

    Where a name tells a role well, the ear is asked only if the user has told that it is unknown.
    """
    told: dict[str, str] = {}
    for track, before, known in zip(song.tracks, mix.tracks, roles_of(song, {}), strict=True):
        if before.role_from == "user" or (before.role_from == known.source and before.role != known.role.name):
            told[str(track.path)] = before.role
        elif before.role_from == "ear" and known.source == "name" and known.confidence >= KNOWN:
            told[str(track.path)] = UNKNOWN.name
    return told


def _changes(mix: Mix, heard: Heard) -> Iterator[str]:
    """Which files are not those that were mixed before."""
    for track, survey in zip(mix.tracks, heard.surveys, strict=True):
        if survey.sha256 != track.sha256:
            yield f"{survey.info.path.name} has changed since “{track.name}” was mixed from it."


def _merged(old: Mix, found: Mix, channels: Sequence[int]) -> Mix:
    """The document that was found, with muted tracks, locks and locked values of the one before.

    Args:
        old: all of its paths as they are from where it will lie.
        found: without its muted tracks.
        channels: of the files, muted ones too, which may have changed.
    """
    fresh = iter(found.tracks)
    tracks = tuple(
        track.model_copy(update={"channels": min(track.channels, count)})
        if track.mute
        else next(fresh).model_copy(update={"locks": track.locks})
        for track, count in zip(old.tracks, channels, strict=True)
    )
    locks = {"fx_locks": old.fx_locks, "master_locks": old.master_locks}
    return found.model_copy(update={"tracks": tracks, **locks}).keeping(old, old.locked)
