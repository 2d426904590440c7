"""The token of a server that other machines may use, as a cookie of the page."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, Field

from diffmst.web.guard import LOGIN
from diffmst.web.problems import PROBLEMS
from diffmst.web.state import State

router = APIRouter(tags=["login"], responses=PROBLEMS)


class Login(BaseModel):
    """What the page was opened with."""

    token: str = Field(max_length=200)


@router.post(LOGIN, status_code=204, summary="Trade the token for a cookie")
def login(body: Login, response: Response, state: State) -> None:
    """Scripts have no need of it: they send `Authorization: Bearer <token>` with every request."""
    access = state.access
    if not access.is_token(body.token):
        raise HTTPException(401, "this is not the token that `diffmst serve` printed")
    if access.token is not None:
        response.set_cookie(
            access.cookie, access.token, httponly=True, samesite="strict", secure=access.secure, path="/api"
        )
