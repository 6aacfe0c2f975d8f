"""Images of a request: its multipart form, parsed and decoded in memory. Nothing touches the disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import PurePosixPath
from typing import Any, Final

from fastapi import Request
from python_multipart.exceptions import FormParserError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from wherefrom.core.errors import ImageError
from wherefrom.core.facts import ImageFacts
from wherefrom.core.visible import visible
from wherefrom.images.files import Source
from wherefrom.images.read import ImageRecord, Limits, read_or_explain, stored_size
from wherefrom.service.problems import Refused
from wherefrom.service.settings import RequestLimits

__all__ = ["Form", "Upload", "body_schema", "decoded", "form_of", "pixel_bytes"]

_IMAGES: Final = "images"
_URLS: Final = "urls"
_LONGEST_URL: Final = 8192
_LONGEST_NAME: Final = 200
_HEADER_ONLY: Final = Limits(max_pixels=2**62)
"""Of a look at the header alone, which decodes nothing."""


class _InMemory(MultiPartParser):
    """Starlette's parser of forms, whose files stay in memory however large they are: the body's size is bounded."""

    spool_max_size = 2**62
    complete = False
    """Whether the form's end was seen: one that is cut off may lack images."""

    def on_end(self) -> None:
        """The end of the form."""
        self.complete = True

    def close_unfinished(self) -> None:
        """Let go of a file of which only a part came."""
        for file in self._files_to_close_on_error:
            file.close()


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """One image as it came.

    Attributes:
        name: that the client gave, as it may be shown.
        data: the file's bytes.
    """

    name: str
    data: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """What a request's form holds.

    Attributes:
        uploads: images.
        urls: of images, as they were typed.
    """

    uploads: tuple[Upload, ...]
    urls: tuple[str, ...]


def body_schema(limits: RequestLimits, *, urls: bool) -> dict[str, Any]:
    """What OpenAPI says of the form.

    Args:
        limits: on requests.
        urls: whether images may be named by their URL.
    """
    several: dict[str, Any] = {"type": "array", "minItems": 1, "maxItems": limits.max_images}
    properties: dict[str, Any] = {
        _IMAGES: {
            **several,
            "description": "PNG, JPEG, WebP, TIFF, BMP, GIF or AVIF, known by content and not by name",
            "items": {"type": "string", "format": "binary"},
        }
    }
    schema: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
    if urls:
        address = {"type": "string", "format": "uri", "maxLength": _LONGEST_URL}
        properties[_URLS] = {**several, "description": "addresses of images, which are fetched", "items": address}
        schema["anyOf"] = [{"required": [_IMAGES]}, {"required": [_URLS]}]
    else:
        schema["required"] = [_IMAGES]
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


async def form_of(request: Request, limits: RequestLimits) -> Form:
    """The form of a request.

    Args:
        request: whose body is read.
        limits: on requests.

    Raises:
        Refused: when it is no form, has other fields, no image or too many, or an image that is too large.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        way_out = "send multipart/form-data with the field `images`, as `curl -F images=@a.png` does"
        raise Refused(415, "not-a-form", f"the body is {kind or 'of no type'!r}: {way_out}")
    if "boundary=" not in request.headers["content-type"]:
        raise Refused(422, "broken-form", "the form cannot be read: its type names no boundary")
    parser = _InMemory(request.headers, request.stream(), max_files=limits.max_images, max_fields=limits.max_images)
    try:
        form = await parser.parse()
        if not parser.complete:
            raise MultiPartException("it ends before its last boundary")
        return await _checked(form.multi_items(), limits)
    except (MultiPartException, FormParserError, UnicodeError, KeyError, ValueError) as error:
        said = str(getattr(error, "message", None) or str(error) or type(error).__name__)
        name = "too-many-images" if said.startswith("Too many") else "broken-form"
        raise Refused(422, name, f"the form cannot be read: {said}") from error
    finally:
        parser.close_unfinished()


async def _checked(items: Sequence[tuple[str, UploadFile | str]], limits: RequestLimits) -> Form:
    """The form's fields, each of its kind.

    Raises:
        Refused: when a field is another, or there is no image or too many.
    """
    uploads: list[Upload] = []
    urls: list[str] = []
    for field, value in items:
        if field == _IMAGES and isinstance(value, UploadFile):
            data = await value.read()
            if len(data) > limits.max_image_bytes:
                said = f"image {len(uploads) + 1} has {len(data):,} bytes, {limits.max_image_bytes:,} are allowed"
                raise Refused(413, "image-too-large", f"{said}: send a smaller file")
            uploads.append(Upload(name=_shown(value.filename, len(uploads) + 1), data=data))
        elif field == _URLS and isinstance(value, str):
            urls.append(value)
        else:
            way_out = f"send files as `{_IMAGES}`" + (": this one has no file name" if field == _IMAGES else "")
            raise Refused(422, "wrong-field", f"the form has a field {field[:40]!r} of the wrong kind: {way_out}")
    images = len(uploads) + len(urls)
    if images == 0:
        raise Refused(422, "no-image", f"the form has no image: send files as `{_IMAGES}`")
    if images > limits.max_images:
        raise Refused(
            422, "too-many-images", f"{images} images, {limits.max_images} are allowed: send several requests"
        )
    return Form(uploads=tuple(uploads), urls=tuple(urls))


def _shown(name: str | None, number: int) -> str:
    """A client's name for a file without folders, on one line and not too long."""
    last = PurePosixPath((name or "").replace("\\", "/")).name
    return visible(last)[:_LONGEST_NAME].strip() or f"image-{number}"


def decoded(uploads: Sequence[Upload], limits: Limits) -> tuple[Source, ...]:
    """Images decoded, or with the reason why they cannot be; names are made unique.

    Args:
        uploads: of one request.
        limits: on bytes and pixels.

    Raises:
        Refused: when none of them can be read.
    """
    found: list[Source] = []
    for upload in uploads:
        name = _unused(upload.name, {source.name for source in found})
        source = Source(name=name, data=upload.data) if upload.data else None
        held = ImageFacts(name=name, error="the file is empty (0 bytes)") if source is None else _read(source, limits)
        found.append(Source(name=name, in_memory=held))
    if all(isinstance(source.in_memory, ImageFacts) for source in found):
        places = [(source.name, str(source.in_memory.error)) for source in found]
        detail = "; ".join(f"{name}: {said}" for name, said in places[:3])
        raise Refused(422, "image-unreadable", f"no image can be read: {detail}", places=places)
    return tuple(found)


def _unused(name: str, taken: set[str]) -> str:
    """A name that no other image of the request has."""
    numbered = (f"{name} ({number})" for number in count(2))
    return next(one for one in chain([name], numbered) if one not in taken)


def _read(source: Source, limits: Limits) -> ImageRecord | ImageFacts:
    """One image; its size is looked at before it is decoded, and what is said of it fits a client."""
    try:
        width, height = stored_size(source, _HEADER_ONLY)
    except ImageError as error:
        return ImageFacts(name=source.name, error=str(error))
    if width * height > limits.max_pixels:
        most = f"{limits.max_pixels:,} pixels are allowed: send a smaller image, or the part in question"
        return ImageFacts(name=source.name, error=f"{width} x {height} = {width * height:,} pixels, {most}")
    return read_or_explain(source, limits)


def pixel_bytes(images: Sequence[Source]) -> int:
    """Bytes that decoded images take."""
    return sum(image.in_memory.pixels.nbytes for image in images if isinstance(image.in_memory, ImageRecord))
