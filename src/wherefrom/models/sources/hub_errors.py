"""What went wrong with a hub, as one message that says the way out."""

from __future__ import annotations

from wherefrom.core.errors import ModelError
from wherefrom.models.sources import known

__all__ = ["explain"]


def explain(error: Exception, repo: str, revision: str | None, file: str) -> ModelError:
    """The error to raise for what `huggingface_hub` raised.

    Args:
        error: what it raised.
        repo: `owner/name`.
        revision: what was asked for; None is the default branch.
        file: what of the repository was wanted.
    """
    from huggingface_hub import errors

    if isinstance(error, errors.LocalEntryNotFoundError | errors.OfflineModeIsEnabled):
        return _unreachable(error, repo, revision, file)
    if isinstance(error, errors.GatedRepoError):  # a RepositoryNotFoundError too: asked first
        return _gated(repo)
    if isinstance(error, errors.RepositoryNotFoundError):
        return _missing(repo)
    if isinstance(error, errors.RevisionNotFoundError):
        return ModelError(
            f"{repo} has no revision {revision!r}: name a branch, a tag, a full commit or refs/pr/N"
            f" after the @, or leave it out for the default branch"
        )
    if isinstance(error, errors.DisabledRepoError):
        return ModelError(f"{repo} was disabled on {_endpoint()}{_elsewhere(repo)}")
    if isinstance(error, errors.HFValidationError):
        return ModelError(f"{repo!r} is no repository's name ({error}): write owner/name[@revision][:path]")
    if isinstance(error, errors.HfHubHTTPError):
        return _refused(error, repo, file)
    return ModelError(
        f"{file} of {repo} could not be fetched ({type(error).__name__}: {error}): try again,"
        f" or copy the folder here and name its path"
    )


def _endpoint() -> str:
    from huggingface_hub import constants

    return constants.ENDPOINT


def _has_token() -> bool:
    from huggingface_hub import get_token

    return get_token() is not None


def _at(repo: str, revision: str | None) -> str:
    return f"{repo}@{revision}" if revision else repo


def _unreachable(error: Exception, repo: str, revision: str | None, file: str) -> ModelError:
    from huggingface_hub import constants

    at = f"--revision {revision} " if revision else ""
    command = f"hf download {repo} {at}--include '*.json' --include 'PART/*.safetensors'"
    way_out = (
        f"on a machine with network run `{command}` (PART: the autoencoder's folder, as vae) and copy its cache"
        f" ({constants.HF_HUB_CACHE} here; HF_HOME or HF_HUB_CACHE moves it), or copy the folder and name its path"
    )
    if constants.HF_HUB_OFFLINE:
        return ModelError(
            f"{file} of {_at(repo, revision)} is not in the cache, and HF_HUB_OFFLINE is set, so the network"
            f" is not used: unset HF_HUB_OFFLINE, or {way_out}"
        )
    why = f" ({str(error.__cause__).splitlines()[0]})" if str(error.__cause__ or "").strip() else ""
    return ModelError(
        f"{file} of {_at(repo, revision)} is not in the cache, and {_endpoint()} cannot be reached{why}:"
        f" check the network, a proxy (HTTPS_PROXY) or HF_ENDPOINT, or {way_out}"
    )


def _gated(repo: str) -> ModelError:
    token = (
        "the token in use has not been given access: request it with that account"
        if _has_token()
        else "log in with `hf auth login` or set HF_TOKEN"
    )
    return ModelError(f"{repo} is gated: accept its licence at {_endpoint()}/{repo}, and {token}")


def _elsewhere(repo: str) -> str:
    row = known.find(repo)
    if row is not None and row.moved_to:
        return f": use {row.moved_to}"
    close = [name for name in known.closest(repo) if name != repo]
    return f": did you mean {', '.join(close)}?" if close else ""


def _missing(repo: str) -> ModelError:
    row = known.find(repo)
    if row is not None and row.access == "deleted":
        return ModelError(f"{repo} was deleted from the hub{_elsewhere(repo)}")
    token = (
        "it is private and the token in use may not see it"
        if _has_token()
        else "it is private (log in with `hf auth login` or set HF_TOKEN)"
    )
    return ModelError(
        f"no repository {repo} on {_endpoint()}: it was deleted or mistyped, or {token}{_elsewhere(repo)}"
    )


def _refused(error: Exception, repo: str, file: str) -> ModelError:
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    if status == 401:
        return ModelError(
            f"{_endpoint()} refused the token for {repo} (401): renew HF_TOKEN or `hf auth login`, or unset it"
        )
    if status == 403:
        return ModelError(f"{_endpoint()} forbids {file} of {repo} (403): the token in use needs read access to it")
    if status == 429:
        return ModelError(f"{_endpoint()} has had too many requests from here (429): wait, or log in (`hf auth login`)")
    return ModelError(f"{_endpoint()} answered {status or error} for {file} of {repo}: try again later")
