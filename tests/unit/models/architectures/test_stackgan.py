"""StackGAN-v2 and ControlGAN on tiny random networks, against their formulas written out without modules."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional as f

from tests.unit.models.architectures.random_weights import drawn
from wherefrom import methods
from wherefrom.core.errors import ModelError, UsageError
from wherefrom.core.tensors import generator
from wherefrom.models.architectures import controlgan, load, stackgan
from wherefrom.models.base import Decoder
from wherefrom.models.checkpoints.build import empty
from wherefrom.models.load import load_model

State = dict[str, torch.Tensor]

CONDITIONAL: Final = stackgan._Geometry(noise=5, code=3, sentence=7, widths=(8, 4, 2), blocks=(2, 1))
FREE: Final = stackgan._Geometry(noise=5, code=5, sentence=None, widths=(8, 4, 2), blocks=(1, 2))
CONTROLLED: Final = controlgan._Geometry(noise=5, code=3, word=6, width=2, blocks=2, stages=3)


def _stackgan(geometry: Any = CONDITIONAL, seed: int = 0) -> State:
    return drawn(empty(lambda: stackgan._Network(geometry)), seed)


def _controlgan(seed: int = 0) -> State:
    return drawn(empty(lambda: controlgan._Network(CONTROLLED)), seed)


def _norm(x: torch.Tensor, w: State, name: str) -> torch.Tensor:
    parts = (w[f"{name}.{end}"] for end in ("running_mean", "running_var", "weight", "bias"))
    mean, var, scale, shift = (part.reshape(1, -1, *[1] * (x.ndim - 2)) for part in parts)
    return (x - mean) / (var + 1e-5).sqrt() * scale + shift


def _gate(x: torch.Tensor) -> torch.Tensor:
    half = x.shape[1] // 2
    return x[:, :half] / (1 + (-x[:, half:]).exp())


def _joined(x: torch.Tensor, w: State, name: str, first: int) -> torch.Tensor:
    x = f.conv2d(x, w[f"{name}.{first}.weight"], padding=1)
    return _gate(_norm(x, w, f"{name}.{first + 1}"))


def _up(x: torch.Tensor, w: State, name: str) -> torch.Tensor:
    return _joined(x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3), w, name, 1)


def _residuals(x: torch.Tensor, w: State, name: str, count: int) -> torch.Tensor:
    for block in range(count):
        inner = _joined(x, w, f"{name}.{block}.block", 0)
        inner = f.conv2d(inner, w[f"{name}.{block}.block.3.weight"], padding=1)
        x = x + _norm(inner, w, f"{name}.{block}.block.4")
    return x


def _first(vector: torch.Tensor, w: State) -> torch.Tensor:
    x = _gate(_norm(vector @ w["h_net1.fc.0.weight"].T, w, "h_net1.fc.1")).reshape(len(vector), -1, 4, 4)
    for step in range(1, 5):
        x = _up(x, w, f"h_net1.upsample{step}")
    return x


def _picture(x: torch.Tensor, w: State, stage: int) -> torch.Tensor:
    return f.conv2d(x, w[f"img_net{stage}.img.0.weight"], padding=1).tanh()


def _moments(sentence: torch.Tensor, w: State) -> tuple[torch.Tensor, torch.Tensor]:
    found = _gate(sentence @ w["ca_net.fc.weight"].T + w["ca_net.fc.bias"])
    return found[:, : found.shape[1] // 2], found[:, found.shape[1] // 2 :]


def _stacked(w: State, geometry: Any, z: torch.Tensor, c: torch.Tensor | None) -> list[torch.Tensor]:
    """Every stage's image in [-1, 1]."""
    x = _first(z if c is None else torch.cat([c, z], dim=1), w)
    images = [_picture(x, w, 1)]
    told = z if c is None else c
    for stage, blocks in enumerate(geometry.blocks, start=2):
        spread = told.reshape(*told.shape, 1, 1).repeat(1, 1, x.shape[2], x.shape[3])
        x = _joined(torch.cat([spread, x], dim=1), w, f"h_net{stage}.jointConv", 0)
        x = _up(_residuals(x, w, f"h_net{stage}.residual", blocks), w, f"h_net{stage}.upsample")
        images.append(_picture(x, w, stage))
    return images


