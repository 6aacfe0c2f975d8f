"""Where the rows of `wherefrom attribute` go: to a file, to the terminal as JSON or as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wherefrom.cli._beside import beside
from wherefrom.cli._likelihoods import Ratios
from wherefrom.cli._output import emit_json
from wherefrom.cli._outputs import Writing
from wherefrom.cli._stability import Steadying, tell_stabilities
from wherefrom.cli._summary import tell_attributions, tell_verdicts
from wherefrom.cli._verdicts import attribution_row, save_rows, verdict_row, with_path
from wherefrom.records.verdict import Verdicts

if TYPE_CHECKING:
    from wherefrom.attribution import Candidate
    from wherefrom.images.sources import Source
    from wherefrom.records.verdict import Attributions

__all__ = ["Told"]


@dataclass(frozen=True, slots=True)
class Told:
    """Where rows go.

    Attributes:
        images: that they are about.
        as_json: whether they are printed as JSON.
        whole: whether a person is shown every row.
        out: the file; None writes none.
        writing: which writes it.
        steady: what harmless changes left of the answers.
        likelihood: adds likelihood ratios; None adds none.
    """

    images: Sequence[Source]
    as_json: bool
    whole: bool
    out: Path | None
    writing: Writing
    steady: Steadying
    likelihood: Ratios | None = None

    def tell(self, decisions: Verdicts | Attributions, candidates: Sequence[Candidate]) -> None:
        """Write what was decided to the file, and print it.

        Args:
            decisions: what was decided.
            candidates: among which.
        """
        names = [each.name for each in candidates]
        if isinstance(decisions, Verdicts):
            rows = self.steady.rows([verdict_row(verdict) for verdict in decisions])
        else:
            rows = self.steady.rows([attribution_row(item, names) for item in decisions])
        if self.likelihood is not None:
            self.likelihood.add(rows, decisions, candidates)
        if not self._rows(rows):
            return
        if isinstance(decisions, Verdicts):
            tell_verdicts(decisions, whole=self.whole)
        else:
            tell_attributions(decisions, names, whole=self.whole)
        if self.likelihood is not None:
            self.likelihood.tell(decisions, candidates, whole=self.whole)
        tell_stabilities(self.steady.stabilities)

    def _rows(self, rows: Sequence[Mapping[str, Any]]) -> bool:
        """Write rows to the file, and print them where that was asked for; returns whether a table is wanted."""
        if self.out is not None:
            self.writing.saved(
                lambda path: save_rows(rows, path, beside=beside(self.images, path.parent)),
                self.out,
                images=self.images,
            )
        if self.as_json:
            here = beside(self.images, Path())
            for row in rows:
                emit_json(with_path(row, here))
        return not self.as_json
