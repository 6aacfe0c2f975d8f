"""One evaluation of many problems: decode, measure, gradient with respect to latents alone; halved where too large."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import torch
from torch.utils.checkpoint import checkpoint

from wherefrom.core.errors import ImageError, ModelError
from wherefrom.core.tensors import Images, Latents
from wherefrom.inversion.search import Search
from wherefrom.models.adapters.arithmetic import exact, ran_out_of_memory
from wherefrom.models.base import Autoencoder, Decoder

__all__ = ["Evaluation", "Evaluator"]

_PIXELS: Final = {"cpu": 2**15, "other": 2**20}  # of one evaluation, where the model does not state its width


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """What was measured at some latents.

    Attributes:
        measured: loss of the clamped output, `(p,)` float64.
        loss: what is minimised, `(p,)` float64.
        gradient: of each problem's own loss, the latents' shape; None where none was asked for.
    """

    measured: torch.Tensor
    loss: torch.Tensor
    gradient: torch.Tensor | None

    @staticmethod
    def joined(parts: list[Evaluation]) -> Evaluation:
        """Several, one after another."""
        if len(parts) == 1:
            return parts[0]
        gradients = [part.gradient for part in parts if part.gradient is not None]
        return Evaluation(
            measured=torch.cat([part.measured for part in parts]),
            loss=torch.cat([part.loss for part in parts]),
            gradient=torch.cat(gradients) if gradients else None,
        )


@dataclass(kw_only=True, slots=True)
class Evaluator:
    """Evaluates a decoder at latents, at most `width` at a time.

    Attributes:
        model: not changed; its weights get no gradient.
        search: what is minimised, and how much memory it may take.
        size: `(height, width)` of the images.
        width: latents an evaluation: on a CPU the model's own `width` where it states one, else by pixels; halved for
            good when memory runs out.
    """

    model: Decoder
    search: Search
    size: tuple[int, int]
    width: int = field(init=False)

    def __post_init__(self) -> None:
        """Take the model's width, or estimate it."""
        on_cpu = self.model.device.type == "cpu"
        own_width = getattr(self.model, "width", None) if on_cpu else None
        pixels = _PIXELS["cpu" if on_cpu else "other"]
        self.width = (
            own_width
            if isinstance(own_width, int) and own_width > 0
            else max(1, pixels // (self.size[0] * self.size[1]))
        )

    def evaluate(self, latents: Latents, targets: Images, encoded: Latents | None, *, last: bool) -> Evaluation:
        """Losses, and where the search goes on the gradient, of `(p, ...)` latents against `(p, 3, h, w)` targets.

        Args:
            latents: anything that the model decodes.
            targets: one a latent.
            encoded: the encoder's latents of the targets, for a gradient-free search.
            last: nothing follows, so no gradient is needed.

        Raises:
            ImageError: when the decoder gives images of another size.
            ModelError: when the decoder's images carry no gradient.
        """
        parts: list[Evaluation] = []
        done = 0
        while done < len(latents):
            rows = slice(done, done + self.width)
            try:
                part = self._evaluate(
                    latents[rows], targets[rows], None if encoded is None else encoded[rows], last=last
                )
            except (RuntimeError, MemoryError) as error:
                if not ran_out_of_memory(error) or self.width == 1 or len(latents[rows]) == 1:
                    raise
                self.width = max(1, min(self.width, len(latents[rows])) // 2)
                if torch.cuda.is_available():
                    torch.cuda.empty_cache()
                continue
            parts.append(part)
            done += len(part.measured)
        return Evaluation.joined(parts)

    def _evaluate(self, latents: Latents, targets: Images, encoded: Latents | None, *, last: bool) -> Evaluation:
        with exact(self.model.device):
            if last or self.search.optimiser.by_encoder:
                return self._without_gradient(latents, targets, encoded)
            with torch.inference_mode(mode=False), torch.enable_grad():  # whatever the caller is in
                asked = latents.detach().clone().requires_grad_()
                decoded = self._decode(asked, targets)
                loss = self.search.distance.between(decoded.clamp(0, 1) if self.search.clamped else decoded, targets)
                if not loss.requires_grad:
                    raise ModelError(
                        f"images of {self.model.card.name} carry no gradient back to their latents: let its decode run"
                        " without no_grad, inference_mode and detach, or search gradient-free where it has an encoder"
                    )
                (gradient,) = torch.autograd.grad(loss.sum(), asked)
        measured = loss.detach() if self.search.clamped else self._measured(decoded.detach(), targets, loss.detach())
        return Evaluation(measured=measured, loss=loss.detach(), gradient=gradient)

    def _without_gradient(self, latents: Latents, targets: Images, encoded: Latents | None) -> Evaluation:
        with torch.no_grad():
            decoded = self._decode(latents, targets)
            loss = self.search.distance.between(decoded.clamp(0, 1) if self.search.clamped else decoded, targets)
            measured = self._measured(decoded, targets, loss)
            residual = None
            if encoded is not None and isinstance(self.model, Autoencoder):
                residual = self.model.encode(decoded) - encoded
        return Evaluation(measured=measured, loss=loss, gradient=residual)

    def _measured(self, decoded: Images, targets: Images, loss: torch.Tensor) -> torch.Tensor:
        """The clamped output's loss, which is the other one where nothing is clamped."""
        with torch.no_grad():
            clamped = decoded.clamp(0, 1)
            return loss if torch.equal(clamped, decoded) else self.search.distance.between(clamped, targets)

    def _decode(self, latents: Latents, targets: Images) -> Images:
        decoded: Images = (
            checkpoint(self.model.decode, latents, use_reentrant=False)
            if self.search.checkpointing and latents.requires_grad
            else self.model.decode(latents)
        )
        if decoded.shape[1:] != targets.shape[1:]:
            height, width = decoded.shape[2:] if decoded.ndim == 4 else (0, 0)
            raise ImageError(
                f"the decoder gave {width} x {height} pixels (shape {tuple(decoded.shape)}) for an image of"
                f" {targets.shape[3]} x {targets.shape[2]}: crop the image to what the model makes"
            )
        return decoded
