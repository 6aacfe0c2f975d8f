"""`wherefrom card`: what a person should know of a profile before its verdicts are used."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wherefrom.cli import _options as options
from wherefrom.cli._candidates import profiles_of
from wherefrom.cli._carded import card_outputs, save_card
from wherefrom.cli._output import emit, emit_json
from wherefrom.cli._outputs import Writing, typed_path
from wherefrom.cli._work import made_rule

__all__ = ["card"]


def card(
    profile: Annotated[Path, typer.Argument(metavar="P.json", parser=typed_path, help="the profile")],
    out_dir: options.OUT_DIR,
    alpha: options.ALPHA = 0.05,
    beta: options.BETA = 0.01,
    rule: options.RULE = "conformal",
    rule_option: options.RULE_OPTION = None,
    confidence: options.CONFIDENCE = 0.95,
    force: options.FORCE = False,
    as_json: options.Json = False,
) -> None:
    """Write a profile's card: what it was made of, its error rates, what it covers, what speaks against it.

    DIR gets card.md, card.html and card.json with the same numbers, and a figure of each condition. The error rates are
    measured with the profile's own images, each judged by a profile that was made without it. No model is asked.
    """
    from wherefrom.report.card import profile_card

    ((name, loaded),) = profiles_of([profile]).items()
    writing = Writing(outputs=card_outputs(out_dir, list(loaded.conditions)), inputs=[profile], force=force)
    writing.check()
    report = profile_card(
        loaded,
        name=name,
        alpha=alpha,
        beta=beta,
        rule=made_rule(rule, rule_option),
        confidence=confidence,
        file=profile,
    )
    written = save_card(report, loaded, out_dir)
    if as_json:
        emit_json(report.document())
    else:
        for path in written:
            emit(str(path))
