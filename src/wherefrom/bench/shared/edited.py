"""One edit and one decoder, for several methods: rows with a profile of untouched images and with one edited alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wherefrom.bench.shared.latent import images, photos_and_others
from wherefrom.images import edits

if TYPE_CHECKING:
    from wherefrom.bench.base import Row
    from wherefrom.bench.shared.workspace import Paths, Workspace
    from wherefrom.methods.base import Method

__all__ = ["compared", "stored_quality"]


def stored_quality(edit: str) -> int | None:
    """The quality of the JPEG that an edit ends with; None where it ends otherwise."""
    last = edits.load(edit).steps[-1]
    return int(last.values[0]) if last.kind == "jpeg" else None


def compared(
    workspace: Workspace,
    name: str,
    edit: str,
    methods: Mapping[str, Method[Any]],
    *,
    rules: Sequence[str],
    asked: Method[Any] | None = None,
    also: Method[Any] | None = None,
    through: bool = False,
) -> Iterator[Row]:
    """Rows of every method; the others are photos and as many images of all other decoders together, edited alike.

    Args:
        workspace: of the images.
        name: the decoder that is asked.
        edit: that the images to judge went through.
        methods: with a profile of untouched images, unless the setting has `alike`, and with one that went through
            the edit.
        rules: by which images are judged.
        asked: a method whose question has the columns of all these, so that the decoder is asked once; None: each asks.
        also: one more method, with the second of these profiles; its question has the others' columns too.
        through: whether the decoder is asked through the part of the edit that moves pixels, as by a condition of a
            profile; all images are then edited alike.
    """
    known, own = images(workspace, name)
    others = [path for paths in photos_and_others(workspace, name).values() for path in paths]
    touched, beside = workspace.edited(own, edit), {"photos and others": workspace.edited(others, edit)}
    of_edited = asked if also is None else also

    def rows(way: str, method: Method[Any], profile: str, made_of: Paths, by: Method[Any] | None) -> list[Row]:
        return workspace.compare(
            name,
            method,
            known=made_of,
            own=touched,
            others=beside,
            how=f"{edit}: {way}, profile {profile}",
            rules=rules,
            asked=of_edited,
            profiled_by=by,
            through=edit if through else None,
        )

    for way, method in methods.items() if edit == "none" or not (workspace.setting.alike or through) else ():
        yield from rows(way, method, "untouched", known, asked or method)
    if edit == "none":
        return
    alike = workspace.edited(known, edit)
    for way, method in {**methods, **({} if also is None else {also.card.name: also})}.items():
        yield from rows(way, method, "alike", alike, of_edited)
