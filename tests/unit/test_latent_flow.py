"""What the program of latent flows promises: photos held out, runs that go on, an export that opens."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import typer
from PIL import Image
from safetensors.torch import save_file

from tests.unit.models.tiny import build
from training import export_flow, latent_flow
from training.export_zoo import write_card
from training.latent_flow import LATENTS, Crops, Recipe, Trainer, encoded, error_of, loss_of
from wherefrom.core.tensors import generator
from wherefrom.models.adapters.latent_statistics import fit_latents
from wherefrom.models.opening.autoencoder import open_autoencoder

RECIPE = Recipe(seed=3, steps=4, batch=2, sides=(8, 4), shorter=(4, 8, 16), widths=(8, 16))
FACTOR = 2


def _latents(photos: int = 20, channels: int = 4) -> latent_flow.Latents:
    """Of photo `i` every number is `i`, but for the first channel, which is noise."""
    found = {}
    for name in (
        f"{side * FACTOR}/{photo}/{mirrored}" for side in (4, 8) for photo in range(photos) for mirrored in (0, 1)
    ):
        side, photo, mirrored = (int(part) for part in name.split("/"))
        latent = torch.full((channels, side // FACTOR, side // FACTOR + 3), float(photo))
        latent[0] = torch.randn(latent.shape[1:], generator=generator(side * 1000 + photo * 2 + mirrored))
        found[name] = latent.half()
    return found


def _advanced(trainer: Trainer, crops: Crops, steps: int) -> Trainer:
    for _ in range(steps):
        trainer.advance(crops(trainer.step))
    return trainer


def test_photos_are_encoded_at_every_size_that_needs_no_enlarging_and_mirrored(tmp_path: Path) -> None:
    build("kl").save_pretrained(tmp_path)
    model = open_autoencoder(tmp_path)
    photo = np.random.default_rng(0).integers(0, 256, (17, 23, 3), dtype=np.uint8)
    found = encoded(model, [photo, photo[:, ::-1]], (4, 8, 16))
    assert {name: tuple(latent.shape) for name, latent in found.items()} == {
        f"{side}/{index}/{mirrored}": (4, side // 2, width // 2)
        for side, width in ((8, 10), (16, 22))
        for index in (0, 1)
        for mirrored in (0, 1)
    }
    assert torch.equal(found["16/0/1"], found["16/1/0"]), "the photo is mirrored, not the latent"
    assert not torch.equal(found["16/0/1"], found["16/0/0"].flip(2))


def test_crops_are_standardised_and_those_held_out_are_of_other_photos() -> None:
    latents = _latents()
    crops = Crops(latents, RECIPE, FACTOR)
    flat = torch.cat([latent.float().flatten(1) for latent in latents.values()], 1)
    seen: dict[bool, set[int]] = {True: set(), False: set()}
    sides = set()
    for step in range(60):
        for held, photos in seen.items():
            batch = crops(step, held=held)
            assert torch.equal(batch, crops(step, held=held)), "of the seed and the step alone"
            photos |= set((batch[:, 1].mean((1, 2)) * flat[1].std() + flat[1].mean()).round().int().tolist())
            sides.add((batch.shape[0], *batch.shape[1:]))
    assert seen[True] == {0, 10}
    assert seen[False] == set(range(20)) - {0, 10}
    assert sides == {(2, 4, 8, 8), (8, 4, 4, 4)}, "four times as many of a quarter of the cells"
    assert not torch.equal(crops(0), Crops(latents, Recipe(**{**vars(RECIPE), "seed": 4}), FACTOR)(0))


def test_a_size_without_photos_is_said() -> None:
    with pytest.raises(typer.BadParameter, match=r"crops of 24 cells.*shorter side of 48 pixels"):
        Crops(_latents(), Recipe(**{**vars(RECIPE), "sides": (24,)}), FACTOR)
    with pytest.raises(typer.BadParameter, match="those kept out"):
        Crops({name: one for name, one in _latents().items() if name.split("/")[1] not in ("0", "10")}, RECIPE, FACTOR)


def test_the_error_is_nil_for_the_straight_way_and_not_for_another() -> None:
    latents = torch.randn((3, 4, 8, 8), generator=generator(1))
    noise = torch.randn(latents.shape, generator=generator(7))
    seen = []

    class Straight:
        def __init__(self, share: float) -> None:
            self.share = share

        def __call__(self, mixed: torch.Tensor, times: torch.Tensor) -> object:
            share = times[:, None, None, None] / 1000
            seen.append(times / 1000)
            torch.testing.assert_close(mixed, (1 - share) * noise + share * latents)
            return type("Output", (), {"sample": self.share * (latents - noise)})

    torch.testing.assert_close(error_of(Straight(1.0), latents, 7, 0.0), torch.zeros(3, 4, 8, 8), rtol=0, atol=1e-6)
    torch.testing.assert_close(error_of(Straight(0.0), latents, 7, -1.0), noise - latents)
    torch.testing.assert_close(seen[0].logit() - 1, seen[1].logit())


def test_the_loss_counts_the_error_of_means() -> None:
    even = torch.full((2, 4, 8, 8), 0.5)
    odd = even * (-1) ** torch.arange(8)
    halves = even * (torch.arange(8) // 4 * 2 - 1)
    assert [float(loss_of(error, (4,))) for error in (even, odd, halves)] == pytest.approx([0.75, 0.25, 0.5])


def test_a_stopped_run_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    crops = Crops(_latents(), RECIPE, FACTOR)
    whole = _advanced(Trainer(RECIPE, tmp_path / "whole", 4), crops, 4)
    _advanced(Trainer(RECIPE, tmp_path, 4), crops, 2).save()
    again = Trainer(RECIPE, tmp_path, 4)
    assert again.step == 2
    _advanced(again, crops, 2)
    for mine, theirs in ((whole.model, again.model), (whole.average, again.average)):
        for value, other in zip(mine.parameters(), theirs.parameters(), strict=True):
            torch.testing.assert_close(value, other)


def test_training_lowers_the_loss_on_photos_held_out(tmp_path: Path) -> None:
    recipe = Recipe(**{**vars(RECIPE), "steps": 60, "batch": 4})
    crops = Crops(_latents(), recipe, FACTOR)
    trainer = Trainer(recipe, tmp_path, 4)
    with torch.no_grad():
        before = np.mean(
            [float(error_of(trainer.average, crops(i, held=True), i, 0).square().mean()) for i in range(10)]
        )
    line = _advanced(trainer, crops, 60).log(crops)
    assert line["held"] < 0.8 * before
    assert json.loads((tmp_path / "log.jsonl").read_text()) == line


def _photos(folder: Path) -> Path:
    folder.mkdir()
    for number in range(12):
        coarse = np.random.default_rng(number).integers(0, 256, (4, 5, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((100, 80), Image.Resampling.BICUBIC).save(folder / f"{number:02}.png")
    return folder


def _zoo(folder: Path) -> Path:
    build("kl").save_pretrained(folder)
    save_file(
        fit_latents([torch.randn((4, 32, 32), generator=generator(i)) for i in range(3)]),
        folder / "latents.safetensors",
    )
    (folder / "README.md").write_text(
        "# little\n\n- **New images**: textures.\n- **Not for**: anything.\n", encoding="utf-8"
    )
    write_card(folder, {"name": "little", "sizes": [[64, 64]], "note": "textures"})
    return folder


@pytest.mark.weekly
def test_a_run_is_put_beside_its_autoencoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("SIDE", 64), ("SMALL", 16), ("STEPS", 1), ("SHEET", (2, 1, 16))):
        monkeypatch.setattr(export_flow, name, value)
    photos, folder, run = _photos(tmp_path / "photos"), _zoo(tmp_path / "little"), tmp_path / "run"
    with pytest.raises(typer.BadParameter, match=r"holds no state\.pt"):
        export_flow.main(run, photos, to=folder)
    latent_flow.main(folder, photos, out=run, seed=1, steps=2, save_every=1)
    latent_flow.main(folder, photos, out=run, seed=1, steps=3, save_every=1)
    assert [json.loads(line)["step"] for line in (run / "log.jsonl").read_text().splitlines()] == [1, 2, 3]
    for _ in range(2):  # a second time it replaces what the first wrote
        export_flow.main(run, photos, to=folder, data="noise", count=3)
    model = open_autoencoder(folder)
    seeds = np.arange(2, dtype=np.uint64)
    assert model.draw(seeds).shape == (2, 4, 32, 32)
    assert not torch.equal(model.draw(seeds), model.search_starts(seeds))
    crops = Crops(latent_flow.read_latents(run), Recipe(seed=1), FACTOR)
    sampler = json.loads((folder / "flow" / "sampler.json").read_text())
    assert (sampler["steps"], sampler["shift"], sampler["least"]) == (1, 2.0, 8)
    np.testing.assert_allclose(sampler["mean"], crops.mean, atol=1e-6)
    np.testing.assert_allclose(sampler["deviation"], crops.deviation, atol=1e-6)
    card, text = json.loads((folder / "card.json").read_text()), (folder / "README.md").read_text(encoding="utf-8")
    assert {"flow/config.json", "flow/samples.png", "flow/sampler.json", "README.md"} < set(card["files"])
    assert card["note"] == export_flow.NOTE
    assert text.count("- **New images**") == text.count("- **Not for**") == text.count("| draws |") == 1
    assert "3 steps in" in text
    assert "textures." not in text
    assert (run / LATENTS).is_file()
    with pytest.raises(typer.BadParameter, match="0 sections"):
        export_flow.card_with("# another\n", "new")
