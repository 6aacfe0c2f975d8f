"""Turn a run of a generator's training into a folder of the zoo: weights, what they do not say, a sheet, two cards.

    python -m training.export_generator runs/dcgan-cifar10 --kind dcgan --name dcgan-cifar10 --out ZOO --data CIFAR-10

Takes what the run exported at its end. `generator.json` has what no file of weights says, such as strides, the prior or
that the class is searched. `card.json` has the SHA-256 of every other file. `training/sheets.py` draws the sheet.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from training.export_zoo import write_card
from training.runs import SIDE, WEIGHTS
from training.sheets import NAME, draw_sheet
from wherefrom.models.adapters.generator import EncodingGenerator, Generator
from wherefrom.models.load import load_model

MODEL_CARD = """# {name}

{opening} ({latent} normal numbers to {side} x {side} pixels, {parameters:,} parameters) for
demonstrations and tests: its images {looks}, and are good for nothing else.

![Draws of {name}]({sheet})

- **Licence of the weights**: Apache-2.0.
- **Data**: {data}
- **Recipe**: `training/{kind}.py`, {recipe}; {images:,} images, {steps:,} steps in {seconds:.0f} seconds of
  one busy core{beside}. These are the averaged weights, rounded to float16.
- **Distance to the training images** over {count:,} draws: {distances}. These are Fréchet distances
  in the features that `training/frechet.py` names, for comparison within this package alone: **not** FID.
{more}- **Not for**: anything but trying this package. That an image of it is recognised says little of other models.
"""
CLASSES = """- **Class**: `generator.json` says `class: search`, so `draw` and `wherefrom generate` draw one of
  the {classes} classes with each seed, each as likely, and a search spreads its starts over them. For one class alone,
  open the file `generator.safetensors` by its path with the option `class`, a number from 0 in this order: airplane,
  automobile, bird, cat, deer, dog, frog, horse, ship, truck.
"""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What the cards say of one training program's models.

    Attributes:
        title: of one model, before its name.
        architecture: by which the package opens it.
        opening: the card's first words.
        looks: of its images.
        beside: what `generator.json` says, by the recipe.
    """

    title: str
    architecture: str
    opening: str
    looks: str
    beside: Callable[[dict[str, Any]], dict[str, Any] | None]


def _dcgan(recipe: dict[str, Any]) -> dict[str, Any]:
    layers = len(recipe["generator"])
    return {"stride": [1, *[2] * layers], "padding": [0, *[1] * layers], "activation": "relu", "prior": "normal"}


def _stylegan2(recipe: dict[str, Any]) -> dict[str, Any]:
    return {"class": "search", "mapping_kwargs": {"lr_multiplier": recipe["mapping_rate"]}}


KINDS = {
    "dcgan": Kind(
        title="Small DCGAN",
        architecture="dcgan",
        opening="A small DCGAN",
        looks="look like photos of things from afar",
        beside=_dcgan,
    ),
    "vae": Kind(
        title="Small VAE",
        architecture="burgess_vae",
        opening="A small convolutional VAE with its encoder",
        looks="look like photos of things far out of focus",
        beside=lambda _recipe: None,  # everything is in the weights
    ),
    "stylegan2": Kind(
        title="Small StyleGAN2",
        architecture="stylegan2",
        opening="A small class-conditional StyleGAN2",
        looks="look like photos of things from afar",
        beside=_stylegan2,
    ),
}


def main(
    run: Annotated[Path, typer.Argument(help="the --out folder of the training program, with its export")],
    kind: Annotated[str, typer.Option(help=f"the training program: {', '.join(KINDS)}")],
    name: Annotated[str, typer.Option(help="the model's name in the zoo, as dcgan-cifar10")],
    out: Annotated[Path, typer.Option(help="the zoo's folder; its sub-folder of that name is made anew")],
    data: Annotated[str, typer.Option(help="what it was trained on, a sentence for the model card")],
    purpose: Annotated[str, typer.Option(help="what it is for beside trying, a sentence for the model card")] = "",
) -> None:
    """Write one folder of the zoo."""
    weights, said = run / "export" / WEIGHTS, run / "export" / "recipe.json"
    if kind not in KINDS:
        raise typer.BadParameter(f"no training program {kind!r}: one of {', '.join(KINDS)}")
    if not weights.is_file() or not said.is_file():
        raise typer.BadParameter(f"{run} has no export: let training/{kind}.py run to its end")
    about = json.loads(said.read_text(encoding="utf-8"))
    folder, part = out / name, out / f".{name}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    shutil.copyfile(weights, part / WEIGHTS)
    beside = KINDS[kind].beside(about["recipe"])
    if beside is not None:
        (part / WEIGHTS).with_suffix(".json").write_text(json.dumps(beside) + "\n", encoding="utf-8")
    draw_sheet(part)
    text = _model_card(name, kind, data, purpose, about, part / WEIGHTS)
    (part / "README.md").write_text(text, encoding="utf-8")
    write_card(part, _card(name, KINDS[kind]))
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)
    typer.echo(json.dumps({"folder": str(folder), **about["final"]}))


def _card(name: str, kind: Kind) -> dict[str, Any]:
    return {
        "name": name,
        "title": f"{kind.title} {name}",
        "architecture": kind.architecture,
        "sizes": [[SIDE, SIDE]],
        "family": name,
        "licence": "Apache-2.0",
        "note": f"For demonstrations and tests; its images {kind.looks}.",
    }


def _model_card(name: str, kind: str, data: str, purpose: str, about: dict[str, Any], weights: Path) -> str:
    """The model card of a run."""
    recipe, final, model = about["recipe"], about["final"], load_model(str(weights), device="cpu")
    assert isinstance(model, Generator | EncodingGenerator)
    classes = model.classes if isinstance(model, Generator) else None
    more = CLASSES.format(classes=classes) if classes else ""
    if purpose:
        more += f"- **For**: {purpose}\n"
    return MODEL_CARD.format(
        name=name,
        kind=kind,
        opening=KINDS[kind].opening,
        looks=KINDS[kind].looks,
        sheet=NAME,
        side=SIDE,
        latent=model.latent_shape[0] - (classes is not None),
        parameters=model.parameters,
        data=data,
        recipe=", ".join(f"{key} {value}" for key, value in recipe.items()),
        images=about["images"],
        steps=final["step"],
        seconds=final["seconds"],
        beside=" beside a GPU" if recipe.get("device", "cpu") != "cpu" else "",
        count=final["images"],
        distances=", ".join(f"{value} in `{kind}`" for kind, value in final["distances"].items()),
        more=more,
    )


if __name__ == "__main__":
    typer.run(main)
