"""What the VAE's and StyleGAN2's training programs promise: runs that go on, exports that draw what was trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
import typer

from training import dcgan, export_generator, stylegan2, vae
from training.augment import Strength, augmented
from training.runs import Run, batch_at, normal_at
from training.small_images import read_labels
from wherefrom import load_model
from wherefrom.models.adapters.generator import EncodingGenerator, Generator
from wherefrom.models.architectures.base.stylegan.layers import energy
from wherefrom.models.architectures.stylegan2.synthesis import Conv
from wherefrom.models.sources.zoo import ZOO

VAE = vae.Recipe(
    seed=3, steps=4, batch=8, latent=6, encoder=(8, 8, 8), encoder_hidden=8, decoder=(8, 8, 8), decoder_hidden=8
)
STYLEGAN2 = stylegan2.Recipe(
    seed=3,
    steps=4,
    batch=8,
    classes=3,
    z_width=16,
    w_width=16,
    generator=(16, 16, 16, 16),
    discriminator=(8, 8, 8),
    lazy=2,
    ramp=20,
    target=-2,  # so that the strength rises
)
DCGAN = dcgan.Recipe(seed=3, steps=4, batch=8, latent=6, generator=(8, 8, 8), discriminator=(8, 8, 8))
PROGRAMS = ("vae", "stylegan2", "dcgan")
LABELS = torch.arange(20) % 3


def _pixels(count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(count).integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)


def _trainer(program: str, out: Path) -> Run:
    out.mkdir(exist_ok=True)
    match program:
        case "vae":
            return vae.Trainer(VAE, out)
        case "stylegan2":
            return stylegan2.Trainer(STYLEGAN2, out)
        case _:
            return dcgan.Trainer(DCGAN, out)


def _advance(trainer: Run, steps: int) -> list[dict[str, float]]:
    images = _pixels(20)
    if isinstance(trainer, stylegan2.Trainer):
        return [trainer.advance(images, LABELS) for _ in range(steps)]
    assert isinstance(trainer, vae.Trainer | dcgan.Trainer)
    return [trainer.advance(images) for _ in range(steps)]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_step_changes_every_weight_that_is_trained(program: str, tmp_path: Path) -> None:
    trainer = _trainer(program, tmp_path)
    before = {name: value.clone() for name, value in trainer.networks.named_parameters()}
    losses = _advance(trainer, 2)
    assert all(np.isfinite(list(loss.values())).all() for loss in losses)
    assert trainer.step == 2
    same = [name for name, value in trainer.networks.named_parameters() if torch.equal(value, before[name])]
    assert not same


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_stopped_run_goes_on_as_if_it_had_not_been(program: str, tmp_path: Path) -> None:
    whole, first = _trainer(program, tmp_path / "whole"), _trainer(program, tmp_path / "parts")
    _advance(whole, 4)
    _advance(first, 2)
    first.save()
    second = _trainer(program, tmp_path / "parts")
    assert second.step == 2
    _advance(second, 2)
    mine, theirs = whole.state(), second.state()
    torch.testing.assert_close(mine, theirs, rtol=0, atol=0)
    assert mine.keys() == theirs.keys()


def _line() -> dict[str, Any]:
    return {"step": 2, "seconds": 1.0, "losses": {}, "distances": {"pixels 8x8": 0.5}, "images": 8}


@pytest.mark.parametrize("program", PROGRAMS)
@torch.inference_mode()
def test_an_export_draws_the_averaged_networks_images(program: str, tmp_path: Path) -> None:
    with torch.inference_mode(False):
        trainer = _trainer(program, tmp_path / "run")
        _advance(trainer, 2)
        trainer.export(_line(), 20)
    export_generator.main(tmp_path / "run", kind=program, name="little", out=tmp_path, data="Noise.")
    model = load_model(str(tmp_path / "little" / "generator.safetensors"), device="cpu")
    assert isinstance(model, Generator | EncodingGenerator)
    card = json.loads((tmp_path / "little" / "card.json").read_text())
    assert model.card.facts["architecture"] == card["architecture"]
    assert {"README.md", "generator.safetensors", "samples.png"} <= set(card["files"])
    assert f"{model.parameters:,} parameters" in " ".join((tmp_path / "little" / "README.md").read_text().split())
    network, latents = trainer.averaged(), normal_at(1, 0, (6, 6 if program != "stylegan2" else 16))
    match network:
        case vae.Vae():
            torch.testing.assert_close(model.decode(latents), network.decode(latents))
            images = torch.rand(4, 3, 32, 32)
            assert isinstance(model, EncodingGenerator)
            torch.testing.assert_close(model.encode(images), network.moments(images)[0])
        case stylegan2.Generator():
            labels = torch.arange(6) % 3
            made = network(latents, labels)[0] * 0.5 + 0.5
            torch.testing.assert_close(model.decode(torch.cat([latents, labels[:, None].float()], 1)), made)
            assert float((made[0] - network(latents[:1], labels[1:2])[0] * 0.5 - 0.5).abs().max()) > 1e-3
        case dcgan.Generator():
            made = network(latents[..., None, None]) * 0.5 + 0.5
            torch.testing.assert_close(model.decode(latents), made)
        case _:
            pytest.fail(f"{type(network)} is no network of {program}")


def test_stylegan2s_demodulation_has_gradients_in_training_and_the_packages_none(tmp_path: Path) -> None:
    trainer = _trainer("stylegan2", tmp_path)
    _advance(trainer, 1)
    convs = [module for module in trainer.networks["generator"].modules() if isinstance(module, Conv)]
    trained = {id(module): module.weight.detach().clone() for module in convs}
    _advance(trainer, 1)
    for conv in convs:
        assert conv.energy.requires_grad
        torch.testing.assert_close(conv.energy.detach(), energy(trained[id(conv)]))
    for module in trainer.averaged().modules():
        if isinstance(module, Conv):
            assert not module.energy.requires_grad
            torch.testing.assert_close(module.energy, energy(module.weight))


def test_augmentation_leaves_images_alone_without_strength_and_mean_and_size_with() -> None:
    images = batch_at(_pixels(8), 0, 0, 64)[1]
    source = torch.Generator().manual_seed(0)
    assert augmented(images, 0.0, source) is images
    changed = augmented(images.requires_grad_(True), 0.5, source)
    assert changed.shape == images.shape
    apart = (changed - images).abs().amax((1, 2, 3)) > 1e-4
    assert 50 < int(apart.sum()) <= 64, "of ten transformations at 0.5 few images get none"
    changed.sum().backward()
    assert images.grad is not None
    assert float(images.grad.abs().sum()) > 0


def test_blitting_moves_pixels_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mirrors and quarter turns keep every value: sorted, they are those of the image."""
    for name in ("uniform", "normal"):
        monkeypatch.setattr(f"training.augment._Draw.{name}", lambda draw, *_: torch.zeros(draw.count))
    monkeypatch.setattr("training.augment._colours", lambda draw: torch.eye(4).expand(draw.count, 4, 4))
    images = batch_at(_pixels(8), 0, 0, 32)[1]
    moved = augmented(images, 1.0, torch.Generator().manual_seed(0))
    assert not torch.allclose(moved, images, atol=1e-3)
    torch.testing.assert_close(moved.flatten(2).sort()[0], images.flatten(2).sort()[0], rtol=0, atol=1e-3)


def test_strength_goes_towards_the_target() -> None:
    strength = Strength(0.6, 100)
    strength.update(torch.ones(10))
    assert strength.value == pytest.approx(0.1)
    strength.update(torch.tensor([1.0, -1.0] * 5))
    assert strength.value == pytest.approx(0)
    strength.update(-torch.ones(10))
    assert strength.value == 0


def test_labels_are_places_among_the_sorted_names(tmp_path: Path) -> None:
    pq.write_table(pa.table({"image": [b"", b"", b""], "label": ["dog", "cat", "dog"]}), tmp_path / "train.parquet")
    assert read_labels(tmp_path).tolist() == [1, 0, 1]
    pq.write_table(pa.table({"image": [b""]}), tmp_path / "train.parquet")
    with pytest.raises(typer.BadParameter, match="column label"):
        read_labels(tmp_path)


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_export_that_is_not_there_is_named(program: str, tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match="has no export"):
        export_generator.main(tmp_path, kind=program, name="little", out=tmp_path, data="Noise.")
    with pytest.raises(typer.BadParameter, match="one of dcgan, vae, stylegan2"):
        export_generator.main(tmp_path, kind="biggan", name="little", out=tmp_path, data="Noise.")
    assert not (ZOO / "little").exists()
