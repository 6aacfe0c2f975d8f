"""Pipelines in folders and repositories: only safetensors, no code, one copy of the weights; digests of that."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from huggingface_hub import errors

from tests.unit.models.sources.test_hub import COMMIT, FakeHub, http_error
from wherefrom.core.errors import ModelError, UsageError
from wherefrom.models.sources.hub_pipelines import fetch_pipeline
from wherefrom.models.sources.names import HubName
from wherefrom.models.sources.pipeline_folders import lacking, opened, read_folder, variant_of


def lay_out(folder: Path, kind: object = "StableDiffusionPipeline", **parts: tuple[str, ...]) -> Path:
    """A pipeline's folder; each part is (library, class, its files ...)."""
    folder.mkdir()
    index = {"_class_name": kind, "_diffusers_version": "0.42.1", "safety_checker": [None, None]}
    (folder / "model_index.json").write_text(json.dumps({**index, **{name: part[:2] for name, part in parts.items()}}))
    for name, (_, _, *files) in parts.items():
        (folder / name).mkdir()
        for file in ("config.json", *files):
            (folder / name / file).write_text(f"{name}/{file}")
    return folder


UNET = ("diffusers", "UNet2DConditionModel", "diffusion_pytorch_model.safetensors")


def test_parts_that_are_null_are_left_out(tmp_path: Path) -> None:
    found = read_folder(lay_out(tmp_path / "a", unet=UNET, scheduler=("diffusers", "DDIMScheduler")))
    assert (found.kind, found.scheduler, found.variant) == ("StableDiffusionPipeline", "DDIMScheduler", None)
    assert set(found.parts) == {"unet", "scheduler"}


@pytest.mark.parametrize(
    ("kind", "parts", "said"),
    [
        (["pipeline", "Mine"], {"unet": UNET}, "code of its own is not run"),
        ("Mine.py", {"unet": UNET}, "code of its own is not run"),
        ("StableDiffusionPipeline", {"unet": ("../x", "Mine", "a.safetensors")}, r"need \[library, class\]"),
        ("StableDiffusionPipeline", {"unet": ("mine", "Mine", "mine.py")}, "would bring in code"),
        ("StableDiffusionPipeline", {"unet": (*UNET, "adapter_config.json")}, "would bring in code or weights"),
        ("StableDiffusionPipeline", {"unet": (*UNET[:2], "diffusion_pytorch_model.bin")}, "only as a pickle"),
    ],
)
def test_what_would_run_code_is_refused(
    kind: object, parts: dict[str, tuple[str, ...]], said: str, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=said):
        read_folder(lay_out(tmp_path / "a", kind, **parts))


def test_a_part_without_files_is_an_incomplete_copy(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "a", unet=UNET)
    for file in (folder / "unet").iterdir():
        file.unlink()
    with pytest.raises(ModelError, match="no files of its part unet: the download or copy is incomplete"):
        read_folder(folder)


def test_the_digest_is_of_what_is_opened(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "a", unet=UNET)
    first = read_folder(folder).digest()
    assert read_folder(lay_out(tmp_path / "b", unet=UNET)).digest() == first
    (folder / "unet" / "diffusion_pytorch_model.fp16.safetensors").write_text("another copy")
    (folder / "unet" / "diffusion_pytorch_model.bin").write_text("a pickle")
    (folder / "README.md").write_text("words")
    assert read_folder(folder).digest() == first
    (folder / "unet" / "config.json").write_text("another config")
    second = read_folder(folder).digest()
    assert second != first
    (folder / "unet" / "diffusion_pytorch_model.safetensors").write_text("other weights")
    assert read_folder(folder).digest() not in (first, second)


def test_one_copy_of_the_weights() -> None:
    plain, half = "model.safetensors", "model.fp16.safetensors"
    assert variant_of({"a": [plain, half], "b": [plain], "c": ["tokenizer.json"]}, "x") is None
    assert variant_of({"a": [plain, half], "b": ["model.fp16-00001-of-00002.safetensors"]}, "x") == "fp16"
    with pytest.raises(ModelError, match="no one copy"):
        variant_of({"a": [half], "b": ["model.bf16.safetensors"]}, "x")
    held = [plain, half, "config.json", "model.bin", "merges.txt", "code.py", "model.fp16-00001-of-00002.safetensors"]
    assert opened(held, None) == ("config.json", "merges.txt", plain)
    assert opened(held, "fp16") == ("config.json", "merges.txt", "model.fp16-00001-of-00002.safetensors", half)
    assert opened([plain], "fp16") == (plain,)


REPOSITORY = {
    "model_index.json": json.dumps(
        {"_class_name": "StableDiffusionPipeline", "unet": list(UNET[:2]), "vae": ["diffusers", "AutoencoderKL"]}
    ),
    "unet/config.json": "{}",
    "unet/diffusion_pytorch_model.safetensors": "u",
    "unet/diffusion_pytorch_model.bin": "pickle",
    "unet/diffusion_pytorch_model.fp16.safetensors": "half",
    "vae/config.json": "{}",
    "vae/diffusion_pytorch_model.safetensors": "v",
    "vae/code.py": "raise SystemExit",
    "whole.safetensors": "everything",
    "pipeline.py": "raise SystemExit",
}


