"""`POST /v1/attributions`: images in, what can be said of them out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from wherefrom.service import answers
from wherefrom.service.answers import JobState
from wherefrom.service.examples import ATTRIBUTIONS, JOB, shown
from wherefrom.service.jobs import Job
from wherefrom.service.problems import Refused, problems
from wherefrom.service.routes.asked import Asked, owner_of
from wherefrom.service.state import State
from wherefrom.service.uploads import body_schema

__all__ = ["router"]


def router(state: State) -> APIRouter:
    """The route.

    Args:
        state: of the service.
    """
    routes, owner_needed = APIRouter(tags=["attribution"]), owner_of(state)
    limits = state.settings.limits

    @routes.post(
        "/v1/attributions",
        operation_id="attribute",
        summary="Say of each image what its scores support under each profile",
        response_model=answers.Attributions,
        responses={
            200: {"content": shown(ATTRIBUTIONS)},
            202: {
                "model": answers.Job,
                "content": shown(JOB),
                "description": "It takes longer: ask for this job",
                "headers": {"Location": {"description": "of the job", "schema": {"type": "string"}}},
            },
            **problems(401, 403, 408, 413, 415, 422, 429, 503),
        },
        openapi_extra={"requestBody": body_schema(limits, urls=state.settings.urls)},
    )
    async def attributions(request: Request, asked: Annotated[Asked, Query()], owner: str = owner_needed) -> Response:
        job = await state.begin(request, owner, profiles=asked.profile, edit=asked.edit, shown=None)
        try:
            over = await state.waited(job, limits.wait_seconds, request)
        except BaseException:
            job.cancel("the request was given up")
            raise
        if not over and job.ended is None:
            state.jobs.add(job)
            body = state.job_answer(job).model_dump_json()
            headers = {"Location": f"/v1/jobs/{job.id}"}
            return Response(body, status_code=202, headers=headers, media_type="application/json")
        if job.decided is None:
            raise _not_answered(job)
        return Response(job.decided.answer.model_dump_json(), media_type="application/json")

    return routes


def _not_answered(job: Job) -> Refused:
    """Why a question has no answer."""
    reason = job.reason or "no reason was given"
    if job.state is JobState.CANCELLED:
        return Refused(503, "stopping", reason, retry_after=10)
    return Refused(500, "service-failed", reason) if job.fault else Refused(422, "cannot-be-answered", reason)
