"""A report at the end of `attribute`: where it goes, and what is shown in it."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from wherefrom.cli._option_groups import PageOptions
from wherefrom.cli._output import emit, note

if TYPE_CHECKING:
    import typer

    from wherefrom.attribution import Candidate
    from wherefrom.images.read import ImageRecord, Limits
    from wherefrom.images.sources import Source
    from wherefrom.records.stability import Stability
    from wherefrom.records.verdict import Attributions, Verdicts
    from wherefrom.report.further import MapShown
    from wherefrom.report.writing import Shows
    from wherefrom.scoring.progress import Progress

__all__ = ["ReportOptions", "typed_command"]

_BETA: Final = 0.01
"""The bound on the chance that the map of an image of other origin shows any region."""


def typed_command(context: typer.Context) -> str | None:
    """What was typed, as a shell takes it; None where the command was called by a program.

    Args:
        context: of the command.
    """
    typed = context.find_root().obj
    return None if typed is None else shlex.join(["wherefrom", *typed])


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What was typed of a report.

    Attributes:
        folder: for its pages.
        command: to be shown in it.
        pages: what is shown; maps only beside pictures.
        flag: the option that named the folder.
    """

    folder: Path
    command: str | None
    pages: PageOptions
    flag: str = "--report"

    def check(self, *, force: bool) -> None:
        """Refuse a folder that cannot take a report, before a model is asked.

        Args:
            force: whether a report that is there is replaced.

        Raises:
            UsageError: as `check_report_folder`.
        """
        from wherefrom.report.writing import check_report_folder

        check_report_folder(self.folder, force=force)

    def write(
        self,
        decisions: Verdicts | Attributions,
        candidates: Sequence[Candidate],
        images: Sequence[Source],
        *,
        limits: Limits,
        force: bool,
        told: bool,
        quiet: bool,
        stabilities: Mapping[str, Stability] = MappingProxyType({}),
    ) -> Path:
        """Write the report, and say where it is.

        A folder that another program filled while images were asked about is left to it, and the report goes to a new
        one for temporary files.

        Args:
            decisions: what was decided.
            candidates: among which, with their models.
            images: in question, or the tiles of them.
            limits: on bytes and pixels of a file.
            force: whether a report that is there is replaced.
            told: whether a person is told on stdout; else on stderr.
            quiet: whether no progress is shown.
            stabilities: by the image's name, what is said of it after harmless changes.

        Returns:
            The folder of the report.

        Raises:
            UsageError: when a file cannot be written.
        """
        from wherefrom.cli._progress import shown
        from wherefrom.report.writing import write_report

        pictures = not self.pages.no_pictures
        folder = self._free(force=force)
        with shown("writing pages", quiet=quiet) as report:
            place = write_report(
                decisions,
                profiles={each.name: each.profile for each in candidates},
                folder=folder,
                images=images,
                pictures=pictures,
                shows=_shows(candidates, stabilities, maps=self.pages.maps) if pictures else None,
                command=self.command,
                force=True,  # what is there by now are files of this command, or --force was given
                limits=limits,
                progress=None if report is None else lambda done: report(_now(done, len(decisions))),
            )
        (emit if told else note)(f"report: {place}")
        return folder

    def _free(self, *, force: bool) -> Path:
        """The folder for the report, or a new one where that has been filled since it was checked."""
        from wherefrom.report.writing import holds_report

        if not force and holds_report(self.folder):
            place = Path(tempfile.mkdtemp(prefix="wherefrom-"))
            note(f"warning: another program has written a report into {self.folder} meanwhile: this one is in {place}")
            return place
        return self.folder


def _now(done: int, total: int) -> Progress:
    from wherefrom.scoring.progress import Progress

    return Progress(done=done, total=total, errors=0, cached=0, images_per_second=None, seconds_left=None)


def _shows(candidates: Sequence[Candidate], stabilities: Mapping[str, Stability], *, maps: bool) -> Shows:
    """What is shown beside an answer: what each decoder makes of the image, maps, what harmless changes make of it."""
    from wherefrom.candidates import reconstructions
    from wherefrom.report.further import Further

    reconstruct = reconstructions(candidates)

    def shows(record: ImageRecord) -> Further:
        drawn = {each.name: _map(record, each) for each in candidates} if maps else {}
        return Further(
            reconstructions=reconstruct(record),
            maps=tuple(drawing for drawing in drawn.values() if not isinstance(drawing, str)),
            without_map={name: drawing for name, drawing in drawn.items() if isinstance(drawing, str)},
            stability=stabilities[record.facts.name].rows if record.facts.name in stabilities else (),
        )

    return shows


def _map(record: ImageRecord, candidate: Candidate) -> MapShown | str:
    """A map under a candidate, or why there is none: it has no encoder, or takes no such image."""
    from wherefrom.core.errors import ImageError
    from wherefrom.mapping.evidence import METHOD, map_of_record
    from wherefrom.models.base import Autoencoder
    from wherefrom.report.overlay import map_shown

    if not isinstance(candidate.model, Autoencoder):
        return "it has no encoder, with which alone a map is made"
    try:
        evidence = map_of_record(record, model=candidate.model, method=METHOD, beta=_BETA)
    except ImageError as error:
        return str(error)
    return map_shown(candidate.name, record.pixels, evidence)
