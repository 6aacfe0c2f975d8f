"""What `wherefrom generate` does with what was typed: draws, round trips, or images from prompts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wherefrom.cli._output import emit, emit_json, finish, note
from wherefrom.cli._outputs import check_folder
from wherefrom.cli._progress import shown
from wherefrom.cli._work import limits_of, listed, model_options, size_of
from wherefrom.core.errors import UsageError

if TYPE_CHECKING:
    from wherefrom.making import Made

__all__ = ["GenerateOptions"]


@dataclass(frozen=True, kw_only=True, slots=True)
class GenerateOptions:
    """What was typed; each is an option of `wherefrom generate`."""

    model: str
    out: Path
    count: int | None
    size: str | None
    photos: list[str] | None
    enlarge: bool
    prompts: Path | None
    steps: int | None
    guidance: float | None
    negative: str | None
    batch: int | None
    options: list[str] | None
    device: str
    dtype: str
    seed: int
    trust: bool
    limits: tuple[int | None, int | None]
    as_json: bool
    quiet: bool

    def run(self) -> None:
        """Make the images and say so.

        Raises:
            WherefromError: when nothing can be made of what was asked.
            typer.Exit: with code 3 when some images failed.
        """
        if self.prompts is None:
            flags = {"--steps": self.steps, "--guidance": self.guidance, "--negative": self.negative}
            unfit = [flag for flag, value in flags.items() if value is not None]
            if unfit:
                raise UsageError(
                    f"{', '.join(unfit)} goes with the prompts of a text-to-image pipeline: --prompts FILE"
                )
            self._from_model()
        elif self.photos is not None:
            raise UsageError("--prompts and --from exclude each other: draw from prompts, or pass photos through")
        else:
            self._from_prompts(self.prompts)

    def _from_model(self) -> None:
        """Draws, or round trips of photos."""
        wanted = None if self.size is None else size_of(self.size)
        if self.photos is None and self.count is None:
            raise UsageError(
                "how many images? give --count N, photos to pass through the model by --from PATH, or prompts of a"
                " text-to-image pipeline by --prompts FILE"
            )
        if self.photos is not None and wanted is not None:
            raise UsageError("--size goes with draws: a round trip keeps the size of its photo")
        if self.photos is None and self.enlarge:
            raise UsageError("--enlarge which images? name small ones by --from PATH")
        check_folder("--out-dir", self.out, self.photos or ())
        from wherefrom.making import generate, made_folder
        from wherefrom.models.load import load_model

        photos = None if self.photos is None else listed(self.photos, quiet=self.quiet)
        made_folder(self.out)  # before the model is opened, which can take long
        opened: Any = load_model(
            self.model, device=self.device, dtype=self.dtype, trust=self.trust, options=model_options(self.options)
        )
        with shown("making images", quiet=self.quiet) as report:
            images = generate(
                opened,
                folder=self.out,
                count=self.count,
                photos=photos,
                enlarge=self.enlarge,
                seed=self.seed,
                size=wanted,
                batch=self.batch,
                limits=limits_of(*self.limits),
                progress=report,
            )
        kind = "draws" if self.photos is None else "enlargements" if self.enlarge else "round trips"
        self._told(images, kind, opened.card.name)

    def _from_prompts(self, prompts: Path) -> None:
        """Images of a text-to-image pipeline."""
        size, options = None if self.size is None else size_of(self.size), model_options(self.options)
        from wherefrom.making import generate_from_prompts, made_folder
        from wherefrom.models.prompts import read_prompts

        texts = read_prompts(prompts)
        from wherefrom.models.text_to_image import find_pipeline

        made_folder(self.out)
        pipeline = find_pipeline(self.model)
        if pipeline.reason is not None:
            note(f"its images can be judged by no decoder of its own: {pipeline.reason}", quiet=self.quiet)
        with shown("making images", quiet=self.quiet) as report:
            images = generate_from_prompts(
                pipeline,
                texts,
                folder=self.out,
                count=self.count,
                seed=self.seed,
                size=size,
                batch=self.batch or 1,
                steps=self.steps,
                guidance=self.guidance,
                negative=self.negative,
                options=options,
                device=self.device,
                dtype=self.dtype,
                progress=report,
            )
        self._told(images, "images", pipeline.name)

    def _told(self, images: Sequence[Made], kind: str, name: str) -> None:
        """What was made, on stdout; what failed, on stderr and in the exit code."""
        failed = [image for image in images if image.error is not None]
        if self.as_json:
            for image in images:
                emit_json(image)
        else:
            kept = sum(image.kept for image in images)
            emit(f"{len(images) - kept - len(failed)} {kind} made by {name}, {kept} were there, in {self.out}")
        for image in failed:
            note(f"failed: {image.name}: {image.error}")
        finish(len(failed), len(images), quiet=self.quiet)
