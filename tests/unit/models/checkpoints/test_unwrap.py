"""Which table of weights is meant in a file that holds several, and what is kept of the rest."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from wherefrom.core.errors import ModelError
from wherefrom.models.checkpoints.read import read_checkpoint, read_weights
from wherefrom.models.checkpoints.unwrap import facts_of, unwrap
from wherefrom.models.sources.local import single_file

TABLE = {"a.weight": torch.ones(2, 3)}
OTHER = {"b.weight": torch.zeros(4)}
OPTIMISER = {"state": {0: {"exp_avg": torch.ones(2)}}, "param_groups": [{"lr": 0.1}]}


@pytest.mark.parametrize(
    ("found", "part"),
    [
        (TABLE, None),
        ({"state_dict": TABLE}, "state_dict"),
        ({"state_dict": {"state_dict": TABLE}}, "state_dict.state_dict"),
        ({"netG": TABLE, "netD": OTHER, "epoch": 3}, "netG"),
        ({"netG_state_dict": TABLE, "netD_state_dict": OTHER}, "netG_state_dict"),
        ({"generator": TABLE, "discriminator": OTHER, "optim_g": OPTIMISER}, "generator"),
        ({"G": TABLE, "D": OTHER}, "G"),
        ({"models": {"generator": TABLE, "discriminator": OTHER}}, "models.generator"),
        ({"model": TABLE, "optimizer": OPTIMISER, "step": 7}, "model"),
        ({"ema": TABLE, "lr_scheduler": {"last": 1}}, "ema"),
        ({"anything": TABLE, "n": 1}, "anything"),
    ],
)
def test_the_table_that_is_meant_is_found(found: Any, part: str | None) -> None:
    checkpoint = unwrap(found, "x.pt")
    assert checkpoint.state == TABLE
    assert checkpoint.part == part


def test_several_that_could_be_meant_are_named_and_one_can_be_chosen() -> None:
    found = {"g": TABLE, "g_ema": OTHER, "d": {"c": torch.ones(1)}}
    with pytest.raises(
        ModelError, match=re.escape("x.pt holds several networks, g, g_ema: say which one by the option")
    ):
        unwrap(found, "x.pt")
    assert unwrap(found, "x.pt", "g_ema").state == OTHER
    assert unwrap(found, "x.pt", "d").part == "d"
    with pytest.raises(ModelError, match="has no part 'h': it has d, g, g_ema"):
        unwrap(found, "x.pt", "h")
    with pytest.raises(ModelError, match="several networks, one, two"):
        unwrap({"one": TABLE, "two": OTHER}, "x.pt")


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (OPTIMISER, "the state of an optimiser"),
        ([TABLE], "holds list"),
        (torch.ones(2), "holds Tensor"),
        ({"epoch": 3, "losses": [1.0, 2.0]}, r"holds dict of 'epoch' \(int\), 'losses' \(list\)"),
        ({"optimizer": OPTIMISER}, r"holds dict of 'optimizer' \(dict\)"),
        ({"a": TABLE["a.weight"], "b": object()}, r"'b' \(object\), need a dictionary of tensors"),
    ],
)
def test_what_holds_no_table_is_refused(found: Any, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        unwrap(found, "x.pt")


def test_plain_values_beside_a_table_are_kept() -> None:
    beside = {"nz": 100, "lr": 0.1, "name": "x", "sizes": [4, 8], "seed": torch.ones(1), "curve": list(range(1000))}
    nested = {"args": {"ngf": 32, "deep": {"er": True}}, "history": {"loss": [1.0]}}
    checkpoint = unwrap({"netG": TABLE, **beside, **nested}, "x.pt")
    expected = {"nz": 100, "lr": 0.1, "name": "x", "sizes": (4, 8), "ngf": 32, "deep.er": True}
    assert checkpoint.config == expected
    mixed = unwrap({**TABLE, "nz": 100}, "x.pt")
    assert (mixed.state, mixed.config, mixed.part) == (TABLE, {"nz": 100}, None)


def test_facts_end_at_a_depth() -> None:
    endless: dict[str, Any] = {"a": 1}
    endless["more"] = endless
    assert facts_of(endless)["more.a"] == 1
    assert len(facts_of(endless)) < 10


def test_a_checkpoint_is_read_with_what_stands_beside_it(tmp_path: Path) -> None:
    torch.save({"netG": TABLE, "netD": OTHER, "nz": 64}, tmp_path / "a.pth")
    checkpoint = read_checkpoint(tmp_path / "a.pth")
    assert set(checkpoint.state) == set(TABLE)
    assert checkpoint.config == {"nz": 64}
    assert set(read_weights(tmp_path / "a.pth")) == set(TABLE)
    assert set(read_checkpoint(tmp_path / "a.pth", "netD").state) == set(OTHER)
    (tmp_path / "a.pth").rename(tmp_path / "weights.tar")
    assert single_file(tmp_path / "weights.tar").path.name == "weights.tar"
    assert set(read_weights(tmp_path / "weights.tar")) == set(TABLE)
    save_file(TABLE, tmp_path / "b.safetensors", metadata={"config": '{"z": {"dim": 3}}'})
    assert read_checkpoint(tmp_path / "b.safetensors").config == {"z.dim": 3}
    for text in ("not json", "[1]"):
        save_file(TABLE, tmp_path / "c.safetensors", metadata={"config": text})
        assert read_checkpoint(tmp_path / "c.safetensors").config == {}
    with pytest.raises(ModelError, match="has one part: leave out the option part=netG"):
        read_checkpoint(tmp_path / "b.safetensors", "netG")
