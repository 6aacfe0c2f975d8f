"""What a table works with: models, images of every kind as PNG under one folder, and scores that are kept."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from wherefrom.bench.shared import pictures
from wherefrom.bench.shared.keys import digest_of, key_of
from wherefrom.bench.shared.rows import ALPHA, Row, row_of
from wherefrom.bench.shared.scored import mean_calls, profile_of, read_as
from wherefrom.bench.shared.setting import Setting, label
from wherefrom.core.errors import UsageError
from wherefrom.evaluation import evaluate
from wherefrom.images import edits
from wherefrom.images.labels import slug
from wherefrom.images.read import read_image
from wherefrom.images.sources import load_images
from wherefrom.making import draws, made_folder, round_trips
from wherefrom.methods.relative import Relative
from wherefrom.models.load import load_model
from wherefrom.profiling.conditions import behind
from wherefrom.scoring.run import score

if TYPE_CHECKING:
    from wherefrom.methods.base import Method
    from wherefrom.records.profile import Profile
    from wherefrom.records.table import ScoreTable

__all__ = ["Paths", "Workspace"]

_SEED: Final = 2026
Paths = Sequence[Path]


@dataclass(slots=True)
class Workspace:
    """Makes what a table asks for, once.

    Attributes:
        setting: what it was given.
        skipped: what was left out, and why.
    """

    setting: Setting
    skipped: list[str] = field(default_factory=list)
    _models: dict[str, Any] = field(default_factory=dict)
    _sources: dict[Path, str] = field(default_factory=dict)

    def skip(self, what: str) -> None:
        """Say that something is left out; said once."""
        if what not in self.skipped:
            self.skipped.append(what)

    def chosen(self, every: Sequence[str]) -> list[str]:
        """Those of a table's models that are asked.

        Raises:
            UsageError: when models were named, and none of these.
        """
        names = [name for name in every if name in self.setting.asked]
        if self.setting.asked and not names:
            raise UsageError(f"--ask {self.setting.asked[0]} is none of {', '.join(every)}, which this table asks")
        return names or list(every)

    def model(self, name: str) -> Any:
        """The model of that name, loaded once."""
        if name not in self._models:
            self._models[name] = load_model(name, device=self.setting.device, dtype=self.setting.dtype)
        return self._models[name]

    def known(self, name: str) -> Paths:
        """Draws of a model that make its cuts."""
        return self.draws(name, range(self.setting.count))

    def own(self, name: str) -> Paths:
        """Further draws of a model, to be judged, by itself and by others."""
        return self.draws(name, range(self.setting.count, 2 * self.setting.count))

    def draws(self, name: str, places: range, *, size: int | None = None, seed: int = _SEED) -> Paths:
        """Draws of a model by their places; those of one place, size and seed are always the same.

        Args:
            name: of the model.
            places: which of its draws.
            size: pixels a side of a latent model's; None: the setting's.
            seed: of all of them.
        """
        model, side = self.model(name), size or self.setting.size
        shape = None if model.size is not None else (side, side)
        folder = self.folder(f"{label(name)}{'' if shape is None else f'-{side}'}", model.card.digest, seed)
        with self.setting.shown(f"drawing with {label(name)}") as report:
            images = draws(
                model,
                folder=folder,
                places=places,
                seed=seed,
                size=shape,
                batch=getattr(model, "width", 1),
                report=report,
            )
        return [image.path for image in images if image.path is not None]

    def cifar(self, part: str) -> Paths | None:
        """CIFAR-10's first images of `train` or `test`; None where the data set is not at hand."""
        if self.setting.cifar10 is None:
            self.skip(f"CIFAR-10's {part} images: give --cifar10 DIR")
            return None
        table = self.setting.cifar10 / f"{part}.parquet"
        content = self._digest(table) if table.is_file() else ""
        return pictures.of_parquet(table, self.folder(f"cifar10-{part}", content), self.setting.count)

    def photos(self, size: int, *, profiled: bool = False, tiles: bool = False) -> Paths:
        """Photos of one size, to be judged; with `profiled`, others, to make profiles with.

        Args:
            size: pixels a side.
            profiled: which half of the photos.
            tiles: cut up, whatever the setting says.
        """
        count, source, cut_up = self.setting.count, self.setting.photos, tiles or self.setting.tiles
        if source is None:
            folder = self.folder(f"photos-{size}", "embedded")
            self.skip("photos are tiles of those in scikit-image and scikit-learn, which are alike: give --photos DIR")
            return pictures.embedded(folder, size, count, profiled=profiled)
        folder = self.folder(f"photos-{size}", "tiles" if cut_up else "photos", self._digest(source))
        if cut_up:
            return pictures.tiled(source, folder, size, count, profiled=profiled)
        every = pictures.of_photos(source, folder, size, 2 * count)
        return every[:count] if profiled else every[count:]

    def unseen(self, size: int) -> dict[str, Paths]:
        """Real images that no generator was trained on, by name: CIFAR-10's test set where it fits, else photos."""
        if size == pictures.CIFAR and (test := self.cifar("test")) is not None:
            return {"CIFAR-10, test": test}
        return {"photos": self.photos(size)}

    def passed(self, name: str, images: Paths) -> Paths:
        """Images passed once through an autoencoder.

        Args:
            name: of the autoencoder.
            images: files.
        """
        folder = self.folder(f"through-{label(name)}-{self.setting.size}", self.model(name).card.digest)
        with self.setting.shown(f"passing images through {label(name)}") as report:
            passed = round_trips(self.model(name), list(images), folder=folder, report=report)
        return [image.path for image in passed if image.path is not None]

    def edited(self, images: Paths, edit: str) -> Paths:
        """Copies of images that went through an edit, as `jpeg:75`; the images themselves for `none`."""
        if edit == "none":
            return images
        operator = edits.load(edit)
        paths = []
        for image in images:
            origin = image.parent.relative_to(self.setting.work / "images")
            folder = self.folder(f"{'-'.join(origin.parts)}-{slug(edit)}", operator.name)
            place = folder / f"{image.stem}-{digest_of([image])[:8]}"
            path = place.with_name(f"{place.name}{operator.suffix}")
            paths.append(path if path.exists() else operator.write(read_image(image).pixels, place))
        return paths

    def folder(self, name: str, *came_from: object) -> Path:
        """The folder of images that came from all this; another source, model, edit or code has another folder."""
        return made_folder(self.setting.work / "images" / f"{name}-{key_of(name, *came_from)}")

    def _digest(self, source: Path) -> str:
        """Of a file, or of every image below a folder; taken once."""
        if source not in self._sources:
            files = [source] if source.is_file() else pictures.listed(source)
            self._sources[source] = digest_of(files, None if source.is_file() else source)
        return self._sources[source]

    def table(
        self,
        name: str,
        method: Method[Any],
        images: Paths,
        *,
        asked: Method[Any] | None = None,
        kept: bool = True,
        through: str | None = None,
    ) -> ScoreTable:
        """Scores of images under a model by a method, a row an image; from the store where they are known.

        Args:
            name: of the model.
            method: whose columns and statistic are wanted.
            images: paths.
            asked: a method whose question has these columns among others, so that the model is asked once for several
                methods; None: the method itself.
            kept: whether the store is used.
            through: an edit, of which the model is asked through the part that moves pixels; None: as it is.
        """
        if asked is not None:
            return read_as(self.table(name, asked, images, kept=kept, through=through), method)
        if isinstance(method, Relative):
            return self._relative(name, method, images, kept=kept)
        store = self.setting.work / "scores.sqlite" if kept else None
        with self.setting.shown(f"{label(name)}, {method.card.name}") as report:
            model = self.model(name) if through is None else behind(self.model(name), edits.load(through))
            return score(load_images(*images), model=model, method=method, store=store, progress=report)

    def _relative(self, name: str, method: Relative, images: Paths, *, kept: bool) -> ScoreTable:
        """What is relative to a reference is asked as two questions, so that tables share both."""
        method.check(self.model(name), self.model(method.reference))
        alone, other = method.parts
        reference = self.table(method.reference, other, images, kept=kept)
        own = self.table(name, alone, images, kept=kept)
        return replace(read_as(own, method), scores=method.joined(own.scores, reference.scores))

    def profile(
        self,
        name: str,
        method: Method[Any],
        known: Paths,
        *,
        asked: Method[Any] | None = None,
        through: str | None = None,
    ) -> Profile:
        """A profile of a model's known belongings; a method that learns does so from every other one of them.

        Args:
            name: of the model.
            method: whose statistic is taken.
            known: files of belongings.
            asked: what the model was asked, where that is another method.
            through: as in `table`.
        """
        return profile_of(method, self.table(name, method, known, asked=asked, through=through))

    def compare(
        self,
        name: str,
        method: Method[Any],
        *,
        known: Paths,
        own: Paths,
        others: Mapping[str, Paths],
        how: str,
        paper: float | Mapping[str, float | None] | None = None,
        rules: Sequence[str] = ("grubbs", "conformal"),
        asked: Method[Any] | None = None,
        profiled_by: Method[Any] | None = None,
        through: str | None = None,
    ) -> list[Row]:
        """A row for each kind of others: images are scored, a profile is made, the rest is judged and counted.

        Args:
            name: the model that is asked.
            method: how it is asked.
            known: its belongings that the profile is made of; see `profile`.
            own: its belongings to judge.
            others: other images to judge, by name.
            how: what the rows say of the method.
            paper: the paper's accuracy in per cent, one for all or by the others' names.
            rules: by which images are judged.
            asked: of the images to judge, as in `table`.
            profiled_by: of the known belongings, as `asked`; None: the same.
            through: an edit that all images went through, as in `table`.
        """
        scored = partial(self.table, name, method, asked=asked, through=through)
        judged, foreign = scored(own), {other: scored(images) for other, images in others.items()}
        evaluations = evaluate(
            self.profile(name, method, known, asked=profiled_by or asked, through=through),
            belonging=judged,
            foreign=foreign,
            rules=rules,
            alpha=ALPHA,
            method=method,
        )
        figures = paper if isinstance(paper, Mapping) else dict.fromkeys(others, paper)
        return [
            row_of(
                evaluation,
                model=label(name),
                against=other,
                how=how,
                paper=figures.get(other),
                calls=mean_calls([judged, foreign[other]]),
            )
            for other, evaluation in evaluations.items()
        ]

    def seconds(self, name: str, method: Method[Any], images: Paths) -> float:
        """Seconds an image, nothing taken from the store.

        Args:
            name: of the model.
            method: that is timed.
            images: files.
        """
        started = time.perf_counter()
        self.table(name, method, images, kept=False)
        return (time.perf_counter() - started) / len(images)
