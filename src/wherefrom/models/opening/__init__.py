"""From files to a model: what is read, which architecture builds it, which adapter asks it."""

from __future__ import annotations
