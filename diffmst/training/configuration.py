"""Training configurations: YAML files, each of which may include another and say only what differs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diffmst.errors import UserError

CONFIGURATIONS = Path(__file__).parent / "configs"
INCLUDE = "include"


def packaged() -> list[str]:
    """Names of the configurations that come with the package; `base` is only to be included."""
    return sorted(path.stem for path in CONFIGURATIONS.glob("*.yaml") if path.stem != "base")


def read_configuration(name: str | Path) -> dict[str, Any]:
    """A configuration with all that it includes, deeper mappings merged, lists replaced.

    Args:
        name: of a YAML file, or of a packaged configuration where there is no such file.

    Raises:
        UserError: there is neither, it is no YAML mapping, or it includes itself.
    """
    return _read(_find(str(name), Path()), ())


def _read(path: Path, including: tuple[Path, ...]) -> dict[str, Any]:
    if path.resolve() in including:
        chain = " -> ".join(map(str, (*including, path.resolve())))
        raise UserError(f"{path}: includes itself: {chain}")
    own = _parse(path)
    included = own.pop(INCLUDE, None)
    if included is None:
        return own
    return merged(_read(_find(str(included), path.parent), (*including, path.resolve())), own)


def _find(name: str, beside: Path) -> Path:
    """The file of this name, or else the packaged configuration."""
    places = (beside / name, beside / f"{name}.yaml", CONFIGURATIONS / f"{name}.yaml")
    for path in places:
        if path.is_file():
            return path
    raise UserError(f"{name}: there is no such file, nor such a packaged configuration: {', '.join(packaged())}")


def _parse(path: Path) -> dict[str, Any]:
    import yaml  # comes with the extra `train`

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"{path}: is no readable YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise UserError(f"{path}: must hold a mapping of settings, such as 'model:', 'data:' and 'trainer:'")
    return content


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """The mapping `below` with what `above` says instead, at any depth.

    What configures another class (`class_path`) takes none of the arguments of the class that it replaces.

    >>> merged({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"c": 4}})
    {'a': {'b': 1, 'c': 4}, 'd': 3}
    """
    if "class_path" in above and above["class_path"] != below.get("class_path"):
        return dict(above)
    result = dict(below)
    for key, value in above.items():
        both = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
        result[key] = merged(result[key], value) if both else value
    return result
