"""PaintMind's ViT-VQGAN on tiny random networks, against its formulas written out without modules."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tests.unit.models.architectures.random_weights import drawn
from wherefrom import methods
from wherefrom.core.errors import ImageError, ModelError, UsageError
from wherefrom.core.tensors import generator
from wherefrom.models.architectures import load
from wherefrom.models.architectures.vit_vqgan import _read
from wherefrom.models.architectures.vit_vqgan.network import Geometry, Half, Model
from wherefrom.models.base import Autoencoder
from wherefrom.models.checkpoints.build import empty
from wherefrom.models.load import load_model

State = dict[str, torch.Tensor]

TINY: Final = Geometry(
    encoder=Half(width=12, depth=2, inner=16, hidden=8, heads=2),
    decoder=Half(width=20, depth=1, inner=12, hidden=16, heads=3),
    patch=4,
    grid=3,
    codes=11,
    features=5,
)
OPTIONS: Final = {"dim_head": "8,4"}


def _state(seed: int = 0) -> State:
    return drawn(empty(lambda: Model(TINY)), seed)


def _file(folder: Path, seed: int = 0) -> Path:
    save_file(_state(seed), folder / "vq.safetensors")
    return folder / "vq.safetensors"


def _open(path: Path, **options: Any) -> Autoencoder:
    found = load_model(str(path), device="cpu", options=OPTIONS | options)
    assert isinstance(found, Autoencoder)
    return found


def _images(count: int = 3) -> torch.Tensor:
    return torch.rand((count, 3, 12, 12), generator=generator(5))


def _layer_norm(x: torch.Tensor, w: State, name: str) -> torch.Tensor:
    centred = x - x.mean(-1, keepdim=True)
    scaled = centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()
    return scaled * w[f"{name}.weight"] + w[f"{name}.bias"]


def _linear(x: torch.Tensor, w: State, name: str) -> torch.Tensor:
    return x @ w[f"{name}.weight"].T + w.get(f"{name}.bias", torch.zeros(()))


def _layers(x: torch.Tensor, w: State, half: str, heads: int, depth: int) -> torch.Tensor:
    for layer in range(depth):
        name = f"{half}.transformer.layers.{layer}"
        told = _layer_norm(x, w, f"{name}.norm1")
        asked, known, held = (_linear(told, w, f"{name}.attn1.{part}") for part in ("to_q", "to_k", "to_v"))
        size = asked.shape[-1] // heads
        joined = []
        for head in range(heads):
            part = slice(head * size, (head + 1) * size)
            scores = asked[..., part] @ known[..., part].mT / size**0.5
            joined.append(scores.softmax(-1) @ held[..., part])
        x = x + _linear(torch.cat(joined, dim=-1), w, f"{name}.attn1.to_out.0")
        gate, value = _linear(_layer_norm(x, w, f"{name}.norm2"), w, f"{name}.ffnet.w12").chunk(2, dim=-1)
        x = x + _linear(gate * gate.sigmoid() * value, w, f"{name}.ffnet.w3")
    return x


def _encoded(images: torch.Tensor, w: State) -> torch.Tensor:
    """Codes `(n, patches, features)` of images in [-1, 1]."""
    patches = images.unfold(2, 4, 4).unfold(3, 4, 4)  # n c rows columns 4 4
    tokens = torch.einsum("ncrsyx,dcyx->nrsd", patches, w["encoder.to_patch_embedding.0.weight"]).flatten(1, 2)
    tokens = _layer_norm(tokens + w["encoder.position_embedding"], w, "encoder.norm_pre")
    found = _linear(_layers(tokens, w, "encoder", 2, 2), w, "prev_quant")
    table = w["quantize.embedding.weight"]
    units = table / table.norm(dim=1, keepdim=True)
    found = found / found.norm(dim=-1, keepdim=True)
    nearest = torch.cdist(found, units.expand(len(found), -1, -1)).argmin(-1)
    codes: torch.Tensor = units[nearest]
    return codes


def _decoded(codes: torch.Tensor, w: State) -> torch.Tensor:
    """Images in [-1, 1], not clamped, of codes `(n, patches, features)`."""
    tokens = _linear(codes, w, "post_quant") + w["decoder.position_embedding"]
    tokens = _layer_norm(_layers(tokens, w, "decoder", 3, 1), w, "decoder.norm")
    made = torch.zeros(len(codes), 3, 12, 12)
    for place, patch in enumerate(_linear(tokens, w, "decoder.proj").unbind(1)):
        top, left = 4 * (place // 3), 4 * (place % 3)
        made[:, :, top : top + 4, left : left + 4] = patch.reshape(-1, 4, 4, 3).permute(0, 3, 1, 2)
    return made


@torch.no_grad()
def test_encode_and_decode_are_the_formulas(tmp_path: Path) -> None:
    model, state, images = _open(_file(tmp_path)), _state(), _images()
    codes = model.encode(images)
    assert codes.shape == (3, 5, 3, 3)
    expected = _encoded(images * 2 - 1, state)
    torch.testing.assert_close(codes.flatten(2).mT, expected, rtol=0, atol=1e-6)
    assert len(codes.flatten(2).mT.flatten(0, 1).unique(dim=0)) > 3
    made = model.decode(codes)
    torch.testing.assert_close(made * 2 - 1, _decoded(expected, state), rtol=0, atol=1e-5)
    assert float((made - made.clamp(0, 1)).abs().max()) > 1e-3, "nothing is clamped"


@torch.no_grad()
def test_any_vectors_are_decoded_not_the_nearest_codes(tmp_path: Path) -> None:
    model = _open(_file(tmp_path))
    latents = torch.randn((2, 5, 3, 3), generator=generator(3))
    expected = _decoded(latents.flatten(2).mT, _state())
    torch.testing.assert_close(model.decode(latents) * 2 - 1, expected, rtol=0, atol=1e-5)


def test_draws_are_codes_and_differ_by_seed(tmp_path: Path) -> None:
    model = _open(_file(tmp_path))
    drawn_codes = model.draw(np.arange(4, dtype=np.uint64))
    table = torch.nn.functional.normalize(_state()["quantize.embedding.weight"], dim=1)
    flat = drawn_codes.flatten(2).mT.flatten(0, 1)
    assert float((flat @ table.T).max(dim=1).values.min()) > 1 - 1e-6
    assert not torch.equal(drawn_codes[0], drawn_codes[1])
    assert torch.equal(model.draw(np.array([3], dtype=np.uint64))[0], drawn_codes[3])


def test_a_row_depends_on_its_own_image_alone(tmp_path: Path) -> None:
    model, images = _open(_file(tmp_path)), _images(5)
    with torch.no_grad():
        together = model.encode(images)
        assert torch.equal(together[2:3], model.encode(images[2:3]))
        assert torch.equal(model.decode(together)[2:3], model.decode(together[2:3]))


def test_only_its_own_size_and_nothing_is_resampled(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"images are 16x12 pixels, .* takes 12x12 alone"):
        _open(_file(tmp_path)).encode(torch.rand(1, 3, 12, 16))


@pytest.mark.parametrize("name", ["aedr", "latenttracer", "reconstruction", "spectral"])
def test_methods_that_need_an_encoder_run(tmp_path: Path, name: str) -> None:
    model = _open(_file(tmp_path))
    options = {"latenttracer": {"steps": 15}}.get(name, {})
    with torch.no_grad():
        own = model.decode(model.draw(np.arange(12, dtype=np.uint64))).clamp(0, 1)
    noise = torch.rand((6, 3, 12, 12), generator=generator(8))
    method = methods.load(name, options)
    scores = method.scores(model, torch.cat([own, noise]), np.arange(18, dtype=np.uint64))
    fit = method.fit(scores.take(np.arange(8))) if method.learns else {}
    statistic = method.statistic(scores, fit)
    assert np.isfinite(statistic).mean() > 0.9
    if name == "latenttracer":
        assert np.median(statistic[:12]) < np.median(statistic[12:])


def test_the_codebook_is_part_of_who_the_decoder_is(tmp_path: Path) -> None:
    one = _open(_file(tmp_path)).card.facts
    state = _state()
    state["quantize.embedding.weight"][0, 0] += 1
    save_file(state, tmp_path / "other.safetensors")
    other = _open(tmp_path / "other.safetensors").card.facts
    assert one["decoder"] != other["decoder"]
    assert one["encoder"] != other["encoder"]


def test_sizes_are_read_from_the_weights() -> None:
    shapes = {name: tuple(tensor.shape) for name, tensor in _state().items()}
    assert _read(shapes, OPTIONS) == TINY
    assert _read(shapes, {"enc.dim_head": 8, "dec.dim_head": 4}) == TINY


def test_the_published_model_needs_no_options() -> None:
    half = Half(width=512, depth=8, inner=512, hidden=1368, heads=8)
    published = Geometry(encoder=half, decoder=half, patch=8, grid=32, codes=8192, features=32)
    state = empty(lambda: Model(published)).state_dict()
    assert (len(state), sum(tensor.numel() for tensor in state.values())) == (222, 52_032_992)
    assert _read({name: tuple(tensor.shape) for name, tensor in state.items()}, {}) == published


def _cut(*starts: str) -> State:
    return {name: value for name, value in _state().items() if not name.startswith(starts)}


@pytest.mark.parametrize(
    ("state", "options", "error", "message"),
    [
        (_state(), {}, ModelError, "attention heads leave no trace in weights"),
        (_state(), {"dim_head": 7}, UsageError, "dim_head=7, need a divisor of 16"),
        (_cut("decoder.transformer."), OPTIONS, ModelError, r"do not have decoder\.transformer\.layers\.0"),
        (_cut("decoder.norm."), OPTIONS, ModelError, r"do not fit ViT-VQGAN .*: decoder\.norm\.bias is missing"),
        (_state() | {"loss.weight": torch.zeros(2)}, OPTIONS, ModelError, r"loss\.weight is not expected"),
        (_state() | {"encoder.position_embedding": torch.zeros(1, 8, 12)}, OPTIONS, ModelError, "of 8 patches"),
    ],
)
def test_wrong_files_and_options(state: State, options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        load("vit_vqgan").build(state, options)
