"""Upscalers: every name of their weights, the recorded outputs of published ones, and what a decoder has to keep."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn

from tests.shared import shared_data
from wherefrom.core.errors import ImageError, ModelError, UsageError
from wherefrom.models.adapters.upscaler import Upscaler
from wherefrom.models.base import Autoencoder, SupportsSearchStarts
from wherefrom.models.load import load_model
from wherefrom.models.opening.upscaler import wrap_upscaler
from wherefrom.models.upscalers.networks import RRDBNet, SRVGGNetCompact

State = dict[str, torch.Tensor]
PUBLISHED = ("RealESRGAN_x4plus", "RealESRGAN_x4plus_anime_6B", "realesr-animevideov3")


def _filled(network: nn.Module) -> State:
    """Weights that no two tensors share."""
    numbers = torch.Generator().manual_seed(7)
    return {
        name: torch.randn(tensor.shape, generator=numbers) * 0.1
        for name, tensor in sorted(network.state_dict().items())
    }


def rrdb(*, doublings: int = 2, folded: int = 1) -> State:
    return _filled(RRDBNet(width=8, growth=4, blocks=2, doublings=doublings, folded=folded))


def compact(*, scale: int = 4, prelu: bool = True) -> State:
    return _filled(SRVGGNetCompact(width=8, layers=2, scale=scale, prelu=prelu))


def esrgan_name(name: str) -> str:
    """The name in the files of ESRGAN's program."""
    if name.startswith("body."):
        _, block, dense, layer, kind = name.split(".")
        return f"RRDB_trunk.{block}.{dense.upper()}.{layer}.{kind}"
    return name.replace("conv_body", "trunk_conv").replace("conv_up", "upconv").replace("conv_hr", "HRconv")


def numbered_name(name: str) -> str:
    """The name in ESRGAN's first files."""
    if name.startswith("body."):
        _, block, dense, layer, kind = name.split(".")
        return f"model.1.sub.{block}.{dense.upper()}.{layer}.0.{kind}"
    layer, kind = name.split(".")
    places = {"conv_first": "0", "conv_body": "1.sub.2", "conv_up1": "3", "conv_up2": "6", "conv_hr": "8"}
    return f"model.{places.get(layer, '10')}.{kind}"


def _opened(state: State, path: Path, **options: Any) -> Upscaler:
    save_file(state, path)
    model = load_model(str(path), device="cpu", options=options)
    assert isinstance(model, Upscaler)
    return model


def _images(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(3))


@pytest.mark.data
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_weights_give_the_recorded_outputs(name: str) -> None:
    recorded = load_file(shared_data(f"upscalers/{name}.io.safetensors"))
    model = load_model(str(shared_data(f"upscalers/{name}.safetensors")), device="cpu")
    assert isinstance(model, Upscaler)
    small, large = recorded["x"][:1], recorded["y"][:1]
    assert torch.linalg.norm(model.decode(small) - large) < 1e-5 * torch.linalg.norm(large)
    assert model.card.facts["architecture"] == ("srvgg" if "video" in name else "rrdbnet")
    assert (model.factor, model.card.facts["encoder"]) == (4, "reduction by area")


def test_the_three_sets_of_names_are_one_network(tmp_path: Path) -> None:
    plain = _opened(rrdb(), tmp_path / "plain.safetensors")
    renames: list[Callable[[str], str]] = [esrgan_name, numbered_name, "module.{}".format]
    for form, rename in enumerate(renames):
        other = _opened({rename(name): value for name, value in rrdb().items()}, tmp_path / f"{form}.safetensors")
        assert other.card.digest == plain.card.digest
        assert torch.equal(plain.decode(_images(1, 3, 8, 12)), other.decode(_images(1, 3, 8, 12)))


@pytest.mark.parametrize("key", ["params", "params_ema"])
def test_a_table_inside_a_pytorch_file_is_found(key: str, tmp_path: Path) -> None:
    torch.save({key: compact()}, tmp_path / "a.pth")
    plain = _opened(compact(), tmp_path / "b.safetensors")
    assert load_model(str(tmp_path / "a.pth"), device="cpu").card.digest == plain.card.digest


