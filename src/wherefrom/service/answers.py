"""What the service answers, as models that need pydantic alone: the service writes them, the client reads them."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "Attributions",
    "Candidate",
    "Condition",
    "Coverage",
    "Feedback",
    "File",
    "Group",
    "Health",
    "ImageAnswer",
    "Job",
    "JobState",
    "Limits",
    "Model",
    "Models",
    "Place",
    "Problem",
    "Profile",
    "Profiles",
    "Received",
    "Service",
    "Share",
    "Standing",
]


class _Answer(BaseModel):
    """A frozen answer, which can be made of any object that has the same attributes."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Place(_Answer):
    """One thing that is wrong with a request."""

    place: str = Field(description="where, as `query.profile`")
    message: str = Field(description="what it needs")


class Problem(_Answer):
    """Why a request is not answered (RFC 9457)."""

    type: str = Field(
        description="a name that a program can rely on", examples=["urn:problem-type:wherefrom:queue-full"]
    )
    title: str
    status: int = Field(ge=400, le=599)
    detail: str = Field(description="the reason, and the way out")
    instance: str = Field(description="of this request, as the log has it")
    errors: list[Place] = []


class Limits(_Answer):
    """What one request may hold."""

    max_image_bytes: int
    max_request_bytes: int
    max_pixels: int = Field(description="width times height")
    max_images: int
    requests_a_minute: int | None = Field(description="of one key, or of one address; null for no limit")


class Service(_Answer):
    """What this service is, and what is switched on."""

    version: str = Field(description="of wherefrom")
    ready: bool = Field(description="whether the models are opened")
    limits: Limits
    alpha: float = Field(description="the bound on missed images of a decoder")
    beta: float = Field(description="the bound on false claims, over all candidates of a request together")
    key_needed: bool
    urls: bool = Field(description="whether images may be named by their URL")
    feedback: bool = Field(description="whether feedback is taken")
    kept: bool = Field(default=False, description="whether images are kept after their answer: never")
    job_seconds: float = Field(description="for which a finished job can be asked for")
    wait_seconds: float = Field(description="after which a request for attributions is answered by a job")


class Coverage(_Answer):
    """For which images a profile's error rates hold."""

    pixels: tuple[int, int] = Field(description="the smallest and the largest number of scored pixels")
    lossless: bool
    jpeg_quality: tuple[float, float] | None = None
    other_lossy: tuple[str, ...] = ()


class Condition(_Answer):
    """One condition of a profile: its known images after one edit."""

    edit: str = Field(description="`none` for images as they were given")
    method: str
    belonging: int = Field(description="known images of the decoder")
    pools: dict[str, int] = Field(description="known images of other origin, by kind")
    coverage: Coverage


class Profile(_Answer):
    """A candidate that images can be asked about."""

    name: str
    digest: str = Field(description="SHA-256 of all that a verdict depends on")
    model: str
    decoder: str = Field(description="SHA-256 of the decoder's weights, to which alone a verdict speaks")
    conditions: list[Condition]
    slow: bool | None = Field(
        description="whether its method searches, so that a job suits it; null before it is known"
    )
    warnings: list[str] = Field(description="what makes its verdicts worth less")
    version: str = Field(description="of wherefrom, which made it")


class Profiles(_Answer):
    """All candidates of this service."""

    profiles: list[Profile]


class Model(_Answer):
    """A model whose decoder images can be attributed to."""

    name: str
    decoder: str = Field(description="SHA-256 of the decoder's weights")
    architecture: str | None
    profiles: list[str]


class Models(_Answer):
    """All models of this service."""

    models: list[Model]


class File(_Answer):
    """What is known of an image's file without looking at its content."""

    bytes: int | None
    format: str | None
    width: int | None
    height: int | None
    file_digest: str | None = Field(description="SHA-256 of the file")
    pixel_digest: str | None = Field(description="SHA-256 of the pixels and their size")
    jpeg_quality: float | None
    changes: tuple[str, ...] = Field(description="what was converted in reading")


class Share(_Answer):
    """A share of counted images, with its interval."""

    count: int
    total: int
    value: float
    low: float
    high: float
    confidence: float


class Group(_Answer):
    """Known images of one kind, with which the image is compared."""

    name: str
    own: bool = Field(description="whether they are the decoder's own")
    images: int
    undefined: int
    alike: Share | None = Field(description="of its images, those that score as far on the other side as this one")
    wrong: Share = Field(description="of its images, those that would be judged wrongly")
    bound: float | None
    unfit: str | None
    counts: tuple[int, ...] = Field(description="images in each bin of `standing.edges`")


class Standing(_Answer):
    """The axis on which an image stands among known ones; low is near to what the decoder makes."""

    edges: tuple[float, ...]
    logarithmic: bool
    limit: float | None


class Candidate(_Answer):
    """What is said of one decoder that may have made the image."""

    name: str = Field(description="of the profile")
    label: str
    model: str
    decoder: str
    outcome: str = Field(description="SUPPORTED, COMPATIBLE, EXCLUDED or UNDECIDED")
    answer: str = Field(description="the same in words: consistent with, does not support, cannot tell")
    reason: str
    statistic: float | None = Field(description="high is foreign; null where undefined")
    ranked: bool
    p_belonging: float | None
    p_foreign: dict[str, float]
    alpha: float
    beta: float
    level: float = Field(description="what remains of beta for one of several candidates")
    warnings: tuple[str, ...]
    conditions: tuple[str, ...] = Field(description="of the profile that cover the image; empty where none does")
    condition: str
    groups: tuple[Group, ...]
    standing: Standing
    coverage: Coverage
    method: str
    rule: str
    seed: int
    profile: str = Field(description="SHA-256 of the profile")
    profile_version: str


class ImageAnswer(_Answer):
    """What is said of one image. It speaks of decoders, and never of persons."""

    name: str
    error: str | None = Field(description="why it could not be read or scored")
    kind: str = Field(description="consistent with, does not support, or cannot tell")
    answer: str = Field(description="in one sentence or two")
    question: str
    reason: str
    supported: tuple[str, ...] = Field(description="the profiles whose claim survives; several are a tie, never ranked")
    file: File
    candidates: tuple[Candidate, ...]
    would_change: tuple[str, ...]


class Attributions(_Answer):
    """What is said of the images of one request, in their order."""

    images: list[ImageAnswer]
    profiles: list[str]
    version: str
    time: str = Field(description="when it was decided, in UTC")


class JobState(StrEnum):
    """Where a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job(_Answer):
    """A question whose answer is asked for later."""

    id: str
    state: JobState
    done: int = Field(description="images that are scored under the candidate that `stage` names")
    total: int
    stage: str = Field(description="what is done now, in words")
    seconds_left: float | None
    reason: str | None = Field(description="why it failed or was cancelled")
    expires: str | None = Field(description="until when it can be asked for, in UTC; null before it is finished")
    results: Attributions | None = Field(description="once it is done")


class Feedback(BaseModel):
    """What a person says of an answer. Nothing else of the person is kept."""

    model_config = ConfigDict(extra="forbid")

    message: str = Field(min_length=1, max_length=4000)
    file_digest: str | None = Field(default=None, pattern="^[0-9a-f]{64}$", description="SHA-256 of the image's file")
    profile: str | None = Field(default=None, max_length=200)
    contact: str | None = Field(default=None, max_length=200, description="only where an answer is wished for")


class Received(_Answer):
    """That feedback was taken down."""

    received: str = Field(description="when, in UTC")


class Health(_Answer):
    """Whether the service lives, or is ready."""

    status: str
