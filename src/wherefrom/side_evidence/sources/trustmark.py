"""TrustMark: a watermark that carries an identifier, read by the package `trustmark` from weights that are at hand."""

from __future__ import annotations

import contextlib
import functools
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from wherefrom.core.errors import ModelError
from wherefrom.core.extras import require
from wherefrom.side_evidence.findings import Finding, State
from wherefrom.side_evidence.shortened import shortened

if TYPE_CHECKING:
    from wherefrom.side_evidence.image_file import ImageFile

__all__ = ["SOURCE", "Trustmark"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trustmark:
    """TrustMark's watermark, with its error correction, which says whether there is one.

    Attributes:
        variant: `Q`, `B`, `C` or `P`: whose weights read it.
    """

    name: ClassVar[str] = "trustmark"
    title: ClassVar[str] = "TrustMark watermark"

    variant: str = "Q"

    def look(self, file: ImageFile) -> Finding:
        """Read the watermark of an image.

        Args:
            file: from outside.

        Raises:
            ImageError: when its pixels cannot be read.
            MissingExtra: when the package is not installed.
            ModelError: when its weights are not there: the package would fetch them, and nothing is fetched here.
        """
        from PIL import Image

        decoder = _decoder(self.variant)
        with contextlib.redirect_stdout(sys.stderr):
            secret, present, schema = decoder.decode(Image.fromarray(file.pixels), MODE="binary")
        if not present:
            said = f"No TrustMark watermark was read with the weights of variant {self.variant}."
            return Finding(source=self.name, title=self.title, state=State.ABSENT, summary=said)
        return Finding(
            source=self.name,
            title=self.title,
            state=State.PRESENT,
            summary="The image carries a TrustMark watermark; anybody who has the package can embed one.",
            facts={"Bits": shortened(secret), "Form of the error correction": str(schema), "Variant": self.variant},
        )


@functools.cache
def _decoder(variant: str) -> Any:
    """The package's decoder, kept from fetching anything and from printing on stdout.

    Raises:
        MissingExtra: when the package is not installed.
        ModelError: when its weights are not there.
    """
    package = require("trustmark", "watermarks")
    folder = Path(package.__file__).parent / "models"
    files = (f"trustmark_{variant}.yaml", f"decoder_{variant}.ckpt", f"encoder_{variant}.ckpt")
    lacking = [name for name in files if not (folder / name).is_file()]
    if lacking:
        raise ModelError(
            f"TrustMark's weights are not there ({', '.join(lacking)} in {folder}), and nothing is fetched: run"
            f" trustmark.TrustMark(model_type={variant!r}) once where that may reach the network"
        )
    offline = type("Offline", (package.TrustMark,), {"check_and_download": lambda self, filename: None})
    with contextlib.redirect_stdout(sys.stderr):
        return offline(verbose=False, model_type=variant, loadRemover=False)


SOURCE: Final = Trustmark
