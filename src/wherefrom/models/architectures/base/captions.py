"""Embedded captions: from a file, or left open; with how their share of a latent is laid out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch

from wherefrom.core.errors import ModelError, UsageError
from wherefrom.models.architectures.base import Config
from wherefrom.models.architectures.base.options import SEARCH, choice, whole
from wherefrom.models.checkpoints.digest import digest
from wherefrom.models.checkpoints.read import read_weights

__all__ = ["OPTIONS", "Caption", "augmented", "caption_of"]

OPTIONS: Final[Mapping[str, str]] = {
    "text": "file with the caption's embeddings (.npy, .safetensors), or search for a caption that is not known;"
    " default search",
    "row": "which caption of the file, from 0; default the only one",
    "eps": "0 for the mean of the conditioning, or search to make its noise part of the latent; default 0",
    "scale": "side in pixels of the stage whose image is wanted; default the largest",
}
"""Options of generators that are told a caption."""

_EPS: Final = ("0", SEARCH)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Caption:
    """A caption's embeddings.

    Attributes:
        sentence: `(d,)` float32.
        words: `(d, words)` float32; None where the file has none.
        padding: `(words,)` true where there is no word; None where the file has no words.
    """

    sentence: torch.Tensor
    words: torch.Tensor | None = None
    padding: torch.Tensor | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of the embeddings."""
        parts = {"sentence": self.sentence, "words": self.words, "padding": self.padding}
        return digest({name: part.float() for name, part in parts.items() if part is not None})


def augmented(config: Config) -> bool:
    """Whether the noise of the conditioning is searched; else it is 0, so that c is its mean.

    Raises:
        UsageError: when the option `eps` is neither.
    """
    return choice({"eps": str(config.get("eps", 0))}, "eps", _EPS) == SEARCH


def caption_of(config: Config, *, sentence: int, words: bool) -> Caption | None:
    """The caption that the option `text` names; None where it is to be searched.

    Args:
        config: with the options `text` and `row`.
        sentence: features of a sentence's embedding, and of a word's.
        words: whether the generator reads words.

    Raises:
        ModelError: when the file cannot be read, or holds embeddings of another model.
        UsageError: when it holds several captions and no `row` says which, or a row that is not there.
    """
    text = config.get("text", SEARCH)
    if text == SEARCH:
        return None
    path = Path(str(text)).expanduser()
    arrays = _read(path)
    if "sent_emb" not in arrays:
        raise ModelError(
            f"{path} holds {', '.join(sorted(arrays)) or 'nothing'}, need sent_emb, a sentence's embedding"
        )
    caption = Caption(sentence=_row(arrays["sent_emb"], 1, config, path).float())
    if tuple(caption.sentence.shape) != (sentence,):
        shape = tuple(caption.sentence.shape)
        raise ModelError(
            f"{path} has sent_emb of shape {shape}, this generator reads {sentence} features: embed the caption by the"
            " text encoder that it was trained with"
        )
    return _with_words(caption, arrays, config, path) if words else caption


def _with_words(caption: Caption, arrays: Mapping[str, torch.Tensor], config: Config, path: Path) -> Caption:
    if "words_emb" not in arrays:
        raise ModelError(f"{path} holds {', '.join(sorted(arrays))}, need words_emb too: this generator reads words")
    words = _row(arrays["words_emb"], 2, config, path).float()
    mask = arrays.get("mask")
    padding = (
        torch.zeros(words.shape[1], dtype=torch.float32, device="cpu") if mask is None else _row(mask, 1, config, path)
    )
    if len(words) != len(caption.sentence) or len(padding) != words.shape[1]:
        raise ModelError(
            f"{path} has words_emb {tuple(words.shape)} and mask {tuple(padding.shape)} beside a sentence of"
            f" {len(caption.sentence)} features: need ({len(caption.sentence)}, words) and (words)"
        )
    if padding.bool().all():
        raise ModelError(f"{path} has a mask that hides all {len(padding)} words: need at least one word")
    return Caption(sentence=caption.sentence, words=words, padding=padding.bool())


def _read(path: Path) -> dict[str, torch.Tensor]:
    if path.suffix == ".safetensors":
        return read_weights(path)
    if path.suffix != ".npy":
        raise UsageError(f"text={str(path)!r}, need a .npy or .safetensors file of embeddings, or {SEARCH!r}")
    try:
        return {"sent_emb": torch.from_numpy(np.array(np.load(path, allow_pickle=False), dtype=np.float32))}
    except (OSError, ValueError, TypeError) as error:
        raise ModelError(f"{path} cannot be read as an array of numbers: {error}") from error


def _row(array: torch.Tensor, axes: int, config: Config, path: Path) -> torch.Tensor:
    """One caption's share of an array that may hold several, one a row."""
    if array.ndim == axes:
        return array
    if array.ndim != axes + 1:
        raise ModelError(
            f"{path} holds an array of shape {tuple(array.shape)}, need {axes} axes, or one more of captions"
        )
    row = whole(config, "row", below=len(array))
    if row is None and len(array) != 1:
        raise UsageError(f"{path} holds {len(array)} captions: say which one by row=0 to row={len(array) - 1}")
    return array[row or 0]
