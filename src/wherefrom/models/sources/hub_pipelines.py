"""A whole text-to-image pipeline from the Hugging Face hub: the files that are opened, and nothing else of it."""

from __future__ import annotations

from pathlib import Path

from wherefrom.core.errors import ModelError, UsageError
from wherefrom.models.checkpoints.configs import read_json
from wherefrom.models.sources.hub import Hub, HuggingFace, commit_of
from wherefrom.models.sources.hub_errors import explain
from wherefrom.models.sources.names import HubName
from wherefrom.models.sources.pipeline_folders import PIPELINE_INDEX, lacking, opened, parts_of, variant_of

__all__ = ["fetch_pipeline"]


def fetch_pipeline(name: HubName, hub: Hub | None = None) -> tuple[Path, str]:
    """Download a pipeline's parts, or find them in the cache; pickles and code are left where they are.

    Args:
        name: what was asked for.
        hub: whom to ask; None is the Hugging Face hub.

    Returns:
        Its folder in the cache, and `owner/name@commit`.

    Raises:
        ModelError: when it cannot be fetched, or could only be opened by running code; the message says the way out.
        UsageError: when the name points into the repository.
    """
    if name.path is not None:
        raise UsageError(f"{name}: prompts need the whole pipeline: name {name.repo} without {name.path}")
    asked = hub or HuggingFace()
    index = _file(asked, name, PIPELINE_INDEX, name.revision)
    folder, commit = index.parent, commit_of(index) or name.revision
    _, parts = parts_of(read_json(index), name.repo)
    listed = _listed(asked, name, commit)
    names = _cached(folder) if isinstance(listed, Exception) else listed
    files = {
        part: [file.partition("/")[2] for file in names if file.startswith(f"{part}/") and file.count("/") == 1]
        for part in parts
    }
    if isinstance(listed, Exception) and (missing := lacking(parts, files)):
        explanation = explain(listed, name.repo, commit, "its list of files")
        raise ModelError(
            f"{explanation}; what is in the cache is not the whole pipeline, it lacks {', '.join(missing)}"
        )
    variant = variant_of(files, name.repo)
    for part, part_files in files.items():
        for file in opened(part_files, variant):
            _file(asked, name, f"{part}/{file}", commit)
    return folder, f"{name.repo}@{commit or 'main'}"


def _file(hub: Hub, name: HubName, file: str, revision: str | None) -> Path:
    try:
        return hub.download(name.repo, file, revision, cached=False)
    except Exception as error:  # the library's errors have no common base across its versions
        raise explain(error, name.repo, revision, file) from error


def _listed(hub: Hub, name: HubName, revision: str | None) -> tuple[str, ...] | Exception:
    """The repository's files, or why the hub could not be reached, so that only the cache can tell.

    Raises:
        ModelError: when the hub was reached and refused, for then nobody knows what the pipeline's files are.
    """
    try:
        return hub.files(name.repo, revision)
    except Exception as error:  # as above
        if not _unreached(error):
            raise explain(error, name.repo, revision, "its list of files") from error
        return error


def _unreached(error: Exception) -> bool:
    """Whether an error says that there was no answer at all; which library's it is depends on the hub's release."""
    from huggingface_hub.errors import HfHubHTTPError

    if isinstance(error, HfHubHTTPError):
        return False
    return isinstance(error, OSError) or any(base.__name__ == "TransportError" for base in type(error).__mro__)


def _cached(folder: Path) -> tuple[str, ...]:
    return tuple(file.relative_to(folder).as_posix() for file in folder.glob("*/*"))
