"""The part of the DAWproject format that we write, as rules: what may stand in what, in which order.

Reference: Bitwig, "DAWproject", version 1.0, Project.xsd. These rules are narrower: what they admit, it admits.
"""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

_NUMBER, _SWITCH, _ANY, _ID = r"-?\d+\.\d+", "true|false", r"(?s).*", r"id\d+"
_COUNT = r"\d+"
_REAL = {
    "id": _ID,
    "name": _ANY,
    "max": _NUMBER,
    "min": _NUMBER,
    "value": _NUMBER,
    "unit": "linear|normalized|percent|decibel|hertz|semitones|seconds|beats|bpm",
}
_SWITCHED = {"id": _ID, "name": _ANY, "value": _SWITCH}
_DEVICE = {"id": _ID, "name": _ANY, "deviceName": _ANY, "deviceRole": "audioFX", "loaded": _SWITCH}
_TIMELINE = {"id": _ID}

_REALS = [
    "Tempo",
    "Pan",
    "Volume",
    "Freq",
    "Gain",
    "Q",
    "InputGain",
    "OutputGain",
    "Attack",
    "Ratio",
    "Release",
    "Threshold",
]
_SWITCHES = ["Mute", "Enable", "Enabled", "AutoMakeup"]

_CONTENTS = {
    "Project": "Application Transport? Structure? Arrangement? Scenes?",
    "Transport": "Tempo? TimeSignature?",
    "Structure": "Track*",
    "Track": "Channel? Track*",
    "Channel": "Devices? Mute? Pan? Sends? Volume?",
    "Devices": "Equalizer? Compressor? Limiter?",
    "Sends": "Send*",
    "Send": "Enable? Pan? Volume",
    "Equalizer": "Parameters? Enabled? Band* InputGain? OutputGain?",
    "Band": "Freq Gain? Q? Enabled?",
    "Compressor": "Parameters? Enabled? Attack? AutoMakeup? InputGain? OutputGain? Ratio? Release? Threshold?",
    "Limiter": "Parameters? Enabled? Attack? InputGain? OutputGain? Release? Threshold?",
    "Arrangement": "Lanes?",
    "Lanes": "Lanes* Clips*",
    "Clips": "Clip*",
    "Clip": "(Clips|Warps)?",
    "Warps": "Audio Warp+",
    "Audio": "File",
    "MetaData": "Title? Comment?",
}
_REQUIRED = {
    "Project": {"version": r"1\.0"},
    "Application": {"name": _ANY, "version": _ANY},
    "TimeSignature": {"id": _ID, "numerator": _COUNT, "denominator": _COUNT},
    "Track": {"id": _ID, "name": _ANY, "contentType": "audio|tracks|audio notes", "loaded": _SWITCH},
    "Channel": {"id": _ID, "audioChannels": _COUNT, "role": "regular|master|effect|submix", "solo": _SWITCH},
    "Send": {"id": _ID, "destination": _ID, "type": "pre|post"},
    "Equalizer": _DEVICE,
    "Compressor": _DEVICE,
    "Limiter": _DEVICE,
    "Band": {"type": "lowShelf|bell|highShelf", "order": _COUNT},
    "Arrangement": _TIMELINE,
    "Lanes": _TIMELINE,
    "Clips": _TIMELINE,
    "Clip": {"time": _NUMBER, "duration": _NUMBER, "playStart": _NUMBER},
    "Warps": {"id": _ID, "contentTimeUnit": "seconds", "timeUnit": "beats"},
    "Warp": {"time": _NUMBER, "contentTime": _NUMBER},
    "Audio": {"id": _ID, "algorithm": _ANY, "channels": _COUNT, "duration": _NUMBER, "sampleRate": _COUNT},
    "File": {"path": _ANY},
    **dict.fromkeys(_REALS, _REAL),
    **dict.fromkeys(_SWITCHES, _SWITCHED),
}
_OPTIONAL = {
    "Track": {"comment": _ANY},
    "Channel": {"destination": _ID},
    "Lanes": {"track": _ID, "timeUnit": "beats"},
    "Clip": {"name": _ANY, "contentTimeUnit": "beats"},
}
_WITHOUT_ATTRIBUTES = {
    "Transport",
    "Structure",
    "Devices",
    "Sends",
    "Parameters",
    "Scenes",
    "MetaData",
    "Title",
    "Comment",
}
_REFERENCES = ("destination", "track")


def faults(root: Element) -> list[str]:
    """What breaks the rules, a line each."""
    return [*_reference_faults(root), *(fault for element in root.iter() for fault in _element_faults(element))]


def _element_faults(element: Element) -> Iterator[str]:
    required, optional = _REQUIRED.get(element.tag, {}), _OPTIONAL.get(element.tag, {})
    if element.tag not in _REQUIRED.keys() | _WITHOUT_ATTRIBUTES:
        yield f"there is no {element.tag}"
    children = " ".join(child.tag for child in element)
    if not re.fullmatch(_pattern(_CONTENTS.get(element.tag, "")), f"{children} " if children else ""):
        yield f"{element.tag} holds {children}"
    yield from (f"{element.tag} lacks {name}" for name in required.keys() - element.attrib.keys())
    for name, value in element.attrib.items():
        if not re.fullmatch((required | optional).get(name, "(?!)"), value):
            yield f"{element.tag} has {name}={value!r}"


def _pattern(contents: str) -> str:
    """`Freq Gain?` as a pattern of tags with a space behind each."""
    return "".join(re.sub(r"(\w+)([?*+]?)", r"(?:\1 )\2", part) for part in contents.split())


def _reference_faults(root: Element) -> Iterator[str]:
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    yield from (f"id {twice} is there twice" for twice in {each for each in ids if ids.count(each) > 1})
    for element in root.iter():
        for name in _REFERENCES:
            if element.get(name, ids[0] if ids else None) not in (*ids, None):
                yield f"{element.tag} refers to {element.get(name)}, which is not there"
