"""PaintMind's ViT-VQGAN: codes and reconstructions as the authors' program makes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.golden.recorded import Recorded, check_close, check_gradient, read, recordings
from wherefrom.models.architectures import load
from wherefrom.models.architectures.base import Built
from wherefrom.models.architectures.vit_vqgan.network import Encoding
from wherefrom.models.base import Autoencoder
from wherefrom.models.load import load_model

pytestmark = pytest.mark.data
every_file = pytest.mark.parametrize("path", recordings("paintmind"))


def _options(recorded: Recorded) -> dict[str, Any]:
    return {"dim_head": ",".join(str(recorded.config[part]["dim_head"]) for part in ("enc", "dec"))}


def _built(recorded: Recorded) -> Built:
    kind = load("vit_vqgan")
    assert kind.recognise({name: tuple(tensor.shape) for name, tensor in recorded.weights.items()})
    return kind.build(recorded.weights, _options(recorded))


def _map(tokens: torch.Tensor) -> torch.Tensor:
    """Tokens `(n, patches, features)` as latents `(n, features, rows, columns)`."""
    side = round(tokens.shape[1] ** 0.5)
    found: torch.Tensor = tokens.mT.unflatten(2, (side, side))
    return found


@every_file
@torch.no_grad()
def test_encodes_to_the_same_codes(path: Path) -> None:
    recorded = read(path)
    encoder, io = _built(recorded).encoder, recorded.io
    assert isinstance(encoder, Encoding)
    tokens = encoder.encoder(io["image"])
    check_close(tokens, io["enc_out"])
    check_close(encoder.prev_quant(tokens), io["pre_quant"])
    assert torch.equal(encoder.quantize(encoder.prev_quant(tokens)), io["indices"])
    check_close(encoder(io["image"] * 0.5 + 0.5), _map(io["z_q"]))


@every_file
@torch.no_grad()
def test_decodes_codes(path: Path) -> None:
    recorded = read(path)
    built, io = _built(recorded), recorded.io
    made = built.network(_map(io["z_q"])) * 2 - 1
    check_close(made, io["dec_unclamped"])
    check_close(made.clamp(-1, 1), io["rec"])
    assert isinstance(built.encoder, Encoding)
    drawn = built.encoder.quantize.units()[io["random_indices"]]
    check_close((built.network(_map(drawn)) * 2 - 1).clamp(-1, 1), io["random_decoded"])


@every_file
def test_gradient(path: Path) -> None:
    recorded = read(path)
    check_gradient(_built(recorded).network, _map(recorded.io["z_q"])[:1])


@every_file
@torch.no_grad()
def test_published_file_gives_the_same(path: Path) -> None:
    recorded = read(path)
    file = recorded.published()
    if file is None:
        pytest.skip(f"no {path.stem}.pt beside {path}")
    model = load_model(str(file), device="cpu", options=_options(recorded))
    assert isinstance(model, Autoencoder)
    codes = model.encode(recorded.io["image"] * 0.5 + 0.5)
    check_close(codes, _map(recorded.io["z_q"]))
    check_close(model.decode(codes) * 2 - 1, recorded.io["dec_unclamped"])
