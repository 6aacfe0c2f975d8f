"""Under which prefix an autoencoder's tensors stand in a file, and what programs put between their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

__all__ = ["USUAL", "bare", "own_names"]

_WRAPPERS: Final = re.compile(
    r"(?:(?<=\.)|^)(module|_orig_mod|_forward_module|_fsdp_wrapped_module|_checkpoint_wrapped_module)\."
)
"""Names of modules that programs wrap around others: DataParallel, torch.compile, Lightning Fabric, FSDP."""
_TINY: Final = re.compile(r"(?:(?<=\.)|^)tae\w*_(encoder|decoder)\.(?=\d)")
"""The halves of a tiny autoencoder that was saved as one file."""
USUAL: Final = ("", "first_stage_model.", "vae.", "model.first_stage_model.")
"""Prefixes under which the autoencoder is meant that a checkpoint's images come from, whatever others it holds."""
_MARKS: Final = re.compile(
    r"(?P<prefix>.+\.)(encoder|decoder)"
    r"\.(conv_in|layers\.0|middle\.0\.residual\.0|project_in\.conv|1)\.(weight|gamma)"
)
"""A tensor that nearly every autoencoder has, under any prefix."""


def bare(name: str) -> str:
    """A tensor's name without what programs wrap around modules.

    Args:
        name: as the file has it.
    """
    return _TINY.sub(r"\1.", _WRAPPERS.sub("", name))


def own_names(names: Iterable[str], part: str | None = None) -> Iterator[tuple[str, dict[str, str]]]:
    """Prefixes under which an autoencoder may stand, the usual ones first, with the names below each.

    Args:
        names: of all tensors in a file.
        part: the prefix that is meant, without its last dot; None is any.

    Returns:
        Of each prefix that something stands under: it, and the file's names by the names behind it.
    """
    all_names = list(names)
    short = {bare(name): name for name in all_names}
    if len(short) != len(all_names):  # two names that differ in a wrapper alone
        short = {name: name for name in all_names}
    prefixes_seen = sorted(
        {match["prefix"] for name in short if (match := _MARKS.fullmatch(name))}, key=lambda one: (len(one), one)
    )
    prefixes = dict.fromkeys((*USUAL, *prefixes_seen)) if part is None else {f"{bare(part + '.')}": None}
    for prefix in prefixes:
        below = {name[len(prefix) :]: file_name for name, file_name in short.items() if name.startswith(prefix)}
        if below:
            yield prefix, below
