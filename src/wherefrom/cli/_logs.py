"""Warnings on stderr, each as one line that acts on no terminal."""

from __future__ import annotations

import logging

from wherefrom.core.visible import visible

__all__ = ["log_visibly"]


class _Visibly(logging.Formatter):
    """Warnings of this program and of libraries, each one line."""

    def format(self, record: logging.LogRecord) -> str:
        """The warning as it is shown."""
        return visible(super().format(record))


def _is_error(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.ERROR


def log_visibly() -> None:
    """Show warnings, and of the hub none about trying again: what comes of it is said once, in the error."""
    logging.getLogger("huggingface_hub.utils._http").addFilter(_is_error)
    handler = logging.StreamHandler()
    handler.setFormatter(_Visibly("warning: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