@pytest.mark.parametrize(
    ("state", "scale", "factor"),
    [
        (rrdb(), 4, 4),
        (rrdb(folded=2), 2, 4),
        (rrdb(doublings=3), 8, 8),
        (compact(scale=2), 2, 2),
        (compact(scale=3, prelu=False), 3, 3),
    ],
)
def test_sizes_are_read_from_the_weights(state: State, scale: int, factor: int) -> None:
    model = wrap_upscaler(state, name="tiny")
    assert (model.scale, model.factor) == (scale, factor)
    small = model.encode(_images(2, 3, 2 * factor, 3 * factor))
    assert small.shape == (2, 3, 2 * factor // scale, 3 * factor // scale)
    assert model.decode(small).shape == (2, 3, 2 * factor, 3 * factor)


def test_what_a_decoder_has_to_keep() -> None:
    model = wrap_upscaler(compact(), name="tiny")
    assert isinstance(model, Autoencoder)
    assert not isinstance(model, SupportsSearchStarts)
    images = _images(3, 3, 16, 20)
    small = model.encode(images)
    assert torch.equal(small[1:2], model.encode(images[1:2]))
    assert torch.equal(model.decode(small)[2:], model.decode(small[2:]))
    latents = small.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(model.decode(latents).square().sum(), latents)
    assert bool((gradient != 0).all())
    assert model.decode(small * 40).max() > 1  # nothing is clamped
    assert len(model.encode(images[:0])) == len(model.decode(small[:0])) == 0
    state, before = compact(), torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        assert torch.equal(wrap_upscaler(state, name="tiny").decode(small), model.decode(small))
    finally:
        torch.set_default_dtype(before)


@pytest.mark.parametrize(
    ("reduction", "filter_"),
    [("area", Image.Resampling.BOX), ("bicubic", Image.Resampling.BICUBIC), ("lanczos", Image.Resampling.LANCZOS)],
)
def test_the_reduction_is_pillows_and_a_fact_of_the_card(reduction: str, filter_: Image.Resampling) -> None:
    model = wrap_upscaler(compact(), name="tiny", options={"reduction": reduction})
    image = _images(16, 20)
    small = Image.fromarray(image.numpy()).resize((5, 4), filter_)
    found = model.encode(image.expand(1, 3, -1, -1))[0, 1]
    assert torch.allclose(found, torch.from_numpy(np.array(small)), atol=1e-6)
    assert model.card.facts["encoder"] == f"reduction by {reduction}"
    assert (model.card.digest == wrap_upscaler(compact(), name="tiny").card.digest) == (reduction == "area")


def test_what_cannot_be_asked_is_said(tmp_path: Path) -> None:
    model = wrap_upscaler(compact(), name="tiny")
    with pytest.raises(ImageError, match=r"17 x 16.* multiples of 4"):
        model.encode(_images(1, 3, 17, 16))
    with pytest.raises(ModelError, match="positive multiples of 2"):
        wrap_upscaler(rrdb(folded=2), name="tiny").decode(_images(1, 3, 3, 4))
    with pytest.raises(ModelError, match="enlarge small images with its own program"):
        model.draw(np.array([1], dtype=np.uint64))
    with pytest.raises(UsageError, match=r"no option reducton.*did you mean"):
        _opened(compact(), tmp_path / "a.safetensors", reducton="area")
    with pytest.raises(UsageError, match=r"reduction='area2' is none of area, bicubic, lanczos"):
        _opened(compact(), tmp_path / "b.safetensors", reduction="area2")
    grey = {**rrdb(), "conv_first.weight": torch.zeros(8, 1, 3, 3), "conv_last.weight": torch.zeros(1, 8, 3, 3)}
    with pytest.raises(ModelError, match="takes 1 channels and makes 1"):
        _opened(grey, tmp_path / "c.safetensors")
    with pytest.raises(ModelError, match="does not enlarge"):
        _opened(rrdb(folded=4), tmp_path / "d.safetensors")
    short = {name: value for name, value in rrdb().items() if name != "body.1.rdb2.conv3.bias"}
    with pytest.raises(ModelError, match=r"an RRDBNet .* body\.1\.rdb2\.conv3\.bias is missing"):
        _opened(short, tmp_path / "e.safetensors")


class _Doubling(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(1))

    def forward(self, small: torch.Tensor) -> torch.Tensor:
        return nn.functional.interpolate(small, scale_factor=2) * self.gain


def _spandrel(monkeypatch: pytest.MonkeyPatch, **changed: Any) -> None:
    """Puts a package of that name in place, which knows one network: tests do not install the real one."""
    found = SimpleNamespace(
        architecture=SimpleNamespace(id="Doubling"),
        model=_Doubling(),
        purpose="SR",
        scale=2,
        input_channels=3,
        output_channels=3,
        size_requirements=SimpleNamespace(minimum=4, multiple_of=2, square=False),
    )
    vars(found).update(changed)
    package = ModuleType("spandrel")
    package.__spec__ = SimpleNamespace()  # type: ignore[assignment]
    vars(package).update(
        __version__="0",
        UnsupportedModelError=type("UnsupportedModelError", (Exception,), {}),
        ModelLoader=lambda device: SimpleNamespace(load_from_state_dict=lambda _: found),
    )
    monkeypatch.setitem(sys.modules, "spandrel", package)


def test_other_networks_are_left_to_spandrel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    state = {"gain": torch.ones(1), "other": torch.ones(2)}
    with pytest.raises(ModelError, match="need an autoencoder"):
        _opened(state, tmp_path / "a.safetensors")
    _spandrel(monkeypatch)
    model = _opened(state, tmp_path / "a.safetensors", reduction="bicubic")
    assert (model.scale, model.factor, model.card.facts["architecture"]) == (2, 4, "Doubling")
    assert model.card.facts["encoder"] == "reduction by bicubic"
    assert model.decode(_images(1, 3, 4, 4)).shape == (1, 3, 8, 8)
    with pytest.raises(ImageError, match="at least 8"):
        model.encode(_images(1, 3, 4, 8))


def test_a_spandrel_that_cannot_be_imported_is_said_and_done_without(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Loader, MetaPathFinder):
        """Finds the package, and fails as torchvision does beside a torch of another build."""

        def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
            return ModuleSpec(name, self) if name == "spandrel" else None

        def exec_module(self, module: ModuleType) -> None:
            raise RuntimeError("operator torchvision::nms does not exist")

    monkeypatch.delitem(sys.modules, "spandrel", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    with pytest.raises(ModelError, match="need an autoencoder"):
        _opened({"gain": torch.ones(1)}, tmp_path / "a.safetensors")
    assert "nms does not exist" in caplog.text


@pytest.mark.parametrize(
    "changed",
    [{"purpose": "Restoration", "scale": 1}, {"input_channels": 1}, {"purpose": "FaceSR"}],
)
def test_what_spandrel_knows_and_is_no_upscaler_is_refused(
    changed: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _spandrel(monkeypatch, **changed)
    with pytest.raises(ModelError, match="no upscaler of RGB images"):
        _opened({"gain": torch.ones(1)}, tmp_path / "a.safetensors")
