"""The class searched with the latent: the images are those of the class given, belongings of any class are found."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
import torch
from diffusers import DDIMPipeline, DDIMScheduler, UNet2DModel
from safetensors.torch import save_file
from torch import nn

from tests.unit.models.architectures.random_weights import drawn
from tests.unit.models.architectures.stylegan_by_hand import state_2
from tests.unit.models.architectures.stylegan_xl_by_hand import Stem, state_xl
from wherefrom import rules
from wherefrom.core.card import Card
from wherefrom.core.errors import ModelError, UsageError
from wherefrom.methods.arithmetic.searches import starts_of
from wherefrom.methods.ronan import RONAN
from wherefrom.models.architectures.consistency.unet import Geometry, UNet
from wherefrom.models.base import ClassConditional
from wherefrom.models.checkpoints.build import empty
from wherefrom.models.load import load_model

State = dict[str, torch.Tensor]
CLASSES: Final = 4
SMALL: Final = Geometry(
    base=32, widths=(32, 32), blocks=1, attended=(False, True), classes=CLASSES, scaled=True, residual=True,
    head_channels=16,
)  # fmt: skip
STEM: Final = Stem(channel_max=6, layers=3)
FIRST, ASKED, SIBLINGS = 9, 3, 2


def _consistency(seed: int) -> State:
    state = drawn(empty(lambda: UNet(SMALL)), seed)
    return state | {"label_emb.weight": 6 * state["label_emb.weight"]}


def _stylegan2(seed: int) -> State:
    state = state_2(channels=(6, 6), classes=CLASSES, embedded=40, seed=seed)
    return {name: tensor * 0.15 if ".torgb." in name else tensor for name, tensor in state.items()}


def _dcgan(seed: int) -> State:
    """A stack whose label is a table beside the latent."""
    layers: list[nn.Module] = [nn.ConvTranspose2d(14, 24, 7, bias=False), nn.BatchNorm2d(24), nn.ReLU()]
    layers += [nn.ConvTranspose2d(24, 16, 4, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    network = nn.Sequential(*layers, nn.ConvTranspose2d(16, 1, 4, 2, 1), nn.Tanh())
    state = {f"main.{name}": tensor for name, tensor in drawn(network, seed).items()}
    return {"label_emb.weight": 2 * drawn(nn.Embedding(CLASSES, 6), seed)["weight"]} | state


STATES: Final[dict[str, Callable[[int], State]]] = {
    "consistency": _consistency,
    "stylegan2": _stylegan2,
    "stylegan_xl": lambda seed: state_xl(STEM, seed=seed),
    "dcgan": _dcgan,
}
OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "consistency": {"image_size": 8, "num_head_channels": 16},
    "stylegan2": {},
    "stylegan_xl": {"psi": 0.7},
    "dcgan": {
        "stride": "1,2,2", "padding": "0,1,1", "activation": "relu", "prior": "normal", "label_order": "last",
    },
}  # fmt: skip
KINDS: Final = (*STATES, "ddim")
SEARCHES: Final = {
    "consistency": RONAN(steps=15, restarts=CLASSES, race=3, keep=1),
    "stylegan2": RONAN(steps=10, restarts=CLASSES, race=4, keep=1),
    "dcgan": RONAN(steps=20, restarts=CLASSES, race=6, keep=1),
}
NARROW: Final = ("stylegan2", "dcgan")
"""Whose latents are smaller than their images, so that an image has one class. Noise as large as the image has any."""


def _ddim(seed: int, folder: Path) -> str:
    blocks = {"down_block_types": ("DownBlock2D",) * 2, "up_block_types": ("UpBlock2D",) * 2}
    unet = UNet2DModel(
        sample_size=8,
        block_out_channels=(32, 32),
        layers_per_block=1,
        norm_num_groups=4,
        num_class_embeds=CLASSES,
        **blocks,
    )
    unet.load_state_dict(drawn(unet, seed))
    scheduler = DDIMScheduler(prediction_type="sample", clip_sample=False)
    DDIMPipeline(unet=unet, scheduler=scheduler).save_pretrained(folder / str(seed))
    return str(folder / str(seed))


def _model(kind: str, folder: Path, asked: int | str | None, *, seed: int = 0, **options: Any) -> Any:
    """The tiny model of a kind, of one class or with its class searched."""
    if kind == "ddim":
        path, usual = _ddim(seed, folder), {"steps": 2}
    else:
        path, usual = str(folder / f"{kind}-{seed}.safetensors"), OPTIONS[kind]
        save_file(STATES[kind](seed), path)
    told = {} if asked is None else {"label" if kind == "dcgan" else "class": asked}
    return load_model(path, device="cpu", options={**usual, **told, **options})


def _seeds(count: int, first: int = 0) -> Any:
    return np.arange(first, first + count, dtype=np.uint64)


def _pixels(images: torch.Tensor) -> torch.Tensor:
    """Images as a file of 8 bits holds them."""
    return (images.clamp(0, 1) * 255).round() / 255


@pytest.mark.parametrize("kind", KINDS)
@torch.no_grad()
def test_a_latent_with_its_class_gives_the_image_of_that_class(kind: str, tmp_path: Path) -> None:
    model = _model(kind, tmp_path, "search")
    given = [_model(kind, tmp_path, label) for label in range(CLASSES)]
    assert isinstance(model, ClassConditional)
    assert (model.classes, given[0].classes) == (CLASSES, None)
    latents = model.draw(_seeds(12))
    labels = model.labels(_seeds(12))
    assert latents[:, -1].tolist() == labels
    assert set(labels) == set(range(CLASSES))
    images = model.decode(latents)
    for latent, label, image in zip(latents, labels, images, strict=True):
        alone = given[label].decode(latent[None, :-1].reshape(1, *given[label].latent_shape))[0]
        torch.testing.assert_close(image, alone, rtol=0, atol=2e-6)
    other = torch.cat([latents[:, :-1], (latents[:, -1:] + 1) % CLASSES], 1)
    assert float((model.decode(other) - images).abs().amax((1, 2, 3)).min()) > 2 / 255, "classes differ"


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_is_the_same_to_the_last_bit_in_any_company(kind: str, tmp_path: Path) -> None:
    model = _model(kind, tmp_path, "search")
    latents = model.draw(_seeds(7))
    found: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
    for count in (1, 3, 7):
        parts = [part.clone().requires_grad_(True) for part in latents.split(count)]
        images = [model.decode(part) for part in parts]
        slopes = [
            torch.autograd.grad((image - 0.3).square().sum(), part)[0]
            for image, part in zip(images, parts, strict=True)
        ]
        found[count] = torch.cat(images).detach(), torch.cat(slopes)
    for count in (3, 7):
        assert torch.equal(found[count][0], found[1][0])
        assert torch.equal(found[count][1], found[1][1])
    assert not found[1][1][:, -1].any(), "a class gets no gradient"
    assert bool(found[1][1][:, :-1].any(1).all())


@pytest.mark.parametrize("kind", STATES)
def test_draws_depend_on_their_own_seed_alone(kind: str, tmp_path: Path) -> None:
    model = _model(kind, tmp_path, "search")
    both = model.draw(np.array([3, 2**63 + 5], dtype=np.uint64))
    assert torch.equal(both[1:], model.draw(np.array([2**63 + 5], dtype=np.uint64)))
    assert not torch.equal(both[0], both[1])
    assert model.draw(_seeds(0)).shape == (0, *model.latent_shape)
    counts = np.bincount(model.labels(_seeds(400)), minlength=CLASSES)
    assert counts.min() > 60, "classes are drawn alike"


@pytest.mark.parametrize(("classes", "expected"), [(CLASSES, 32), (10, 80), (1000, 256)])
def test_a_searched_class_has_eight_starts_unless_asked_otherwise(classes: int, expected: int, tmp_path: Path) -> None:
    model = replace(_model("dcgan", tmp_path, "search"), classes=classes)
    images = torch.rand(1, 3, *model.size)
    assert len(starts_of(RONAN(restarts=5).search, model, images, _seeds(1))(0)) == 5
    found = starts_of(RONAN().search, model, images, _seeds(1))(0)
    assert len(found) == expected
    assert len(found[:, -1].unique()) == min(classes, expected)


@pytest.mark.parametrize("kind", STATES)
def test_starts_are_spread_over_the_classes(kind: str, tmp_path: Path) -> None:
    model = _model(kind, tmp_path, "search")
    orders = {tuple(model.search_starts(_seeds(2 * CLASSES, first))[:, -1].tolist()) for first in range(20)}
    assert len(orders) > 3
    for order in orders:
        assert sorted(order[:CLASSES]) == list(range(CLASSES))
        assert order[CLASSES:] == order[:CLASSES]
    assert torch.equal(model.search_starts(_seeds(3)), model.search_starts(_seeds(9))[:3]), (
        "more starts leave the first as they were"
    )
    plain = _model(kind, tmp_path, 1)
    assert torch.equal(plain.search_starts(_seeds(5)), plain.draw(_seeds(5)))
    assert plain.labels(_seeds(3)) == [0, 0, 0]


def test_the_start_in_w_is_that_of_the_class(tmp_path: Path) -> None:
    """The prior of w depends on the class, that of z does not."""
    z, w, wide = (_model("stylegan2", tmp_path, "search", latent=latent) for latent in ("z", "w", "w+"))
    seeds = _seeds(8)
    with torch.no_grad():
        expected = z.decode(z.search_starts(seeds))
        torch.testing.assert_close(w.decode(w.search_starts(seeds)), expected, rtol=0, atol=1e-5)
        torch.testing.assert_close(wide.decode(wide.search_starts(seeds)), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=[] if kind in NARROW else pytest.mark.weekly) for kind in SEARCHES],
)
def test_belongings_of_any_class_are_found_and_a_siblings_are_excluded(kind: str, tmp_path: Path) -> None:
    model, sibling = (_model(kind, tmp_path, "search", seed=seed) for seed in (0, 1))
    with torch.no_grad():
        own = _pixels(model.decode(model.draw(_seeds(FIRST + ASKED))))
        images = torch.cat([own, _pixels(sibling.decode(sibling.draw(_seeds(SIBLINGS))))])
    labels = np.array(model.labels(_seeds(FIRST + ASKED)))
    assert set(labels) == set(range(CLASSES))
    method = SEARCHES[kind]
    seeds = _seeds(len(images), 1000)
    scores = method.scores(model, images, seeds)
    statistic = method.statistic(scores, {})
    cut = rules.load("conformal").threshold(statistic[:FIRST], alpha=0.1)
    assert (statistic[FIRST + ASKED :] > cut).all()
    assert (statistic[FIRST : FIRST + ASKED] <= cut).sum() >= ASKED - 1
    once = RONAN(search=method.search, restarts=1, race=None)
    known = _given(kind, tmp_path, once, own, labels, seeds)
    assert np.median(statistic[: FIRST + ASKED]) < 3 * np.median(known), "as good as with the class known"
    if kind in NARROW:
        assert (scores["class"][: FIRST + ASKED] == labels).mean() > 0.75
        wrong = _given(kind, tmp_path, once, own, (labels + 1) % CLASSES, seeds)
        assert np.median(wrong) > 3 * np.median(statistic[: FIRST + ASKED]), "a wrong class would not do"


def _given(kind: str, folder: Path, method: Any, images: torch.Tensor, labels: Any, seeds: Any) -> Any:
    """Losses of images, each searched under a class that is given."""
    found = np.empty(len(images))
    for label in range(CLASSES):
        rows = np.flatnonzero(labels == label)
        found[rows] = method.scores(_model(kind, folder, label), images[rows], seeds[rows])["loss"]
    return found


def test_the_column_of_the_class_is_there_only_where_it_is_searched(tmp_path: Path) -> None:
    method = RONAN(steps=2, restarts=2, race=None)
    model, given = _model("dcgan", tmp_path, "search"), _model("dcgan", tmp_path, 1)
    images = _pixels(given.decode(given.draw(_seeds(1))))
    assert method.scores(model, images, _seeds(1)).names == ("loss", "start", "calls", "restart", "class")
    assert method.scores(given, images, _seeds(1)).names == ("loss", "start", "calls", "restart")


@pytest.mark.parametrize("kind", KINDS)
def test_the_card_says_that_the_class_is_searched(kind: str, tmp_path: Path) -> None:
    cards = [_model(kind, tmp_path, asked).card for asked in ("search", 0, 1)]
    name = "label" if kind == "dcgan" else "class"
    assert [card.facts[name] for card in cards] == ["search", 0, 1]
    assert len({card.digest for card in cards}) == 3
    assert len({card.facts["decoder"] for card in cards}) == 1
    assert Card.from_json(json.loads(json.dumps(cards[0].to_json()))) == cards[0]


@pytest.mark.parametrize("kind", STATES)
def test_what_is_no_class_is_refused(kind: str, tmp_path: Path) -> None:
    model = _model(kind, tmp_path, "search")
    latents = model.draw(_seeds(2))
    for wrong in (-1.0, 0.5, float(CLASSES), float("nan")):
        latents[1, -1] = wrong
        with pytest.raises(ModelError, match=f"carries the class {wrong:g} .*from 0 below {CLASSES}"):
            model.decode(latents)
    with pytest.raises(ModelError, match=r"latents have shape"):
        model.decode(latents[:, :-1])
    for asked in ("any", "-1", CLASSES):
        with pytest.raises(UsageError, match=f"from 0 below {CLASSES}"):
            _model(kind, tmp_path, asked)


def test_a_model_without_classes_has_none_to_search(tmp_path: Path) -> None:
    states = {
        "consistency": drawn(empty(lambda: UNet(replace(SMALL, classes=None)))),
        "stylegan2": state_2(channels=(6, 6)),
        "stylegan_xl": state_xl(replace(STEM, classes=0)),
    }
    for kind, state in states.items():
        save_file(state, tmp_path / f"{kind}.safetensors")
        with pytest.raises(UsageError, match="class='search', but this model has no classes"):
            load_model(
                str(tmp_path / f"{kind}.safetensors"), device="cpu", options={**OPTIONS[kind], "class": "search"}
            )
