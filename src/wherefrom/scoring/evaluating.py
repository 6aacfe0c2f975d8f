"""Ask the model about images of one size, whatever happens: memory that runs out, an image that spoils its batch."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from wherefrom.core.arrays import Scores, Vector
from wherefrom.core.errors import ImageError, UsageError, WherefromError
from wherefrom.core.seeds import seeds_of
from wherefrom.images.batches import to_device
from wherefrom.methods.base import Gradual, Method
from wherefrom.models.adapters.arithmetic import ran_out_of_memory
from wherefrom.models.base import Model
from wherefrom.scoring.batching import BatchSize, Item
from wherefrom.scoring.memory import BatchMemory

if TYPE_CHECKING:
    from wherefrom.inversion.results import Step

__all__ = ["Answers", "evaluate"]

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """What came of asking, by pixel digest: numbers for some images, the reason for the others.

    Attributes:
        columns: the numbers' names, in order; empty where no image has numbers.
        rows: one number a column.
        errors: why an image has none.
    """

    columns: tuple[str, ...] = ()
    rows: dict[str, Vector] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def evaluate(
    items: Sequence[Item],
    *,
    model: Model,
    method: Method[Any],
    seed: int,
    sizes: BatchSize,
    report: Callable[[Step], None] | None = None,
) -> Iterator[Answers]:
    """Ask about images of one size; yields answers as they come, every image once.

    A batch that does not fit is halved; one that fails is asked image by image, but for those that have been answered.

    Args:
        items: at least one image, all of one size.
        model: asked on its device.
        method: what is asked.
        seed: the root seed.
        sizes: learns from what happens.
        report: told how far a method is that takes long an image.

    Raises:
        WherefromError: what no image is to blame for, as a model that lacks what the method needs or a missing extra.
    """
    todo = [list(items)]
    while todo:
        batch = todo.pop()
        most = sizes.of(batch[0].size)
        if len(batch) > most:
            todo += [batch[most:], batch[:most]]
            continue
        answered: set[str] = set()
        failure = yield from _attempt(batch, answered, model, method, seed, sizes, report)
        if failure is not None and len(batch) == 1:
            yield Answers(errors={batch[0].digest: _reason(failure, batch[0], model)})
        elif failure is not None:
            todo += _again([item for item in batch if item.digest not in answered], failure, sizes)


def _attempt(
    batch: list[Item],
    answered: set[str],
    model: Model,
    method: Method[Any],
    seed: int,
    sizes: BatchSize,
    report: Callable[[Step], None] | None,
) -> Generator[Answers, None, Exception | None]:
    """Yields what comes of a batch, noting whose it is; returns what was raised for its images' sake."""
    start, memory = time.perf_counter(), BatchMemory(model.device)
    try:
        for answers in _answers(batch, model, method, seed, report):
            answered |= set(answers.rows) | set(answers.errors)
            yield answers
    except ImageError as error:
        return error
    except WherefromError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever one image does to a model, the others go on
        return error.with_traceback(None) if ran_out_of_memory(error) else error  # frames hold what did not fit
    if not isinstance(method, Gradual):
        sizes.measured(batch[0].size, len(batch), time.perf_counter() - start, memory=memory.share())
    return None


def _again(unanswered: list[Item], failure: Exception, sizes: BatchSize) -> list[list[Item]]:
    """How to ask again about images whose batch failed: fewer at a time where memory ran out, else one by one."""
    if not ran_out_of_memory(failure) or len(unanswered) == 1:
        return [[item] for item in reversed(unanswered)]
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    sizes.overflowed(unanswered[0].size, len(unanswered))
    return [unanswered]


def _answers(
    batch: list[Item], model: Model, method: Method[Any], seed: int, report: Callable[[Step], None] | None
) -> Iterator[Answers]:
    """What the method says of a batch: all at once, or an image at a time where it takes long."""
    images = to_device([item.pixels for item in batch], model.device)
    seeds = seeds_of(seed, [item.digest for item in batch])
    if not isinstance(method, Gradual):
        scores = method.scores(model, images, seeds)
        if len(scores) != len(batch):
            raise UsageError(f"method {method.card.name!r} gave {len(scores)} rows for {len(batch)} images")
        yield _settle(batch, scores, method)
        return
    for settled in method.settle(model, images, seeds, report=report):
        item = batch[settled.row]
        if settled.scores is None:
            yield Answers(errors={item.digest: settled.error or "the method gave no reason"})
        else:
            yield _settle([item], settled.scores, method)


def _settle(batch: list[Item], scores: Scores, method: Method[Any]) -> Answers:
    """Sort rows into numbers and errors.

    Every number must be finite; NaN is allowed in the columns that the measure's card lists under `undefined`.
    """
    answers = Answers(columns=scores.names)
    allowed = method.measure.facts.get("undefined") or ()
    table = scores.matrix(scores.names)
    may_be_nan = np.array([isinstance(allowed, tuple) and name in allowed for name in scores.names], dtype=np.bool_)
    fine = np.isfinite(table) | (np.isnan(table) & may_be_nan)
    for item, row, good in zip(batch, table, fine, strict=True):
        if good.all():
            answers.rows[item.digest] = row
        else:
            bad = ", ".join(f"{scores.names[i]} = {row[i]}" for i in np.flatnonzero(~good)[:3])
            answers.errors[item.digest] = (
                f"the model's output is not finite ({bad}): ask in float32, or leave this image out"
            )
    return answers


def _reason(error: Exception, item: Item, model: Model) -> str:
    """Why an image that was asked alone has no numbers."""
    height, width = item.size
    if ran_out_of_memory(error):
        return (
            f"an image of {width} x {height} pixels does not fit into the memory of {model.device} even alone:"
            " use bfloat16, a device with more memory, or a crop"
        )
    if isinstance(error, ImageError):
        return str(error)
    _log.error("asking about an image of %d x %d pixels failed", width, height, exc_info=error)
    return f"asking the model failed: {type(error).__name__}: {error}"
