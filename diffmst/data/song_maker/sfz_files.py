"""Which SFZ instruments there are among the files of the user, and what their names say that they play."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Sequence
from pathlib import Path

from diffmst.data.parallel import in_parallel
from diffmst.data.remarks import Remark, counted
from diffmst.data.song_maker import sfz_text
from diffmst.data.song_maker.sfz import Region, Sfz, UnusableError, described
from diffmst.errors import UserError
from diffmst.roles import named

NAMED_SAMPLES = 3
"""So many of the samples that are not there are told by name."""
TELLING_FOLDERS = 3
"""Folders above a file whose names may tell what it plays where its own does not, the nearest first."""
PLAYED_ROLES = (
    "bass", "guitar", "keys", "pad", "brass", "lead", "backing", "percussion", "drums", "kick", "snare", "hats",
)  # fmt: skip

_logger = logging.getLogger(__name__)


def find_sfz(places: Sequence[Path]) -> tuple[Sfz, ...]:
    """The SFZ instruments among files and in folders and below them, by name.

    What cannot be used in a folder is left out and logged, and so are samples that are not there.

    Raises:
        UserError: a file cannot be used, a folder has none that can, or the library is not installed.
    """
    if places and importlib.util.find_spec("pysfizz") is None:
        raise UserError("SFZ instruments need pysfizz: pip install 'diffmst[songs]'")
    found: dict[Path, Sfz] = {}
    for place in places:
        for sfz in _in_folder(place) if place.is_dir() else [_in_file(place)]:
            found.setdefault(sfz.path, sfz)
    for text in counted([_incomplete(sfz) for sfz in found.values() if sfz.missing]):
        _logger.warning("%s", text)
    return tuple(found.values())


def _incomplete(sfz: Sfz) -> Remark:
    """That an instrument lacks samples."""
    return Remark("", "", "played without the samples that are not there", f"{sfz.path} ({_some(sfz.missing)})")


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED_SAMPLES} more" if names[NAMED_SAMPLES:] else ""
    return f"{', '.join(names[:NAMED_SAMPLES])}{more}"


def _in_file(path: Path) -> Sfz:
    try:
        return _read(path)
    except UnusableError as error:
        raise UserError(f"{path}: {error}") from None


def _in_folder(folder: Path) -> list[Sfz]:
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".sfz")
    examined = in_parallel(_examined, paths)
    notes = counted([one for one in examined if isinstance(one, Remark)])
    usable = [one for one in examined if isinstance(one, Sfz)]
    if not usable:
        raise UserError(f"{folder}: holds no SFZ instruments that can be used{': ' if notes else ''}{'; '.join(notes)}")
    for text in notes:
        _logger.warning("%s: left out: %s", folder, text)
    return usable


def _examined(path: Path) -> Sfz | Remark:
    """The instrument of a file, or why it is none."""
    try:
        return _read(path)
    except UnusableError as error:
        return Remark("", "", error.what, f"{path}{f' ({error.detail})' if error.detail else ''}")


def _read(path: Path) -> Sfz:
    """The instrument of a file.

    Raises:
        UnusableError: there is none.
    """
    if not path.is_file():
        raise UnusableError("no such file")
    if path.suffix.lower() != ".sfz":
        raise UnusableError("is no SFZ instrument (.sfz)")
    path = path.resolve()
    role = placed(path)
    try:
        named_samples = sfz_text.samples(sfz_text.expanded(path))
    except OSError as error:
        raise UnusableError("cannot be read as a whole", f"{error.filename}: {error.strerror}") from None
    regions, heard = described(path)
    missing = _missing(named_samples, path.parent, regions)
    if missing and not regions:
        raise UnusableError("needs samples that are not there; put them where it looks for them", _some(missing))
    if not regions:
        raise UnusableError("is no SFZ instrument: nothing in it can be played")
    if not heard:
        raise UnusableError("is silent on every key; its samples may be broken")
    keys = {key for one in regions for key in range(one.low_key, one.high_key + 1)}
    return Sfz(path, role, tuple(sorted(keys)), missing)


def placed(path: Path) -> str:
    """The role that an instrument plays, by the name of its file or else of its folders.

    Raises:
        UnusableError: they tell none, or one that is played by no instruments of files.
    """
    role = named("/".join((*path.parts[1:-1][-TELLING_FOLDERS:], path.stem))).role.name
    if role in PLAYED_ROLES:
        return role
    says = f"its name says {role}, which no instrument plays" if role else "its name does not tell what it plays"
    raise UnusableError(f"{says}; name it, or its folder, after an instrument, as Bass, Piano or Drums")


def _missing(names: Sequence[str], folder: Path, regions: Sequence[Region]) -> tuple[str, ...]:
    """Samples that are not there: the library finds those too whose case of letters is another."""
    found = {sfz_text.sample_key(region.sample) for region in regions}
    return tuple(name for name in names if sfz_text.sample_key(name) not in found and not (folder / name).is_file())
