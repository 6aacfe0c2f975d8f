"""Jobs: begun, asked for, cancelled, and what came of them as reports, maps and bundles."""

from __future__ import annotations

from typing import Annotated, Any, Final

from anyio import to_thread
from fastapi import APIRouter, Path, Query, Request, Response

from wherefrom.service import answers
from wherefrom.service.examples import JOB, shown
from wherefrom.service.jobs import Decided, Job, Shown
from wherefrom.service.problems import Refused, problems
from wherefrom.service.routes.asked import AskedJob, AskedMap, AskedReport, AskedState, owner_of
from wherefrom.service.state import State
from wherefrom.service.uploads import body_schema

__all__ = ["router"]

_REPORT_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox allow-popups"
)
_ID = Annotated[str, Path(alias="id", max_length=64, description="of a job")]
_FOUND: Final = problems(401, 404, 422, 429)


def router(state: State) -> APIRouter:
    """The routes.

    Args:
        state: of the service.
    """
    routes, owner_needed = APIRouter(tags=["jobs"]), owner_of(state)
    _add_begin(routes, state, owner_needed)
    _add_asked(routes, state, owner_needed)
    _add_files(routes, state, owner_needed)
    return routes


def _add_begin(routes: APIRouter, state: State, owner_needed: Any) -> None:
    """The route that begins a job."""

    @routes.post(
        "/v1/jobs",
        operation_id="begin_job",
        summary="Ask about images, and for the answer later; with a report",
        status_code=202,
        response_model=answers.Job,
        responses={202: {"content": shown(JOB)}, **problems(401, 403, 408, 413, 415, 422, 429, 503)},
        openapi_extra={"requestBody": body_schema(state.settings.limits, urls=state.settings.urls)},
    )
    async def begin(
        request: Request, response: Response, asked: Annotated[AskedJob, Query()], owner: str = owner_needed
    ) -> answers.Job:
        shown = Shown(pictures=asked.pictures, maps=asked.map, metadata=asked.metadata)
        job = await state.begin(request, owner, profiles=asked.profile, edit=asked.edit, shown=shown)
        state.jobs.add(job)
        response.headers["Location"] = f"/v1/jobs/{job.id}"
        return state.job_answer(job)


def _add_asked(routes: APIRouter, state: State, owner_needed: Any) -> None:
    """The routes that say how far a job is, and cancel it."""

    @routes.get(
        "/v1/jobs/{id}",
        operation_id="get_job",
        summary="How far a job is, and its answer once it is done",
        response_model=answers.Job,
        responses=_FOUND,
    )
    async def get(name: _ID, asked: Annotated[AskedState, Query()], owner: str = owner_needed) -> answers.Job:
        job = _job(state, name, owner)
        if asked.wait:
            await state.waited(job, asked.wait)
        return state.job_answer(job)

    @routes.delete(
        "/v1/jobs/{id}",
        operation_id="delete_job",
        summary="Cancel a job where it is not finished, and forget it",
        status_code=204,
        response_class=Response,
        responses=_FOUND,
    )
    async def delete(name: _ID, owner: str = owner_needed) -> Response:
        job = _job(state, name, owner)
        job.cancel("cancelled by the client")
        state.jobs.forget(job)
        return Response(status_code=204)


def _add_files(routes: APIRouter, state: State, owner_needed: Any) -> None:
    """The routes to what came of a job as files."""

    @routes.get(
        "/v1/jobs/{id}/report",
        operation_id="get_report",
        summary="The report of one image as HTML, or of all as a zip",
        response_class=Response,
        responses={200: _files("text/html", "application/zip"), **_FOUND, **problems(409)},
    )
    async def report(name: _ID, asked: Annotated[AskedReport, Query()], owner: str = owner_needed) -> Response:
        from wherefrom.service.reporting import page_of_image, zip_of_pages

        decided = _decided(_job(state, name, owner))
        count = len(decided.found)
        if asked.image is None and count > 1:
            return _file(await to_thread.run_sync(zip_of_pages, decided), "application/zip", "reports.zip")
        place = asked.image or 0
        _check_place(place, count)
        page = await to_thread.run_sync(page_of_image, decided, place)
        return Response(page, media_type="text/html", headers={"Content-Security-Policy": _REPORT_POLICY})

    @routes.get(
        "/v1/jobs/{id}/map",
        operation_id="get_map",
        summary="Where in an image the evidence for one candidate lies, as a picture",
        response_class=Response,
        responses={200: _files("image/png"), **_FOUND, **problems(409)},
    )
    async def picture(name: _ID, asked: Annotated[AskedMap, Query()], owner: str = owner_needed) -> Response:
        decided = _decided(_job(state, name, owner))
        _check_place(asked.image, len(decided.found))
        found = decided.maps.get((asked.image, asked.profile))
        if found is None:
            detail = "no map of this image under this profile: ask for it by map=true, of a profile with an encoder"
            raise Refused(404, "no-such-map", detail)
        return Response(found, media_type="image/png")

    @routes.get(
        "/v1/jobs/{id}/bundle",
        operation_id="get_bundle",
        summary="What was said and all that it rests on, for `wherefrom verify`; without the images",
        response_class=Response,
        responses={200: _files("application/zip"), **_FOUND, **problems(409)},
    )
    async def bundle(name: _ID, owner: str = owner_needed) -> Response:
        from wherefrom.service.reporting import bundle_of

        job, settings = _job(state, name, owner), state.settings
        bounds = {"alpha": settings.alpha, "beta": settings.beta}
        made = await to_thread.run_sync(bundle_of, _decided(job), job.question, bounds, settings.rule)
        return _file(made, "application/zip", "bundle.zip")


def _job(state: State, name: str, owner: str) -> Job:
    """The job of that identifier.

    Raises:
        Refused: when there is none, or it is somebody else's.
    """
    job = state.jobs.find(name, owner)
    if job is None:
        minutes = state.settings.limits.job_seconds / 60
        detail = f"no such job: a finished one is kept for {minutes:g} minutes, and none outlasts the service's stop"
        raise Refused(404, "no-such-job", detail)
    return job


def _decided(job: Job) -> Decided:
    """What came of a job.

    Raises:
        Refused: when nothing did, or not yet.
    """
    if job.decided is None:
        detail = f"the job is {job.state}" + (f": {job.reason}" if job.reason else ": ask again when it is done")
        raise Refused(409, "job-not-done", detail)
    return job.decided


def _check_place(place: int, count: int) -> None:
    if place >= count:
        raise Refused(404, "no-such-image", f"image {place}, but the job has {count}, counted from 0")


def _files(*kinds: str) -> dict[str, Any]:
    """What OpenAPI says of a file."""
    return {
        "description": "the file",
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in kinds},
    }


def _file(data: bytes, kind: str, name: str) -> Response:
    return Response(data, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
