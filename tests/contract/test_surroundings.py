"""The program around us may have set other defaults of torch: numbers are the same, and its settings are left alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.contract.test_methods import BY_MEASURE, _images, _model, _seeds
from tests.unit.models.architectures.test_classes import KINDS, OPTIONS
from tests.unit.models.architectures.test_classes import _model as in_file
from wherefrom import methods
from wherefrom.core.arrays import Scores
from wherefrom.images.sources import load_images
from wherefrom.making import draws
from wherefrom.measures.bands import dct_basis
from wherefrom.models.base import search_starts_of
from wherefrom.models.load import load_model
from wherefrom.models.opening.autoencoder import wrap_autoencoder
from wherefrom.scoring.run import score


@contextmanager
def float64() -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(before)


@contextmanager
def bfloat16() -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16)
    try:
        yield
        assert torch.get_default_dtype() == torch.bfloat16
    finally:
        torch.set_default_dtype(before)


@contextmanager
def meta() -> Iterator[None]:
    torch.set_default_device("meta")
    try:
        yield
        assert torch.get_default_device() == torch.device("meta")
    finally:
        torch.set_default_device(None)


@contextmanager
def inference() -> Iterator[None]:
    with torch.inference_mode():
        yield
        assert torch.is_inference_mode_enabled()


@contextmanager
def no_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield
        assert not torch.is_grad_enabled()


@contextmanager
def deterministic() -> Iterator[None]:
    torch.use_deterministic_algorithms(True)
    try:
        yield
        assert torch.are_deterministic_algorithms_enabled()
    finally:
        torch.use_deterministic_algorithms(False)


@contextmanager
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        yield
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


SURROUNDINGS = (float64, bfloat16, meta, inference, no_gradients, deterministic)
every_surrounding = pytest.mark.parametrize("around", SURROUNDINGS, ids=lambda one: one.__name__)


def same(one: Scores, other: Scores) -> None:
    """To the last bit."""
    assert one.names == other.names
    for column in one.names:
        np.testing.assert_array_equal(one[column], other[column], err_msg=column)


@pytest.mark.parametrize("model", ["toy", "AutoencoderTiny"])
@pytest.mark.parametrize(
    ("name", "options"), BY_MEASURE.values(), ids=[f"{n}{o or ''}" for n, o in BY_MEASURE.values()]
)
def test_scores_do_not_depend_on_what_the_program_has_set(name: str, options: dict[str, Any], model: str) -> None:
    owner, images, seeds = _model(model), _images(1), _seeds(1)
    usual = methods.load(name, options).scores(owner, images, seeds)
    for around in SURROUNDINGS:
        with around():
            same(methods.load(name, options).scores(owner, images.clone(), seeds), usual)


@pytest.mark.parametrize(
    ("model", "name", "options"), [("AutoencoderKL", "aedr", {}), ("toy", "latenttracer", {"steps": 2})]
)
def test_two_threads_of_torch_give_the_same_numbers_but_for_the_order_of_sums(
    model: str, name: str, options: dict[str, Any]
) -> None:
    """A mean of logarithms over 16 blocks moves most, where a coefficient is nearly 0."""
    owner, images, seeds, method = _model(model), _images(1), _seeds(1), methods.load(name, options)
    usual = method.scores(owner, images, seeds)
    with two_threads():
        found = method.scores(owner, images, seeds)
    for column in usual.names:
        loose = 5e-3 if column.startswith("log") else 0
        np.testing.assert_allclose(found[column], usual[column], rtol=1e-4, atol=loose, err_msg=column)


@pytest.mark.parametrize("metric", [{"metric": "ssim"}, {"metric": "recoloured"}, {"metric": "jpeg", "quality": 75}])
def test_searches_by_any_metric_run_in_inference_mode(metric: dict[str, Any]) -> None:
    """Also after something else has asked in inference mode and left tensors behind."""
    method = methods.load("latenttracer", {"steps": 2, **metric})
    dct_basis.cache_clear()
    with inference():
        methods.load("aedr").scores(_model("toy"), _images(2), _seeds(2))
        found = method.scores(_model("toy"), _images(2), _seeds(2))
    same(method.scores(_model("toy"), _images(2), _seeds(2)), found)


ZOO = ("zoo:vae-cifar10", "zoo:kl-f8-a", "toy")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny models in files, of every architecture that the tests of classes have."""
    place = tmp_path_factory.mktemp("models")
    for kind in KINDS:
        in_file(kind, place, "search")
    return place


