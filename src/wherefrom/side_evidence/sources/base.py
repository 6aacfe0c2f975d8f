"""What a source of side evidence is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from wherefrom.side_evidence.findings import Finding
    from wherefrom.side_evidence.image_file import ImageFile

__all__ = ["Source"]


class Source(Protocol):
    """One kind of side evidence: a frozen dataclass whose fields are its options, in a file that ends in `SOURCE`."""

    @property
    def name(self) -> str:
        """As it is asked for: the name of its file."""
        ...

    @property
    def title(self) -> str:
        """For people."""
        ...

    def look(self, file: ImageFile) -> Finding:
        """What this source says of a file; whatever is raised becomes the reason why it could not look.

        Args:
            file: from outside.

        Raises:
            WherefromError: when it cannot look, with the reason and the way out.
        """
        ...
