"""`wherefrom demo`: the main job from beginning to end on the embedded models and on photos that are there anyway."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from wherefrom.cli import _options as options
from wherefrom.cli._output import emit, emit_table, note, share
from wherefrom.cli._verdicts import save_rows, show_verdicts, verdict_row
from wherefrom.cli._work import Work, made_method
from wherefrom.core.errors import UsageError
from wherefrom.records.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from wherefrom.cli._exhibits import Exhibits
    from wherefrom.records.profile import Profile

__all__ = ["demo"]

_ALPHA: Final = 0.05
_BETA: Final = 0.01
_SAMPLE: Final = 2  # images of each kind in the printed table
_NOTES: Final = """# What is in this folder

Made by `wherefrom demo`: images, a profile of {model}, and what it says of images that it has not seen.

- `profile/`: what the profile was made from: {belonging} draws of {model}, and as non-belongings tiles of photos, draws
  of {other}, and the same tiles passed through {other}. `profile.json` is the profile.
- `mixed/`: held-out images of each kind, a flat image and a damaged file. `scores.parquet` has what the model was
  asked, `verdicts.csv` what is said of each, `figure.png` shows it.
- `scores.sqlite`: the store; a second run asks the model nothing.

Ask again: `wherefrom attribute mixed --profile profile.json --store scores.sqlite`

The photos come with scikit-image and scikit-learn and are cut into tiles that do not overlap. Tiles of one photo are
alike: {photos} of them are worth fewer than as many photos, so the bound for photos and the intervals below are too
hopeful. No photo is on both sides. The draws are textures with the statistics of photos, not photos: that they are told
from photos is easy, that they are told from the other decoder's draws is the test.

{summary}
"""


def demo(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="the folder that is left")] = Path("demo-output"),
    count: Annotated[
        int, typer.Option("--count", min=20, help="images of each kind to profile with; a quarter as many to test")
    ] = 120,
    size: Annotated[int, typer.Option("--size", min=32, help="pixels a side")] = 192,
    model: Annotated[str, typer.Option("--model", hidden=True)] = "zoo:kl-f8-a",
    other: Annotated[str, typer.Option("--other", hidden=True)] = "zoo:kl-f8-b",
    method: options.METHOD = options.DEFAULT_METHOD,
    option: options.OPTION = None,
    device: options.DEVICE = "auto",
    quiet: options.QUIET = False,
) -> None:
    """Make images, profile a model, attribute a mixed folder, and leave all of it in a folder. Needs no network."""
    started = time.monotonic()
    chosen = made_method(method, option)
    if size % 8:
        raise UsageError(f"--size {size} is no multiple of 8, the models' factor: use {size // 8 * 8}")
    from wherefrom.cli._exhibits import make_exhibits
    from wherefrom.cli._making import made_folder
    from wherefrom.judging import calibrate, judge
    from wherefrom.models.locate import load_model
    from wherefrom.records.files import save_profile, save_table
    from wherefrom.report.figures import profile_figure

    ours, theirs = load_model(model, device=device), load_model(other, device=device)
    made = make_exhibits(made_folder(out), ours, theirs, count=count, size=size, quiet=quiet)
    work = Work(store=out / "scores.sqlite", quiet=quiet)
    known = work.score(made.belonging, model=ours, method=chosen, label="scoring belongings")
    pools = {
        name: work.score(paths, model=ours, method=chosen, label=f"scoring {name}")
        for name, paths in made.pools.items()
    }
    profile = calibrate(belonging=known, foreign=pools)
    save_profile(profile, out / "profile.json")
    table = work.score(made.mixed, model=ours, method=chosen, label="scoring the mixed folder")
    verdicts = judge(table, profile=profile, alpha=_ALPHA, beta=_BETA)
    save_table(table, out / "scores.parquet")
    save_rows([verdict_row(verdict) for verdict in verdicts], out / "verdicts.csv")
    profile_figure(profile, verdicts, path=out / "figure.png")
    _tell(made, profile, verdicts, out)
    note(f"{time.monotonic() - started:.0f} seconds", quiet=quiet)


def _tell(made: Exhibits, profile: Profile, verdicts: tuple[Verdict, ...], out: Path) -> None:
    """Print what came out, and leave it in the folder's notes."""
    from wherefrom.cli.profile import show_profile, warn

    show_profile(profile, out / "profile.json")
    warn(profile)
    by_name = {verdict.image.name: verdict for verdict in verdicts}
    kinds = {kind: [by_name[str(path)] for path in paths] for kind, paths in made.kinds.items()}
    shown = [verdict for found in kinds.values() for verdict in found[:_SAMPLE]]
    show_verdicts(shown, title=f"The mixed folder: the first {_SAMPLE} of each kind; all are in {out / 'verdicts.csv'}")
    emit_table(
        ("kind", "images", *(str(outcome) for outcome in Outcome)),
        [
            (kind, len(found), *(sum(verdict.outcome is outcome for verdict in found) for outcome in Outcome))
            for kind, found in kinds.items()
        ],
        title="What was said of them",
    )
    lines = summary(kinds, made.tested)
    for line in lines:
        emit(line)
    emit(f"all of it is in {out}: figure.png, profile.json, scores.parquet, verdicts.csv, README.md")
    text = _NOTES.format(
        model=profile.model.name,
        other=made.other,
        belonging=len(made.belonging),
        photos=len(made.pools["photos"]),
        summary="\n".join(f"- {line}" for line in lines),
    )
    (out / "README.md").write_text(text, encoding="utf-8")


def summary(kinds: dict[str, list[Verdict]], tested: tuple[str, ...]) -> list[str]:
    """Misses, finds and false claims as counts with 95 % intervals.

    Args:
        kinds: verdicts by kind.
        tested: the kind that belongs, then those that do not.
    """
    ours, *others = tested
    said = {kind: [verdict.outcome for verdict in kinds[kind]] for kind in tested}
    total = len(said[ours])
    lines = [
        f"missed, alpha={_ALPHA:g}: {share(said[ours].count(Outcome.EXCLUDED), total)} {ours}",
        f"found: {share(said[ours].count(Outcome.SUPPORTED), total)} {ours}",
    ]
    lines += [
        f"false claims, beta={_BETA:g}: {share(said[kind].count(Outcome.SUPPORTED), len(said[kind]))} {kind}"
        for kind in others
    ]
    return lines
