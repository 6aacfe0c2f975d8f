"""Many independent searches at once: which latent makes a model reproduce an image best, and what loss remains.

    images -> starts -> pool of problems -> decode, gradient, step -> best of all measured states -> an image at a time

An image's result depends on its pixels, its starts and the plan: not on the batch, nor on who leaves it when.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import torch

from wherefrom.core.errors import ImageError, ModelError, UsageError, WherefromError
from wherefrom.core.tensors import Images, Latents, check_images
from wherefrom.inversion._asking import Asker, Seeing
from wherefrom.inversion._pool import Pool
from wherefrom.inversion.plan import Found, Plan, Step
from wherefrom.models.adapters.arithmetic import exact, ran_out_of_memory
from wherefrom.models.base import Autoencoder, Decoder

__all__ = ["Report", "search"]

_AT_ONCE: Final = 8  # images whose starts race side by side
Report: TypeAlias = Callable[[Step], None]
"""Told how far a search is, after each step of the batch."""


def search(
    model: Decoder,
    images: Images,
    starts: Callable[[int], Latents],
    *,
    plan: Plan,
    cuts: torch.Tensor | None = None,
    report: Report | None = None,
) -> Iterator[Found]:
    """Search for each image's latent from each of its starts; yields an image as soon as it has settled.

    Args:
        model: asked on its device; its weights get no gradient and are not changed.
        images: `(n, 3, h, w)` in [0, 1], on the model's device.
        starts: the starts of image i, `(restarts, ...)` latents; called once an image, when its search begins.
        plan: how to search.
        cuts: `(n,)`: an image leaves as soon as its loss is below its cut, for the loss can only fall; NaN: never.
        report: told after each step.

    Yields:
        One `Found` an image, in the order in which they settle: the best measured state, also where the search broke
        down later; with an error where it broke down before a first step.

    Raises:
        ImageError: when the images are no batch of RGB images of a size that the model makes.
        ModelError: when the plan needs an encoder and the model has none.
    """
    check_images(images)
    if model.size is not None and tuple(images.shape[2:]) != tuple(model.size):
        raise ImageError(
            f"images are {images.shape[3]} x {images.shape[2]} pixels, the model makes {model.size[1]} x"
            f" {model.size[0]} only and nothing is resampled: name images of that size"
        )
    if plan.optimiser.by_encoder and not isinstance(model, Autoencoder):
        raise ModelError(f"{model.card.name} has no encoder, which a gradient-free search needs: use adam")
    if cuts is not None and cuts.shape != (len(images),):
        raise UsageError(f"cuts have shape {tuple(cuts.shape)}, need one an image: ({len(images)},)")
    bounds = (
        torch.full((len(images),), -math.inf, dtype=torch.float64, device="cpu")
        if cuts is None
        else cuts.nan_to_num(nan=-math.inf)
    )
    yield from _Search(
        model=model,
        images=images.detach().float(),
        starts=starts,
        plan=plan,
        bounds=bounds.double().cpu(),
        report=report,
        asker=Asker(model=model, plan=plan, size=(images.shape[2], images.shape[3])),
    ).run()


@dataclass(kw_only=True, slots=True)
class _Search:
    """One call of `search`: images wait, enter the pool, settle."""

    model: Decoder
    images: Images
    starts: Callable[[int], Latents]
    plan: Plan
    bounds: torch.Tensor
    report: Report | None
    asker: Asker
    pool: Pool | None = field(init=False, default=None)
    _over: dict[int, list[Pool]] = field(init=False, default_factory=dict)  # by image: problems that have ended
    _settled: int = field(init=False, default=0)

    def run(self) -> Iterator[Found]:
        """Keep the pool full and step it until all images have settled."""
        entering = self._entering()
        upcoming = next(entering, None)
        while upcoming is not None or self.pool is not None:
            while upcoming is not None and self._fits(upcoming):
                if isinstance(upcoming, Found):
                    yield self._leave(upcoming)
                else:
                    self.pool = upcoming if self.pool is None else self.pool.joined(upcoming)
                upcoming = next(entering, None)
            if self.pool is not None:
                yield from self._advance(self.pool)

    def _entering(self) -> Iterator[Pool | Found]:
        for image in range(len(self.images)):
            yield self._enter(image)

    def _fits(self, upcoming: Pool | Found) -> bool:
        """Whether there is room for an image's problems.

        The evaluations are kept full; where most starts end in a race, by several images at once.
        """
        if self.pool is None or isinstance(upcoming, Found):
            return True
        room = self.asker.width if self.plan.race is None else max(self.asker.width, _AT_ONCE * len(upcoming))
        return len(self.pool) + len(upcoming) <= room

    def _enter(self, image: int) -> Pool | Found:
        """The problems of an image, or why it has none."""
        try:
            with exact(self.model.device), torch.no_grad():
                starts = self.starts(image).detach().float().clone()
                encoded = None
                if self.plan.optimiser.by_encoder and isinstance(self.model, Autoencoder):
                    encoded = self.model.encode(self.images[image : image + 1])
        except Exception as error:  # whatever one image does to a model is that image's own error
            if isinstance(error, WherefromError) and not isinstance(error, ImageError):
                raise
            return Found(image=image, error=_reason(error))
        if not starts.isfinite().all():
            return Found(image=image, error="the start of the search is not finite: ask in float32")
        count = len(starts)
        return Pool(
            plan=self.plan,
            latents=starts,
            targets=self.images[image].expand(count, -1, -1, -1),
            encoded=None if encoded is None else encoded.expand(count, *encoded.shape[1:]),
            memory=self.plan.optimiser.start(starts),
            image=torch.full((count,), image, device=starts.device, dtype=torch.int64),
            restart=torch.arange(count, device=starts.device, dtype=torch.int64),
        )

    def _advance(self, pool: Pool) -> Iterator[Found]:
        """One step of every problem; yields the images that settle by it."""
        try:
            seeing = self._see(pool)
        except Exception as error:  # as above; which image's it is comes out when each is asked alone
            if isinstance(error, WherefromError) and not isinstance(error, ImageError):
                raise
            yield from self._one_by_one(pool, error)
            return
        pool.learn(seeing)
        over = pool.ended()
        under = pool.best.cpu() < self.bounds[pool.image.cpu()]
        if under.any():  # with an image's verdict known, all its problems are over
            over |= torch.isin(pool.image, pool.image[under.to(pool.image.device)])
        self._tell(pool)
        if not over.any():
            return
        for image in pool.image[over].unique().tolist():
            self._over.setdefault(image, []).append(pool.take(over & (pool.image == image)))
        left = ~over
        self.pool = pool.take(left) if left.any() else None
        still = set(pool.image[left].tolist())
        for image in pool.image[over].unique().tolist():
            if image not in still:
                yield self._leave(self._found(image, self._over.pop(image)))

    def _see(self, pool: Pool) -> Seeing:
        last = bool((pool.step >= self.plan.steps).all())
        return self.asker.see(pool.latents, pool.targets, pool.encoded, last=last)

    def _one_by_one(self, pool: Pool, error: Exception) -> Iterator[Found]:
        """Find out which image's problems fail; they leave with the reason, the others stay where they are."""
        images = pool.image.unique().tolist()
        failed = {images[0]: error} if len(images) == 1 else {}
        for image in images if len(images) > 1 else ():
            try:
                self._see(pool.take(pool.image == image))
            except Exception as raised:  # noqa: BLE001  # whatever one image does to a model, the others go on
                failed[image] = raised
        if not failed:
            raise error
        for image, reason in failed.items():
            self._over.pop(image, None)
            yield self._leave(Found(image=image, error=_reason(reason)))
        left = ~torch.isin(pool.image, torch.tensor(list(failed), device=pool.image.device, dtype=torch.int64))
        self.pool = pool.take(left) if left.any() else None

    def _found(self, image: int, parts: list[Pool]) -> Found:
        """The best of an image's problems."""
        pool = parts[0]
        for part in parts[1:]:
            pool = pool.joined(part)
        pool = pool.take(pool.restart.argsort())
        calls = int(pool.step.sum())
        if not (
            pool.best.isfinite() & (pool.broken != 0)
        ).any():  # what was only measured at its start was not searched
            step = int(pool.broken[pool.broken >= 0].min())
            why = f"loss, gradient or latent is no finite number at step {step} of {self.plan.steps}"
            error = f"the search broke down ({why}): ask in float32, or with a smaller rate"
            return Found(image=image, calls=calls, error=error)
        restart = int(pool.best.argmin())
        trace = pool.measured.numpy() if self.plan.traced else None
        return Found(
            image=image,
            loss=float(pool.best[restart]),
            start=float(pool.first[pool.first.isfinite()].min()),
            calls=calls,
            restart=restart,
            latent=pool.found[restart],
            trace=trace,
        )

    def _leave(self, found: Found) -> Found:
        self._settled += 1
        return found

    def _tell(self, pool: Pool) -> None:
        if self.report is not None:
            self.report(
                Step(
                    settled=self._settled,
                    images=len(self.images),
                    step=int(pool.step.max()) - 1,
                    steps=self.plan.steps,
                    searching=len(pool.image.unique()),
                    loss=float(pool.best.median()),
                )
            )


def _reason(error: Exception) -> str:
    if ran_out_of_memory(error):
        return "a search does not fit into memory even for this image alone: use checkpointing, bfloat16 or a crop"
    return str(error) if isinstance(error, ImageError) else f"asking the model failed: {type(error).__name__}: {error}"
