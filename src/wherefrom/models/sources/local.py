"""Where a model lies on the disk: in a pipeline's folder, in its own, in one file, in a raw pair. No torch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from wherefrom.core.errors import ModelError
from wherefrom.models.checkpoints.configs import read_json
from wherefrom.models.checkpoints.content import content_of, other_content
from wherefrom.models.checkpoints.suffixes import FILES, PICKLED, SAFE, STEM, SUFFIXES, suffix_of
from wherefrom.models.sources.classes import REFUSED
from wherefrom.models.sources.known import SUPPORTED

__all__ = [
    "PIPELINES",
    "Place",
    "class_of",
    "component_of",
    "find_place",
    "looks_like_autoencoder",
    "shards_of",
    "single_file",
]

PIPELINES: Final[Mapping[str, str]] = {
    "ConsistencyModelPipeline": "consistency",
    "DDIMPipeline": "ddim",
    "DDPMPipeline": "ddim",
}
"""Pipelines that make pixels without an autoencoder, and the architecture in `models.architectures` that opens each."""

_SHARD: Final = re.compile(r"-\d+-of-(?!0*1\.)\d+\.\w+$|\.index(\.\w+)?\.json$")
"""How the names of shards and of their index end."""
_PLAIN: Final = re.compile(r"[\w-][\w.-]*")
_LIST: Final = ", ".join(SUPPORTED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where an autoencoder's files are.

    Attributes:
        path: its folder, which has a `config.json`; else its file, of a raw pair the `*_decoder.safetensors`. Of one of
            `PIPELINES` the whole pipeline's folder.
        config: the content of its `config.json`, of a pipeline that of `model_index.json`; None of files without one.
    """

    path: Path
    config: Mapping[str, Any] | None = None

    @property
    def kind(self) -> str | None:
        """Its class where a configuration names it, else None."""
        stated = None if self.config is None else self.config.get("_class_name")
        return None if stated is None else str(stated)


def looks_like_autoencoder(kind: object) -> bool:
    """Whether a class's name says that it is an autoencoder, supported or not."""
    return isinstance(kind, str) and any(part in kind for part in ("Autoencoder", "VQModel", "VAE", "AutoEncoder"))


def class_of(config: Mapping[str, Any], where: str) -> str:
    """The class of autoencoder that a `config.json` describes.

    Args:
        config: its content.
        where: how to name it in a message.

    Raises:
        ModelError: when it describes something else, or a class that is not supported.
    """
    kind = config.get("_class_name")
    if isinstance(kind, str) and kind in REFUSED:
        raise ModelError(f"{where} is an autoencoder of class {kind}, which is not supported: {REFUSED[kind]}")
    if isinstance(kind, str) and (kind in SUPPORTED or looks_like_autoencoder(kind)):
        return kind  # of a class that nobody foresaw, a probe of the module itself decides
    what = repr(kind) if kind else "no `_class_name`"
    raise ModelError(f"{where} has {what} in its config.json, need the class of an autoencoder: {_LIST}")


def component_of(index: Mapping[str, Any], where: str) -> tuple[str, str]:
    """Which folder of a pipeline holds its autoencoder, and its class.

    Args:
        index: the content of `model_index.json`.
        where: how to name the pipeline in a message.

    Raises:
        ModelError: when there is none, none that is supported, or more than one.
    """
    parts = {
        name: entry[1]
        for name, entry in index.items()
        if _PLAIN.fullmatch(name) and isinstance(entry, list) and len(entry) == 2 and isinstance(entry[1], str)
    }
    likely = [(name, kind) for name, kind in parts.items() if looks_like_autoencoder(kind) and kind not in REFUSED]
    candidates = [(name, kind) for name, kind in likely if kind in SUPPORTED] or likely
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        raise ModelError(f"{where} has several autoencoders, name one: {_listed(candidates)}")
    if str(index.get("_class_name")) in PIPELINES:
        raise ModelError(
            f"{where} is a {index['_class_name']}, which is opened from a folder: download it and name that"
        )
    others = [(name, kind) for name, kind in parts.items() if kind in REFUSED]
    if others:
        reasons = "; ".join(f"{kind}: {REFUSED[kind]}" for kind in sorted({kind for _, kind in others}))
        raise ModelError(f"{where} has no autoencoder of a supported class, only {_listed(others)} ({reasons})")
    raise ModelError(
        f"{where} has no autoencoder: its model_index.json lists {', '.join(parts) or 'nothing'}; a model that works on"
        f" pixels has none, and for others name the repository or folder of the autoencoder itself"
    )


