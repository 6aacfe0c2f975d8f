"""Ask the model about images of one size, whatever happens: memory that runs out, an image that spoils its batch."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import torch

from wherefrom.core.arrays import Scores, Vector
from wherefrom.core.errors import ImageError, UsageError, WherefromError
from wherefrom.core.seeds import seeds_of
from wherefrom.images.batches import to_images
from wherefrom.methods.base import Method
from wherefrom.models.base import Model
from wherefrom.scoring._batching import BatchSize, Item

__all__ = ["Answers", "ask"]

_log: Final = logging.getLogger(__name__)
_NO_MEMORY: Final = ("out of memory", "can't allocate memory", "not enough memory", "ALLOC_FAILED")


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


def ask(items: Sequence[Item], *, model: Model, method: Method[Any], seed: int, sizes: BatchSize) -> Answers:
    """Ask about images of one size. A batch that does not fit is halved; one that fails is asked image by image.

    Args:
        items: at least one image, all of one size.
        model: asked on its device.
        method: what is asked.
        seed: the root seed.
        sizes: learns from what happens.

    Raises:
        WherefromError: what no image is to blame for, as a model that lacks what the method needs or a missing extra.
    """
    columns: tuple[str, ...] = ()
    answers = Answers()
    todo = [list(items)]
    while todo:
        batch = todo.pop()
        most = sizes.of(batch[0].size)
        if len(batch) > most:
            todo += [batch[most:], batch[:most]]
            continue
        outcome = _attempt(batch, model, method, seed, sizes)
        if isinstance(outcome, Scores):
            columns = _settle(batch, outcome, method, answers) or columns
        elif len(batch) == 1:
            answers.errors[batch[0].digest] = _reason(outcome, batch[0], model)
        elif _no_memory(outcome):
            sizes.overflowed(batch[0].size, len(batch))
            todo.append(batch)
        else:
            todo += [[item] for item in reversed(batch)]
    return Answers(columns=columns, rows=answers.rows, errors=answers.errors)


def _attempt(batch: list[Item], model: Model, method: Method[Any], seed: int, sizes: BatchSize) -> Scores | Exception:
    """The batch's columns, or what was raised for its images' sake."""
    start = time.perf_counter()
    try:
        images = to_images([item.pixels for item in batch]).to(model.device)
        scores = method.scores(model, images, seeds_of(seed, [item.digest for item in batch]))
    except ImageError as error:
        return error
    except WherefromError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever one image does to a model, the others go on
        if not _no_memory(error):
            return error
        failure = error.with_traceback(None)  # its frames hold the tensors that did not fit
    else:
        if len(scores) != len(batch):
            raise UsageError(f"method {method.card.name!r} gave {len(scores)} rows for {len(batch)} images")
        sizes.measured(batch[0].size, len(batch), time.perf_counter() - start)
        return scores
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return failure


def _settle(batch: list[Item], scores: Scores, method: Method[Any], answers: Answers) -> tuple[str, ...]:
    """Sort rows into numbers and errors; gives the columns' names where any row has numbers.

    Every number must be finite; NaN is allowed in the columns that the measure's card lists under `undefined`.
    """
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
    return scores.names if any(item.digest in answers.rows for item in batch) else ()


def _no_memory(error: Exception) -> bool:
    """Whether memory ran out, on whatever device."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _NO_MEMORY)


def _reason(error: Exception, item: Item, model: Model) -> str:
    """Why an image that was asked alone has no numbers."""
    height, width = item.size
    if _no_memory(error):
        return (
            f"an image of {width} x {height} pixels does not fit into the memory of {model.device} even alone:"
            " use bfloat16, a device with more memory, or a crop"
        )
    if isinstance(error, ImageError):
        return str(error)
    _log.error("asking about an image of %d x %d pixels failed", width, height, exc_info=error)
    return f"asking the model failed: {type(error).__name__}: {error}"
