"""Mixes adjusted after matching: more or less of what was matched, without matching again."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from diffmst.amount import Amounts, blend
from diffmst.errors import UserError
from diffmst.layout import Section, Settings
from diffmst.locks import patterns_of
from diffmst.mastering import Output
from diffmst.mix import Ends, Mix, Values, relative_path
from diffmst.outputs import OutputFolder, write_text_atomically
from diffmst.progress import SILENT, Progress
from diffmst.render import compile_kernels, render_again, rendered_bytes, song_of, stem_names

_ROUNDING = 1.5e-4
"""Relative, and absolute below 1: settings nearer than this are the same to the digits that a document shows."""


class Adjusted(NamedTuple):
    """A mix with other amounts.

    Attributes:
        mix: the document.
        kept: what was left as it was since the user had changed it, as `Kick: fader.gain_db`.
    """

    mix: Mix
    kept: list[str]


def with_ends(mix: Mix, neutral: Settings, matched: Settings) -> Mix:
    """The document at its matched settings, which remembers both ends that amounts go between.

    Args:
        mix: whose settings do not count.
        neutral: balanced, with effects that do nothing; physical, batch of one.
        matched: likewise.
    """
    low, high, layout = mix.with_settings(neutral), mix.with_settings(matched), mix.console_layout
    tracks = tuple(
        track.model_copy(update={"ends": _ends(layout.track, end.settings, track.settings)})
        for end, track in zip(low.tracks, high.tracks, strict=True)
    )
    buses = {"fx_ends": _ends(layout.fx, low.fx, high.fx), "master_ends": _ends(layout.master, low.master, high.master)}
    return high.model_copy(update={"tracks": tracks, "amounts": Amounts(), **buses})


def neutral_settings(mix: Mix) -> Settings[np.ndarray]:
    """The balanced neutral mix that a document remembers; what it does not remember is as it is."""
    return _end(mix, "neutral")


def adjusted(mix: Mix, amounts: Amounts) -> Adjusted:
    """The mix with other amounts of what was matched.

    What is locked stays, and so does what the user has changed: whatever is not as the amounts in the document would
    have it.

    Args:
        mix: from `match`, perhaps changed by hand.
        amounts: of all of it; those in the document no longer count.
    """
    edited = changed_by_hand(mix)
    kept = Settings(*(a | b for a, b in zip(mix.locked, edited, strict=True)))
    moved = mix.with_settings(_at(mix, amounts)).keeping(mix, kept)
    return Adjusted(moved.model_copy(update={"amounts": amounts}), list(named_controls(mix, edited)))


def changed_by_hand(mix: Mix) -> Settings[np.ndarray]:
    """Which settings of a document are neither locked nor as the amounts in it make them: bool."""
    written = mix.with_settings(_at(mix, mix.amounts)).settings
    same = (np.isclose(a, b, _ROUNDING, _ROUNDING) for a, b in zip(mix.settings, written, strict=True))
    return Settings(*(~part & ~locked for part, locked in zip(same, mix.locked, strict=True)))


def held_by_locks(mix: Mix, amounts: Amounts) -> dict[str, tuple[str, ...]]:
    """What other amounts would move if it were not locked: the shortest patterns of its controls, by part."""
    ends = [mix.with_settings(_at(mix, each)).settings for each in (mix.amounts, amounts)]
    held = Settings(*(locked & (one != other) for locked, one, other in zip(mix.locked, *ends, strict=True)))
    return {part: patterns_of(section, names) for part, section, names in _named_parts(mix, held) if names}


def contrary_width(mix: Mix) -> tuple[float, float] | None:
    """How wide the mix is as matched, and as it is, where more of its width is narrower, as the match narrows it."""
    if not mix.master_ends:
        return None
    matched, now = (round(values.get("image.width", 1.0), 2) for values in (mix.master_ends.matched, mix.master))
    return (matched, now) if (now - matched) * (mix.amounts.width - 100) < 0 else None


def adjust(
    document: Path,
    amounts: Amounts,
    folder: Path,
    *,
    stems: bool = False,
    force: bool = False,
    progress: Progress = SILENT,
) -> tuple[Adjusted, Output]:
    """Gives the mix of a document other amounts; writes the document and its WAV file into a folder.

    Args:
        document: that `match` wrote, perhaps changed by hand.
        amounts: of what was matched.
        folder: for both files, which are called as the document is.
        stems: also write the processed stems.
        force: replace what is there.
        progress: told how far it is.

    Raises:
        UserError: the document or a stem cannot be used, or an output not written.
    """
    mix = Mix.read(document)
    if not remembers(mix):
        raise UserError(f"{document}: does not say what was matched; run `diffmst match {document}` first")
    found = adjusted(mix, amounts)
    wav, json = f"{document.stem}.wav", document.name
    names = [wav, json, *(stem_names(wav, [track.name for track in mix.tracks]) if stems else ())]
    with OutputFolder(folder, force=force) as outputs:
        song = song_of(mix, document.parent)
        outputs.claim(names, inputs=[track.path for track in song.tracks])
        outputs.check_room(rendered_bytes(song, mix.render.subtype, stems=stems))
        compile_kernels(progress, gradients=False)
        output = render_again(found.mix, song, outputs, wav, stems=stems, progress=progress)
        found = found._replace(mix=moved_to(found.mix, document.parent, folder))
        write_text_atomically(outputs.path(json), found.mix.to_json())
    return found, output


def remembers(mix: Mix) -> bool:
    """Whether a document says what was matched; those of version 1 do not."""
    return any(track.ends for track in mix.tracks) or bool(mix.fx_ends or mix.master_ends)


def named_controls(mix: Mix, where: Settings[np.ndarray]) -> Iterator[str]:
    """Some controls of a mix by their names, as `Kick: fader.gain_db`.

    Args:
        mix: its document.
        where: which controls, bool, of the shape of its settings.
    """
    for part, _, names in _named_parts(mix, where):
        yield from (f"{part}: {control}" for control in names)


def moved_to(mix: Mix, old: Path, new: Path) -> Mix:
    """The document with the paths of its files as they are from another folder."""

    def moved(path: str) -> dict[str, str]:
        return {"path": relative_path(old / path, new)}

    tracks = tuple(track.model_copy(update=moved(track.path)) for track in mix.tracks)
    references = tuple(reference.model_copy(update=moved(reference.path)) for reference in mix.references)
    return mix.model_copy(update={"tracks": tracks, "references": references})


def _ends(section: Section, neutral: Values, matched: Values) -> Ends:
    """Both ends without what is at its default."""
    short = (
        {name: value for name, value in values.items() if value != section.params[name].default}
        for values in (neutral, matched)
    )
    return Ends(neutral=next(short), matched=next(short))


def _end(mix: Mix, which: str) -> Settings[np.ndarray]:
    """The settings of one end, physical; what is not remembered, as a track that was added later, is as it is."""

    def values(ends: Ends | None, settings: Values) -> Values:
        return getattr(ends, which) if ends else settings

    layout = mix.console_layout
    tracks = np.stack([layout.track.vector(values(track.ends, track.settings)) for track in mix.tracks])
    fx, master = values(mix.fx_ends, mix.fx), values(mix.master_ends, mix.master)
    return Settings(tracks[None], layout.fx.vector(fx)[None], layout.master.vector(master)[None])


def _at(mix: Mix, amounts: Amounts) -> Settings[np.ndarray]:
    """Settings at some amounts, as if the user had neither locked nor changed anything."""
    return blend(_end(mix, "neutral"), _end(mix, "matched"), amounts, mix.console_layout)


def _named_parts(mix: Mix, where: Settings[np.ndarray]) -> Iterator[tuple[str, Section, list[str]]]:
    """Every part of the console, with the names of its controls that are meant."""
    layout = mix.console_layout
    rows = [(track.name, layout.track, row) for track, row in zip(mix.tracks, where.tracks[0], strict=True)]
    for part, section, row in (*rows, ("fx", layout.fx, where.fx[0]), ("master", layout.master, where.master[0])):
        yield part, section, [control for control, meant in zip(section.params, row, strict=True) if meant]
