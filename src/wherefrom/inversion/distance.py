"""What a search minimises, as a value: how far an image is from another one."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wherefrom.core.errors import UsageError
from wherefrom.core.options import check_types
from wherefrom.core.units import Metric

if TYPE_CHECKING:
    import torch

    from wherefrom.core.tensors import Images

__all__ = ["Distance"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Distance:
    """How far images are from others, 0 where two are equal.

    Attributes:
        metric: one of `wherefrom.core.units.METRICS`.
        backbone: of `lpips`: file with torchvision's weights of AlexNet; None: where torch keeps what it downloads.
        quality: of `jpeg`: the JPEG's, 1 to 100, as libjpeg counts.

    Raises:
        UsageError: when an option is outside its range, or goes with another metric.
    """

    metric: Metric = "mse"
    backbone: str | None = None
    quality: int | None = None

    def __post_init__(self) -> None:
        """Refuse what goes with another metric, and a JPEG without its quality."""
        check_types(self)
        if self.backbone is not None and self.metric != "lpips":
            raise UsageError(f"backbone={self.backbone!r} goes with metric='lpips', not {self.metric!r}: leave it out")
        if self.metric == "jpeg" and self.quality not in range(1, 101):
            raise UsageError(f"quality={self.quality!r} with metric='jpeg', need the JPEG's, 1 to 100")
        if self.metric != "jpeg" and self.quality is not None:
            raise UsageError(f"quality={self.quality!r} goes with metric='jpeg', not {self.metric!r}: leave it out")

    def between(self, decoded: Images, targets: Images) -> torch.Tensor:
        """The distance of each of `(n, 3, h, w)` images to its target, `(n,)` float64.

        Args:
            decoded: images that are measured.
            targets: of the same shape.
        """
        return self._function()(decoded, targets)

    def _function(self) -> Callable[[Images, Images], torch.Tensor]:
        from wherefrom.measures.distances import lpips, mae, mse, ssim
        from wherefrom.measures.jpeg_cells import cell_distance
        from wherefrom.measures.recolour import recoloured

        if self.metric == "jpeg":
            assert self.quality is not None  # or this value had been refused
            return functools.partial(cell_distance, quality=self.quality)
        if self.metric == "ssim":
            return lambda decoded, targets: 1 - ssim(decoded, targets)
        if self.metric == "lpips":
            return functools.partial(lpips, weights=self.backbone)
        return {"mse": mse, "mae": mae, "recoloured": recoloured}[self.metric]
