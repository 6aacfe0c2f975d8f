"""What the service is, which profiles and models it has, whether it lives, and its numbers."""

from __future__ import annotations

import functools

from fastapi import APIRouter, Response

from wherefrom.core.version import VERSION
from wherefrom.service import answers
from wherefrom.service.catalogue import models_of, profiles_of
from wherefrom.service.metrics import CONTENT_TYPE_LATEST
from wherefrom.service.problems import Refused, problems
from wherefrom.service.routes.asked import owner_of
from wherefrom.service.state import State

__all__ = ["router"]


def router(state: State) -> APIRouter:
    """The routes.

    Args:
        state: of the service.
    """
    routes = APIRouter(tags=["about"])
    _add_catalogue(routes, state)
    _add_health(routes, state)
    return routes


def _add_catalogue(routes: APIRouter, state: State) -> None:
    """What there is to ask."""
    owner_needed = owner_of(state)
    models = functools.cache(lambda: models_of(state.profiles))
    profiles = functools.cache(lambda ready: profiles_of(state.profiles, state.worker.slow if ready else {}))

    @routes.get("/v1/service", operation_id="get_service", summary="What is switched on, and the limits")
    async def service() -> answers.Service:
        settings = state.settings
        return answers.Service(
            version=VERSION,
            ready=state.worker.ready.is_set(),
            limits=answers.Limits.model_validate(settings.limits),
            alpha=settings.alpha,
            beta=settings.beta,
            key_needed=bool(settings.keys),
            urls=settings.urls,
            feedback=settings.feedback is not None,
            job_seconds=settings.limits.job_seconds,
            wait_seconds=settings.limits.wait_seconds,
        )

    @routes.get(
        "/v1/profiles", operation_id="get_profiles", summary="The candidates, and what each covers",
        responses=problems(401, 429),
    )  # fmt: skip
    async def get_profiles(_: str = owner_needed) -> answers.Profiles:
        return profiles(state.worker.ready.is_set())

    @routes.get(
        "/v1/models", operation_id="get_models", summary="The decoders that images can be attributed to",
        responses=problems(401, 429),
    )  # fmt: skip
    async def get_models(_: str = owner_needed) -> answers.Models:
        return models()


def _add_health(routes: APIRouter, state: State) -> None:
    """Whether the service lives and is ready, and its numbers."""
    owner_needed = owner_of(state)

    @routes.get("/healthz", operation_id="get_health", summary="Whether the service lives")
    async def health() -> answers.Health:
        return answers.Health(status="alive")

    @routes.get("/readyz", operation_id="get_ready", summary="Whether its models are opened", responses=problems(503))
    async def ready() -> answers.Health:
        if not state.worker.ready.is_set():
            error = state.worker.error
            said = "the models are being opened" if error is None else f"the models cannot be opened: {error}"
            raise Refused(503, "not-ready", said, retry_after=2)
        return answers.Health(status="ready")

    @routes.get(
        "/metrics", operation_id="get_metrics", summary="Numbers for Prometheus", response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **problems(401, 429)},
    )  # fmt: skip
    async def metrics(_: str = owner_needed) -> Response:
        text = state.metrics.text(ready=state.worker.ready.is_set())
        return Response(text, media_type=CONTENT_TYPE_LATEST)
