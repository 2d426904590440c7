"""The sidecar of a song: a JSON file beside its stems that says what each of them is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from diffmst.data.song_maker.sheet import Facts
from diffmst.data.song_maker.takes import Stem

FORMAT = 1
SOURCES = ("soundfonts", "sfz", "midi_files", "donors")
OWN_LICENCE, OTHER_LICENCE = "CC0-1.0", "that of the files it was made from"
"""Of what is composed and synthesised here, and of what holds samples or notes of files of the user."""


def song_document(
    facts: Facts, stems: Sequence[tuple[str, Stem]], made: Mapping[str, Any], seconds: float, sample_rate: int
) -> str:
    """The sidecar as text.

    Args:
        facts: of the song.
        stems: file name and stem, in order; of the stems, the audio is not looked at.
        made: how the song was made: seed, number and what it was made from.
        seconds: length of the stems.
        sample_rate: hertz.
    """
    document = {
        "format": FORMAT,
        "made_by": "diffmst data make",
        "made": dict(made),
        "licence": OTHER_LICENCE if any(made.get(source) for source in SOURCES) else OWN_LICENCE,
        "style": facts.style,
        "source": facts.source,
        "tempo_bpm": round(facts.tempo_bpm, 3),
        "key": facts.key,
        "start_s": facts.start_s,
        "seconds": seconds,
        "sample_rate_hz": sample_rate,
        "sections": [{"name": name, "start_s": start, "end_s": end} for name, start, end in facts.sections],
        "stems": [
            {"file": file, "role": stem.role, "kind": stem.kind, "group": stem.group, "channels": len(stem.audio)}
            for file, stem in stems
        ],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
