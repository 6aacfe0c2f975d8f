"""The service's web page: static files of our own, which a browser may run nothing but themselves on."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wherefrom.core.visible import visible

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["HEADERS", "add_page"]

_FOLDER: Final = Path(__file__).parent / "files"
_KINDS: Final = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_POLICY: Final = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob:",  # previews of images that are chosen, and maps
    "connect-src 'self'",
    "frame-src 'self'",  # reports, which forbid themselves everything else
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
)
HEADERS: Final = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "; ".join(_POLICY),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""What a browser is told with each file: to load and run nothing from elsewhere, and to let no page frame this one."""


def add_page(app: FastAPI) -> None:
    """Let an application answer `/` with the page, and `/page/NAME` with the files that it loads."""
    app.add_route("/", _page, include_in_schema=False)
    app.add_route("/page/{name}", _file, include_in_schema=False)


def _page(request: Request) -> Response:
    """The page itself."""
    del request
    return _answer("index.html")


def _file(request: Request) -> Response:
    """A file that the page loads, by its name; there are no others."""
    return _answer(str(request.path_params["name"]))


def _answer(name: str) -> Response:
    from starlette.exceptions import HTTPException
    from starlette.responses import FileResponse

    if name not in _files():
        raise HTTPException(404, f"The page has no part {visible(name)!r}.")
    path = _FOLDER / name
    return FileResponse(path, media_type=_KINDS[path.suffix], headers=HEADERS)


@functools.cache
def _files() -> frozenset[str]:
    """Names of all files that are served."""
    return frozenset(path.name for path in _FOLDER.iterdir() if path.suffix in _KINDS)
