"""Tokenisers of autoregressive generators: codes and images as other programs make them.

`tokenisers.safetensors` was recorded from the authors' own modules, VQGAN and its variant with Gumbel-softmax of
taming-transformers-rom1504 0.0.6, Open-MAGVIT2 and IBQ of openimagetokenizer 0.1.5; that of LlamaGen from Janus in
transformers 5.23, whose tokeniser is LlamaGen's VQ-16. It holds the names and shapes of their weights, whose values
follow a rule, and what they made of one image. `tokenisers_published.json` holds the names and shapes that the same
modules have by the published configurations.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
import torch
from safetensors.torch import save_file

from tests.golden.recorded import check_close
from tests.golden.tokenisers import PUBLISHED, SHAPES, drawn, image, recorded
from wherefrom.models.autoencoders.build import module_of, weights_of
from wherefrom.models.autoencoders.layouts import recognise
from wherefrom.models.autoencoders.parts import CheckpointParts
from wherefrom.models.opening.autoencoder import open_autoencoder

PARAMETERS: Final = {
    "LlamaGenVQ: VQ-16": 71_883_403,  # LlamaGen states 72 million
    "OpenMAGVIT2: imagenet_lfqgan_256_L": 115_127_829,
    "VQModel: vqgan_imagenet_f16_16384": 76_073_859,
}


def _state(kind: str) -> dict[str, torch.Tensor]:
    """The weights, for IBQ with the moving averages by which its file is told from others."""
    state = drawn(SHAPES[kind])
    averages = {f"model_ema.{name.replace('.', '')}": tensor for name, tensor in state.items()}
    return {name: tensor + 1 for name, tensor in state.items()} | averages if kind == "IBQ" else state


@pytest.mark.parametrize("kind", SHAPES)
def test_codes_and_images_are_those_that_were_recorded(kind: str, tmp_path: Path) -> None:
    save_file(_state(kind), tmp_path / "tokeniser.safetensors")
    model = open_autoencoder(tmp_path / "tokeniser.safetensors")
    codes = model.encode(image() * 0.5 + 0.5)
    assert (model.card.facts["architecture"], model.card.facts["latents"]) == (kind, "codes")
    check_close(codes, recorded(kind, "latents"))
    assert len(recorded(kind, "codes").unique()) > 16, "one code for all cells would compare nothing"
    check_close(model.decode(codes) * 2 - 1, recorded(kind, "image"))


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_sizes_of_the_published_configurations_are_read_off_their_weights(name: str) -> None:
    layout = recognise(PUBLISHED[name], name)
    state = {tensor: torch.empty(PUBLISHED[name][tensor], device="meta") for tensor in layout.names}
    parts = CheckpointParts(kind=layout.kind, config=layout.config, state=layout.convert(state), name=name)
    assert layout.kind == name.partition(":")[0]
    module = module_of(parts)
    assert weights_of(parts, module).keys() == module.state_dict().keys(), "each name and shape was compared"
    assert sum(tensor.numel() for tensor in module.state_dict().values()) == PARAMETERS[name]
