"""Systems from what the user writes: names with commas between them, and files of ablations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from diffmst.audio.discovery import folded
from diffmst.errors import UserError
from diffmst.evaluation.system import System
from diffmst.evaluation.systems.external import External
from diffmst.evaluation.systems.matchering import Matchering, find_python
from diffmst.evaluation.systems.matching import Model, ModelRefine, Refine
from diffmst.evaluation.systems.without_reference import Balanced, EqualLoudness, Random
from diffmst.models.checkpoint import read_record
from diffmst.models.shipped import SHIPPED
from diffmst.validation import first_problem

_CLASSES: tuple[Any, ...] = (EqualLoudness, Balanced, Random, Refine, Model, ModelRefine, Matchering, External)
KINDS = {system.kind: system for system in _CLASSES}
"""Of systems, by name."""

CONFIGS = Path(__file__).parent.parent / "configs"
"""Files of systems that come with the package."""

_BEHIND_COLON = {"model": "model", "model+refine": "model", "external": "folder"}
_PATHS = ("model", "folder", "python")
_FILES = (".yaml", ".yml")
_NAMED = re.compile(r"(?P<name>[^=:/\\]+)=(?P<spec>.+)")
_SPEC = re.compile(r"(?P<kind>[a-z+-]+)(?::(?P<value>.+?))?(?P<no_names>@no-names)?")
_LONGEST_NAME = 60


def parse_systems(text: str, *, model: Path | None = None, externals: Mapping[str, Path] | None = None) -> list[System]:
    """The systems that a user names.

    Between commas stand kinds, `refine`; kinds with names not asked, `refine@no-names`; models by their files,
    `model:FILE` and `model+refine:FILE`; folders of finished mixes, `external:FOLDER`; names of `externals`; each of
    them by another name if wanted, `ours=model:FILE`; and YAML files, which hold lists of systems with their settings.

    Args:
        text: what the user wrote.
        model: file of the model of those systems that name none; the one that comes with diffmst if not given.
        externals: folders of finished mixes by name; they come last unless the text says where.

    Raises:
        UserError: there is no such system or setting, two that differ have one name, or what one needs is not there.
    """
    externals = externals or {}
    if taken := [name for name in externals if name in KINDS]:
        raise UserError(f"--external {taken[0]}: is what a kind of system is called; give it another name")
    specs = filter(None, map(str.strip, text.split(",")))
    systems = [system for spec in specs for system in _of_spec(spec, model, externals)]
    named = {system.name for system in systems}
    systems += [External(name, folder.absolute()) for name, folder in externals.items() if name not in named]
    if not systems:
        raise UserError(f"--systems: names none; known are {', '.join(KINDS)}")
    for system in (unique := _unique(systems)):
        _check_files(system)
    return unique


def read_systems(path: Path, model: Path | None = None) -> list[System]:
    """The systems in a YAML file: a list, of each its `name`, its `kind` and the settings of that kind.

    Args:
        path: of the file, or name of one of the package where there is no such file; paths in it are relative to it.
        model: file of the model of those systems that name none; the one that comes with diffmst if not given.

    Raises:
        UserError: the file cannot be read, or does not say what it has to.
    """
    path = path if path.exists() or not (CONFIGS / path).is_file() else CONFIGS / path
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        ours = ", ".join(sorted(file.name for file in CONFIGS.glob("*.yaml")))
        raise UserError(f"{path}: no such file; give a YAML file with a list of systems, or {ours}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as text ({error.__class__.__name__})") from None
    except yaml.YAMLError as error:
        raise UserError(f"{path}: is no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(data, list) or not data:
        raise UserError(f"{path}: must hold a list of systems, each with name and kind")
    return [_of_entry(entry, f"{path}: system {number}", path.parent, model) for number, entry in enumerate(data, 1)]


def _of_spec(spec: str, model: Path | None, externals: Mapping[str, Path]) -> list[System]:
    """What stands between two commas."""
    if Path(spec).suffix.lower() in _FILES:
        return read_systems(Path(spec), model)
    if spec in externals:
        return [External(spec, externals[spec].absolute())]
    named = _NAMED.fullmatch(spec)
    of_kind = _SPEC.fullmatch(named["spec"] if named else spec)
    if not of_kind or of_kind["kind"] not in KINDS:
        raise UserError(f"--systems {spec}: there is no such system; known are {', '.join([*KINDS, *externals])}")
    kind, value = of_kind["kind"], of_kind["value"]
    settings: dict[str, Any] = {}
    if value:
        if kind not in _BEHIND_COLON:
            raise UserError(f"--systems {spec}: {kind} takes no file; only {', '.join(_BEHIND_COLON)} do")
        settings[_BEHIND_COLON[kind]] = Path(value)
    if of_kind["no_names"]:
        settings["names"] = False
    usual = f"{kind}{of_kind['no_names'] or ''}"
    return [_system(kind, named["name"].strip() if named else usual, settings, f"--systems {spec}", model)]


def _of_entry(entry: object, where: str, folder: Path, model: Path | None) -> System:
    """One system of a file."""
    if not isinstance(entry, dict):
        raise UserError(f"{where}: must have name and kind, got {entry!r}")
    settings = {str(key): value for key, value in entry.items()}
    missing = [key for key in ("name", "kind") if not isinstance(settings.get(key), str)]
    if missing:
        raise UserError(f"{where}: must have name and kind, both text; {missing[0]} is missing or is none")
    name, kind = settings.pop("name"), settings.pop("kind")
    where = f"{where}, {name!r}"
    if kind not in KINDS:
        raise UserError(f"{where}: there is no kind {kind!r}; known are {', '.join(KINDS)}")
    for key in _PATHS:
        if isinstance(settings.get(key), str):
            settings[key] = folder / settings[key]
    return _system(kind, name, settings, where, model)


def _system(kind: str, name: str, settings: dict[str, Any], where: str, model: Path | None) -> System:
    """A system of a kind, with what its settings leave open."""
    known = [field.name for field in fields(KINDS[kind]) if field.name != "name"]
    if unknown := [key for key in settings if key not in known]:
        raise UserError(f"{where}: {kind} has no setting {unknown[0]!r}; known are {', '.join(known) or 'none'}")
    if "model" in known and "model" not in settings:
        settings["model"] = model or SHIPPED
    if "python" in known and "python" not in settings:
        settings["python"] = find_python()
    for key in settings.keys() & set(_PATHS):
        if isinstance(settings[key], Path):
            settings[key] = settings[key].absolute()  # for workers that stand elsewhere
    try:
        system: System = TypeAdapter(KINDS[kind]).validate_python({"name": name, **settings})
    except ValidationError as error:
        raise UserError(f"{where}: {first_problem(error)}") from None
    return system


def _unique(systems: Sequence[System]) -> list[System]:
    """The systems, those that are named twice once; refuses names that are no names, and one for two systems."""
    taken: dict[str, System] = {}
    for system in systems:
        name = system.name
        if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
            raise UserError(f"system {name!r}: its name must be one line of 1 to {_LONGEST_NAME} characters")
        if taken.setdefault(folded(name), system) != system:
            raise UserError(f"system {name!r}: there are two of this name; give one of them another, as in mine={name}")
    return list(taken.values())


def _check_files(system: System) -> None:
    """Refuses a system that lacks what it needs, before any work is done."""
    if isinstance(system, Model | ModelRefine):
        read_record(system.model)
    if isinstance(system, External | Matchering):
        system.check()
