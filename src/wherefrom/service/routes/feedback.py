"""`POST /v1/feedback`: what a person says of an answer, taken down where that is switched on."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Final

from anyio import to_thread
from fastapi import APIRouter

from wherefrom.core.clock import timestamp
from wherefrom.service import answers
from wherefrom.service.problems import Refused, problems
from wherefrom.service.routes.asked import owner_of
from wherefrom.service.state import State

__all__ = ["append", "router"]

_MOST: Final = 64 * 2**20
"""Bytes of the file of feedback; nothing is added beyond."""
_ONE: Final = threading.Lock()


def router(state: State) -> APIRouter:
    """The route.

    Args:
        state: of the service.
    """
    routes, owner_needed = APIRouter(tags=["feedback"]), owner_of(state)

    @routes.post(
        "/v1/feedback",
        operation_id="give_feedback",
        summary="Say whether an answer was right or of use",
        status_code=201,
        responses=problems(400, 401, 403, 408, 413, 422, 429),
    )
    async def feedback(said: answers.Feedback, _: str = owner_needed) -> answers.Received:
        received = timestamp()
        await to_thread.run_sync(
            append, state.settings.feedback, {"received": received, **said.model_dump(exclude_none=True)}
        )
        return answers.Received(received=received)

    return routes


def append(path: Path | None, row: dict[str, str]) -> None:
    """Add a line of JSON to a file that only its owner can read.

    Args:
        path: of the file; made where it is not there. None: feedback is switched off.
        row: to be added.

    Raises:
        Refused: when it is switched off, or the file is full.
    """
    if path is None:
        raise Refused(403, "feedback-off", "feedback is switched off here: write to whoever runs the service")
    line = json.dumps(row, ensure_ascii=True).encode() + b"\n"
    with _ONE:
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
        try:
            if os.fstat(file).st_size + len(line) > _MOST:
                detail = "no more feedback can be taken down: write to whoever runs the service"
                raise Refused(429, "feedback-full", detail, retry_after=3600)
            os.write(file, line)
        finally:
            os.close(file)
