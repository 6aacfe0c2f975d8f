"""Floor 8: attribution as a REST service. Nothing heavy is loaded before an app is made; needs the extra `service`.

request -> key, limits -> images decoded in memory -> bounded queue -> the one worker that owns the models -> answer
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wherefrom.service.settings import RequestLimits, Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["RequestLimits", "Settings", "create_app"]


def create_app(settings: Settings) -> FastAPI:
    """The service as an ASGI application; its worker starts and stops with the application's lifespan.

    Profiles are read at once. Their models are opened by the worker once the application starts, so that torch is
    loaded in the background.

    Args:
        settings: of the service.

    Raises:
        MissingExtra: when the extra `service` is not installed.
        UsageError: when there is no profile, or a setting is outside its range.
        ProfileError: when a profile is damaged.
    """
    from wherefrom.core.extras import require

    for module in ("fastapi", "python_multipart", "prometheus_client"):
        require(module, "service")
    from wherefrom.service.app import app_of

    return app_of(settings)