def _listed(parts: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{name} ({kind})" for name, kind in parts)


def shards_of(index: Mapping[str, Any], where: str) -> tuple[str, ...]:
    """The files that an index of shards names, in order.

    Args:
        index: its content.
        where: how to name it in a message.

    Raises:
        ModelError: when it names none, or one that is not a plain `.safetensors` name in the same folder.
    """
    names = index.get("weight_map")
    shards = tuple(sorted({str(name) for name in names.values()})) if isinstance(names, dict) else ()
    bad = [name for name in shards if not _PLAIN.fullmatch(name) or not name.endswith(".safetensors")]
    if bad or not shards:
        raise ModelError(f"{where} names {bad or 'no shards'}, need plain names of .safetensors files beside it")
    return shards


def single_file(path: Path) -> Place:
    """A file of weights, with the configuration beside it where that is an autoencoder's and belongs to it by its name.

    What a file is, its content says, not how its name ends. Code is no model's file.

    Raises:
        ModelError: when it holds no weights, or a part of them, or the configuration is of an autoencoder that is not
            supported.
    """
    if _SHARD.search(path.name):
        raise ModelError(f"{path} is one of several files that hold the weights together: name their folder")
    if content_of(path) is None and suffix_of(path) not in FILES:
        what = other_content(path) or "bytes of no format that is known"
        if suffix_of(path) in PICKLED:
            raise ModelError(
                f"{path} is named as a pickle, which can run code when it is opened carelessly, and holds no weights:"
                f" it looks like {what}"
            )
        raise ModelError(
            f"{path} is no model: need a .safetensors file, or a folder with config.json or model_index.json (it looks"
            f" like {what})"
        )
    beside = path.with_name("config.json")
    if not path.name.startswith(STEM) or not beside.is_file():
        return Place(path=path)
    config = read_json(beside)
    if not looks_like_autoencoder(config.get("_class_name")):
        return Place(path=path)  # of a part of a pipeline that its tensors tell
    class_of(config, str(path.parent))
    return Place(path=path, config=config)


def find_place(path: Path) -> Place:
    """The autoencoder, or the pipeline that works on pixels, at a path.

    A folder is taken for a pipeline where it has `model_index.json`, for an autoencoder where it has `config.json`;
    else its only raw pair, its only `.safetensors` file, or its only folder with an autoencoder's `config.json` is
    taken. Of a pipeline its autoencoder is meant, unless it is one of `PIPELINES`.

    Args:
        path: a file or folder.

    Raises:
        ModelError: when nothing is there, or no autoencoder that can be opened, or more than one; the message lists
            them.
    """
    if not path.exists():
        raise ModelError(f"{path} does not exist: give a model's folder or file of weights")
    if path.is_file():
        return single_file(path)
    if (path / "model_index.json").is_file():
        index = read_json(path / "model_index.json")
        if str(index.get("_class_name")) in PIPELINES:
            return Place(path=path, config=index)
        name, _ = component_of(index, str(path))
        return _own_folder(path / name)
    if (path / "config.json").is_file():
        return _own_folder(path)
    return _only(path, _candidates(path))


def _own_folder(folder: Path) -> Place:
    if not (folder / "config.json").is_file():
        raise ModelError(f"{folder} has no config.json: the download or copy is incomplete")
    config = read_json(folder / "config.json")
    class_of(config, str(folder))
    return Place(path=folder, config=config)


def _candidates(folder: Path) -> list[Place]:
    files = {item.name: item for item in _weight_files(folder)}
    pairs = {name: name.replace("_encoder.", "_decoder.") for name in files if "_encoder." in name}
    pairs = {encoder: decoder for encoder, decoder in pairs.items() if decoder in files}
    loose = set(files) - set(pairs) - set(pairs.values())
    places = [Place(path=files[decoder]) for decoder in pairs.values()] + [
        Place(path=files[name]) for name in sorted(loose)
    ]
    for file in sorted(folder.glob("*/config.json")):
        config = read_json(file)
        if config.get("_class_name") in SUPPORTED:
            places.append(Place(path=file.parent, config=config))
    return sorted(places, key=lambda place: place.path)


def _weight_files(folder: Path) -> list[Path]:
    """Files of tensors alone; where there are none other files of weights; else what is one by its content."""
    there = sorted(item for item in folder.iterdir() if item.is_file())
    for suffixes in (SAFE, SUFFIXES):
        weight_files = [item for item in there if suffix_of(item) in suffixes]
        if weight_files:
            return weight_files
    return [item for item in there if item.stat().st_size and content_of(item) is not None]


def _only(folder: Path, places: list[Place]) -> Place:
    if len(places) == 1:
        return places[0]
    if places:
        names = ", ".join(str(place.path) for place in places)
        raise ModelError(f"{folder} holds {len(places)} autoencoders, name one: {names}")
    raise ModelError(
        f"{folder} holds no autoencoder: looked for model_index.json, config.json, *.safetensors, */config.json"
    )
