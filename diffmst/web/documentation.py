"""The API's own description: as OpenAPI, and as a page to read that needs no script and nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse
from markupsafe import Markup, escape

from diffmst.web.schemas import bounds, samples, type_name

if TYPE_CHECKING:
    from jinja2 import Template

router = APIRouter(prefix="/api", include_in_schema=False)

_CODE = re.compile("`([^`]+)`")
_BYTES = "application/octet-stream"
_LONGEST_BODY = 100  # that is shown on one line; a longer one is better kept in a file
_METHODS = ("get", "post", "put", "patch", "delete")


@router.get("/openapi.json")
def openapi(request: Request) -> JSONResponse:
    """For programs."""
    return JSONResponse(request.app.openapi())


@router.get("/docs")
def docs(request: Request) -> HTMLResponse:
    """For people."""
    api, style = request.app.openapi(), _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    page = _template().render(
        api=api,
        groups=grouped(api),
        style=style,
        base=str(request.base_url).rstrip("/"),
        token=request.app.state.server.access.token is not None,
    )
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return HTMLResponse(page, headers={"content-security-policy": policy})


def grouped(api: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The operations of an API by their tags, each with its method, path, what goes in and out, and how to ask."""
    groups: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    models = api["components"]["schemas"]
    for path, item in api["paths"].items():
        for method in _METHODS:
            if operation := item.get(method):
                groups[operation["tags"][0]].append(
                    {
                        "method": method.upper(),
                        "path": path,
                        "parameters": operation.get("parameters", []),
                        "takes": _content(operation.get("requestBody", {})),
                        **_given(operation["responses"]),
                        "curls": _curls(method, path, operation, models),
                        **{key: operation.get(key, "") for key in ("summary", "description", "operationId")},
                    }
                )
    return dict(groups)


def _coded(text: str) -> Markup:
    """A text in which `code` stands between backticks."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))


def _typed(schema: Mapping[str, Any], models: Mapping[str, Any]) -> Markup:
    """A type whose models lead to where they are told."""
    words = re.split(r"(\w+)", type_name(schema))
    linked = (Markup('<a href="#{0}">{0}</a>').format(word) if word in models else escape(word) for word in words)
    return Markup("").join(linked)


def _content(body: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a body; of one that is no JSON, its media type."""
    for media, content in body.get("content", {}).items():
        return dict(content["schema"]) if media == "application/json" else {"format": media}
    return {}


def _given(responses: Mapping[str, Any]) -> dict[str, Any]:
    """What comes back where all goes well, with its status and headers."""
    status = next((code for code in responses if code.startswith("2")), "")
    answer = responses.get(status, {})
    return {"status": status, "gives": _content(answer), "headers": answer.get("headers", {})}


def _curls(method: str, path: str, operation: Mapping[str, Any], models: Mapping[str, Any]) -> list[str]:
    """How to ask for it on a command line, in each way that there is; the base address is put before the path."""
    takes = _content(operation.get("requestBody", {}))
    asked = {"get": "", "post": " -X POST"}.get(method, f" -X {method.upper()}")
    if takes.get("format") == _BYTES:
        return [f"curl -T '{{name}}' '{{base}}{path}'"]
    if not takes:
        return [f"curl{asked} '{{base}}{path}'"]
    asked = "" if method == "post" else asked  # which goes without saying where there is a body
    bodies = [json.dumps(body) for body in samples(takes, models)]
    return [
        f"curl{asked} --json '{body if len(body) < _LONGEST_BODY else '@body.json'}' '{{base}}{path}'"
        for body in bodies
    ]


@cache
def _style() -> str:
    return (Path(__file__).parent / "templates" / "docs.css").read_text(encoding="utf-8")


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, select_autoescape

    environment = Environment(
        loader=PackageLoader("diffmst.web"), autoescape=select_autoescape(), trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"typed": _typed, "coded": _coded, "bounds": bounds}
    return environment.get_template("docs.html")
