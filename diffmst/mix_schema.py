"""The JSON Schema of the mix document, for editors and other programs."""

from typing import Any

from diffmst.layout import LAYOUTS, Section
from diffmst.mix import Mix


def json_schema() -> dict[str, Any]:
    """JSON Schema of the document, the settings of every section with their ranges."""
    schema = Mix.model_json_schema()
    track, root = schema["$defs"]["TrackMix"]["properties"], schema["properties"]
    for holder, key, section in ((track, "settings", "track"), (root, "fx", "fx"), (root, "master", "master")):
        holder[key].pop("additionalProperties")
        holder[key]["anyOf"] = [_section_schema(getattr(layout, section)) for layout in LAYOUTS.values()]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _section_schema(section: Section) -> dict[str, Any]:
    properties = {
        name: {
            "type": "number",
            "minimum": param.low,
            "maximum": param.high,
            "default": param.default,
            "description": f"{param.about}{f', {param.unit}' if param.unit else ''}",
        }
        for name, param in section.params.items()
    }
    return {"type": "object", "properties": properties, "additionalProperties": False}
