"""The service's own description: OpenAPI with problems in place of FastAPI's errors."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from wherefrom.service.answers import Problem
from wherefrom.service.examples import PROBLEM
from wherefrom.service.problems import problems

__all__ = ["add_schema"]


def add_schema(app: FastAPI) -> None:
    """Have an app, with all its routes, describe itself."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                license_info=app.license_info,
                routes=app.routes,
            )
            schemas = schema.setdefault("components", {}).setdefault("schemas", {})
            problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(problem.pop("$defs", {}))
            schemas["Problem"] = {**problem, "examples": [PROBLEM.model_dump(mode="json")]}
            for operations in schema["paths"].values():
                for operation in operations.values():
                    operation["responses"].update({str(status): said for status, said in problems(431).items()})
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]
