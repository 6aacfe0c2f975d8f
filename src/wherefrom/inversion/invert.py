"""Many independent searches at once: which latent makes a model reproduce an image best, and what loss remains.

    images -> starts -> problems -> decode, gradient, step -> best of all measured states -> an image at a time

An image's result depends on its pixels, its starts and the search: not on the batch, nor on who leaves it when.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import torch

from wherefrom.core.errors import ImageError, ModelError, UsageError, WherefromError
from wherefrom.core.tensors import Images, Latents, check_images
from wherefrom.inversion.evaluation import Evaluation, Evaluator
from wherefrom.inversion.problems import Problems
from wherefrom.inversion.results import Report, SearchResult, Step
from wherefrom.inversion.search import Search
from wherefrom.models.adapters.arithmetic import exact, ran_out_of_memory
from wherefrom.models.base import Autoencoder, Decoder

__all__ = ["invert"]

_AT_ONCE: Final = 8  # images whose starts race side by side


def invert(
    model: Decoder,
    images: Images,
    starts: Callable[[int], Latents],
    *,
    search: Search,
    cuts: torch.Tensor | None = None,
    trace: bool = False,
    report: Report | None = None,
) -> Iterator[SearchResult]:
    """Search for each image's latent from each of its starts; yields an image as soon as it has settled.

    Args:
        model: asked on its device; its weights get no gradient and are not changed.
        images: `(n, 3, h, w)` in [0, 1], on the model's device.
        starts: the starts of image i, `(restarts, ...)` latents; called once an image, when its search begins.
        search: how; its `start` and `restarts` are what `starts` was made by.
        cuts: `(n,)`: an image leaves as soon as its loss is below its cut, for the loss can only fall; NaN: never.
        trace: keep every measured loss.
        report: told after each step.

    Yields:
        One `SearchResult` an image, in the order in which they settle: the best measured state, also where the search
        broke down later; with an error where it broke down before a first step.

    Raises:
        ImageError: when the images are no batch of RGB images of a size that the model makes.
        ModelError: when the optimiser needs an encoder and the model has none.
    """
    check_images(images)
    if model.size is not None and tuple(images.shape[2:]) != tuple(model.size):
        raise ImageError(
            f"images are {images.shape[3]} x {images.shape[2]} pixels, the model makes {model.size[1]} x"
            f" {model.size[0]} only and nothing is resampled: name images of that size"
        )
    if search.optimiser.by_encoder and not isinstance(model, Autoencoder):
        raise ModelError(f"{model.card.name} has no encoder, which a gradient-free search needs: use adam")
    if cuts is not None and cuts.shape != (len(images),):
        raise UsageError(f"cuts have shape {tuple(cuts.shape)}, need one an image: ({len(images)},)")
    bounds = (
        torch.full((len(images),), -math.inf, dtype=torch.float64, device="cpu")
        if cuts is None
        else cuts.nan_to_num(nan=-math.inf)
    )
    yield from _Inversion(
        model=model,
        images=images.detach().float(),
        starts=starts,
        search=search,
        traced=trace,
        bounds=bounds.double().cpu(),
        report=report,
        evaluator=Evaluator(model=model, search=search, size=(images.shape[2], images.shape[3])),
    ).run()


@dataclass(kw_only=True, slots=True)
class _Inversion:
    """One call of `invert`: images wait, are searched, settle."""

    model: Decoder
    images: Images
    starts: Callable[[int], Latents]
    search: Search
    traced: bool
    bounds: torch.Tensor
    report: Report | None
    evaluator: Evaluator
    problems: Problems | None = field(init=False, default=None)
    _over: dict[int, list[Problems]] = field(init=False, default_factory=dict)  # by image: problems that have ended
    _settled: int = field(init=False, default=0)

    def run(self) -> Iterator[SearchResult]:
        """Keep the evaluations full and make steps until all images have settled."""
        entering = self._entering()
        upcoming = next(entering, None)
        while upcoming is not None or self.problems is not None:
            while upcoming is not None and self._fits(upcoming):
                if isinstance(upcoming, SearchResult):
                    yield self._leave(upcoming)
                else:
                    self.problems = upcoming if self.problems is None else self.problems.joined(upcoming)
                upcoming = next(entering, None)
            if self.problems is not None:
                yield from self._advance(self.problems)

    def _entering(self) -> Iterator[Problems | SearchResult]:
        for image in range(len(self.images)):
            yield self._enter(image)

    def _fits(self, upcoming: Problems | SearchResult) -> bool:
        """Whether there is room for an image's problems.

        The evaluations are kept full; where most starts end in a race, by several images at once.
        """
        if self.problems is None or isinstance(upcoming, SearchResult):
            return True
        room = (
            self.evaluator.width
            if self.search.stop.race is None
            else max(self.evaluator.width, _AT_ONCE * len(upcoming))
        )
        return len(self.problems) + len(upcoming) <= room

    def _enter(self, image: int) -> Problems | SearchResult:
        """The problems of an image, or why it has none."""
        try:
            with exact(self.model.device), torch.no_grad():
                starts = self.starts(image).detach().float().clone()
                encoded = None
                if self.search.optimiser.by_encoder and isinstance(self.model, Autoencoder):
                    encoded = self.model.encode(self.images[image : image + 1])
        except Exception as error:  # whatever one image does to a model is that image's own error
            if isinstance(error, WherefromError) and not isinstance(error, ImageError):
                raise
            return SearchResult(image=image, error=_reason(error))
        if not starts.isfinite().all():
            return SearchResult(image=image, error="the start of the search is not finite: ask in float32")
        count = len(starts)
        return Problems(
            search=self.search,
            traced=self.traced,
            latents=starts,
            targets=self.images[image].expand(count, -1, -1, -1),
            encoded=None if encoded is None else encoded.expand(count, *encoded.shape[1:]),
            memory=self.search.optimiser.start(starts),
            image=torch.full((count,), image, device=starts.device, dtype=torch.int64),
            restart=torch.arange(count, device=starts.device, dtype=torch.int64),
        )

    def _advance(self, problems: Problems) -> Iterator[SearchResult]:
        """One step of every problem; yields the images that settle by it."""
        try:
            evaluation = self._evaluate(problems)
        except Exception as error:  # as above; which image's it is comes out when each is asked alone
            if isinstance(error, WherefromError) and not isinstance(error, ImageError):
                raise
            yield from self._one_by_one(problems, error)
            return
        problems.learn(evaluation)
        over = problems.ended()
        under = problems.best.loss.cpu() < self.bounds[problems.image.cpu()]
        if under.any():  # with an image's verdict known, all its problems are over
            over |= torch.isin(problems.image, problems.image[under.to(problems.image.device)])
        self._tell(problems)
        if not over.any():
            return
        for image in problems.image[over].unique().tolist():
            self._over.setdefault(image, []).append(problems.take(over & (problems.image == image)))
        active = ~over
        self.problems = problems.take(active) if active.any() else None
        still = set(problems.image[active].tolist())
        for image in problems.image[over].unique().tolist():
            if image not in still:
                yield self._leave(self._result(image, self._over.pop(image)))

    def _evaluate(self, problems: Problems) -> Evaluation:
        last = bool((problems.step >= self.search.stop.steps).all())
        return self.evaluator.evaluate(problems.latents, problems.targets, problems.encoded, last=last)

    def _one_by_one(self, problems: Problems, error: Exception) -> Iterator[SearchResult]:
        """Find out which image's problems fail; they leave with the reason, the others stay where they are."""
        images = problems.image.unique().tolist()
        failed = {images[0]: error} if len(images) == 1 else {}
        for image in images if len(images) > 1 else ():
            try:
                self._evaluate(problems.take(problems.image == image))
            except Exception as raised:  # noqa: BLE001  # whatever one image does to a model, the others go on
                failed[image] = raised
        if not failed:
            raise error
        for image, reason in failed.items():
            self._over.pop(image, None)
            yield self._leave(SearchResult(image=image, error=_reason(reason)))
        active = ~torch.isin(
            problems.image, torch.tensor(list(failed), device=problems.image.device, dtype=torch.int64)
        )
        self.problems = problems.take(active) if active.any() else None

    def _result(self, image: int, parts: list[Problems]) -> SearchResult:
        """The best of an image's problems."""
        problems = parts[0]
        for part in parts[1:]:
            problems = problems.joined(part)
        problems = problems.take(problems.restart.argsort())
        calls = int(problems.step.sum())
        if not (
            problems.best.loss.isfinite() & (problems.broken != 0)
        ).any():  # what was only measured at its start was not searched
            step = int(problems.broken[problems.broken >= 0].min())
            why = f"loss, gradient or latent is no finite number at step {step} of {self.search.stop.steps}"
            error = f"the search broke down ({why}): ask in float32, or with a smaller rate"
            return SearchResult(image=image, calls=calls, error=error)
        restart = int(problems.best.loss.argmin())
        trace = problems.trace.values.numpy() if self.traced else None
        return SearchResult(
            image=image,
            loss=float(problems.best.loss[restart]),
            start=float(problems.best.first[problems.best.first.isfinite()].min()),
            calls=calls,
            restart=restart,
            latent=problems.best.latents[restart],
            trace=trace,
        )

    def _leave(self, result: SearchResult) -> SearchResult:
        self._settled += 1
        return result

    def _tell(self, problems: Problems) -> None:
        if self.report is not None:
            self.report(
                Step(
                    settled=self._settled,
                    images=len(self.images),
                    step=int(problems.step.max()) - 1,
                    steps=self.search.stop.steps,
                    searching=len(problems.image.unique()),
                    loss=float(problems.best.loss.median()),
                )
            )


def _reason(error: Exception) -> str:
    if ran_out_of_memory(error):
        return "a search does not fit into memory even for this image alone: use checkpointing, bfloat16 or a crop"
    return str(error) if isinstance(error, ImageError) else f"asking the model failed: {type(error).__name__}: {error}"
