"""Sound for the page: decoded audio, its outline, and the reverb's impulse response."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import numpy as np
from fastapi import APIRouter, HTTPException, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from diffmst.dsp import reverb
from diffmst.layout import LAYOUTS, LayoutName
from diffmst.mix import Values
from diffmst.web.pcm import PcmReader
from diffmst.web.problems import PROBLEMS
from diffmst.web.session import Session
from diffmst.web.state import OfSession

router = APIRouter(prefix="/api/sessions/{session_id}", tags=["sound"], responses=PROBLEMS)

MOST_FRAMES = 1 << 18
MOST_BYTES = 64 << 20
"""Of one answer."""

MOST_POINTS = 8_192

Source = Annotated[
    str,
    Path(
        description="song (all rows), before (the balanced neutral mix), reference-<id>, stem-<n> (from 0).",
        pattern=r"^(song|before|reference-[0-9a-f]{8}|stem-\d{1,4})$",
    ),
]
Start = Annotated[int, Query(ge=0, le=1 << 48, description="First frame.")]

_FLOATS = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
_HEADERS = {
    name: {"schema": {"type": "integer"}, "description": about}
    for name, about in (
        ("X-Rows", "Channels, track by track."),
        ("X-Frames", "Samples of each in this answer."),
        ("X-Total-Frames", "Samples of each in the whole source."),
        ("X-Sample-Rate", "Hz."),
    )
}


class Peaks(BaseModel):
    """The outline of a stretch of audio, all rows together; one entry per point."""

    frames: int = Field(description="Of the whole source.")
    sample_rate: int
    low: list[float]
    high: list[float]
    rms: list[float]


class ReverbValues(BaseModel):
    """Settings of the FX section by dotted name."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    values: Values = Field(description="What is left out is at its default.", examples=[{"reverb.mix": 0.5}])
    layout: LayoutName = "default"
    sample_rate: int | None = Field(
        default=None, ge=22_050, le=192_000, description="Hz; that of the mix if not given."
    )


@router.get(
    "/audio/{source}",
    response_class=Response,
    responses={200: {**_FLOATS, "headers": _HEADERS, "description": "float32 little endian, planar [rows, frames]."}},
    summary="Samples of a source",
)
def read_audio(
    source: Source,
    session: OfSession,
    start: Start = 0,
    frames: Annotated[int, Query(ge=1, le=MOST_FRAMES, description="Fewer come at the end.")] = 16_384,
) -> Response:
    """At the sample rate of the song. 404 until it is prepared: an event of type `prepared` tells."""
    reader = _opened(session, source)
    if 4 * reader.count * frames > MOST_BYTES:
        raise HTTPException(
            413, f"{reader.count} rows of {frames} frames are more than {MOST_BYTES >> 20} MB; ask for fewer"
        )
    with _not_prepared(source):
        audio = reader.read(start, frames)
    return _floats(audio, {"X-Total-Frames": reader.info.frames, "X-Sample-Rate": reader.info.sample_rate})


@router.get("/peaks/{source}", summary="The outline of a source, for drawing")
def read_peaks(
    source: Source,
    session: OfSession,
    points: Annotated[int, Query(ge=1, le=MOST_POINTS)] = 1_000,
    start: Start = 0,
    frames: Annotated[int | None, Query(ge=1, le=1 << 48, description="All that is left if not given.")] = None,
) -> Peaks:
    """Lowest and highest sample and root mean square of so many stretches of equal length, or fewer at the end."""
    reader = _opened(session, source)
    with _not_prepared(source):
        outline = reader.peaks(points, start, frames)
    low, high, rms = outline.T.astype(float).round(5).tolist() or ([], [], [])
    return Peaks(frames=reader.info.frames, sample_rate=reader.info.sample_rate, low=low, high=high, rms=rms)


@router.post(
    "/response",
    response_class=Response,
    responses={200: {**_FLOATS, "headers": _HEADERS, "description": "float32 little endian, planar [2, taps]."}},
    summary="The reverb's impulse response for some settings",
)
def read_response(body: ReverbValues, session: OfSession) -> Response:
    """Left and right, without the mix control."""
    section = LAYOUTS[body.layout].fx
    for name, value in body.values.items():
        param = section.params.get(name)
        if param is None or not param.low <= value <= param.high:
            raise HTTPException(
                422, f"values: {name}: no such control, or out of its range; GET /api/effects lists all"
            )
    sample_rate = body.sample_rate or _sample_rate(session)
    controls = section.controls(section.vector(body.values)[None], "reverb")
    response = reverb.impulse_response(sample_rate, controls["gain_db"], controls["rt60_s"])
    return _floats(response[0], {"X-Sample-Rate": sample_rate})


def _opened(session: Session, source: str) -> PcmReader:
    with _not_prepared(source):
        reader = PcmReader.open(session.cache_folder, source)
        if reader is None:
            raise FileNotFoundError
    return reader


@contextmanager
def _not_prepared(source: str) -> Iterator[None]:
    """404 where there is no such file, or no longer: a match prepares its sources anew."""
    try:
        yield
    except FileNotFoundError:
        raise HTTPException(404, f"{source}: is not prepared yet, or there is none") from None


def _sample_rate(session: Session) -> int:
    found = session.document()
    if found is None:
        raise HTTPException(404, "there is no mix yet; give a sample_rate")
    return found.mix.sample_rate


def _floats(audio: np.ndarray, headers: dict[str, int]) -> Response:
    rows, frames = audio.shape
    shown = {"X-Rows": rows, "X-Frames": frames, **headers}
    body = np.ascontiguousarray(audio, "<f4").tobytes()
    return Response(body, media_type="application/octet-stream", headers={k: str(v) for k, v in shown.items()})
