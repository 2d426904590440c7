"""Errors as the API tells them: a status, and one line for people."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from diffmst.errors import UserError
from diffmst.terminal import one_line
from diffmst.validation import Keys, dotted, first_of
from diffmst.web.documents import OutdatedError
from diffmst.web.guard import HEADERS


class Problem(BaseModel):
    """What every error answers."""

    detail: str


Responses = dict[int | str, dict[str, Any]]

PROBLEMS: Responses = {
    "4XX": {"model": Problem, "description": "Refused; `detail` says why, in one line."},
}
"""For `responses=` of every route."""

_UNSAID = {
    404: "there is no such address; GET /api/docs lists what there is",
    405: "{} is not for this address; GET /api/docs lists what is",
}

_FULL = (errno.ENOSPC, errno.EDQUOT)


def add_handlers(app: FastAPI) -> None:
    """Has an application answer every exception in this way."""
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(OutdatedError, _of_outdated)
    app.add_exception_handler(UserError, _of_user)
    app.add_exception_handler(OSError, _of_system)
    app.add_exception_handler(UnicodeEncodeError, _of_text)
    app.add_exception_handler(Exception, _of_ours)


def _answer(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"detail": one_line(detail)}, status, headers)


async def _of_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    detail = str(error.detail)
    if detail == HTTPStatus(error.status_code).phrase:  # nobody has said more
        detail = _UNSAID.get(error.status_code, detail).format(request.method)
    return _answer(error.status_code, detail, dict(error.headers or {}))


async def _of_validation(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    problems = error.errors()
    return _answer(422, _of_body(problems[0], request) or first_of(problems, _place))


def _of_body(problem: Mapping[str, Any], request: Request) -> str | None:
    """What is wrong with a body as a whole."""
    said, place = problem.get("ctx", {}), tuple(problem["loc"])
    match problem["type"]:
        case "json_invalid":
            return f"the body is not JSON: {said['error']}, at character {place[-1]}"
        case "union_tag_invalid":
            return f"{_unquoted(said['discriminator'])}: must be one of {_unquoted(said['expected_tags'])}"
        case "union_tag_not_found":
            return f"{_unquoted(said['discriminator'])}: is missing"
        case "missing" if place == ("body",):
            return "the body is missing; it should be JSON, with the header `Content-Type: application/json`"
    if place == ("body",) and "json" not in request.headers.get("content-type", ""):
        return "the body should be JSON, with the header `Content-Type: application/json`"
    return None


def _unquoted(text: str) -> str:
    return text.replace("'", "")


def _place(keys: Keys) -> str:
    return dotted(keys[1:] or keys)


async def _of_outdated(_: Request, error: Exception) -> JSONResponse:
    return _answer(409, str(error))


async def _of_text(_: Request, error: Exception) -> JSONResponse:
    return _answer(422, "a text holds half of a character (a lone surrogate)")


async def _of_ours(_: Request, error: Exception) -> JSONResponse:
    detail = "this is a fault of diffmst; what the server printed tells more"
    return _answer(500, detail, HEADERS)  # which the guard does not see: starlette answers faults around it


async def _of_user(_: Request, error: Exception) -> JSONResponse:
    full = isinstance(error.__cause__, OSError) and error.__cause__.errno in _FULL
    return _answer(507 if full else 400, str(error))


async def _of_system(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, OSError)
    return _answer(507 if error.errno in _FULL else 500, f"{error.filename or 'disk'}: {error.strerror or error}")