def _facts_of(name: str, folder: Path) -> dict[str, Any]:
    """Everything that a model gives: its card, a draw, its image, and what a search of that image finds."""
    if name in KINDS:
        path = folder / ("0" if name == "ddim" else f"{name}-0.safetensors")
        options = {"steps": 2} if name == "ddim" else OPTIONS[name]
        searched = {"label" if name == "dcgan" else "class": "search"}
        model: Any = load_model(str(path), device="cpu", options={**options, **searched})
    else:
        model = load_model(name, device="cpu")
    seeds = _seeds(2)
    size = None if model.size else (32, 32)
    latents = model.draw(seeds, size=size)
    images = model.decode(latents)
    start = "encoder" if hasattr(model, "encode") else "random"
    restarts = 1 if start == "encoder" else 2
    search = methods.load("ronan", {"steps": 2, "restarts": restarts, "start": start, "race": None})
    scores = search.scores(model, images.detach().clamp(0, 1)[:1], seeds[:1])
    starts = search_starts_of(model)(seeds, size=size)
    return {
        "card": model.card.digest,
        "tensors": [tensor.detach().double().numpy() for tensor in (latents, images, starts)],
        "dtypes": [str(tensor.dtype) for tensor in (latents, images, starts)],
        "scores": scores.matrix(scores.names),
    }


@pytest.mark.parametrize("name", [*ZOO, *KINDS])
def test_a_model_that_is_loaded_anywhere_is_the_same_model(name: str, folder: Path) -> None:
    usual = _facts_of(name, folder)
    assert usual["dtypes"] == ["torch.float32"] * 3
    for around in SURROUNDINGS if name == "zoo:vae-cifar10" else (float64, meta, inference):
        with around():
            found = _facts_of(name, folder)
        assert (found["card"], found["dtypes"]) == (usual["card"], usual["dtypes"]), around.__name__
        np.testing.assert_array_equal(found["scores"], usual["scores"], err_msg=around.__name__)
        for one, other in zip(found["tensors"], usual["tensors"], strict=True):
            np.testing.assert_array_equal(one, other, err_msg=around.__name__)


@every_surrounding
def test_so_is_a_module_that_is_wrapped(around: Callable[..., Any]) -> None:
    usual = _model("AutoencoderTiny").card.digest
    with around():
        assert _model.__wrapped__("toy").card.digest == _model("toy").card.digest
        again = wrap_autoencoder(_model("AutoencoderTiny")._module)  # type: ignore[attr-defined]
    assert again.card.digest == usual
    assert {str(weights.dtype) for weights in again._module.parameters()} == {"torch.float32"}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image file."""
    place = tmp_path_factory.mktemp("images") / "a.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(place)
    return place


def _rows(path: Path) -> list[Scores]:
    kl, generator = (load_model(name, device="cpu") for name in ("zoo:kl-f8-a", "zoo:vae-cifar10"))
    search = methods.load("ronan", {"steps": 2, "restarts": 2})
    tables = (
        score(load_images(path), model=kl, method=methods.load("aedr")),
        score(load_images(path), model=generator, method=search),
    )
    assert not any(table.errors for table in tables), tables[0].errors
    return [table.scores for table in tables]


@pytest.fixture(scope="module")
def usual(path: Path) -> list[Scores]:
    """The rows where nothing is set."""
    return _rows(path)


def test_a_whole_run_is_the_same_from_file_to_row(path: Path, usual: list[Scores]) -> None:
    for around in (float64, meta, inference, deterministic):
        with around():
            for found, wanted in zip(_rows(path), usual, strict=True):
                same(found, wanted)


def test_two_runs_at_once_in_a_program_with_other_defaults(path: Path, usual: list[Scores]) -> None:
    """The dtype is one for all threads, and is the program's own again when both are done."""
    with float64(), ThreadPoolExecutor(2) as pool:
        for tables in pool.map(lambda _: _rows(path), range(2)):
            for found, wanted in zip(tables, usual, strict=True):
                same(found, wanted)


def test_images_that_a_model_draws_are_the_same(tmp_path: Path) -> None:
    arounds: dict[str, Callable[[], AbstractContextManager[None]]] = {
        "usual": nullcontext,
        "float64": float64,
        "meta": meta,
    }
    places = [tmp_path / name for name in arounds]
    for place, around in zip(places, arounds.values(), strict=True):
        place.mkdir()
        with around():
            model: Any = load_model("zoo:vae-cifar10", device="cpu")
            draws(model, folder=place, places=range(2), seed=1, size=None)
    for file in places[0].iterdir():
        assert len({(place / file.name).read_bytes() for place in places}) == 1