def _controlled(w: State, z: torch.Tensor, c: torch.Tensor, words: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
    """The last stage's image of one caption, pixel by pixel over words; `hidden` says which words are none."""
    x = _first(torch.cat([c, z], dim=1), w)
    for stage in (2, 3):
        side, name = x.shape[2], f"h_net{stage}"
        features = x[0].flatten(1)
        source = w[f"{name}.att.conv_context.weight"][:, :, 0, 0] @ words
        scores = torch.einsum("dq,dl->ql", features, source)
        scores[:, hidden] = -1e30
        context = torch.einsum("dl,ql->dq", source, scores.softmax(1))
        kernel = "conv_context2" if side == 64 else "conv_context3"
        keys = w[f"{name}.channel_att.{kernel}.weight"][:, :, 0, 0] @ words
        channelwise = torch.einsum("ql,dl->dq", keys, torch.einsum("dq,ql->dl", context, keys).softmax(1))
        x = torch.cat([features, context, channelwise]).reshape(1, -1, side, side)
        x = _up(_residuals(x, w, f"{name}.residual", 2), w, f"{name}.upsample")
    return _picture(x, w, 3)


def _noise(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(shape, generator=generator(seed))


def _made(kind: str, state: State, latents: torch.Tensor, **options: Any) -> torch.Tensor:
    """Images in [-1, 1]."""
    built = load(kind).build(state, options)
    assert built.latent_shape == latents.shape[1:]
    with torch.no_grad():
        made = built.network.eval()(latents)
    assert made.shape == (len(latents), 3, *built.size)
    found: torch.Tensor = made * 2 - 1
    return found


def _close(found: torch.Tensor, expected: torch.Tensor) -> None:
    assert float(expected.std()) > 0.02
    torch.testing.assert_close(found, expected, rtol=0, atol=5e-5)


@pytest.mark.parametrize("stage", [1, 2, 3])
def test_unconditional_stages_take_the_noise_for_c(stage: int) -> None:
    state, z = _stackgan(FREE), _noise(2, 5)
    _close(_made("stackgan", state, z, scale=32 << stage), _stacked(state, FREE, z, None)[stage - 1])


@pytest.mark.parametrize("stage", [1, 2, 3])
def test_conditioning_is_searched_where_the_sentence_is_not_known(stage: int) -> None:
    state, z, c = _stackgan(), _noise(2, 5), _noise(2, 3, seed=2)
    made = _made("stackgan", state, torch.cat([z, c], dim=1), scale=32 << stage)
    _close(made, _stacked(state, CONDITIONAL, z, c)[stage - 1])


def test_known_sentence_with_and_without_its_noise(tmp_path: Path) -> None:
    state, z, eps, sentence = _stackgan(), _noise(2, 5), _noise(2, 3, seed=2), _noise(7, seed=3)
    np.save(tmp_path / "text.npy", sentence.numpy())
    mean, variance = _moments(sentence[None], state)
    text = str(tmp_path / "text.npy")
    _close(_made("stackgan", state, z, text=text), _stacked(state, CONDITIONAL, z, mean.expand(2, -1))[2])
    c = mean + eps * (0.5 * variance).exp()
    made = _made("stackgan", state, torch.cat([z, eps], dim=1), text=text, eps="search")
    _close(made, _stacked(state, CONDITIONAL, z, c)[2])


def _captions(folder: Path, count: int = 2, seed: int = 3) -> State:
    mask = torch.zeros(count, 4, dtype=torch.uint8)
    mask[0, 2:] = 1
    held = {"sent_emb": _noise(count, 6, seed=seed), "words_emb": _noise(count, 6, 4, seed=seed + 1), "mask": mask}
    save_file(held, folder / "text.safetensors")
    return held


@pytest.mark.parametrize("row", [0, 1])
@pytest.mark.parametrize("eps", ["0", "search"])
def test_controlgan_hides_each_captions_own_words(tmp_path: Path, row: int, eps: str) -> None:
    state, held = _controlgan(), _captions(tmp_path)
    z, noise = _noise(1, 5), _noise(1, 3, seed=9) * (eps == "search")
    mean, variance = _moments(held["sent_emb"][row : row + 1], state)
    c = mean + noise * (0.5 * variance).exp()
    expected = _controlled(state, z, c, held["words_emb"][row], held["mask"][row].bool())
    latents = torch.cat([z, noise], dim=1) if eps == "search" else z
    made = _made("controlgan", state, latents, text=str(tmp_path / "text.safetensors"), row=row, eps=eps)
    _close(made, expected)


def test_controlgan_searches_conditioning_and_words() -> None:
    state, z, c, words = _controlgan(), _noise(1, 5), _noise(1, 3, seed=2), _noise(1, 6 * 4, seed=4)
    made = _made("controlgan", state, torch.cat([z, c, words], dim=1), words=4)
    hidden = torch.zeros(4, dtype=torch.bool)
    _close(made, _controlled(state, z, c, words.reshape(6, 4).tanh(), hidden))


def test_a_row_depends_on_its_own_latent_alone(tmp_path: Path) -> None:
    """Not even where the caption has hidden words, which their program hides by the mask of a neighbour."""
    _captions(tmp_path)
    save_file(_controlgan(), tmp_path / "gan.safetensors")
    options: dict[str, Any] = {"text": str(tmp_path / "text.safetensors"), "row": 0, "scale": 128}
    model = load_model(str(tmp_path / "gan.safetensors"), device="cpu", options=options)
    assert isinstance(model, Decoder)
    latents = model.draw(np.arange(3, dtype=np.uint64))
    with torch.no_grad():
        assert torch.equal(model.decode(latents)[1:2], model.decode(latents[1:2]))


@pytest.mark.parametrize("kind", ["stackgan", "controlgan"])
def test_published_form_without_counters_and_with_the_prefix_of_dataparallel(tmp_path: Path, kind: str) -> None:
    state = _stackgan() if kind == "stackgan" else _controlgan()
    old = {f"module.{name}": value for name, value in state.items() if not name.endswith("num_batches_tracked")}
    torch.save(old, tmp_path / "netG.pth", _use_new_zipfile_serialization=False)
    model = load_model(str(tmp_path / "netG.pth"), device="cpu")
    assert isinstance(model, Decoder)
    assert model.card.facts["architecture"] == kind
    latents = model.draw(np.arange(1, dtype=np.uint64))
    with torch.no_grad():
        made = model.decode(latents)
    _close(made * 2 - 1, _made(kind, state, latents))
    assert model.size == (256, 256)


def test_the_text_is_on_the_card_and_not_in_the_weights(tmp_path: Path) -> None:
    held = _captions(tmp_path)
    same = {name: value[1] for name, value in held.items()}
    save_file({name: value.contiguous() for name, value in same.items()}, tmp_path / "one.safetensors")
    save_file(_controlgan(), tmp_path / "gan.safetensors")
    both, one = str(tmp_path / "text.safetensors"), str(tmp_path / "one.safetensors")
    asked: list[dict[str, Any]] = [{"text": both, "row": 0}, {"text": both, "row": 1}, {"text": one}, {}]
    cards = [load_model(str(tmp_path / "gan.safetensors"), device="cpu", options=options).card for options in asked]
    assert len({card.facts["decoder"] for card in cards}) == 1
    assert cards[1].digest == cards[2].digest
    assert len({card.digest for card in cards}) == 3


def _cut(state: State, *starts: str) -> State:
    return {name: value for name, value in state.items() if not name.startswith(starts)}


@pytest.mark.parametrize(
    ("kind", "state", "message"),
    [
        ("stackgan", _cut(_stackgan(), "img_net2."), r"do not have img_net2\.img\.0\.weight, which their kind needs"),
        ("stackgan", _cut(_stackgan(), "h_net3.residual.0.block.4."), r"do not fit StackGAN-v2: h_net3\.residual\.0"),
        ("stackgan", _stackgan() | {"D.weight": torch.zeros(2, 2)}, r"D\.weight is not expected"),
        ("controlgan", _cut(_controlgan(), "h_net2.channel_att."), "look like AttnGAN's generator"),
        ("controlgan", _cut(_controlgan(), "ca_net."), r"do not have ca_net\.fc\.weight"),
        ("controlgan", _cut(_controlgan(), "h_net3.channel_att."), r"do not fit ControlGAN: h_net3\.channel_att"),
    ],
)
def test_wrong_files_say_what_they_look_like(kind: str, state: State, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        load(kind).build(state, {})


def _array(path: Path, *shape: int) -> str:
    np.save(path, np.zeros(shape, dtype=np.float32))
    return str(path)


def _held(path: Path, **tensors: torch.Tensor) -> str:
    save_file(tensors, path)
    return str(path)


def test_wrong_options_of_the_text(tmp_path: Path) -> None:
    many, wide = _array(tmp_path / "many.npy", 3, 7), _array(tmp_path / "wide.npy", 9)
    (tmp_path / "text.npy").write_bytes(b"a bird with red wings")
    cases: list[tuple[State, dict[str, Any], type[Exception], str]] = [
        (_stackgan(), {"text": many}, UsageError, "holds 3 captions: say which one by row=0 to row=2"),
        (_stackgan(), {"text": many, "row": 3}, UsageError, "row=3, need one whole number from 0 below 3"),
        (_stackgan(), {"text": wide}, ModelError, r"sent_emb of shape \(9,\), this generator reads 7 features"),
        (_stackgan(), {"text": str(tmp_path / "text.npy")}, ModelError, "cannot be read as an array of numbers"),
        (_stackgan(), {"text": "a red bird"}, UsageError, "need a .npy or .safetensors file of embeddings"),
        (_stackgan(), {"text": str(tmp_path / "no.npy")}, ModelError, "No such file"),
        (_stackgan(), {"eps": 1}, UsageError, "eps='1', need one of 0, search"),
        (_stackgan(), {"scale": 512}, UsageError, "scale=512, need one of 64, 128, 256"),
        (_stackgan(FREE), {"text": many}, UsageError, "this model reads no sentence"),
    ]
    for state, options, error, message in cases:
        with pytest.raises(error, match=message):
            load("stackgan").build(state, options)


def test_wrong_words(tmp_path: Path) -> None:
    sentence, words = torch.zeros(6), torch.zeros(6, 4)
    path = tmp_path / "text.safetensors"
    cases = [
        ({"sentence": sentence}, "holds sentence, need sent_emb"),
        ({"sent_emb": sentence}, "need words_emb too"),
        ({"sent_emb": sentence, "words_emb": torch.zeros(5, 4)}, r"words_emb \(5, 4\).*need \(6, words\)"),
        ({"sent_emb": sentence, "words_emb": words, "mask": torch.zeros(3)}, r"mask \(3,\)"),
        ({"sent_emb": sentence, "words_emb": words, "mask": torch.ones(4)}, "hides all 4 words"),
        ({"sent_emb": torch.zeros(1, 1, 6)}, r"array of shape \(1, 1, 6\)"),
    ]
    for held, message in cases:
        with pytest.raises(ModelError, match=message):
            load("controlgan").build(_controlgan(), {"text": _held(path, **held)})
    with pytest.raises(UsageError, match="words=0, need at least 1"):
        load("controlgan").build(_controlgan(), {"words": 0})


@pytest.mark.parametrize("kind", ["stackgan", "controlgan"])
def test_belongings_of_a_caption_are_found_with_the_caption_known_and_not_known(kind: str, tmp_path: Path) -> None:
    """Known, the noise is searched alone, and with another caption named it is not enough; unknown, both are."""
    folders = [tmp_path / "own", tmp_path / "other"]
    for seed, folder in zip((3, 30), folders, strict=True):
        folder.mkdir()
        _captions(folder, count=1, seed=seed)
    small = controlgan._Geometry(noise=5, code=3, word=6, width=2, blocks=1, stages=2)
    told = stackgan._Geometry(noise=5, code=3, sentence=6, widths=(2, 2), blocks=(1,))
    network = (lambda: stackgan._Network(told)) if kind == "stackgan" else (lambda: controlgan._Network(small))
    save_file(drawn(empty(network)), tmp_path / "gan.safetensors")
    words = {} if kind == "stackgan" else {"words": 4}

    def model(text: str) -> Any:
        options: dict[str, Any] = {"scale": 64, "text": text, **words}
        return load_model(str(tmp_path / "gan.safetensors"), device="cpu", options=options)

    known, wrong = (model(str(folder / "text.safetensors")) for folder in folders)
    unknown = model("search")
    assert (known.latent_shape, unknown.latent_shape) == ((5,), (8 if kind == "stackgan" else 32,))
    seeds = np.arange(3, dtype=np.uint64)
    with torch.no_grad():
        images = (known.decode(known.draw(seeds)) * 255).round() / 255
    method = methods.load("ronan", {"steps": 25, "restarts": 2, "race": None})
    loss = {name: method.scores(one, images, seeds)["loss"] for name, one in (("known", known), ("wrong", wrong))}
    loss["unknown"] = method.scores(unknown, images, seeds)["loss"]
    assert np.median(loss["known"]) < np.median(loss["wrong"]) / 3
    assert np.median(loss["unknown"]) < np.median(loss["wrong"]) / 3
    cards = {one.card.digest for one in (known, wrong, unknown)}
    assert len(cards) == 3
