"""What takes long in one part of the demo: make its images, score them, and keep the profile and the scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from wherefrom.cli._forms import FIGURE, PROFILE, SCORES, VERDICTS
from wherefrom.cli._outputs import Output

if TYPE_CHECKING:
    from wherefrom.cli._exhibits import Exhibits
    from wherefrom.cli._progress import Show
    from wherefrom.methods.base import Method

__all__ = ["Part"]

_FORMS: Final = {"profile.json": PROFILE, "scores.parquet": SCORES, "verdicts.csv": VERDICTS, "figure.png": FIGURE}


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """What is asked in one part of the demo. It holds names and no model, so that another process can be sent it.

    Attributes:
        title: printed above what came out.
        make: makes the images from the model, the other model and what draws the progress, as `make_exhibits`.
        model: name of the model that is profiled.
        other: name of the model that makes non-belongings.
        method: what the model is asked.
        device: where both models run.
        out: the part's folder.
        store: where scores are kept.
    """

    title: str
    make: Callable[..., Exhibits]
    model: str
    other: str
    method: Method[Any]
    device: str
    out: Path
    store: Path

    @staticmethod
    def outputs(out: Path) -> list[Output]:
        """The files that a part leaves in its folder beside images."""
        return [Output("--out-dir", out / name, form) for name, form in _FORMS.items()]

    def measure(self, show: Show) -> Exhibits:
        """Leave `profile.json` and `scores.parquet` in the part's folder; returns the images.

        Args:
            show: draws the progress.

        Raises:
            WherefromError: as `make_exhibits`, `score` and `calibrate`.
        """
        with show("loading the models"):
            from wherefrom.cli._work import Work
            from wherefrom.judging import calibrate
            from wherefrom.models.load import load_model
            from wherefrom.records.files import save_profile, save_table

            model, other = (load_model(name, device=self.device) for name in (self.model, self.other))
        made = self.make(model, other, show=show)
        work = Work(store=self.store, quiet=True, show=show)
        # All at once: many searches go on side by side, and would thin out at the end of each set of images.
        work.score(made.every, model=model, method=self.method, label="scoring all images")
        known, mixed = (
            work.score(paths, model=model, method=self.method, label="reading the scores")
            for paths in (made.belonging, made.mixed)
        )
        pools = {
            name: work.score(paths, model=model, method=self.method, label="reading the scores")
            for name, paths in made.pools.items()
        }
        save_profile(calibrate(belonging=known, foreign=pools), self.out / "profile.json")
        save_table(mixed, self.out / "scores.parquet")
        return made
