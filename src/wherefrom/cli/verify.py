"""`wherefrom verify`: whether a bundle is what it says, with its decision taken again from the scores it holds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from wherefrom.cli import _options as options
from wherefrom.cli._output import emit, emit_json, emit_table, note, plain
from wherefrom.cli._outputs import typed_path

if TYPE_CHECKING:
    from wherefrom.bundle import Verification

__all__ = ["verify"]

_SHOWN: Final = 10
"""Images that a table shows, at most."""


def verify(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", parser=typed_path, help="of `attribute --bundle`")],
    key: Annotated[
        Path | None,
        typer.Option("--key", metavar="KEY.pub", parser=typed_path, help="the signer's public key: Ed25519, PEM"),
    ] = None,
    image: Annotated[
        list[Path] | None,
        typer.Option(
            "--image", metavar="FILE", parser=typed_path, help="a file that must be an image of the bundle; repeatable"
        ),
    ] = None,
    replay: Annotated[
        list[str] | None,
        typer.Option(
            "--replay",
            metavar="MODEL",
            help="score the images at hand again and compare; one for each candidate, in their order",
        ),
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(
            "--tolerance",
            help="how far scores may lie apart then, relative; default 0.001, and 0.05 for searches and `recompressed`",
        ),
    ] = None,
    device: Annotated[str | None, typer.Option("--device", help="cpu or cuda; by default the profile's")] = None,
    model_option: options.MODEL_OPTION = None,
    trust: options.TRUST = False,
    as_json: options.Json = False,
    quiet: options.QUIET = False,
) -> None:
    """Check a bundle: its files, who signed it, and that its verdicts follow from its scores. No model is needed.

    Each check is passed, refused or not looked at, with the reason. A check that was not looked at vouches for nothing:
    without --key nobody knows who wrote the bundle. With --replay the models are asked again about the images that are
    in the bundle or given by --image. Exit codes: 0 no check failed, 1 refused.
    """
    from wherefrom.bundle import verify as checked

    again = None
    if replay:
        from wherefrom.cli._replaying import replaying
        from wherefrom.cli._work import model_options

        again = replaying(replay, device=device, options=model_options(model_option), trust=trust, quiet=quiet)
    verification = checked(bundle, key=key, images=image or (), score_again=again, tolerance=tolerance)
    if as_json:
        emit_json({"wherefrom": "verification", **plain(verification), "verified": verification.verified})
    else:
        _show(verification)
    if not verification.verified:
        raise typer.Exit(1)
    if verification.signed_by is None:
        note("warning: who wrote this bundle was not looked at: it vouches for itself alone", quiet=quiet)


def _show(verification: Verification) -> None:
    """The checks, what the bundle says where none failed, and the sum of it in a sentence."""
    rows = [(check.name, str(check.state), check.reason) for check in verification.checks]
    emit_table(("check", "", "reason"), rows, title=verification.bundle, folded="reason")
    if not verification.verified:
        emit(f"REFUSED: {'; '.join(f'{check.name}: {check.reason}' for check in verification.refusals)}")
        return
    answers = [
        (name, verification.images[name], *_answer(row)) for row in verification.verdicts for name in [str(row["name"])]
    ]
    emit_table(("image", "SHA-256", "answer", "reason"), answers[:_SHOWN], folded="reason")
    if len(answers) > _SHOWN:
        emit(f"... and {len(answers) - _SHOWN} more images: --json has all")
    who = (
        "UNSIGNED or its signer not looked at"
        if verification.signed_by is None
        else f"signed by key {verification.signed_by}"
    )
    emit(f"verified: the bundle holds what it says; {who}")


def _answer(row: Mapping[str, Any]) -> tuple[str, str]:
    return str(row.get("answer", row.get("outcome"))), str(row["reason"])
