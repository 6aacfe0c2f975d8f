"""Whatever becomes of a file of weights or a configuration, opening it ends in a model or in an error of ours.

Good files of every layout are damaged in three ways: bytes are changed, tensors are renamed, reshaped, retyped and
exchanged, and values of configurations are replaced. What opens all the same is asked about one image. More cases than
in the suite: `WHEREFROM_FUZZ=10000 pytest tests/unit/models/opening/test_layouts_fuzz.py`.
"""

from __future__ import annotations

import copy
import json
import os
import tempfile
from pathlib import Path
from typing import Any, Final

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.models.checkpoints.test_pickles_fuzz import EDITS, damaged
from tests.unit.models.opening.layouts import SAMPLES, Files, Sample, State, sample, written
from wherefrom.core.errors import WherefromError
from wherefrom.models.base import Autoencoder, Model
from wherefrom.models.load import load_model

EXAMPLES: Final = int(os.environ.get("WHEREFROM_FUZZ", "12"))
LAYOUT: Final = st.sampled_from(sorted(SAMPLES))
WORDS: Final = (
    *("decoder.conv_in.weight", "encoder.conv_in.weight", "encoder.1.weight", "decoder.1.weight", "quant_conv.weight"),
    *("decoder.mid.block_1.conv1.weight", "decoder.up_blocks.7.resnets.0.conv1.weight", "decoder.norm_out.weight"),
    *("decoder.middle.0.residual.0.gamma", "decoder.project_in.conv.weight", "encoder.down.9.attn.0.q.weight"),
    *("quantize.embedding.weight", "bn.running_mean", "first_stage_model.encoder.1.weight", "conv_first.weight"),
    *("body.0.weight", "body.0.rdb1.conv1.weight", "conv_up9.weight", "model.0.weight", "model.1.sub.0.weight"),
    *("decoder.layers.0.weight", "encoder.layers.0.weight", "decoder.condition_encoder.x", "3.pool.0.weight"),
    *("", ".", "weight", "encoder.", "params", "module.module.", "encoder.0.weight", "decoder.up.0.block.0.x"),
    *("decoder.adaptive.0.gamma.weight", "decoder.conv_blocks.0.res.0.conv1.weight", "quantize.directions.weight"),
    *("quantize.scored.weight", "quantize.embed.weight", "decoder.up.0.upsample.conv.weight", "model_ema.decay"),
    *("encoder.down.²", "decoder.²", "1²", "mapping.w_avg", "const.input"),
)
SHAPES: Final = st.sampled_from(
    [
        (),
        (0,),
        (1,),
        (3,),
        (4,),
        (32,),
        (3, 3),
        (0, 4, 1, 1),
        (4, 4, 1, 1),
        (3, 8, 3, 3),
        (64, 3, 3, 3),
        (2, 2, 1, 3, 3),
    ]
)
TYPES: Final = st.sampled_from(
    [torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.uint8, torch.bool, torch.float8_e4m3fn]
)
TENSOR_EDITS: Final = st.lists(
    st.tuples(st.integers(0, 7), st.floats(0, 1), st.floats(0, 1), st.sampled_from(WORDS), SHAPES, TYPES),
    min_size=1,
    max_size=4,
)
VALUES: Final = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 70)
    | st.sampled_from([10**6, 2**40, 1e-30, float("inf"), float("nan"), "DownEncoderBlock2D", "silu", "", "x" * 200])
    | st.text(max_size=6),
    lambda child: st.lists(child, max_size=4) | st.dictionaries(st.text(max_size=4), child, max_size=3),
    max_leaves=6,
)
FOLDER: Final = Path(tempfile.mkdtemp(prefix="fuzz"))


def check(files: Files, opened: str) -> Model | None:
    """Open what these files are, and ask it; None where it is refused."""
    for old in FOLDER.iterdir():
        old.unlink()
    for name, data in files.items():
        (FOLDER / name).write_bytes(data)
    try:
        model = load_model(str(FOLDER / opened), device="cpu")
        if isinstance(model, Autoencoder):
            sides = model.size or (2 * model.factor, 3 * model.factor)
            image = torch.linspace(0, 1, 3 * sides[0] * sides[1], dtype=torch.float32).view(1, 3, *sides)
            with torch.no_grad():
                assert model.decode(model.encode(image)).shape == image.shape
    except WherefromError:
        return None  # anything else is a fault
    return model


