"""Generation metadata: prompts, models and settings that programs write into the files they make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from wherefrom.side_evidence import programs
from wherefrom.side_evidence.findings import Finding, State
from wherefrom.side_evidence.image_file import EXIF
from wherefrom.side_evidence.shortened import listed, shortened

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wherefrom.side_evidence.image_file import ImageFile

__all__ = ["SOURCE", "Generation"]

_XMP: Final = "XML:com.adobe"  # another source reads it
_NAMED: Final = ("Checkpoint", "Decoder (VAE)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Generation:
    """What ComfyUI, AUTOMATIC1111, InvokeAI, Fooocus and this program write; see `wherefrom.side_evidence.programs`."""

    name: ClassVar[str] = "generation"
    title: ClassVar[str] = "Generation metadata"

    def look(self, file: ImageFile) -> Finding:
        """Which program says that it made the file, and by what.

        Args:
            file: from outside.

        Raises:
            ImageError: when the file's texts cannot be read.
        """
        texts = file.texts
        known = [programs.load(name) for name in programs.names()]
        found = {program.title: facts for program in known if (facts := program.read(texts)) is not None}
        if not found:
            return self._absent([key for key in texts if not key.startswith((EXIF, _XMP))])
        facts = {"Program": listed(list(found))}
        for said in found.values():
            facts |= {key: value for key, value in said.items() if key not in facts}
        return Finding(source=self.name, title=self.title, state=State.PRESENT, summary=_summary(facts), facts=facts)

    def _absent(self, keywords: list[str]) -> Finding:
        more = f" It has other texts: {listed(keywords)}." if keywords else ""
        return Finding(
            source=self.name,
            title=self.title,
            state=State.ABSENT,
            summary=f"The file has no generation metadata of a program that is known here.{more}",
        )


def _summary(facts: Mapping[str, str]) -> str:
    named = [f"{word[0].lower()}{word[1:]} {shortened(facts[word])}" for word in _NAMED if word in facts]
    by = f", with the {' and the '.join(named)}" if named else ""
    return f"The file says that {facts['Program']} made it{by}."


SOURCE: Final = Generation
