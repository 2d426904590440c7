"""JSON schemas as people read them: a type in a few words, its bounds, and an example."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

_BY_TYPE = {"string": "text", "integer": 1, "number": 1.0, "boolean": True, "null": None}
_BOUNDS = (
    ("at least", ("minimum", "exclusiveMinimum")),
    ("at most", ("maximum", "exclusiveMaximum")),
)
_LENGTHS = (("minLength", "maxLength", "characters"), ("minItems", "maxItems", "entries"))


def name_of(reference: str) -> str:
    """Of a model.

    >>> name_of("#/components/schemas/Job")
    'Job'
    """
    return reference.rpartition("/")[2]


def type_name(schema: Schema) -> str:
    """A schema in a few words: the name of a model, or a type.

    >>> type_name({"anyOf": [{"type": "array", "items": {"$ref": "#/components/schemas/Job"}}, {"type": "null"}]})
    'list of Job or null'
    """
    if "$ref" in schema:
        return name_of(schema["$ref"])
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " or ".join(map(type_name, schema[key]))
    if "enum" in schema or "const" in schema:
        return " | ".join(map(str, schema.get("enum", [schema.get("const")])))
    if schema.get("type") == "array":
        return f"list of {type_name(schema.get('items', {}))}"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"{type_name(schema['additionalProperties'])} by name"
    return str(schema.get("format") or schema.get("type") or "anything")


def bounds(schema: Schema) -> str:
    """What a value may be, and what it is where it is left out.

    >>> bounds({"anyOf": [{"type": "integer", "minimum": 0, "maximum": 9}, {"type": "null"}], "default": 3})
    'At least 0, at most 9. Default 3.'
    """
    said = []
    for part in (schema, *schema.get("anyOf", ())):
        said += [f"{word} {part[key]:g}" for word, keys in _BOUNDS for key in keys if key in part]
        said += [f"{part.get(low, 0)} to {part[high]} {unit}" for low, high, unit in _LENGTHS if high in part]
    sentences = [", ".join(said).capitalize()] if said else []
    default = schema.get("default")
    if isinstance(default, str | int | float):
        sentences.append(f"Default {str(default).lower() if isinstance(default, bool) else default}")
    return "".join(f"{sentence}. " for sentence in sentences).strip()


def samples(schema: Schema, models: Mapping[str, Schema]) -> list[Any]:
    """Examples of a value, one for each shape that it may have; of an object, what it must hold.

    >>> models = {"A": {"properties": {"b": {"type": "integer", "minimum": 7}, "c": {}}, "required": ["b"]}}
    >>> samples({"$ref": "#/components/schemas/A"}, models)
    [{'b': 7}]
    """
    if "$ref" in schema:
        return samples(models[name_of(schema["$ref"])], models)
    if "oneOf" in schema:
        return [samples(part, models)[0] for part in schema["oneOf"]]
    return [_sample(schema, models)]


def _sample(schema: Schema, models: Mapping[str, Schema]) -> object:
    if "examples" in schema:
        return schema["examples"][0]
    for key in ("const", "default", "minimum"):
        if key in schema:
            return schema[key]
    if "anyOf" in schema:
        return samples(schema["anyOf"][0], models)[0]
    if "properties" in schema:
        parts = schema["properties"]
        return {name: samples(parts[name], models)[0] for name in schema.get("required", ())}
    if schema.get("type") == "array":
        return [samples(schema["items"], models)[0]]
    return {} if schema.get("type") == "object" else _BY_TYPE[schema["type"]]
