"""What the user should know before trusting a mix: findings about files and result, in plain words.

Every rule is a small function from measurements to sentences: what was noticed, and what to do. They are read on the
command line, in reports and on the page, and so speak of settings by what they are, never of options.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from diffmst.advice.references import loudness_advice, reference_advice
from diffmst.advice.result import Against, output_advice, result_advice
from diffmst.advice.stems import FloatArray, pair_advice, stem_advice, track_products

if TYPE_CHECKING:
    from diffmst.data.song import Track
    from diffmst.data.survey import Survey
    from diffmst.mastering import Output
    from diffmst.profile import Profile

__all__ = [
    "Against",
    "Findings",
    "advise",
    "loudness_advice",
    "output_advice",
    "pair_advice",
    "reference_advice",
    "result_advice",
    "stem_advice",
    "track_products",
]


class Findings(NamedTuple):
    """What the rules look at.

    Attributes:
        tracks: of the song, surveyed.
        references: what each of them sounds like, with the survey of its file.
        tone: of the one that tone is taken from, above all.
        width: of the one that width is taken from.
        after: the mix.
        output: what became of it on its way out.
        products: of all pairs of tracks, [tracks, tracks], from `track_products`.
        followed_lufs: the loudness of the references, if the mix took it; none where the user asked for another.
        followed: how many references those are.
        shortened: what the user left out of matching, in words; see `diffmst.effort`.
    """

    tracks: Sequence[Track]
    references: Sequence[tuple[Survey, Profile]]
    tone: Profile
    width: Profile
    after: Profile
    output: Output
    products: FloatArray
    followed_lufs: float | None = None
    followed: int = 1
    shortened: Sequence[str] = ()


def advise(findings: Findings) -> list[str]:
    """All that is worth a word, the gravest first: the files, the reference, the result."""
    tone, width = _name(findings, findings.tone), _name(findings, findings.width)
    against = Against(findings.tone, findings.width, tone, width, findings.shortened)
    return [
        *stem_advice(findings.tracks),
        *pair_advice([track.name for track in findings.tracks], findings.products),
        *_references_advice(findings),
        *result_advice(findings.after, against, findings.output),
    ]


def _name(findings: Findings, profile: Profile) -> str:
    """A reference as notes speak of it: of several, by the name of its file."""
    if len(findings.references) == 1:
        return "the reference"
    names = (survey.info.path.name for survey, reference in findings.references if reference is profile)
    return next((f"“{name}”" for name in names), "the references")


def _references_advice(findings: Findings) -> Iterator[str]:
    """What makes a reference a doubtful one; of several, which."""
    if findings.followed_lufs is not None:
        yield from loudness_advice(findings.followed_lufs, findings.followed)
    for survey, reference in findings.references:
        of = f"“{survey.info.path.name}”: " if len(findings.references) > 1 else ""
        for sentence in reference_advice(survey, reference, findings.after.bandwidth_hz):
            yield of + sentence
