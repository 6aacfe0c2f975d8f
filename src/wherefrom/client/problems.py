"""Why a service gave no answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from wherefrom.core.errors import WherefromError
from wherefrom.core.visible import visible
from wherefrom.service.answers import Problem

if TYPE_CHECKING:
    import httpx2

__all__ = ["ServiceProblem", "problem_of"]


class ServiceProblem(WherefromError):
    """What a service answers in place of what it was asked for.

    Attributes:
        status: of the HTTP answer; None where there was none.
        problem: what the service says; None where it does not say it as `application/problem+json`.
        wait: seconds after which the service wants to be asked again; None where it does not say so.
    """

    def __init__(
        self, message: str, *, status: int | None = None, problem: Problem | None = None, wait: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.problem = problem
        self.wait = wait

    @property
    def name(self) -> str | None:
        """The problem's name, on which a program can rely, as `queue-full`."""
        return None if self.problem is None else self.problem.type.rpartition(":")[2]


def problem_of(response: httpx2.Response) -> ServiceProblem:
    """The error that an answer of status 400 or more stands for."""
    seconds = response.headers.get("Retry-After", "")
    wait = float(seconds) if seconds.isdecimal() else None
    try:
        problem = Problem.model_validate_json(response.content)
    except ValidationError:
        message = f"{response.request.url} answered {response.status_code} {visible(response.reason_phrase)}"
        return ServiceProblem(message, status=response.status_code, wait=wait)
    places = "".join(f"; {visible(one.place)}: {visible(one.message)}" for one in problem.errors)
    return ServiceProblem(visible(problem.detail) + places, status=response.status_code, problem=problem, wait=wait)
