from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKL
from safetensors.torch import save_file

from tests.shared import shared_data
from wherefrom.core.errors import ModelError, WherefromError
from wherefrom.models.base import Autoencoder
from wherefrom.models.load import load_model
from wherefrom.models.sources import hub, known
from wherefrom.models.sources.description import describe, listing
from wherefrom.models.sources.local import find_place
from wherefrom.models.sources.names import HubName, Where, parse
from wherefrom.models.toy import Toy

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def autoencoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny autoencoder's folder, as diffusers writes it."""
    folder = tmp_path_factory.mktemp("tiny") / "vae"
    with torch.random.fork_rng():
        model = AutoencoderKL(
            block_out_channels=(8, 8),
            down_block_types=("DownEncoderBlock2D",) * 2,
            up_block_types=("UpDecoderBlock2D",) * 2,
            norm_num_groups=4,
        )
    model.save_pretrained(folder)
    return folder


@pytest.fixture
def zoo(autoencoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A zoo of one model, `kl-tiny`; its folder."""
    folder = tmp_path / "zoo" / "kl-tiny"
    shutil.copytree(autoencoder, folder)
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    card = {
        "title": "Tiny",
        "architecture": "AutoencoderKL",
        "licence": "Apache-2.0",
        "sizes": [[64, 32]],
        "files": files,
    }
    (folder / "card.json").write_text(json.dumps(card))
    monkeypatch.setattr("wherefrom.models.sources.zoo.ZOO", folder.parent)
    return folder


def refused(name: str) -> str:
    """The message with which `load_model` refuses a name."""
    with pytest.raises(WherefromError) as caught:
        load_model(name, device="cpu")
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("zoo:kl-f8-a", Where.ZOO),
        ("toy", Where.TOY),
        ("toy:0.5", Where.TOY),
        ("hub:here/there", Where.HUB),
        ("owner/name", Where.HUB),
        ("owner/name@main:vae", Where.HUB),
        ("owner/name:vae/x.safetensors", Where.HUB),
        ("here/there", Where.PATH),
        ("here/missing", Where.PATH),
        ("./missing", Where.PATH),
        ("/missing", Where.PATH),
        ("~/missing", Where.PATH),
        ("vae.safetensors", Where.PATH),
        ("missing/vae.safetensors", Where.PATH),
        ("package.module:make", Where.CODE),
        ("module:Class.make", Where.CODE),
    ],
)
def test_each_form_of_name_is_one_thing(
    name: str, found: Where, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here" / "there").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert parse(name).where is found


@pytest.mark.parametrize("name", ["", " ", "nothing", "a/b/c", "x" * 5000, "nul\0", "~nobody-at-all"])
def test_what_has_no_form_is_refused_with_what_was_tried(name: str) -> None:
    message = refused(name)
    assert "does not exist" in message or all(
        form in message for form in ("zoo:NAME", "module:attribute", "owner/name")
    )


def test_the_closest_names_are_offered(zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my-autoencoder").mkdir()
    assert "did you mean zoo:kl-tiny" in refused("kl-tiny")
    assert "did you mean zoo:kl-tiny" in refused("zoo:kl-tinny")
    assert "stabilityai/sdxl-turbo" in refused("sdxl-turbo")
    assert "did you mean my-autoencoder" in refused("my-autoencodr")
    assert "did you mean my-autoencoder" in refused("./my-autoencodr")


def test_a_mistyped_path_is_not_sent_to_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: object) -> None:
        raise AssertionError("the hub was asked")

    monkeypatch.setattr(hub, "fetch", asked)
    (tmp_path / "runs").mkdir()
    monkeypatch.chdir(tmp_path)
    assert "runs/vae does not exist; to ask the hub write hub:runs/vae" in refused("runs/vae")


def test_the_toy() -> None:
    assert load_model("toy") == Toy()
    assert load_model("toy:0.5") == Toy(gain=0.5)
    assert "number between 0 and 1" in refused("toy:big")
    assert "need 0 < gain < 1" in refused("toy:2")
    with pytest.raises(ModelError, match="on the CPU alone"):
        load_model("toy", dtype="bfloat16")


def test_a_model_of_the_zoo_is_opened_under_its_name(zoo: Path) -> None:
    model = load_model("zoo:kl-tiny", device="cpu")
    assert isinstance(model, Autoencoder)
    assert model.card.name == "zoo:kl-tiny"
    assert dict(model.card.notes) == {
        "source": "zoo:kl-tiny",
        "family": "kl-tiny",
        "licence": "Apache-2.0",
        "sizes": ((64, 32),),
    }
    assert model.encode(torch.zeros(1, 3, 8, 8)).shape == (1, 4, 4, 4)


@pytest.mark.parametrize("harm", ["changed", "missing", "added", "unlisted"])
def test_a_harmed_zoo_is_refused(zoo: Path, harm: str) -> None:
    weights = zoo / "diffusion_pytorch_model.safetensors"
    if harm == "changed":
        data = bytearray(weights.read_bytes())
        data[-1] ^= 1
        weights.write_bytes(data)
    elif harm == "missing":
        weights.unlink()
    elif harm == "added":
        (zoo / "more.safetensors").write_bytes(b"x")
    else:
        (zoo / "card.json").write_text("{}")
    words = {"changed": "its card says", "unlisted": "without `files`"}.get(harm, "missing, or not on its card")
    assert words in refused("zoo:kl-tiny")


def test_an_autoencoder_and_a_pipeline_are_the_same_model(autoencoder: Path, tmp_path: Path) -> None:
    for part in ("movq", "unet"):
        (tmp_path / "pipe" / part).mkdir(parents=True)
    shutil.copytree(autoencoder, tmp_path / "pipe" / "movq", dirs_exist_ok=True)
    (tmp_path / "pipe" / "unet" / "config.json").write_text('{"_class_name": "UNet2DConditionModel"}')
    index = {"unet": ["diffusers", "UNet2DConditionModel"], "movq": ["diffusers", "AutoencoderKL"]}
    (tmp_path / "pipe" / "model_index.json").write_text(json.dumps(index))
    alone, pipeline = load_model(str(autoencoder), device="cpu"), load_model(str(tmp_path / "pipe"), device="cpu")
    assert alone.card.facts == pipeline.card.facts
    assert (alone.card.name, pipeline.card.name) == (f"{autoencoder.parent.name}/vae", "pipe/movq")
    assert load_model(str(pipeline.card.notes["source"]), device="cpu").card == pipeline.card
    assert alone.card.digest == pipeline.card.digest
    assert pipeline.card.notes["source"] == str(tmp_path / "pipe" / "movq")
    (tmp_path / "pipe" / "model_index.json").unlink()
    assert load_model(str(tmp_path / "pipe"), device="cpu").card.digest == alone.card.digest


def test_several_candidates_are_listed_and_none_is_chosen(autoencoder: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        shutil.copytree(autoencoder, tmp_path / name)
    message = refused(str(tmp_path))
    assert f"holds 2 autoencoders, name one: {tmp_path / 'one'}, {tmp_path / 'two'}" in message
    shutil.rmtree(tmp_path / "two")
    save_file({"x": torch.zeros(1)}, tmp_path / "loose.safetensors")
    assert "loose.safetensors" in refused(str(tmp_path))


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "holds no autoencoder: looked for model_index.json"),
        ({"config.json": "{"}, "cannot be read as JSON"),
        ({"config.json": "[]"}, "holds list, need an object"),
        ({"config.json": '{"_class_name": "UNet2DModel"}'}, "has 'UNet2DModel' in its config.json"),
        ({"model_index.json": '{"vae": ["diffusers", "AutoencoderKL"]}'}, "has no config.json: the download or copy"),
        ({"model_index.json": '{"vae": ["diffusers", "AutoencoderKL"], "vq": ["x", "VQModel"]}'}, "vq (VQModel)"),
        ({"weights.pickle": ""}, "holds no autoencoder"),
    ],
)
def test_a_folder_without_an_autoencoder(files: dict[str, str], words: str, tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert words in refused(str(tmp_path))


def test_a_file_that_is_none(tmp_path: Path) -> None:
    for name, words in (("a.pickle", "can run code"), ("a.txt", "is no model"), ("a.safetensors", "")):
        (tmp_path / name).write_text("text")
        assert words in refused(str(tmp_path / name))


def test_code_runs_only_when_it_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "ran_without_trust.py").write_text("raise SystemExit('it ran')")
    message = refused("ran_without_trust:make")
    assert "trust=True" in message
    assert "--trust" in message


CODE = """
from diffusers import AutoencoderKL
from wherefrom.core.errors import ModelError
from wherefrom.models.toy import Toy

def kl():
    blocks = dict(down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2)
    return AutoencoderKL(block_out_channels=(8, 8), norm_num_groups=4, **blocks)

def needs(path): ...
def fails(): raise ModelError("no weights in this house")

network, decoder, number, Kind = kl(), Toy(gain=0.25), 7, Toy
class Shelf:
    make = staticmethod(kl)
"""


def test_code_that_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "trusted_models.py").write_text(CODE)
    for attribute in ("network", "kl", "Shelf.make"):
        model = load_model(f"trusted_models:{attribute}", device="cpu", trust=True)
        assert isinstance(model, Autoencoder)
        assert (model.card.facts["architecture"], model.factor) == ("AutoencoderKL", 2)
        assert model.card.notes["source"] == f"trusted_models:{attribute}"
    assert load_model("trusted_models:decoder", trust=True) == Toy(gain=0.25)
    assert load_model("trusted_models:Kind", trust=True) == Toy()
    for attribute, words in (
        ("number", "is int, need"),
        ("needs", "is called without arguments"),
        ("fails", "no weights in this house"),
        ("absent", "has no 'absent'; it has"),
    ):
        with pytest.raises(ModelError, match=re.escape(words)):
            load_model(f"trusted_models:{attribute}", device="cpu", trust=True)
    with pytest.raises(ModelError, match="add its folder to PYTHONPATH"):
        load_model("module_that_is_not_there:make", trust=True)


def test_a_hub_id_carries_its_commit_family_and_sizes(autoencoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def fetch(name: HubName) -> hub.Fetched:
        asked.append(str(name))
        place = find_place(autoencoder)
        return hub.Fetched(place=place, source=f"{name.repo}@{COMMIT}:vae", inside="vae")

    monkeypatch.setattr(hub, "fetch", fetch)
    model = load_model("hub:CompVis/stable-diffusion-v1-4@main", device="cpu")
    assert asked == ["CompVis/stable-diffusion-v1-4@main"]
    assert model.card.notes["source"] == f"CompVis/stable-diffusion-v1-4@{COMMIT}:vae"
    assert model.card.notes["family"] == "sd1_vae"
    assert model.card.notes["sizes"] == ((512, 512),)
    assert "family" not in load_model("us/private", device="cpu").card.notes
    other = replace(known.family_of("stable_cascade"), supported=False)
    monkeypatch.setattr(known, "family_of", lambda row: other)
    assert "Stable Cascade" in refused("stabilityai/stable-cascade")
    assert asked == ["CompVis/stable-diffusion-v1-4@main", "us/private"]


def test_the_listing_describes_what_can_be_loaded(zoo: Path) -> None:
    rows = listing()
    names = [row.name for row in rows]
    assert names[0] == "zoo:kl-tiny"
    assert len(set(names)) == len(names)
    for row in rows:
        assert describe(row.name) == row
    by_name = {row.name: row for row in rows}
    assert by_name["stabilityai/stable-diffusion-xl-base-1.0"].family == "sdxl_vae"
    assert by_name["stabilityai/stable-diffusion-xl-base-1.0:vae_1_0"].family == "sdxl_vae_1_0"
    assert by_name["stabilityai/stable-cascade"].architecture == "PaellaVQModel"
    assert all(row.supported for row in rows)


def test_a_path_and_unknown_names_are_described_as_far_as_is_known(autoencoder: Path) -> None:
    assert describe(str(autoencoder)).architecture == "AutoencoderKL"
    assert describe("us/private").family is None
    assert describe("toy:0.3").factor == 8
    assert describe("module:make").where is Where.CODE
    with pytest.raises(ModelError, match="does not exist"):
        describe("./nothing-here")


@pytest.mark.data
@pytest.mark.parametrize("name", ["taesd", "taesd3", "taef1"])
def test_a_raw_pair_by_folder_and_by_either_file(name: str) -> None:
    folder = shared_data(f"autoencoders/{name}")
    models = [load_model(str(folder), device="cpu")]
    models += [load_model(str(folder / f"{name}_{half}.safetensors"), device="cpu") for half in ("encoder", "decoder")]
    assert len({model.card.digest for model in models}) == 1
    assert models[0].card.facts["architecture"] == "AutoencoderTiny"
    assert models[0].factor == 8


@pytest.mark.data
def test_a_folder_of_pairs_lists_them(tmp_path: Path) -> None:
    for name in ("taesd", "taef1"):
        for file in shared_data(f"autoencoders/{name}").glob("*.safetensors"):
            (tmp_path / file.name).symlink_to(file)
    message = refused(str(tmp_path))
    assert "holds 2 autoencoders" in message
    assert "taesd_decoder.safetensors" in message
