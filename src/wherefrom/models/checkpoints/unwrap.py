"""Checkpoints that hold more than one table of weights: which part is meant, and what was recorded beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import torch

from wherefrom.core.card import Fact
from wherefrom.core.errors import ModelError

__all__ = ["Checkpoint", "facts_of", "unwrap"]

_GENERATOR: Final = frozenset({"g", "gen", "generator", "netg", "netg_a2b", "model_g", "modelg"})
_AVERAGED: Final = frozenset({"g_ema", "gema", "ema_g", "generator_ema", "ema_generator", "netg_ema", "gen_ema"})
_WHOLE: Final = frozenset({"", "ema", "model", "model_ema", "ema_model", "module", "net", "network", "params_ema"})
_SETTINGS: Final = frozenset({"args", "config", "hparams", "hyper_parameters", "opt", "options", "params_dict"})
_ENDING: Final = re.compile(r"[._-]?(state[._-]?dict|statedict|weights|params)$")
_BESIDE: Final = ("latent_avg",)
"""Tensors that belong to a generator and stand beside its table: the mean of w in files of StyleGAN2."""
_DEPTH: Final = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """A table of weights and what was recorded beside it.

    Attributes:
        state: tensors by name.
        config: plain values that stood beside the table, as `nz`; of an object inside, under dotted names.
        part: the name under which the table stood; None where the file is nothing but the table.
        left_out: names of what else the file holds, which is neither a tensor nor a plain value and was not read.
    """

    state: Mapping[str, torch.Tensor]
    config: Mapping[str, Fact] = field(default_factory=dict)
    part: str | None = None
    left_out: tuple[str, ...] = ()

    @property
    def beside(self) -> str:
        """What was left out, in words for a message about the file; empty where nothing was."""
        return f" (beside {', '.join(self.left_out[:3])}, which are not read)" if self.left_out else ""


def unwrap(content: Any, source: str, part: str | None = None) -> Checkpoint:
    """The table of weights in what a PyTorch file holds.

    A file that is one table is that table, plain values in it apart. Else the part whose name says generator is taken,
    else the part whose name says that it is the whole model, as `state_dict`, else the only part.

    Args:
        content: the file's content, tensors and plain containers.
        source: how to name the file in a message.
        part: the name of the part that is meant.

    Raises:
        ModelError: when there is no table, no part of that name, or several that could be meant.
    """
    if isinstance(content, torch.nn.Module) or not isinstance(content, Mapping):
        raise ModelError(f"{source} holds {type(content).__name__}, need a dictionary of tensors by name")
    if part is None and _is_table(content):
        return Checkpoint(state=_named(content))
    if "param_groups" in content:
        raise ModelError(f"{source} holds the state of an optimiser, need the weights of a model")
    tables = _tables(content)
    if part is None and not tables and _is_mixed(content):
        state = {key: value for key, value in content.items() if isinstance(value, torch.Tensor)}
        return Checkpoint(state=_named(state), config=_config(content))
    chosen = _chosen(tables, content, source) if part is None else part
    if chosen not in tables:
        raise ModelError(f"{source} has no part {chosen!r}: it has {_listed(tables)}")
    beside = {name: content[name] for name in _BESIDE if isinstance(content.get(name), torch.Tensor)}
    return Checkpoint(state=_named({**tables[chosen], **beside}), config=_config(content), part=chosen)


def facts_of(values: Mapping[str, Any], prefix: str = "", depth: int = _DEPTH) -> dict[str, Fact]:
    """The plain values of a table of settings, an object inside an object under dotted names; the rest is left out.

    Args:
        values: the table.
        prefix: of the names, with its dot.
        depth: how many tables inside tables are looked into.
    """
    facts: dict[str, Fact] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            facts |= facts_of(value, f"{name}.", depth - 1) if depth else {}
        elif _is_plain(value):
            facts[name] = tuple(value) if isinstance(value, list | tuple) else value
    return facts


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return len(value) <= 64 and all(_is_plain(item) for item in value)
    return value is None or isinstance(value, bool | int | float | str)


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(item, torch.Tensor) for item in value.values())


def _is_mixed(content: Mapping[Any, Any]) -> bool:
    """Whether weights and plain values stand in one table."""
    tensors = [isinstance(value, torch.Tensor) for value in content.values()]
    return any(tensors) and all(
        tensor or _is_plain(value) for tensor, value in zip(tensors, content.values(), strict=True)
    )


def _named(table: Mapping[Any, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {str(name): tensor for name, tensor in table.items()}


def _tables(content: Mapping[Any, Any], prefix: str = "", depth: int = _DEPTH) -> dict[str, Mapping[Any, torch.Tensor]]:
    """Tables of weights by name, one inside an object under a dotted name."""
    tables: dict[str, Mapping[Any, torch.Tensor]] = {}
    for key, value in content.items():
        if _is_table(value) and value:
            tables[f"{prefix}{key}"] = value
        elif isinstance(value, Mapping) and depth and "param_groups" not in value:
            tables |= _tables(value, f"{prefix}{key}.", depth - 1)
    return tables


def _chosen(tables: Mapping[str, Any], content: Mapping[Any, Any], source: str) -> str:
    names = {name: _ENDING.sub("", name.lower().rpartition(".")[2]) for name in tables}
    for meant in (_GENERATOR | _AVERAGED, _WHOLE):
        fitting = [name for name, word in names.items() if word in meant]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            raise ModelError(f"{source} holds several networks, {_listed(fitting)}: say which one by the option part")
    if len(tables) == 1:
        return next(iter(tables))
    if tables:
        raise ModelError(f"{source} holds several networks, {_listed(tables)}: say which one by the option part")
    kinds = ", ".join(f"{key!r} ({type(value).__name__})" for key, value in list(content.items())[:4])
    raise ModelError(f"{source} holds {type(content).__name__} of {kinds}, need a dictionary of tensors by name")


def _config(content: Mapping[Any, Any]) -> dict[str, Fact]:
    """What is plain beside the tables; what stands in a table of settings, as `args`, as if it stood beside them."""
    config: dict[str, Fact] = {}
    for key, value in content.items():
        if str(key).lower() in _SETTINGS and isinstance(value, Mapping):
            config |= facts_of(value)
    return config | facts_of({str(key): value for key, value in content.items() if not isinstance(value, Mapping)})


def _listed(names: Any) -> str:
    return ", ".join(sorted(map(str, names))) or "none"
