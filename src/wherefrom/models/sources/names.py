"""What is written of a model, taken apart once: the kind of place it names, and where in it. No torch.

What is written is taken for the first of these that it can be:

- `zoo:NAME`: a small model that comes with the package, its files checked by SHA-256.
- `toy`, `toy:GAIN`: the closed-form autoencoder of tests and examples.
- `hub:owner/name[@revision][:path]`: a repository on the Hugging Face hub, whatever lies here.
- A path that exists, or that starts with `.`, `/` or `~`: a pipeline's folder, an autoencoder's folder, a file of
  weights of a generator (`wherefrom.models.architectures`) or of an autoencoder, or a raw pair
  `NAME_encoder.safetensors`, `NAME_decoder.safetensors` (either file, or their folder).
- `module:attribute`: your own code, only with `trust=True`.
- A text that ends in `.safetensors`, without a colon: a path that is missing.
- `owner/name[@revision][:path]`: a repository on the hub; `path` is a folder in it, of an autoencoder, or a
  `.safetensors` file, of an autoencoder, an upscaler or a generator.

Only `hub:` and the last use the network, and only for the model's own files. Where `owner` is a folder here, the
last is taken for a missing path, so that a mistyped path is not sent to the hub.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import ClassVar, Final, TypeAlias

from wherefrom.core.errors import NoSuchModel, UsageError
from wherefrom.models.checkpoints.suffixes import FILES, SAFE, suffix_of
from wherefrom.models.sources import known, zoo

__all__ = ["CodeName", "HubName", "ModelName", "PathName", "ToyName", "Where", "ZooName", "parse", "parse_repository"]

_CODE: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_REPOSITORY: Final = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)(@(?P<revision>[^:@\s]+))?(:(?P<path>[^:\s]+))?")


class Where(StrEnum):
    """Where a model comes from."""

    ZOO = "zoo"
    TOY = "toy"
    PATH = "path"
    CODE = "code"
    HUB = "hub"


@dataclass(frozen=True, kw_only=True, slots=True)
class ZooName:
    """A model that comes with the package.

    Attributes:
        name: of its folder, without `zoo:`.
    """

    where: ClassVar[Where] = Where.ZOO
    name: str

    def __str__(self) -> str:
        """As it is written."""
        return f"zoo:{self.name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ToyName:
    """The closed-form autoencoder.

    Attributes:
        gain: what its reconstructions are multiplied by; None is the usual one.
    """

    where: ClassVar[Where] = Where.TOY
    gain: float | None = None

    def __str__(self) -> str:
        """As it is written."""
        return "toy" if self.gain is None else f"toy:{self.gain:g}"


@dataclass(frozen=True, kw_only=True, slots=True)
class PathName:
    """A file or folder here, which need not exist.

    Attributes:
        text: as it was written, `~` and all.
    """

    where: ClassVar[Where] = Where.PATH
    text: str

    def __str__(self) -> str:
        """As it is written."""
        return self.text

    def existing(self) -> Path:
        """The path, where there is such a file or folder.

        Raises:
            NoSuchModel: when there is none; the message has what lies beside it under a similar name.
        """
        if _exists(self.text):
            return Path(self.text).expanduser()
        folder = Path(self.text).parent
        beside = [str(path) for path in sorted(folder.iterdir())] if _exists(str(folder)) and folder.is_dir() else []
        close = get_close_matches(str(Path(self.text)), beside, n=3)
        hint = f": did you mean {', '.join(close)}?" if close else ""
        shadow = f"; to ask the hub write hub:{self.text}" if not hint and parse_repository(self.text) else ""
        raise NoSuchModel(f"{self.text} does not exist{hint}{shadow}")


@dataclass(frozen=True, kw_only=True, slots=True)
class CodeName:
    """An attribute of a module that can be imported.

    Attributes:
        module: its dotted name.
        attribute: the attribute, or one inside it under a dotted name.
    """

    where: ClassVar[Where] = Where.CODE
    module: str
    attribute: str

    def __str__(self) -> str:
        """As it is written."""
        return f"{self.module}:{self.attribute}"


@dataclass(frozen=True, kw_only=True, slots=True)
class HubName:
    """A repository on the hub, or one place in it: `owner/name[@revision][:path]`.

    Attributes:
        repo: `owner/name`.
        revision: branch, tag, pull request (`refs/pr/1`) or commit; None is the default branch.
        path: the autoencoder's folder, or a model's `.safetensors` file, within the repository; None is to be found.
    """

    where: ClassVar[Where] = Where.HUB
    repo: str
    revision: str | None = None
    path: str | None = None

    def __str__(self) -> str:
        """As it is written, without `hub:`."""
        return "".join((self.repo, f"@{self.revision}" if self.revision else "", f":{self.path}" if self.path else ""))


ModelName: TypeAlias = ZooName | ToyName | PathName | CodeName | HubName
"""What a name was taken for."""


def parse(text: str) -> ModelName:
    """What a name is taken for, without opening anything or using the network.

    Args:
        text: as a person writes it; the forms are at the top of this module.

    Raises:
        UsageError: when it is none of the forms; the message lists them and the closest names.
    """
    if text.startswith("zoo:"):
        return ZooName(name=text.removeprefix("zoo:"))
    if text == "toy" or text.startswith("toy:"):
        return _toy(text)
    if text.startswith("hub:"):
        return _hub(text)
    if text.strip() and (text.startswith((".", "/", "~")) or _exists(text)):
        return PathName(text=text)
    if _CODE.fullmatch(text):
        module, _, attribute = text.partition(":")
        return CodeName(module=module, attribute=attribute)
    if suffix_of(text) in SAFE and ":" not in text:
        return PathName(text=text)
    repository = parse_repository(text)
    if repository is not None:
        return PathName(text=text) if Path(text.partition("/")[0]).is_dir() else repository
    raise UsageError(
        f"{text!r} is no model's name: not zoo:NAME, not a path that exists, not module:attribute,"
        f" not owner/name[@revision][:path] on the hub{_closest(text)}"
    )


def parse_repository(text: str) -> HubName | None:
    """`owner/name[@revision][:path]` in parts, or None when the text has another form.

    Args:
        text: without `hub:`.

    Raises:
        UsageError: when the path leaves the repository.
    """
    match = _REPOSITORY.fullmatch(text)
    if match is None:
        return None
    path = match["path"]
    if path is not None and (path.startswith("/") or ".." in PurePosixPath(path).parts):
        raise UsageError(f"{text!r}: the path {path!r} leaves the repository; name a folder or file within it")
    return HubName(repo=match["repo"], revision=match["revision"], path=path.strip("/") or None if path else None)


def _toy(text: str) -> ToyName:
    if text == "toy":
        return ToyName()
    try:
        return ToyName(gain=float(text.removeprefix("toy:")))
    except ValueError as error:
        raise UsageError(f"{text!r} is no toy: write toy, or toy:GAIN with a number between 0 and 1") from error


def _hub(text: str) -> HubName:
    repository = parse_repository(text.removeprefix("hub:"))
    if repository is None:
        raise UsageError(f"{text!r} is no repository: write hub:owner/name[@revision][:path]{_closest(text[4:])}")
    return repository


def _exists(text: str) -> bool:
    try:
        return Path(text).expanduser().exists()
    except (OSError, RuntimeError, ValueError):  # too long, no such user, a null byte: a name, but not of a file
        return False


def _closest(text: str) -> str:
    """The closest names of the zoo, the table and this folder, for a message."""
    included = {key: f"zoo:{model}" for model in zoo.names() for key in (model, f"zoo:{model}")}
    here = [path.name for path in sorted(Path().iterdir()) if path.is_dir() or suffix_of(path) in FILES]
    close = [included[key] for key in get_close_matches(text, included, n=2)]
    close += [*known.closest(text, 2), *get_close_matches(text, here, n=1)]
    return f": did you mean {', '.join(dict.fromkeys(close))}?" if close else ""
