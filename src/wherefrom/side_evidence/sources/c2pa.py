"""C2PA manifest (Content Credentials): read and checked by `c2pa-python`, with the network switched off."""

from __future__ import annotations

import functools
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from wherefrom.core.errors import ImageError, MissingExtra
from wherefrom.core.extras import require
from wherefrom.side_evidence.findings import Finding, State
from wherefrom.side_evidence.shortened import listed, shortened

if TYPE_CHECKING:
    from wherefrom.side_evidence.image_file import ImageFile

__all__ = ["OFFLINE", "SOURCE", "C2pa", "context"]

OFFLINE: Final[Mapping[str, Any]] = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    "core": {"allowed_network_hosts": [], "allow_redirects": False},
    "builder": {"thumbnail": {"enabled": False}},
}
"""Settings of the library under which no manifest, no revocation list and no redirection is fetched."""
_MIME: Final = {"HEIF": "image/heic"}
_STORE: Final = b"jumdc2pa"
"""How the description of a manifest store begins in every kind of file (C2PA 2.2, 11.1.4.2)."""
_ELSEWHERE: Final = "must fetch remote manifests from url "
_UNSUPPORTED: Final = "NotSupported"
_STATES: Final = {
    "Invalid": "A C2PA manifest is there, but it does not hold",
    "Valid": "A C2PA manifest is there, and its signature and hashes hold, but its signer is on no list of trusted ones"
    " that was given",
    "Trusted": "A C2PA manifest is there, its signature and hashes hold, and its signer is on a list of trusted ones",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class C2pa:
    """C2PA manifest, with the validation state as the library says it.

    Attributes:
        anchors: certificates of authorities to trust, in PEM; None trusts none but those that the library knows.
    """

    name: ClassVar[str] = "c2pa"
    title: ClassVar[str] = "C2PA manifest"

    anchors: str | None = None

    def look(self, file: ImageFile) -> Finding:
        """The active manifest: who signed it, what it says of the source, and whether it holds.

        Args:
            file: from outside.

        Raises:
            ImageError: when a manifest lies elsewhere, or is too damaged to be read.
            MissingExtra: when the package is not installed.
        """
        try:
            reader = self._reader(file)
        except MissingExtra as error:
            hint = "; the file holds bytes of a manifest" if _STORE in file.data else ""
            raise MissingExtra(f"{error}{hint}") from error
        if reader is None:
            return Finding(
                source=self.name, title=self.title, state=State.ABSENT, summary="The file has no C2PA manifest."
            )
        with reader:
            held = json.loads(reader.json())
        state, failed = str(held.get("validation_state")), _failures(held)
        codes = f": {listed(failed)}" if failed and state == "Invalid" else ""
        return Finding(
            source=self.name,
            title=self.title,
            state=State.PRESENT,
            summary=f"{_STATES.get(state, 'A C2PA manifest is there')} (validation state: {shortened(state)}{codes}).",
            facts={key: value for key, value in _facts(held, state, failed).items() if value},
        )

    def indicators(self, file: ImageFile) -> Mapping[str, Any]:
        """All manifests of a file as crJSON, which JPEG Trust calls trust indicators; empty where there is none.

        Args:
            file: from outside.

        Raises:
            ImageError: when a manifest lies elsewhere, or is too damaged to be read.
            MissingExtra: when the package is not installed.
        """
        reader = self._reader(file)
        if reader is None:
            return {}
        with reader:
            found: Mapping[str, Any] = json.loads(reader.crjson())
        return found

    def _reader(self, file: ImageFile) -> Any:
        """The library's reader of a file; None where it has no manifest."""
        library = require("c2pa", "c2pa")
        try:
            kind = _MIME.get(file.kind, f"image/{file.kind.lower()}")
        except ImageError:
            kind = None  # the library knows more formats than are read here, and tells them itself
        try:
            return library.Reader.try_create(kind, io.BytesIO(file.data), context=context(self.anchors))
        except library.C2paError as error:
            said = shortened(error).removeprefix("Remote: ")
            if said.startswith(_ELSEWHERE):
                place = said.removeprefix(_ELSEWHERE)
                raise ImageError(f"the file says that its manifest lies at {place}, and nothing is fetched") from error
            if said.startswith(_UNSUPPORTED):
                raise ImageError(f"the package c2pa does not read files of {kind or 'an unknown kind'}") from error
            raise ImageError(f"the file's manifest cannot be read: {said}") from error


@functools.cache
def context(anchors: str | None = None) -> Any:
    """Settings of the library, with the network switched off.

    Args:
        anchors: certificates of authorities to trust, in PEM.

    Raises:
        MissingExtra: when the package is not installed.
    """
    trust = {} if anchors is None else {"trust": {"user_anchors": anchors}}
    return require("c2pa", "c2pa").Context.from_dict({**OFFLINE, **trust})


def _facts(held: Mapping[str, Any], state: str, failed: list[str]) -> dict[str, str]:
    """What the active manifest states; of the signer the organisation alone."""
    manifest = held.get("manifests", {}).get(held.get("active_manifest"), {})
    signature = manifest.get("signature_info") or {}
    assertions = [each for each in manifest.get("assertions", []) if isinstance(each, dict)]
    actions = list(_actions(assertions))
    kinds = [str(action["digitalSourceType"]).rpartition("/")[2] for action in actions if "digitalSourceType" in action]
    return {
        "Validation state": shortened(state),
        "What failed": listed(failed),
        "Signed by the organisation": shortened(signature.get("issuer") or ""),
        "Signed at": shortened(signature.get("time") or ""),
        "Program": listed([_program(each) for each in manifest.get("claim_generator_info") or []]),
        "Kind of source (IPTC)": listed(kinds),
        "Actions": listed([str(action.get("action")) for action in actions]),
        "Assertions": listed([str(each.get("label")) for each in assertions]),
        "Ingredients": str(len(manifest.get("ingredients", ()))),
        "Manifests": str(len(held.get("manifests", ()))),
        "Label of the manifest": shortened(held.get("active_manifest") or ""),
    }


def _actions(assertions: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for assertion in assertions:
        data = assertion.get("data")
        if str(assertion.get("label")).startswith("c2pa.actions") and isinstance(data, dict):
            yield from (action for action in data.get("actions", ()) if isinstance(action, dict))


def _program(info: Mapping[str, Any]) -> str:
    return f"{info.get('name', '')} {info.get('version', '')}".strip()


def _failures(held: Mapping[str, Any]) -> list[str]:
    """Codes of what does not hold, as the C2PA specification names them."""
    results = held.get("validation_results") or {}
    failed = (results.get("activeManifest") or {}).get("failure", ())
    return [str(each.get("code")) for each in failed]


SOURCE: Final = C2pa
