"""The bundle that `wherefrom attribute` writes where it is asked for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Protocol

import typer

from wherefrom.cli._forms import BUNDLE
from wherefrom.cli._outputs import Output, Writing, typed_path
from wherefrom.core.errors import UsageError

if TYPE_CHECKING:
    from wherefrom.attribution import Candidate
    from wherefrom.images.sources import Source
    from wherefrom.records.stability import Stability
    from wherefrom.records.verdict import Verdict
    from wherefrom.rules.base import Rule

__all__ = ["NO_BUNDLE", "BundleOptions"]


class Bounds(Protocol):
    """What verdicts were asked to bound: alpha and beta, by a rule, of images that went through an edit."""

    @property
    def alpha(self) -> float: ...
    @property
    def beta(self) -> float: ...
    @property
    def rule(self) -> Rule: ...
    @property
    def edit(self) -> str | None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class BundleOptions:
    """What was typed of a bundle.

    Attributes:
        path: of the bundle; None: none is asked for.
        sign: file of the private key that signs it; None leaves it unsigned.
        with_images: whether the images themselves go into it.
    """

    path: Annotated[
        Path | None,
        typer.Option(
            "--bundle",
            metavar="FILE.zip",
            parser=typed_path,
            help="the verdicts with all that they rest on, for `wherefrom verify`; it names files of the profiles too",
        ),
    ] = None
    sign: Annotated[
        Path | None,
        typer.Option(
            "--sign", metavar="KEY.pem", parser=typed_path, help="sign the bundle by this private key: Ed25519, PEM"
        ),
    ] = None
    with_images: Annotated[
        bool, typer.Option("--bundle-images", help="put the images themselves into the bundle too")
    ] = False

    @property
    def inputs(self) -> list[Path]:
        """The files that are read for it."""
        return [] if self.sign is None else [self.sign]

    def outputs(self) -> list[Output]:
        """The file that will be written; looks at the key, so that it fails before anything is asked.

        Raises:
            UsageError: when a key or images are named without a bundle, or the key is none.
            MissingExtra: when what signs is not installed.
        """
        if self.path is None:
            if self.sign is not None or self.with_images:
                raise UsageError("--sign and --bundle-images go with --bundle FILE.zip: name the bundle")
            return []
        if self.sign is not None:
            from wherefrom.bundle.signing import signer

            signer(self.sign)
        return [Output("--bundle", self.path, BUNDLE)]

    def write(
        self,
        candidates: Sequence[Candidate],
        verdicts: Mapping[str, Sequence[Verdict]],
        images: Sequence[Source],
        *,
        bounds: Bounds,
        report: Path | None,
        writing: Writing,
        stabilities: Sequence[Stability] = (),
    ) -> None:
        """Write the bundle, where one is asked for.

        Args:
            candidates: with the scores of the images.
            verdicts: verdicts that were told, by candidate.
            images: that were asked about.
            bounds: that the verdicts were asked for.
            report: folder of a report that goes into it; None: none.
            writing: which looks after the file.
            stabilities: one an image, where changed copies were asked about.

        Raises:
            UsageError: when it cannot be written.
        """
        if self.path is None:
            return
        from wherefrom.bundle import write_bundle

        failed = {verdict.image.name for group in verdicts.values() for verdict in group if verdict.image.error}
        kept = [image for image in images if image.name not in failed] if self.with_images else []
        writing.saved(
            lambda path: write_bundle(
                path,
                candidates,
                alpha=bounds.alpha,
                beta=bounds.beta,
                rule=bounds.rule,
                edit=bounds.edit,
                said=verdicts,
                stabilities=stabilities,
                report=report,
                images=kept,
                sign=self.sign,
            ),
            self.path,
            images=images,
        )


NO_BUNDLE: Final = BundleOptions()
"""Where none is asked for."""
