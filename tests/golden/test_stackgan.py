"""StackGAN-v2 and ControlGAN: images of every stage as the authors' programs make them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from tests.golden.recorded import Recorded, check_close, check_gradient, read, recordings
from wherefrom.models.architectures import load
from wherefrom.models.architectures.base import Built
from wherefrom.models.base import Decoder
from wherefrom.models.load import load_model

pytestmark = pytest.mark.data
stackgan = pytest.mark.parametrize("path", recordings("stackgan"))
controlgan = pytest.mark.parametrize("path", recordings("controlgan"))


def _built(kind: str, recorded: Recorded, **options: Any) -> Built:
    shapes = {name: tuple(tensor.shape) for name, tensor in recorded.weights.items()}
    assert [name for name in ("stackgan", "controlgan") if load(name).recognise(shapes)] == [kind]
    built = load(kind).build(recorded.weights, options)
    built.network.eval()
    return built


def _text(recorded: Recorded, folder: Path) -> str:
    names = [name for name in ("sent_emb", "words_emb", "mask") if name in recorded.io]
    save_file({name: recorded.io[name] for name in names}, folder / "text.safetensors")
    return str(folder / "text.safetensors")


def _stages(recorded: Recorded) -> int:
    return int(recorded.config["BRANCH_NUM"])


def _rows(recorded: Recorded) -> range:
    return range(len(recorded.io["z"]))


def _augmented(recorded: Recorded) -> torch.Tensor:
    """C out of the recorded mean, log-variance and eps."""
    io = recorded.io
    return io["mu"] + io["eps"] * (io["logvar"] / 2).exp()


def _latents(recorded: Recorded) -> torch.Tensor:
    """Noise and eps, or noise alone of an unconditional model."""
    io = recorded.io
    return torch.cat([io["z"], io["eps"]], dim=1) if "eps" in io else io["z"]


@stackgan
@torch.no_grad()
def test_stackgan_with_its_sentence_at_every_scale(path: Path, tmp_path: Path) -> None:
    recorded = read(path)
    conditional = "sent_emb" in recorded.io
    text = _text(recorded, tmp_path) if conditional else ""
    for stage in range(1, _stages(recorded) + 1):
        for row in _rows(recorded):
            named = {"text": text, "row": row, "eps": "search"} if conditional else {}
            built = _built("stackgan", recorded, scale=32 << stage, **named)
            made = built.network(_latents(recorded)[row : row + 1]) * 2 - 1
            check_close(made, recorded.io[f"image{stage}"][row : row + 1])


@stackgan
@torch.no_grad()
def test_stackgan_from_its_published_file(path: Path) -> None:
    recorded = read(path)
    file = recorded.published()
    if file is None:
        pytest.skip(f"no {path.stem}.pth beside {path}")
    conditional = "sent_emb" in recorded.io
    io = recorded.io
    model = load_model(str(file), device="cpu")
    assert isinstance(model, Decoder)
    latents = torch.cat([io["z"], _augmented(recorded)], dim=1) if conditional else io["z"]
    check_close(model.decode(latents) * 2 - 1, io[f"image{_stages(recorded)}"])


@stackgan
def test_stackgan_gradient(path: Path) -> None:
    recorded = read(path)
    built = _built("stackgan", recorded)
    check_gradient(built.network, torch.randn((1, *built.latent_shape), generator=torch.Generator().manual_seed(3)))


@controlgan
@torch.no_grad()
def test_controlgan_with_its_caption_one_by_one(path: Path, tmp_path: Path) -> None:
    recorded = read(path)
    stage, text = _stages(recorded), _text(recorded, tmp_path)
    names = [f"single{row}_image{stage}" for row in _rows(recorded)]
    assert any(name in recorded.io for name in names)
    for row, name in enumerate(names):
        if name in recorded.io:
            built = _built("controlgan", recorded, text=text, row=row, eps="search")
            check_close(built.network(_latents(recorded)[row : row + 1]) * 2 - 1, recorded.io[name])


@controlgan
@torch.no_grad()
def test_controlgan_as_its_program_hides_words_of_several_captions(path: Path) -> None:
    """Row b's pixel q is hidden by the mask of row (b * pixels + q) mod captions: theirs, for agreement alone."""
    recorded = read(path)
    io, network = recorded.io, _built("controlgan", recorded).network.get_submodule("network")
    count, places = len(io["z"]), torch.arange(len(io["z"]) * 128**2)
    quirk = {side: io["mask"].bool()[places[: count * side**2] % count].view(count, side**2, -1) for side in (64, 128)}
    for stage in range(2, _stages(recorded) + 1):
        part = network.get_submodule(f"h_net{stage}.att")
        part.register_forward_pre_hook(lambda _, given: (*given[:2], quirk[64 if given[0].shape[2] == 64**2 else 128]))
    images = network(_augmented(recorded), io["z"], io["words_emb"], None, _stages(recorded))
    for stage, image in enumerate(images, start=1):
        check_close(image, io[f"image{stage}"])


@controlgan
@torch.no_grad()
def test_controlgan_from_its_published_file_with_the_caption_in_the_latent(path: Path) -> None:
    recorded = read(path)
    file = recorded.published()
    name = f"nomask_image{_stages(recorded)}"
    recorded_too = [key for key in recorded.io if key.startswith("nomask_image")]
    if file is None or not recorded_too:
        pytest.skip(f"no {path.stem}.pth beside {path}, or no image without a mask in it")
    io, count = recorded.io, len(recorded.io["z"])
    words = io["words_emb"].double().atanh().float().reshape(count, -1)
    options = {"words": io["words_emb"].shape[2], "scale": 32 << int(recorded_too[0][-1])}
    model = load_model(str(file), device="cpu", options=options)
    assert isinstance(model, Decoder)
    made = model.decode(torch.cat([io["z"], _augmented(recorded), words], dim=1)) * 2 - 1
    check_close(made, io[name if name in io else recorded_too[0]])


@controlgan
def test_controlgan_gradient(path: Path, tmp_path: Path) -> None:
    recorded = read(path)
    built = _built("controlgan", recorded, words=3)
    check_gradient(built.network, torch.randn((1, *built.latent_shape), generator=torch.Generator().manual_seed(3)))
    known = _built("controlgan", recorded, text=_text(recorded, tmp_path), row=1)
    check_gradient(known.network, recorded.io["z"][:1])
