"""The service put together: layers that every request passes, routes, problems, and the worker's start and stop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from anyio import to_thread
from fastapi import FastAPI

from wherefrom.core.version import VERSION
from wherefrom.service.middleware import Bodies, Entry
from wherefrom.service.openapi import add_schema
from wherefrom.service.page import add_page
from wherefrom.service.problems import add_handlers
from wherefrom.service.routes import about, attributions, feedback, jobs
from wherefrom.service.settings import Settings
from wherefrom.service.state import State, state_of
from wherefrom.service.tracing import trace

__all__ = ["app_of"]

_ABOUT: Final = """Did the decoder of a generative model make this image? An answer with known error rates.

An answer speaks of decoders, and never of persons. Images are held in memory until they are answered, and not kept.
"""


def app_of(settings: Settings) -> FastAPI:
    """The application of a service.

    Args:
        settings: of the service.

    Raises:
        WherefromError: as `create_app`.
    """
    state = state_of(settings)
    app = FastAPI(
        title="wherefrom",
        version=VERSION,
        description=_ABOUT,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        lifespan=_lifespan(state),
        docs_url=None,  # its page loads programs from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.service = state
    for part in (attributions, jobs, about, feedback):
        app.include_router(part.router(state))
    add_page(app)
    add_handlers(app)
    add_schema(app)
    app.add_middleware(Bodies, limits=settings.limits, budget=state.budget)
    app.add_middleware(Entry, metrics=state.metrics)
    if settings.telemetry:
        trace(app)
    return app


def _lifespan(state: State) -> Any:
    """What happens at the start and at the stop of the application."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        state.worker.start()
        try:
            yield
        finally:
            await to_thread.run_sync(state.worker.stop, state.settings.limits.stop_seconds)

    return lifespan
