"""Weights with any one tensor missing or of another shape, and those of another architecture, are refused in words."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
import torch

from tests.unit.models.architectures.random_weights import drawn
from tests.unit.models.architectures.test_searched import NETWORKS
from wherefrom.core.errors import ModelError, UsageError
from wherefrom.models.architectures import load
from wherefrom.models.checkpoints.build import empty
from wherefrom.models.load import load_model

KINDS: Final = tuple(NETWORKS)
SHAPES: Final = ((2,), (3, 5), (0, 4, 1, 1), ())
every_kind = pytest.mark.parametrize("kind", KINDS)


def _state(kind: str) -> dict[str, torch.Tensor]:
    return drawn(empty(NETWORKS[kind][0]))


def _some(state: dict[str, torch.Tensor]) -> list[str]:
    """Names spread over the whole network, about 10 at most."""
    return list(state)[:: 1 + len(state) // 10]


@every_kind
def test_any_tensor_that_is_missing(kind: str) -> None:
    state = _state(kind)
    for name in _some(state):
        if not name.endswith("num_batches_tracked"):
            damaged = {key: value for key, value in state.items() if key != name}
            with pytest.raises((ModelError, UsageError), match=r"need|missing|not fit|has no classes"):
                load(kind).build(damaged, NETWORKS[kind][1])


@every_kind
def test_any_tensor_of_another_shape(kind: str) -> None:
    state = _state(kind)
    for place, name in enumerate(_some(state)):
        for shape in (SHAPES[place % len(SHAPES)], SHAPES[-1]):
            if state[name].shape != shape:
                with pytest.raises((ModelError, UsageError), match=r"shape|need|missing|sizes|not expected"):
                    load(kind).build(state | {name: torch.zeros(shape)}, NETWORKS[kind][1])


@every_kind
def test_weights_of_another_architecture_that_the_user_insists_on(kind: str, tmp_path: Path) -> None:
    torch.save(_state(kind), tmp_path / "weights.pt")
    for other in KINDS:
        if other != kind:
            message = f"look like {load(kind).title.split()[0]}.*need {load(other).title.split()[0]}"
            with pytest.raises(ModelError, match=message):
                load_model(str(tmp_path / "weights.pt"), device="cpu", options={"architecture": other})


@pytest.mark.parametrize(
    ("names", "what"),
    [
        (("module.img_code_s16.0.weight", "module.uncond_logits.0.weight"), "a discriminator of StackGAN-v2"),
        (("encoder.weight", "rnn.weight_ih_l0"), "a text encoder"),
        (("emb_cnn_code.weight", "Mixed_5b.branch1x1.conv.weight"), "an image encoder of AttnGAN"),
    ],
)
def test_what_lies_beside_a_published_generator(tmp_path: Path, names: tuple[str, ...], what: str) -> None:
    torch.save({name: torch.zeros(2, 3) for name in names}, tmp_path / "weights.pth")
    with pytest.raises(ModelError, match=f"looks like {what}.*need the weights of a generator"):
        load_model(str(tmp_path / "weights.pth"), device="cpu")
