"""Turn a run of `training/dcgan.py` into a folder of the zoo: float16 weights, what they do not say, two cards.

    python -m training.export_dcgan runs/dcgan-cifar10 --name dcgan-cifar10 --out src/wherefrom/models/zoo

Takes what the run exported at its end. `generator.json` has what no file of weights says (strides, the prior).
`card.json` has the SHA-256 of every other file.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Annotated

import typer
from safetensors import safe_open

from training.dcgan import SIDE
from training.export_zoo import write_card

MODEL_CARD = """# {name}

A small DCGAN ({latent} normal numbers to {side} x {side} pixels, {parameters:,} parameters) for demonstrations and
tests: its images look like photos of things from afar, and are good for nothing else.

- **Licence of the weights**: Apache-2.0.
- **Data**: {data}
- **Recipe**: `training/dcgan.py`, {recipe}; {images:,} images, {steps:,} steps in {seconds:.0f} seconds of
  one busy core. These are the averaged weights, rounded to float16.
- **Distance to the training images** over {count:,} draws: {distances}. These are Fréchet distances in the features
  that `training/frechet.py` names, of this package and for comparison within it alone: **not** FID.
- **Not for**: anything but trying this package. That an image made by it is recognised says little of other models.
"""
NOTE = "Small, for demonstrations and tests; draws images like those of CIFAR-10, from afar."


def main(
    run: Annotated[Path, typer.Argument(help="the --out folder of training/dcgan.py, with its export")],
    name: Annotated[str, typer.Option(help="the model's name in the zoo, as dcgan-cifar10")],
    out: Annotated[Path, typer.Option(help="the zoo's folder; its sub-folder of that name is made anew")],
    data: Annotated[str, typer.Option(help="what it was trained on, a sentence for the model card")],
) -> None:
    """Write one folder of the zoo."""
    weights, said = run / "export" / "generator.safetensors", run / "export" / "recipe.json"
    if not weights.is_file() or not said.is_file():
        raise typer.BadParameter(f"{run} has no export: let training/dcgan.py run to its end")
    about = json.loads(said.read_text(encoding="utf-8"))
    folder, part = out / name, out / f".{name}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    shutil.copyfile(weights, part / "generator.safetensors")
    layers = len(about["recipe"]["generator"])
    beside = {"stride": [1, *[2] * layers], "padding": [0, *[1] * layers], "activation": "relu", "prior": "normal"}
    (part / "generator.json").write_text(json.dumps(beside) + "\n", encoding="utf-8")
    (part / "README.md").write_text(_model_card(name, data, about, weights), encoding="utf-8")
    card = {
        "name": name,
        "title": f"Small DCGAN {name}",
        "architecture": "dcgan",
        "sizes": [[SIDE, SIDE]],
        "family": name,
        "licence": "Apache-2.0",
        "note": NOTE,
    }
    write_card(part, card)
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)
    typer.echo(json.dumps({"folder": str(folder), **about["final"]}))


def _model_card(name: str, data: str, about: dict[str, dict[str, object]], weights: Path) -> str:
    """The model card of a run."""
    recipe, final = about["recipe"], about["final"]
    with safe_open(weights, "pt") as file:
        kept = [key for key in file.keys() if "running" not in key]  # noqa: SIM118  (the file is no mapping)
        parameters = sum(file.get_tensor(key).numel() for key in kept)
    distances = final["distances"]
    assert isinstance(distances, dict)
    return MODEL_CARD.format(
        name=name,
        side=SIDE,
        latent=recipe["latent"],
        parameters=parameters,
        data=data,
        recipe=", ".join(f"{key} {value}" for key, value in recipe.items()),
        images=about["images"],
        steps=final["step"],
        seconds=final["seconds"],
        count=final["images"],
        distances=", ".join(f"{value} in `{kind}`" for kind, value in distances.items()),
    )


if __name__ == "__main__":
    typer.run(main)
