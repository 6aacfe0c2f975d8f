"""A model's own files from the Hugging Face hub, and nothing else of the repository: no pickles, no other parts.

Of a repository or a folder in it the autoencoder is fetched. A file that is named may hold any model.

`huggingface_hub` is imported on first use and reads its environment itself: HF_HUB_OFFLINE, HF_HOME, HF_HUB_CACHE,
HF_TOKEN, HF_ENDPOINT.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import Final, Protocol

from wherefrom.core.errors import ModelError, WherefromError
from wherefrom.models.checkpoints.configs import read_json
from wherefrom.models.checkpoints.suffixes import PICKLED, SAFE, STEM, VARIANTS, WEIGHTS, indexes, suffix_of
from wherefrom.models.sources import known
from wherefrom.models.sources.hub_errors import explain
from wherefrom.models.sources.local import Place, class_of, component_of, shards_of, single_file
from wherefrom.models.sources.names import HubName

__all__ = ["Fetched", "Hub", "HuggingFace", "commit_of", "fetch"]

_log: Final = logging.getLogger(__name__)


class Hub(Protocol):
    """What is asked of a hub; the seam for tests."""

    def download(self, repo: str, file: str, revision: str | None, *, cached: bool) -> Path:
        """One file of a repository, from the cache or the network; `cached` is from the cache alone.

        Args:
            repo: `owner/name`.
            file: its path in the repository.
            revision: branch, tag or commit; None is the default branch.
            cached: whether the network is left alone.
        """
        ...

    def files(self, repo: str, revision: str | None) -> tuple[str, ...]:
        """The names of a repository's files, from the network.

        Args:
            repo: `owner/name`.
            revision: branch, tag or commit; None is the default branch.
        """
        ...


class HuggingFace:
    """The hub that `huggingface_hub` reaches; its errors pass through."""

    def download(self, repo: str, file: str, revision: str | None, *, cached: bool) -> Path:
        """One file of a repository, from the cache or the network; `cached` is from the cache alone.

        Args:
            repo: `owner/name`.
            file: its path in the repository.
            revision: branch, tag or commit; None is the default branch.
            cached: whether the network is left alone.
        """
        from huggingface_hub import hf_hub_download

        return Path(hf_hub_download(repo, file, revision=revision, local_files_only=cached))

    def files(self, repo: str, revision: str | None) -> tuple[str, ...]:
        """The names of a repository's files, from the network.

        Args:
            repo: `owner/name`.
            revision: branch, tag or commit; None is the default branch.
        """
        from huggingface_hub import HfApi

        return tuple(HfApi().list_repo_files(repo, revision=revision))


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """An autoencoder that lies in the cache.

    Attributes:
        place: its folder or file there.
        source: `owner/name@commit`, with `:path` where the autoencoder is not at the root.
        inside: its folder in the repository, empty for the root; or its file, where one was named.
    """

    place: Place
    source: str
    inside: str


class _Absence(Enum):
    ABSENT = "the repository does not have it"
    UNKNOWN = "it is not in the cache, and the hub was not asked or did not answer"


def fetch(name: HubName, hub: Hub | None = None) -> Fetched:
    """Download an autoencoder's configuration and weights, or find them in the cache.

    The class and folder come from `model_index.json`, or from `config.json` at the root or in the folder named.

    Args:
        name: what was asked for.
        hub: whom to ask; None is the Hugging Face hub.

    Raises:
        ModelError: for each way that this can fail, one message that says the way out.
    """
    return _Repository(hub=hub or HuggingFace(), name=name).autoencoder()


def commit_of(file: Path) -> str | None:
    """The commit that a file of the hub's cache is of; None of a file that lies elsewhere.

    Args:
        file: as `.../snapshots/COMMIT/vae/config.json`.
    """
    parts = file.parts
    return parts[len(parts) - parts[::-1].index("snapshots")] if "snapshots" in parts[:-1] else None


def _offline() -> bool:
    from huggingface_hub import constants

    return bool(constants.HF_HUB_OFFLINE)


@dataclass(kw_only=True, slots=True)
class _Repository:
    """One repository while it is read.

    Attributes:
        hub: whom to ask.
        name: what was asked for.
        commit: that of the first file that came; all others are of the same.
        failure: why the network failed; from then on only the cache is asked, for each try takes long.
    """

    hub: Hub
    name: HubName
    commit: str | None = None
    failure: Exception | None = None

    def autoencoder(self) -> Fetched:
        path = self.name.path
        if path is not None and suffix_of(path) in PICKLED:
            raise ModelError(
                f"{self.name} is a pickle, which can run code when it is opened and is not downloaded:"
                f" name a .safetensors file"
            )
        if path is not None and suffix_of(path) in SAFE:
            return self._fetched(single_file(self._file(path)), path)
        folder, file = self._config()
        config = read_json(file)
        class_of(config, f"{self.name.repo}:{folder}" if folder else self.name.repo)
        self._weights(folder)
        return self._fetched(Place(path=file.parent, config=config), folder)

    def _file(self, path: str) -> Path:
        """One file of weights, with what may lie beside it: its configuration or options, the other half of a pair."""
        weights, place = self._need(path), PurePosixPath(path)
        self._get(str(place.with_name("config.json") if place.name.startswith(STEM) else place.with_suffix(".json")))
        for half, other in (("_decoder.", "_encoder."), ("_encoder.", "_decoder.")):
            if half in PurePosixPath(path).name:
                self._get(path.replace(half, other))
        return weights

    def _fetched(self, place: Place, inside: str) -> Fetched:
        source = f"{self.name.repo}@{self.commit or self.name.revision or 'main'}" + (f":{inside}" if inside else "")
        _log.info("%s is %s", self.name, source)
        return Fetched(place=place, source=source, inside=inside)

    def _config(self) -> tuple[str, Path]:
        """The autoencoder's folder in the repository and its `config.json` on the disk."""
        if self.name.path is not None:
            return self.name.path, self._need(f"{self.name.path}/config.json")
        index = self._get("model_index.json")
        if isinstance(index, Path):
            folder, _ = component_of(read_json(index), self.name.repo)
            return folder, self._need(f"{folder}/config.json")
        config = self._get("config.json")
        if isinstance(config, Path):
            return "", config
        row = known.find(self.name.repo)
        if row is not None and row.subfolder:
            return row.subfolder, self._need(f"{row.subfolder}/config.json")
        if _Absence.UNKNOWN in (index, config):
            raise self._unreachable("model_index.json or config.json")
        raise self._no_autoencoder()

    def _weights(self, folder: str) -> None:
        """Fetch the weights: whole or in shards, in whole precision before 16 bit."""
        prefix = f"{folder}/" if folder else ""
        for variant in VARIANTS:
            file = WEIGHTS.replace(".safetensors", f"{variant}.safetensors")
            if self._here(prefix + file) is not None:
                return
            for name in indexes(variant):
                index = self._here(prefix + name)
                if index is not None:
                    for shard in shards_of(read_json(index), f"{self.name.repo}:{prefix}"):
                        self._need(prefix + shard)
                    return
        if _offline():
            raise self._unreachable(prefix + WEIGHTS)
        raise self._no_weights(prefix)

    def _here(self, file: str) -> Path | None:
        """One file or None; a network that fails is an error, lest another copy of the weights be taken instead."""
        fetched = self._get(file)
        if fetched is _Absence.UNKNOWN and not _offline():
            raise self._unreachable(file)
        return fetched if isinstance(fetched, Path) else None

    def _get(self, file: str) -> Path | _Absence:
        """One file, pinned to the commit of the first."""
        from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

        try:
            path = self.hub.download(
                self.name.repo, file, self.commit or self.name.revision, cached=self.failure is not None
            )
        except LocalEntryNotFoundError as error:
            self.failure = self.failure or error
            return _Absence.UNKNOWN
        except EntryNotFoundError:
            return _Absence.ABSENT
        except WherefromError:
            raise
        except Exception as error:  # the library's errors have no common base across its versions
            raise explain(error, self.name.repo, self.name.revision, file) from error
        self.commit = self.commit or commit_of(path)
        return path

    def _need(self, file: str) -> Path:
        fetched = self._get(file)
        if isinstance(fetched, Path):
            return fetched
        if fetched is _Absence.UNKNOWN:
            raise self._unreachable(file)
        suffix = "config.json" if file.endswith("config.json") else ".safetensors"
        alike = [name for name in self._files() if name.endswith(suffix)]
        raise ModelError(f"{self.name.repo} has no {file}; it has {', '.join(alike[:12]) or f'nothing like *{suffix}'}")

    def _unreachable(self, file: str) -> ModelError:
        assert self.failure is not None
        return explain(self.failure, self.name.repo, self.name.revision, file)

    def _files(self) -> tuple[str, ...]:
        try:
            return self.hub.files(self.name.repo, self.commit or self.name.revision)
        except Exception as error:  # as above
            raise explain(error, self.name.repo, self.name.revision, "its list of files") from error

    def _no_autoencoder(self) -> ModelError:
        files = self._files()
        configs = [name.removesuffix("/config.json") for name in files if name.endswith("/config.json")]
        single = [name for name in files if name.endswith(".safetensors")]
        choices = [f"{self.name.repo}:{name}" for name in (configs + single)[:8]]
        problem = f"{self.name.repo} has neither model_index.json nor config.json, so no autoencoder was found in it"
        return ModelError(
            f"{problem}; name a folder or file of it: {', '.join(choices)}" if choices else f"{problem}: it has none"
        )

    def _no_weights(self, prefix: str) -> ModelError:
        where = f"{self.name.repo}:{prefix}".rstrip("/:")
        here = [name.removeprefix(prefix) for name in self._files() if name.startswith(prefix)]
        here = [name for name in here if "/" not in name]
        safe = [name for name in here if name.endswith(".safetensors")]
        if safe:
            choices = ", ".join(f"{self.name.repo}:{prefix}{name}" for name in safe)
            return ModelError(f"{where} has no {WEIGHTS}; name the copy of the weights that is meant: {choices}")
        pickles = [name for name in here if suffix_of(name) in PICKLED]
        if pickles:
            return ModelError(
                f"{where} has its weights only as {_said(pickles)}, which can run code when it is opened"
                f" and is not downloaded: convert it to {WEIGHTS}, or look for a pull request of the repository that"
                f" adds one and name it as {self.name.repo}@refs/pr/N"
            )
        return ModelError(f"{where} has a configuration but no weights: {', '.join(here) or 'no files'}")


def _said(pickles: list[str]) -> str:
    """One pickle by its name, shards by their count."""
    shards = len([name for name in pickles if "-of-" in name])
    if shards > 1:
        return f"pickles in {shards} shards"
    return f"a pickle ({', '.join(pickles[:3])})"
