"""Autoencoders for previews as pairs of raw files: what they compute, and what one half alone is good for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tests.unit.models.tiny import images, raw_pair
from wherefrom.core.errors import ModelError
from wherefrom.models.base import Autoencoder, SupportsSearchStarts
from wherefrom.models.load import load_model
from wherefrom.models.opening.autoencoder import open_autoencoder

KINDS = {"TAEF2": 8, "TAESANA": 32, "TAEQI2_1": 16}
every_kind = pytest.mark.parametrize("kind", KINDS)


def _write(folder: Path, kind: str, suffix: str = ".safetensors") -> dict[str, Path]:
    files = {half: folder / f"mine_{half}{suffix}" for half in ("encoder", "decoder")}
    for half, state in raw_pair(kind, width=64 if kind == "TAESD" else 8).items():
        if suffix == ".safetensors":
            save_file(state, files[half])
        else:
            torch.save(state, files[half])
    return files


def _conv(state: dict[str, torch.Tensor], name: str, given: torch.Tensor, stride: int = 1) -> torch.Tensor:
    weight = state[f"{name}.weight"]
    return torch.nn.functional.conv2d(given, weight, state.get(f"{name}.bias"), stride, weight.shape[-1] // 2)


def _block(state: dict[str, torch.Tensor], name: str, given: torch.Tensor) -> torch.Tensor:
    if f"{name}.pool.0.weight" in state:
        wide = _conv(state, f"{name}.pool.0", given)
        wide = torch.nn.functional.group_norm(wide, 4, state[f"{name}.pool.1.weight"], state[f"{name}.pool.1.bias"])
        given = given + _conv(state, f"{name}.pool.3", wide.relu())
    found = _conv(state, f"{name}.conv.0", given).relu()
    found = _conv(state, f"{name}.conv.2", found).relu()
    return (_conv(state, f"{name}.conv.4", found) + given).relu()


def _expected_latents(kind: str, given: torch.Tensor) -> torch.Tensor:
    """The encoder's arithmetic, written out once more."""
    state = raw_pair(kind)["encoder"]
    if kind == "TAESANA":
        found, at = _conv(state, "2", _conv(state, "0", given, 2).relu(), 2).relu(), 4
    elif kind == "TAEQI2_1":
        whole = torch.cat([given, torch.ones_like(given[:, :1])], 1)
        found, at = _conv(state, "1", torch.nn.functional.pixel_unshuffle(whole, 2)).relu(), 3
    else:
        found, at = _conv(state, "0", given), 1
    found = _block(state, str(at), found)
    for first in (at + 1, at + 5, at + 9):
        found = _conv(state, str(first), found, 2)
        for number in range(first + 1, first + 4):
            found = _block(state, str(number), found)
    return _conv(state, str(at + 13), found)


def _expected_images(kind: str, latents: torch.Tensor) -> torch.Tensor:
    """The decoder's arithmetic, written out once more."""
    state = raw_pair(kind)["decoder"]
    found = _conv(state, "1", (latents / 3).tanh() * 3).relu()
    doublings = 5 if kind == "TAESANA" else 3
    for first in range(3, 3 + 5 * doublings, 5):
        for number in range(first, first + 3):
            found = _block(state, str(number), found)
        found = _conv(state, str(first + 4), found.repeat_interleave(2, 2).repeat_interleave(2, 3))
    end = 3 + 5 * doublings
    found = _conv(state, str(end + 1), _block(state, str(end), found))
    return torch.nn.functional.pixel_shuffle(found, 2)[:, :3] if kind == "TAEQI2_1" else found


@every_kind
@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_a_pair_computes_what_its_authors_state_from_either_half_and_ending(
    kind: str, suffix: str, tmp_path: Path
) -> None:
    files = _write(tmp_path, kind, suffix)
    model = open_autoencoder(files["encoder"])
    factor = KINDS[kind]
    given = images(2, (2 * factor, 3 * factor))
    latents = model.encode(given)
    assert (model.factor, model.channels, model.card.facts["architecture"]) == (factor, 4, kind)
    torch.testing.assert_close(latents, _expected_latents(kind, given), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(model.decode(latents), _expected_images(kind, latents), rtol=1e-4, atol=1e-5)
    if suffix == ".safetensors":
        assert open_autoencoder(files["decoder"]).card == open_autoencoder(tmp_path).card == model.card


def test_a_row_has_no_neighbours_and_pixels_have_a_gradient(tmp_path: Path) -> None:
    model = open_autoencoder(_write(tmp_path, "TAEF2")["decoder"])
    latents = model.encode(images(3, (16, 24))).requires_grad_()
    decoded = model.decode(latents)
    assert torch.equal(decoded[1:2], model.decode(latents[1:2]))
    (gradient,) = torch.autograd.grad(decoded[1].square().sum(), latents)
    assert gradient[1].any()
    assert not gradient[0].any()


@pytest.mark.parametrize("kind", ["TAESD", "TAEF2"])
def test_a_decoder_alone_opens_for_methods_that_only_decode(kind: str, tmp_path: Path) -> None:
    files = _write(tmp_path, kind)
    whole: Any = open_autoencoder(files["decoder"]) if kind == "TAEF2" else None
    files["encoder"].unlink()
    found: Any = load_model(str(files["decoder"]), device="cpu")
    assert isinstance(found, SupportsSearchStarts)
    assert not isinstance(found, Autoencoder)
    starts = found.search_starts(np.arange(2, dtype=np.uint64), size=(16, 24))
    assert found.decode(starts).shape == (2, 3, 16, 24)
    if whole is not None:
        assert torch.equal(found.decode(starts), whole.decode(starts))
        assert found.card.facts["decoder"] == whole.card.facts["decoder"]
        assert "encoder" not in found.card.facts
    with pytest.raises(ModelError, match="decoder without its encoder"):
        open_autoencoder(files["decoder"])


def test_an_encoder_alone_says_what_is_missing_and_what_goes_on_without_it(tmp_path: Path) -> None:
    files = _write(tmp_path, "TAEF2")
    files["decoder"].unlink()
    with pytest.raises(ModelError, match=r"mine_decoder\.safetensors is not beside it: no method can ask an encoder"):
        open_autoencoder(files["encoder"])


def test_halves_of_two_kinds_and_other_numbers_are_refused(tmp_path: Path) -> None:
    files = _write(tmp_path, "TAEF2")
    save_file(raw_pair("TAESANA")["decoder"], files["decoder"])
    with pytest.raises(ModelError, match=r"halves of two kinds of tiny autoencoder, of factors \[8, 32\]"):
        open_autoencoder(files["encoder"])
    save_file({"1.weight": torch.zeros(4, 4, 3, 3)}, files["decoder"])
    with pytest.raises(ModelError, match="no tiny decoder that is known: need TAESD"):
        open_autoencoder(files["encoder"])
