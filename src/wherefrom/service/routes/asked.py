"""What routes are given: who asks, and the query, of which an unknown part is refused instead of left unseen."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials
from pydantic import BaseModel, ConfigDict, Field

from wherefrom.service.state import BEARER, State

__all__ = ["Asked", "AskedJob", "AskedMap", "AskedReport", "AskedState", "owner_of"]


class Asked(BaseModel):
    """The query of a question."""

    model_config = ConfigDict(extra="forbid")

    profile: list[str] = Field(
        default=[], max_length=100, description="a candidate, may be repeated; all where none is named"
    )
    edit: str | None = Field(
        default=None, max_length=200, description="what the images went through, where that is known, as `jpeg:75`"
    )


class AskedJob(Asked):
    """The query of a job."""

    pictures: bool = Field(default=True, description="whether the report shows the images")
    map: bool = Field(default=False, description="whether it shows where in an image the evidence lies")
    metadata: bool = Field(
        default=True, description="whether it tells what the files say of themselves, as camera, program and signature"
    )


class AskedState(BaseModel):
    """The query of a job's state."""

    model_config = ConfigDict(extra="forbid")

    wait: float = Field(default=0.0, ge=0.0, le=30.0, description="seconds to wait for the job to finish")


class AskedReport(BaseModel):
    """The query of a report."""

    model_config = ConfigDict(extra="forbid")

    image: int | None = Field(default=None, ge=0, lt=10_000, description="place of the image; all images as a zip")


class AskedMap(BaseModel):
    """The query of a map."""

    model_config = ConfigDict(extra="forbid")

    profile: str = Field(max_length=200, description="the candidate")
    image: int = Field(default=0, ge=0, lt=10_000, description="place of the image")


def owner_of(state: State) -> Any:
    """A dependency that says who asks, and refuses who may not.

    Args:
        state: of the service.
    """

    async def owner(request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)] = None) -> str:
        return state.admit(request)

    async def owner_without_key(request: Request) -> str:
        return state.admit(request)

    return Depends(owner if state.settings.keys else owner_without_key)
