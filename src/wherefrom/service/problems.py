"""Errors as clients get them: RFC 9457, `application/problem+json`, each with a name that a program can rely on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.types import Scope

from wherefrom.core.errors import WherefromError
from wherefrom.core.visible import visible
from wherefrom.service.answers import Place, Problem

__all__ = ["TYPE", "Refused", "add_handlers", "problem_response", "problems", "request_id"]

TYPE: Final = "urn:problem-type:wherefrom:"
"""What stands before the name of each problem."""
_LONGEST: Final = 2000
"""Characters of a detail, at most."""
_KNOWN: Final[Mapping[int, tuple[str, str]]] = {
    400: ("bad-request", "The request cannot be read"),
    404: ("no-such-page", "There is nothing at this address"),
    405: ("wrong-method", "This address does not take this method"),
}
_TITLES: Final[Mapping[int, str]] = {
    400: "The request cannot be read",
    401: "A key is needed",
    403: "Switched off here",
    404: "Not there",
    405: "Wrong method",
    408: "The upload took too long",
    409: "Not done yet",
    413: "The request is too large",
    415: "The request is of another type",
    422: "The request cannot be answered as it is",
    429: "Too much at a time",
    431: "The request's head is too large",
    500: "An error of the service",
    503: "Not now",
}


class Refused(HTTPException):
    """A request that is not answered, with the reason and the way out."""

    def __init__(
        self,
        status: int,
        name: str,
        detail: str,
        *,
        retry_after: float | None = None,
        headers: Mapping[str, str] | None = None,
        places: Sequence[tuple[str, str]] = (),
    ) -> None:
        more = {} if retry_after is None else {"Retry-After": str(max(1, round(retry_after)))}
        super().__init__(status, detail, {**(headers or {}), **more})
        self.name = name
        self.places = tuple(places)


def request_id(scope: Scope) -> str:
    """The identifier of a request, which its answer and the log have."""
    return str(scope.get("state", {}).get("request_id", "00000000-0000-0000-0000-000000000000"))


def problem_response(refused: Refused, scope: Scope) -> JSONResponse:
    """A refusal as an answer.

    Args:
        refused: with the reason.
        scope: of the request.
    """
    problem = Problem(
        type=TYPE + refused.name,
        title=_TITLES.get(refused.status_code, "Refused"),
        status=refused.status_code,
        detail=visible(refused.detail)[:_LONGEST],
        instance=f"urn:uuid:{request_id(scope)}",
        errors=[Place(place=visible(place)[:200], message=visible(said)[:500]) for place, said in refused.places],
    )
    return JSONResponse(
        problem.model_dump(mode="json"),
        status_code=refused.status_code,
        headers=dict(refused.headers or {}),
        media_type="application/problem+json",
    )


def add_handlers(app: FastAPI) -> None:
    """Answer every error of an app by a problem."""
    app.add_exception_handler(RequestValidationError, _wrong_request)
    app.add_exception_handler(AnyHTTPException, _refused)
    app.add_exception_handler(WherefromError, _cannot)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What OpenAPI says of the problems that a route may answer by.

    Args:
        statuses: of these problems.
    """
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {
            "description": _TITLES[status],
            "content": {"application/problem+json": {"schema": schema}},
            **({"headers": {"Retry-After": _RETRY_AFTER}} if status in (429, 503) else {}),
        }
        for status in statuses
    }


_RETRY_AFTER: Final = {"description": "Seconds after which to try again", "schema": {"type": "integer", "minimum": 1}}


async def _wrong_request(request: Request, error: Exception) -> JSONResponse:
    """What FastAPI found wrong with a request: where, and what it needs; never what was sent."""
    assert isinstance(error, RequestValidationError)
    places = [(".".join(map(str, one["loc"])), str(one["msg"])) for one in error.errors()[:20]]
    detail = "; ".join(f"{place}: {said}" for place, said in places)
    return problem_response(Refused(422, "wrong-request", detail, places=places), request.scope)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, AnyHTTPException)
    if isinstance(error, Refused):
        return problem_response(error, request.scope)
    name, detail = _KNOWN.get(error.status_code, ("refused", str(error.detail)))
    refused = Refused(error.status_code, name, f"{detail}: see /openapi.json", headers=error.headers)
    return problem_response(refused, request.scope)


async def _cannot(request: Request, error: Exception) -> JSONResponse:
    """What the library refuses is said in its own words."""
    return problem_response(Refused(422, "cannot-be-answered", str(error)), request.scope)
