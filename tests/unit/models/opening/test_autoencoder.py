"""Opening autoencoders from folders and files: the same weights are the same model, and what is wrong is named."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path

import diffusers
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from skimage import data

from tests.shared import shared_data
from tests.unit.models.tiny import NAMES, build, images, ldm_names
from wherefrom.core.errors import ModelError
from wherefrom.models.autoencoders.layouts import recognise
from wherefrom.models.opening.autoencoder import open_autoencoder, wrap_autoencoder

_FILE = "diffusion_pytorch_model.safetensors"
_SINGLE = ("kl", "kl-no-quant", "flux2", "asymmetric", "movq", "vq")


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)


def _same(one: dict[str, object], other: dict[str, object]) -> bool:
    return all(one[key] == other[key] for key in ("architecture", "encoder", "decoder", "config", "latents"))


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_folder_opens_as_what_was_saved(name: str, tmp_path: Path) -> None:
    module = build(name)
    module.save_pretrained(tmp_path / "a")
    random = torch.get_rng_state()
    opened, wrapped = open_autoencoder(tmp_path / "a"), wrap_autoencoder(module)
    assert torch.equal(torch.get_rng_state(), random)
    assert opened.card.facts == wrapped.card.facts
    assert (opened.card.name, opened.factor, opened.channels) == ("a", wrapped.factor, wrapped.channels)
    given = images(1)
    assert torch.equal(opened.decode(opened.encode(given)), wrapped.decode(wrapped.encode(given)))


def test_half_sharded_and_variant_copies_are_one_model_only_where_values_are_equal(tmp_path: Path) -> None:
    module = build("kl")
    full = wrap_autoencoder(module).card.facts
    module.half().save_pretrained(tmp_path / "half")
    module.save_pretrained(tmp_path / "variant", variant="fp16")
    module.float().save_pretrained(tmp_path / "rounded")
    module.save_pretrained(tmp_path / "shards", max_shard_size="100KB")
    module.save_pretrained(tmp_path / "bin", safe_serialization=False)
    assert len(list((tmp_path / "shards").glob("*.safetensors"))) > 2
    assert (tmp_path / "variant" / "diffusion_pytorch_model.fp16.safetensors").is_file()
    assert (tmp_path / "bin" / "diffusion_pytorch_model.bin").is_file()
    cards = {kind: open_autoencoder(tmp_path / kind).card for kind in ("half", "variant", "rounded", "shards", "bin")}
    assert len({card.digest for card in cards.values()}) == 1
    assert cards["half"].facts["decoder"] != full["decoder"]
    assert cards["half"].facts["encoder"] != full["encoder"]


@pytest.mark.parametrize("name", _SINGLE)
@pytest.mark.parametrize("prefix", ["", "vae."])
def test_a_single_file_without_config_is_the_same_model(name: str, prefix: str, tmp_path: Path) -> None:
    module = build(name)
    state = {prefix + key: tensor for key, tensor in module.state_dict().items()}
    extra = {"model.diffusion_model.x": torch.zeros(1)} if prefix else {}
    save_file(state | extra, tmp_path / "one.safetensors")
    opened = open_autoencoder(tmp_path / "one.safetensors")
    assert _same(dict(opened.card.facts), dict(wrap_autoencoder(module).card.facts))
    assert opened.card.name == "one"


@pytest.mark.parametrize("name", ["kl", "kl-no-quant", "flux2"])
@pytest.mark.parametrize("prefix", ["", "first_stage_model.", "vae."])
def test_the_original_layout_is_the_same_model(name: str, prefix: str, tmp_path: Path) -> None:
    module = build(name)
    state = {prefix + key: tensor for key, tensor in ldm_names(dict(module.state_dict())).items()}
    assert f"{prefix}decoder.mid.attn_1.q.weight" in state
    if prefix:
        state |= {"model.diffusion_model.out.0.weight": torch.zeros(4), f"{prefix}loss.logvar": torch.zeros(())}
    save_file(state, tmp_path / "ae.safetensors")
    opened = open_autoencoder(tmp_path / "ae.safetensors")
    assert _same(dict(opened.card.facts), dict(wrap_autoencoder(module).card.facts))


def test_16_bits_of_a_single_file_are_used_only_where_it_is_known_to_be_safe(tmp_path: Path) -> None:
    state = {"first_stage_model." + key: tensor for key, tensor in ldm_names(dict(build("kl").state_dict())).items()}
    for other, used in (("cond_stage_model.a", "bfloat16"), ("conditioner.embedders.1.a", "float32")):
        save_file(state | {other: torch.zeros(1)}, tmp_path / "full.safetensors")
        opened = open_autoencoder(tmp_path / "full.safetensors", dtype="bfloat16")
        assert opened.card.facts["dtype"] == used


def test_attention_under_its_former_names_is_the_same_model(tmp_path: Path) -> None:
    module = build("kl")
    module.save_pretrained(tmp_path)
    former = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    state = load_file(tmp_path / _FILE)
    for new, old in former.items():
        state = {key.replace(f".{new}.", f".{old}."): tensor for key, tensor in state.items()}
    assert "decoder.mid_block.attentions.0.query.weight" in state
    save_file(state, tmp_path / _FILE)
    assert open_autoencoder(tmp_path).card.digest == wrap_autoencoder(module).card.digest


def test_a_file_beside_its_config_is_opened_with_it(tmp_path: Path) -> None:
    module = diffusers.AutoencoderKL(block_out_channels=(8,), norm_num_groups=4)
    module.save_pretrained(tmp_path)
    assert open_autoencoder(tmp_path / _FILE).card == open_autoencoder(tmp_path).card
    (tmp_path / _FILE).rename(tmp_path / "alone.safetensors")
    with pytest.raises(ModelError, match="normalisation groups are not known: add config"):
        open_autoencoder(tmp_path / "alone.safetensors")


@pytest.mark.parametrize(
    "family", ["dc-ae-f32c32-sana", "dc-ae-f32c32", "dc-ae-f64c128", "dc-ae-f128c512", "qwen-image"]
)
def test_configs_that_come_with_the_package_are_found_by_shapes(family: str) -> None:
    text = Path(str(recognise.__code__.co_filename)).with_name("configs.json").read_text()
    entry = next(entry for entry in json.loads(text) if entry["family"] == family)
    with torch.device("meta"):
        module = getattr(diffusers, entry["kind"]).from_config(entry["config"])
    found = recognise({key: tuple(tensor.shape) for key, tensor in module.state_dict().items()}, family)
    assert (found.kind, found.config) == (entry["kind"], entry["config"])


def _tiny_pair(folder: Path, module: torch.nn.Module) -> None:
    state = module.state_dict()
    encoder = {key.removeprefix("encoder.layers."): t for key, t in state.items() if key.startswith("encoder.")}
    decoder = {}
    for key, tensor in state.items():
        if key.startswith("decoder.layers."):
            number, _, rest = key.removeprefix("decoder.layers.").partition(".")
            decoder[f"{int(number) + 1}.{rest}"] = tensor
    save_file(encoder, folder / "mine_encoder.safetensors")
    save_file(decoder, folder / "mine_decoder.safetensors")


@pytest.mark.parametrize("channels", [4, 16])
def test_a_raw_pair_opens_from_either_half_or_its_folder(channels: int, tmp_path: Path) -> None:
    module = diffusers.AutoencoderTiny(latent_channels=channels)
    _tiny_pair(tmp_path, module)
    paths = (tmp_path, tmp_path / "mine_encoder.safetensors", tmp_path / "mine_decoder.safetensors")
    cards = [open_autoencoder(path).card for path in paths]
    assert {card.digest for card in cards} == {wrap_autoencoder(module).card.digest}
    assert {card.name for card in cards} == {"mine"}
    (tmp_path / "mine_decoder.safetensors").unlink()
    with pytest.raises(ModelError, match=r"mine_decoder\.safetensors is not beside it"):
        open_autoencoder(tmp_path / "mine_encoder.safetensors")


def _cut(folder: Path) -> Path:
    content = (folder / _FILE).read_bytes()
    (folder / _FILE).write_bytes(content[:-1000])
    return folder


def _json_named_safetensors(folder: Path) -> Path:
    (folder / _FILE).write_text('{"weight_map": {}}')
    return folder


def _missing(folder: Path) -> Path:
    state = load_file(folder / _FILE)
    del state["decoder.conv_in.bias"]
    save_file(state, folder / _FILE)
    return folder


def _unexpected(folder: Path) -> Path:
    save_file(load_file(folder / _FILE) | {"decoder.more": torch.zeros(1)}, folder / _FILE)
    return folder


def _other_shape(folder: Path) -> Path:
    save_file(load_file(folder / _FILE) | {"decoder.conv_in.bias": torch.zeros(7)}, folder / _FILE)
    return folder


def _unet(folder: Path) -> Path:
    save_file(
        {"conv_in.weight": torch.zeros(1), "time_embedding.linear_1.weight": torch.zeros(1)}, folder / "u.safetensors"
    )
    return folder / "u.safetensors"


def _lora(folder: Path) -> Path:
    save_file({"lora_unet_down_blocks.alpha": torch.zeros(1)}, folder / "l.safetensors")
    return folder / "l.safetensors"


def _unknown_layout(folder: Path) -> Path:
    state = ldm_names(dict(build("kl").state_dict()))
    save_file(state | {"decoder.more.weight": torch.zeros(1)}, folder / "x.safetensors")
    return folder / "x.safetensors"


def _pipeline(folder: Path) -> Path:
    (folder / "p" / "vae").mkdir(parents=True)
    (folder / "p" / "vae" / "config.json").write_text("{}")
    (folder / "p" / "model_index.json").write_text("{}")
    return folder / "p"


def _config(**changes: object) -> Callable[[Path], Path]:
    def change(folder: Path) -> Path:
        config = json.loads((folder / "config.json").read_text()) | changes
        (folder / "config.json").write_text(json.dumps(config))
        return folder

    return change


def _no_weights(folder: Path) -> Path:
    (folder / _FILE).unlink()
    return folder


def _text(name: str, content: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / name).write_text(content)
        return folder if name == "config.json" else folder / name

    return write


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_cut, "cut short: its header promises"),
        (_json_named_safetensors, "looks like JSON text"),
        (_missing, r"do not fit AutoencoderKL: decoder\.conv_in\.bias is missing"),
        (_unexpected, r"decoder\.more is not expected"),
        (_other_shape, r"decoder\.conv_in\.bias has shape \(7,\), need \(64,\)"),
        (_unet, r"looks like a diffusion model \(UNet\) .*need an autoencoder in"),
        (_lora, "looks like a LoRA"),
        (_unknown_layout, "1 of .* tensors are not known in the original layout"),
        (_pipeline, r"has no autoencoder: its model_index\.json lists nothing"),
        (
            _config(_class_name="UNet2DConditionModel"),
            "has 'UNet2DConditionModel' in its config.json, need the class of an autoencoder",
        ),
        (_config(_class_name="AutoencoderOobleck"), "AutoencoderOobleck, which is not supported: it codes sound"),
        (_config(_class_name=None), "has no `_class_name` in its config"),
        (_config(down_block_types=["NoSuchBlock"] * 2), "cannot be built from this config"),
        (_config(block_out_channels="wide"), "cannot be built from this config"),
        (_config(out_channels=4), r"conv_out\.weight has shape \(3, 32, 3, 3\), need \(4, 32, 3, 3\)"),
        (_no_weights, "holds no weight file, need diffusion_pytorch_model"),
        (_text("config.json", "{"), "cannot be read as JSON"),
        (_text("config.json", "[]"), "holds list, need an object"),
        (_text("notes.txt", "hello"), r"is no model: need a \.safetensors file"),
        (_text("other.json", "{}"), r"is no model: need a \.safetensors file"),
        (lambda folder: folder / "absent", "does not exist"),
    ],
)
def test_what_cannot_be_opened_says_what_it_is_and_what_was_needed(
    spoil: Callable[[Path], Path], reason: str, tmp_path: Path
) -> None:
    build("kl").save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=reason):
        open_autoencoder(spoil(tmp_path))


@pytest.mark.data
@pytest.mark.parametrize(("name", "channels", "bound"), [("taesd", 4, 22.0), ("taesd3", 16, 25.0), ("taef1", 16, 25.0)])
def test_real_tiny_autoencoders_reconstruct_a_photo(name: str, channels: int, bound: float) -> None:
    model = open_autoencoder(shared_data(f"autoencoders/{name}"))
    photo = torch.from_numpy(data.astronaut()[:192, 128:320]).permute(2, 0, 1)[None] / 255
    with torch.inference_mode():
        latents = model.encode(photo)
        loss = float((model.decode(latents).clamp(0, 1) - photo).square().mean())
    assert (model.factor, model.channels, latents.shape) == (8, channels, (1, channels, 24, 24))
    assert -10 * np.log10(loss) > bound


@pytest.mark.data
def test_real_tiny_autoencoders_are_three_decoders() -> None:
    cards = [open_autoencoder(shared_data(f"autoencoders/{name}")).card for name in ("taesd", "taesd3", "taef1")]
    assert len({card.facts["decoder"] for card in cards}) == len({card.facts["encoder"] for card in cards}) == 3
