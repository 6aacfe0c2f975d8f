"""A pipeline of diffusers as it lies in a folder: its class, its parts, what of it would be opened. No torch."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from wherefrom.core.errors import ModelError
from wherefrom.models.checkpoints.configs import read_json
from wherefrom.models.checkpoints.suffixes import PICKLED, suffix_of

__all__ = ["PIPELINE_INDEX", "PipelineFolder", "lacking", "opened", "parts_of", "read_folder", "variant_of"]

PIPELINE_INDEX: Final = "model_index.json"
"""The file that names a pipeline's class and parts."""

_VARIANTS: Final = ("fp16", "bf16")
_PLAIN_FILES: Final = frozenset({".json", ".jinja", ".model", ".txt"})
_WEIGHTS: Final = ".safetensors"
_SHARD: Final = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<total>\d{5})\.safetensors")
_WEIGHTLESS: Final = ("Scheduler", "Extractor", "Processor", "ImageProcessorFast", "Tokenizer", "TokenizerFast")
_VOCABULARIES: Final = (
    *({name} for name in ("tokenizer.json", "vocab.txt", "spiece.model", "tokenizer.model", "sentencepiece.bpe.model")),
    {"vocab.json", "merges.txt"},
)

Parts = Mapping[str, tuple[str, str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class PipelineFolder:
    """A folder that diffusers can open as a pipeline from safetensors alone.

    Attributes:
        path: the folder.
        kind: the pipeline's class.
        parts: of each part its library and class.
        variant: which copy of the weights is opened: None is the plain one, else as `fp16`.
    """

    path: Path
    kind: str
    parts: Parts
    variant: str | None

    @property
    def scheduler(self) -> str:
        """The class of the scheduler, or empty where the pipeline has none of that name."""
        return self.parts.get("scheduler", ("", ""))[1]

    def digest(self) -> str:
        """SHA-256 over names and contents of the files that are opened, hexadecimal.

        Raises:
            ModelError: when one cannot be read.
        """
        whole = hashlib.sha256()
        for file in self._files():
            try:
                with file.open("rb") as stream:
                    content = hashlib.file_digest(stream, "sha256").hexdigest()
            except OSError as error:
                raise ModelError(f"{file} cannot be read: {error.strerror or error}") from error
            whole.update(f"{file.relative_to(self.path).as_posix()}\0{content}\n".encode())
        return whole.hexdigest()

    def _files(self) -> Iterator[Path]:
        yield self.path / PIPELINE_INDEX
        for part in sorted(self.parts):
            yield from (self.path / part / name for name in opened(_held(self.path / part), self.variant))


def parts_of(index: Mapping[str, Any], where: str) -> tuple[str, Parts]:
    """The class of a pipeline and of each of its parts.

    Args:
        index: the content of `model_index.json`.
        where: how to name the pipeline in a message.

    Raises:
        ModelError: when the class, or a part, is code of its own or of another library than diffusers and transformers.
    """
    kind = index.get("_class_name")
    if not isinstance(kind, str) or not kind.isidentifier():
        raise ModelError(f"{where} has the pipeline class {kind!r}: code of its own is not run, need a diffusers class")
    parts: dict[str, tuple[str, str]] = {}
    for name, entry in index.items():
        if name.startswith("_") or not isinstance(entry, list) or len(entry) != 2 or entry == [None, None]:
            continue
        library, cls = entry
        if not (isinstance(library, str) and isinstance(cls, str) and library.isidentifier() and name.isidentifier()):
            raise ModelError(f"{where} has the part {name!r} from {entry!r}: need [library, class] of diffusers")
        parts[name] = (library, cls)
    return kind, parts


def variant_of(files: Mapping[str, Iterable[str]], where: str) -> str | None:
    """Which copy of the weights to open: the plain one where each part has it, else the first that fills the gaps.

    Args:
        files: of each part the names of its files.
        where: how to name the pipeline in a message.

    Raises:
        ModelError: when a part has its weights only as a pickle, or no one copy is there for all.
    """
    lacking: list[set[str | None]] = []
    for part, names in files.items():
        all_names = tuple(names)
        copies = {_copy(name) for name in all_names if name.endswith(_WEIGHTS)}
        pickles = [name for name in all_names if suffix_of(name) in PICKLED]
        if pickles and not copies:
            raise ModelError(
                f"{where} has the weights of {part} only as a pickle ({', '.join(pickles)}), which can run code when"
                f" it is opened: convert it to {_WEIGHTS}"
            )
        if copies and None not in copies:
            lacking.append(copies)
    if not lacking:
        return None
    chosen = next((variant for variant in _VARIANTS if all(variant in copies for copies in lacking)), None)
    if chosen is None:
        shown = "; ".join(", ".join(sorted(map(str, copies))) for copies in lacking)
        raise ModelError(
            f"{where} has no one copy of its weights for all parts: need a plain one or {_VARIANTS}: {shown}"
        )
    return chosen


def opened(names: Iterable[str], variant: str | None) -> tuple[str, ...]:
    """Of a part's files those that are opened: configurations, vocabularies and one copy of the weights; sorted.

    Args:
        names: of the part's files.
        variant: which copy of the weights, as `fp16`; None is the plain one.
    """
    in_order = sorted(names)
    copies = {_copy(name) for name in in_order if name.endswith(_WEIGHTS)}
    wanted = variant if variant in copies else None
    return tuple(
        name
        for name in in_order
        if Path(name).suffix in _PLAIN_FILES or (name.endswith(_WEIGHTS) and _copy(name) == wanted)
    )


def lacking(parts: Parts, files: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """What is surely missing where some of a pipeline's files are at hand, in words; empty where nothing is.

    For a download that may have been interrupted: every part has its configuration, a network has its weights, all
    shards of them, and a tokenizer has its vocabulary.

    Args:
        parts: of the pipeline.
        files: of each part the names of the files that are at hand.
    """
    missing: list[str] = []
    for part, (_, kind) in parts.items():
        present = set(files.get(part, ()))
        if not any(name.endswith(".json") for name in present):
            missing.append(f"the configuration of {part}")
        elif "Tokenizer" in kind and not any(vocabulary <= present for vocabulary in _VOCABULARIES):
            missing.append(f"the vocabulary of {part}")
        elif not kind.endswith(_WEIGHTLESS) and "Tokenizer" not in kind:
            missing += _missing_weights(part, present)
    return tuple(missing)


def _missing_weights(part: str, present: Collection[str]) -> Iterator[str]:
    """What is missing of a network's weights, by the names of those that are there."""
    weights = [name for name in present if name.endswith(_WEIGHTS)]
    if not weights:
        yield f"the weights of {part}"
    shards = [match for name in weights if (match := _SHARD.fullmatch(name))]
    for stem, total in sorted({(match["stem"], int(match["total"])) for match in shards}):
        there = {int(match["number"]) for match in shards if match["stem"] == stem}
        missing = sorted(set(range(1, total + 1)) - there)
        if missing:
            yield f"{len(missing)} of {total} shards of the weights of {part}"
        elif not any(".index." in name and name.endswith(".json") for name in present):
            yield f"the index of the weights of {part}"


def read_folder(path: Path) -> PipelineFolder:
    """The pipeline in a folder; no weights are read.

    Raises:
        ModelError: when it has no `model_index.json`, lacks a part, or could only be opened by running code.
    """
    if not (path / PIPELINE_INDEX).is_file():
        raise ModelError(f"{path} has no {PIPELINE_INDEX}: prompts need the folder of a whole text-to-image pipeline")
    kind, parts = parts_of(read_json(path / PIPELINE_INDEX), str(path))
    files: dict[str, tuple[str, ...]] = {}
    for part, (library, _) in parts.items():
        files[part] = _held(path / part)
        if not files[part]:
            raise ModelError(f"{path} has no files of its part {part}: the download or copy is incomplete")
        unsafe = [name for name in files[part] if name in (f"{library}.py", "adapter_config.json")]
        if unsafe:
            raise ModelError(f"{path / part / unsafe[0]} would bring in code or weights from elsewhere: remove it")
    return PipelineFolder(path=path, kind=kind, parts=parts, variant=variant_of(files, str(path)))


def _held(folder: Path) -> tuple[str, ...]:
    return tuple(file.name for file in folder.iterdir() if file.is_file()) if folder.is_dir() else ()


def _copy(name: str) -> str | None:
    """Which copy a file of weights is of: `fp16` of `model.fp16-00001-of-00002.safetensors`, None of a plain one."""
    middle = name.split(".")[1:-1]
    return middle[0].split("-")[0] if middle else None