def test_of_a_repository_only_what_is_opened_is_fetched_at_one_commit(tmp_path: Path) -> None:
    hub = FakeHub(root=tmp_path, repos={"a/b": REPOSITORY})
    folder, source = fetch_pipeline(HubName(repo="a/b"), hub)
    assert source == f"a/b@{COMMIT}"
    assert hub.asked[0] == ("model_index.json", None)
    assert set(hub.asked[1:]) == {
        ("unet/config.json", COMMIT),
        ("unet/diffusion_pytorch_model.safetensors", COMMIT),
        ("vae/config.json", COMMIT),
        ("vae/diffusion_pytorch_model.safetensors", COMMIT),
    }
    assert set(read_folder(folder).parts) == {"unet", "vae"}


def test_a_cache_is_enough_where_the_list_cannot_be_had(tmp_path: Path) -> None:
    fetch_pipeline(HubName(repo="a/b"), FakeHub(root=tmp_path, repos={"a/b": REPOSITORY}))

    class Offline(FakeHub):
        def files(self, repo: str, revision: str | None) -> tuple[str, ...]:
            raise OSError("no network")

    hub = Offline(root=tmp_path, repos={"a/b": REPOSITORY})
    assert fetch_pipeline(HubName(repo="a/b"), hub)[1] == f"a/b@{COMMIT}"
    assert len(hub.asked) == 5
    with pytest.raises(ModelError, match=r"its list of files .* it lacks the configuration of unet"):
        fetch_pipeline(HubName(repo="a/b"), Offline(root=tmp_path / "empty", repos={"a/b": REPOSITORY}))


@dataclass(kw_only=True)
class Mute(FakeHub):
    """Gives files, but no list of them."""

    reason: Exception

    def files(self, repo: str, revision: str | None) -> tuple[str, ...]:
        raise self.reason


class TransportError(Exception):
    """As httpx calls what comes of a broken connection."""


NETWORK = (OSError("no network"), TransportError("reset"), TimeoutError(), errors.OfflineModeIsEnabled("off"))


@pytest.mark.parametrize("reason", NETWORK, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(
    ("gone", "said"),
    [
        ("vae/config.json", "lacks the configuration of vae"),
        ("vae/diffusion_pytorch_model.safetensors", "lacks the weights of vae"),
        ("unet/config.json", "lacks the configuration of unet"),
        ("vae", "lacks the configuration of vae"),
    ],
)
def test_a_partly_cached_pipeline_is_not_taken_for_the_whole(
    gone: str, said: str, reason: Exception, tmp_path: Path
) -> None:
    """As after a download that was interrupted."""
    folder, _ = fetch_pipeline(HubName(repo="a/b"), FakeHub(root=tmp_path, repos={"a/b": REPOSITORY}))
    place = folder / gone
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink()
    with pytest.raises(ModelError, match=said):
        fetch_pipeline(HubName(repo="a/b"), Mute(root=tmp_path, repos={"a/b": REPOSITORY}, reason=reason))


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (http_error(errors.GatedRepoError, 403), "is gated: accept its licence"),
        (http_error(errors.RepositoryNotFoundError, 401), "no repository a/b"),
        (http_error(errors.HfHubHTTPError, 429), "too many requests"),
        (http_error(errors.HfHubHTTPError, 500), "answered 500 for its list of files"),
        (ValueError("a fault of the library"), "could not be fetched"),
    ],
)
def test_where_the_hub_refuses_its_list_the_cache_is_not_taken_for_it(
    reason: Exception, said: str, tmp_path: Path
) -> None:
    fetch_pipeline(HubName(repo="a/b"), FakeHub(root=tmp_path, repos={"a/b": REPOSITORY}))
    with pytest.raises(ModelError, match=said):
        fetch_pipeline(HubName(repo="a/b"), Mute(root=tmp_path, repos={"a/b": REPOSITORY}, reason=reason))


def test_what_is_surely_missing_of_a_part() -> None:
    net, words = ("transformers", "T5EncoderModel"), ("transformers", "CLIPTokenizer")
    shards = [f"model-{number:05}-of-00003.safetensors" for number in (1, 2, 3)]
    index = "model.safetensors.index.json"

    def lacks(part: tuple[str, str], *held: str) -> tuple[str, ...]:
        return lacking({"p": part}, {"p": held})

    assert lacks(net, "config.json", *shards, index) == ()
    assert lacks(net, "config.json", *shards) == ("the index of the weights of p",)
    assert lacks(net, "config.json", *shards[:2], index) == ("1 of 3 shards of the weights of p",)
    assert lacks(net, "config.json", "model.fp16.safetensors") == ()
    assert lacks(words, "tokenizer_config.json", "merges.txt") == ("the vocabulary of p",)
    assert lacks(words, "tokenizer_config.json", "merges.txt", "vocab.json") == ()
    assert lacks(("transformers", "T5TokenizerFast"), "tokenizer_config.json", "spiece.model") == ()
    for kind in ("DDIMScheduler", "CLIPImageProcessor", "CLIPFeatureExtractor"):
        assert lacks(("diffusers", kind), "config.json") == ()


def test_a_part_of_a_repository_is_no_pipeline(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="name a/b without vae"):
        fetch_pipeline(HubName(repo="a/b", path="vae"), FakeHub(root=tmp_path, repos={"a/b": REPOSITORY}))