def _edited(table: State, edits: list[tuple[int, float, float, str, tuple[int, ...], torch.dtype]]) -> State:
    """A table with tensors renamed, left out, added, exchanged, and of other shapes, types and values."""
    state = dict(table)
    for kind, where, elsewhere, word, shape, dtype in edits:
        names = list(state)
        if not names:
            break
        name, other = names[min(int(where * len(names)), len(names) - 1)], names[int(elsewhere * (len(names) - 1))]
        match kind:
            case 0:
                del state[name]
            case 1:
                state[word] = state.pop(name)
            case 2:
                state[word] = torch.ones(shape)
            case 3:
                state[name] = torch.ones(shape)
            case 4:
                state[name] = state[name].to(dtype)
            case 5:
                state[name], state[other] = state[other], state[name]
            case 6:
                filled = torch.full(state[name].shape, float("inf") if where > 0.5 else 0.0)
                state[name] = filled.to(state[name].dtype)
            case _:
                state[name.replace(".weight", word)] = state.pop(name)
    return state


def _replaced(content: Any, where: float, value: Any) -> Any:
    """JSON with the value of one key replaced, or of one inside it."""
    changed = copy.deepcopy(content)
    keys = list(changed)
    key = keys[min(int(where * len(keys)), len(keys) - 1)]
    inner = changed[key]
    if isinstance(inner, list) and inner and isinstance(value, int):
        inner[value % len(inner)] = value
    else:
        changed[key] = value
    return changed


@pytest.mark.parametrize("name", SAMPLES)
def test_the_good_files_open(name: str) -> None:
    assert check(written(sample(name)), sample(name).opened) is not None


@settings(max_examples=EXAMPLES)
@given(LAYOUT, st.floats(0, 1), EDITS)
def test_damaged_files(name: str, which: float, edits: list[tuple[int, float, int, bytes]]) -> None:
    files = written(sample(name))
    file = sorted(files)[int(which * (len(files) - 1))]
    check(files | {file: damaged(files[file], edits)}, sample(name).opened)


@settings(max_examples=EXAMPLES)
@given(LAYOUT, st.floats(0, 1), TENSOR_EDITS)
def test_other_tensors(name: str, which: float, edits: Any) -> None:
    good = sample(name)
    file = sorted(good.tables)[int(which * (len(good.tables) - 1))]
    tables = good.tables | {file: _edited(good.tables[file], edits)}
    check(written(Sample(tables=tables, objects=good.objects, wrap=good.wrap)), good.opened)


@settings(max_examples=EXAMPLES)
@given(
    st.sampled_from([name for name in sorted(SAMPLES) if name.startswith(("folder", "sharded"))]),
    st.floats(0, 1),
    st.lists(st.tuples(st.floats(0, 1), VALUES), min_size=1, max_size=3),
)
def test_other_configurations(name: str, which: float, edits: list[tuple[float, Any]]) -> None:
    good = sample(name)
    file = sorted(good.objects)[int(which * (len(good.objects) - 1))]
    content = good.objects[file]
    for where, value in edits:
        content = _replaced(content, where, value) if isinstance(content, dict) and content else content
    files = written(Sample(tables=good.tables, objects={}, wrap=good.wrap))
    others = {key: json.dumps(value).encode() for key, value in good.objects.items()}
    check(files | others | {file: json.dumps(content).encode()}, good.opened)


@pytest.mark.parametrize("name", [name for name in sorted(SAMPLES) if name.startswith("folder")])
def test_a_configuration_with_a_size_of_zero_or_an_empty_list(name: str) -> None:
    good = sample(name)
    others = {file: json.dumps(value).encode() for file, value in good.objects.items()}
    for file, content in good.objects.items():
        nothing: dict[str, Any] = {key: [] if isinstance(value, list) else 0 for key, value in content.items()}
        for key in (key for key, value in content.items() if isinstance(value, int | list) and value):
            changed = {file: json.dumps(content | {key: nothing[key]}).encode()}
            check(written(Sample(tables=good.tables, objects={}, wrap=good.wrap)) | others | changed, good.opened)
