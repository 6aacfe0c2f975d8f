from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import constants, errors
from safetensors.torch import save

from tests.unit.models import tiny
from tests.unit.models.architectures.random_weights import drawn
from tests.unit.models.architectures.test_searched import NETWORKS
from tests.unit.models.opening.layouts import sample
from wherefrom.core.errors import ModelError, UsageError
from wherefrom.models.checkpoints.build import empty
from wherefrom.models.load import load_model
from wherefrom.models.sources import hub
from wherefrom.models.sources.hub import fetch
from wherefrom.models.sources.names import HubName, parse_repository

COMMIT = "0123456789abcdef0123456789abcdef01234567"
KL = json.dumps({"_class_name": "AutoencoderKL"})
PIPELINE = json.dumps(
    {
        "_class_name": "StableDiffusionPipeline",
        "_diffusers_version": "0.30.0",
        "safety_checker": [None, None],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
)
WEIGHTS = "diffusion_pytorch_model.safetensors"
HEAVY = {
    "unet/config.json": "{}",
    f"unet/{WEIGHTS}": "unet",
    "text_encoder/model.safetensors": "text",
    "vae/diffusion_pytorch_model.bin": "pickle",
}
STABLE = {"model_index.json": PIPELINE, "vae/config.json": KL, f"vae/{WEIGHTS}": "vae", **HEAVY}


def http_error(kind: type[errors.HfHubHTTPError], status: int) -> errors.HfHubHTTPError:
    """One of the library's errors, with a response of the HTTP library that it uses."""
    http: Any = importlib.import_module(errors.HfHubHTTPError.__mro__[1].__module__.partition(".")[0])
    response = http.Response(status, request=http.Request("HEAD", "https://hub.example/x"))
    return kind(f"{status} Client Error", response=response)


@dataclass(kw_only=True)
class FakeHub:
    """Repositories in memory, laid out on the disk as the real cache is; remembers what was asked."""

    root: Path
    repos: Mapping[str, Mapping[str, str | bytes]]
    raises: Exception | None = None
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    from_cache: list[bool] = field(default_factory=list)

    def download(self, repo: str, file: str, revision: str | None, *, cached: bool) -> Path:
        self.asked.append((file, revision))
        self.from_cache.append(cached)
        if self.raises is not None:
            raise self.raises
        if repo not in self.repos:
            raise http_error(errors.RepositoryNotFoundError, 401)
        if revision not in (None, "main", "refs/pr/1", COMMIT):
            raise http_error(errors.RevisionNotFoundError, 404)
        if file not in self.repos[repo]:
            raise http_error(errors.RemoteEntryNotFoundError, 404)
        path = self.root / f"models--{repo.replace('/', '--')}" / "snapshots" / COMMIT / file
        path.parent.mkdir(parents=True, exist_ok=True)
        content = self.repos[repo][file]
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def files(self, repo: str, revision: str | None) -> tuple[str, ...]:
        return tuple(self.repos[repo])


@pytest.fixture
def on_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.get_token", lambda: None)


def failing(tmp_path: Path, error: Exception, name: str = "owner/name") -> str:
    """The message of what `fetch` raises when the hub raises `error`."""
    with pytest.raises(ModelError) as caught:
        fetch(HubName(repo=name), FakeHub(root=tmp_path, repos={}, raises=error))
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("owner/name", ("owner/name", None, None)),
        ("owner/na.me-1_0@v1.0", ("owner/na.me-1_0", "v1.0", None)),
        ("owner/name@refs/pr/1:vae", ("owner/name", "refs/pr/1", "vae")),
        ("owner/name:vae/sub/", ("owner/name", None, "vae/sub")),
        ("owner/name:ae.safetensors", ("owner/name", None, "ae.safetensors")),
    ],
)
def test_names_are_read_in_parts(text: str, parts: tuple[str, str | None, str | None]) -> None:
    name = parse_repository(text)
    assert name is not None
    assert (name.repo, name.revision, name.path) == parts
    assert parse_repository(str(name)) == name


@pytest.mark.parametrize(
    "text", ["name", "a/b/c", "owner/name@", "owner/name:", "owner/name@a:b:c", "owner name/x", ""]
)
def test_other_forms_are_no_names(text: str) -> None:
    assert parse_repository(text) is None


@pytest.mark.parametrize("path", ["../other", "/etc", "vae/../../x"])
def test_a_path_stays_in_its_repository(path: str) -> None:
    with pytest.raises(UsageError, match="leaves the repository"):
        parse_repository(f"owner/name:{path}")


@pytest.mark.usefixtures("on_line")
def test_of_a_pipeline_only_the_autoencoder_is_fetched_at_one_commit(tmp_path: Path) -> None:
    hub = FakeHub(root=tmp_path, repos={"owner/name": STABLE})
    found = fetch(HubName(repo="owner/name", revision="main"), hub)
    assert hub.asked == [("model_index.json", "main"), ("vae/config.json", COMMIT), (f"vae/{WEIGHTS}", COMMIT)]
    assert found.source == f"owner/name@{COMMIT}:vae"
    assert found.inside == "vae"
    assert found.place.kind == "AutoencoderKL"
    assert sorted(path.name for path in found.place.path.iterdir()) == ["config.json", WEIGHTS]


@pytest.mark.usefixtures("on_line")
def test_an_autoencoder_at_the_root_or_in_the_folder_named(tmp_path: Path) -> None:
    repos = {"owner/vae": {"config.json": KL, WEIGHTS: "x"}, "owner/name": {**STABLE, "vae_1_0/config.json": KL}}
    repos["owner/name"][f"vae_1_0/{WEIGHTS}"] = "y"
    hub = FakeHub(root=tmp_path, repos=repos)
    assert fetch(HubName(repo="owner/vae"), hub).source == f"owner/vae@{COMMIT}"
    found = fetch(HubName(repo="owner/name", path="vae_1_0"), hub)
    assert found.source == f"owner/name@{COMMIT}:vae_1_0"
    assert (found.place.path / WEIGHTS).read_text() == "y"
    assert "model_index.json" not in [file for file, _ in hub.asked[-2:]]


@pytest.mark.usefixtures("on_line")
def test_shards_and_sixteen_bit_copies(tmp_path: Path) -> None:
    index = json.dumps(
        {"weight_map": {"a": "part-2.safetensors", "b": "part-1.safetensors", "c": "part-2.safetensors"}}
    )
    sharded = {"config.json": KL, f"{WEIGHTS}.index.json": index, "part-1.safetensors": "1", "part-2.safetensors": "2"}
    half = {"config.json": KL, "diffusion_pytorch_model.fp16.safetensors": "h"}
    for middle in (".safetensors.index.fp16", ".fp16.safetensors.index"):
        files = {
            "config.json": KL,
            f"diffusion_pytorch_model{middle}.json": index,
            **dict.fromkeys(("part-1.safetensors", "part-2.safetensors"), "1"),
        }
        asked = FakeHub(root=tmp_path / middle, repos={"a/b": files})
        fetch(HubName(repo="a/b"), asked)
        assert {file for file, _ in asked.asked} >= {"part-1.safetensors", "part-2.safetensors"}
    hub = FakeHub(root=tmp_path, repos={"a/sharded": sharded, "a/half": half})
    place = fetch(HubName(repo="a/sharded"), hub).place.path
    assert sorted(path.name for path in place.iterdir()) == sorted(sharded)
    place = fetch(HubName(repo="a/half"), hub).place.path
    assert sorted(path.name for path in place.iterdir()) == sorted(half)


@pytest.mark.usefixtures("on_line")
def test_a_shard_never_leaves_its_folder(tmp_path: Path) -> None:
    index = json.dumps({"weight_map": {"a": "../../evil.safetensors"}})
    hub = FakeHub(root=tmp_path, repos={"a/b": {"config.json": KL, f"{WEIGHTS}.index.json": index}})
    with pytest.raises(ModelError, match="plain names"):
        fetch(HubName(repo="a/b"), hub)


@pytest.mark.usefixtures("on_line")
def test_a_single_file_and_the_other_half_of_a_pair(tmp_path: Path) -> None:
    files = {
        "ae.safetensors": "x",
        "t_encoder.safetensors": "e",
        "t_decoder.safetensors": "d",
        "flux.safetensors": "24 GB",
    }
    hub = FakeHub(root=tmp_path, repos={"a/b": files})
    found = fetch(HubName(repo="a/b", path="ae.safetensors"), hub)
    assert (found.place.path.name, found.place.kind) == ("ae.safetensors", None)
    assert found.source == f"a/b@{COMMIT}:ae.safetensors"
    found = fetch(HubName(repo="a/b", path="t_decoder.safetensors"), hub)
    assert found.place.path.with_name("t_encoder.safetensors").exists()
    assert not found.place.path.with_name("flux.safetensors").exists()


@pytest.mark.usefixtures("on_line")
@pytest.mark.parametrize(
    ("files", "name", "words"),
    [
        (
            {"model_index.json": PIPELINE, "vae/config.json": KL, **HEAVY},
            "a/b",
            ["only as a pickle", "refs/pr/N", ".bin"],
        ),
        ({"README.md": "x"}, "a/b", ["no autoencoder was found", "it has none"]),
        ({"flux.safetensors": "x"}, "a/b", ["no autoencoder was found", "a/b:flux.safetensors"]),
        ({"config.json": '{"model_type": "clip"}'}, "a/b", ["no `_class_name`", "AutoencoderKL"]),
        ({"config.json": '{"_class_name": "UNet2DConditionModel"}'}, "a/b", ["'UNet2DConditionModel'"]),
        (
            {"config.json": '{"_class_name": "AutoencoderOobleck"}'},
            "a/b",
            ["AutoencoderOobleck, which is not supported: it codes sound"],
        ),
        ({"model_index.json": '{"unet": ["diffusers", "UNet2DModel"]}'}, "a/b", ["no autoencoder", "unet"]),
        (
            {"model_index.json": '{"vae": ["diffusers", "AutoencoderOobleck"]}'},
            "a/b",
            ["vae (AutoencoderOobleck)", "sound"],
        ),
        (
            {"model_index.json": '{"vae": ["d", "AutoencoderKL"], "movq": ["d", "VQModel"]}'},
            "a/b",
            ["several autoencoders", "vae (AutoencoderKL)", "movq (VQModel)"],
        ),
        ({"model_index.json": '{"../x": ["d", "AutoencoderKL"]}'}, "a/b", ["no autoencoder"]),
        ({"config.json": KL, "odd.safetensors": "x"}, "a/b", ["a/b:odd.safetensors"]),
        ({"config.json": KL}, "a/b", ["no weights"]),
        (STABLE, "a/b:vea", ["has no vea/config.json", "vae/config.json"]),
        (STABLE, "a/b:vae/diffusion_pytorch_model.bin", ["is a pickle", "not downloaded"]),
        (STABLE, "a/b@v9", ["no revision 'v9'"]),
    ],
)
def test_what_a_repository_lacks_is_said(tmp_path: Path, files: dict[str, str], name: str, words: list[str]) -> None:
    hub = FakeHub(root=tmp_path, repos={"a/b": files})
    asked = parse_repository(name)
    assert asked is not None
    with pytest.raises(ModelError) as caught:
        fetch(asked, hub)
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert not [file for file, _ in hub.asked if file.endswith(".bin") or "unet" in file]


@pytest.mark.usefixtures("on_line")
def test_errors_of_the_hub_each_have_their_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flux = "black-forest-labs/FLUX.1-dev"
    gated = failing(tmp_path, http_error(errors.GatedRepoError, 403), flux)
    assert "is gated: accept its licence at" in gated
    assert "HF_TOKEN" in gated
    mistyped = failing(tmp_path, http_error(errors.RepositoryNotFoundError, 401), "black-forest-labs/FLUX1-dev")
    assert f"did you mean {flux}" in mistyped
    assert "private (log in" in mistyped
    deleted = failing(tmp_path, http_error(errors.RepositoryNotFoundError, 401), "runwayml/stable-diffusion-v1-5")
    assert "was deleted from the hub: use stable-diffusion-v1-5/stable-diffusion-v1-5" in deleted
    monkeypatch.setattr("huggingface_hub.get_token", lambda: "hf_x")
    private = failing(tmp_path, http_error(errors.RepositoryNotFoundError, 404), "us/private")
    assert "private and the token in use may not see it" in private
    assert "request it with that account" in failing(tmp_path, http_error(errors.GatedRepoError, 403), flux)
    said = {gated, mistyped, deleted, private}
    for kind, status, words in (
        (errors.DisabledRepoError, 403, "was disabled"),
        (errors.HfHubHTTPError, 401, "refused the token"),
        (errors.HfHubHTTPError, 403, "forbids"),
        (errors.HfHubHTTPError, 429, "too many requests"),
        (errors.HfHubHTTPError, 503, "answered 503"),
    ):
        message = failing(tmp_path, http_error(kind, status))
        assert words in message
        said.add(message)
    assert len(said) == 9
    assert "No space left" in failing(tmp_path, OSError(28, "No space left on device"))


@pytest.mark.usefixtures("on_line")
def test_no_network_and_offline_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    error = errors.LocalEntryNotFoundError("not here")
    error.__cause__ = http_error(errors.HfHubHTTPError, 503)
    no_network = failing(tmp_path, error)
    assert "cannot be reached (503" in no_network
    assert "hf download owner/name" in no_network
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    offline = failing(tmp_path, error)
    assert "HF_HUB_OFFLINE is set" in offline
    assert "cannot be reached" not in offline


@pytest.mark.usefixtures("on_line")
def test_a_network_that_failed_is_not_tried_again(tmp_path: Path) -> None:
    hub = FakeHub(root=tmp_path, repos={}, raises=errors.LocalEntryNotFoundError("not here"))
    with pytest.raises(ModelError):
        fetch(HubName(repo="a/b"), hub)
    assert hub.from_cache == [False, True]


@pytest.mark.usefixtures("on_line")
def test_a_failing_network_never_takes_another_copy_of_the_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"config.json": KL, "diffusion_pytorch_model.fp16.safetensors": "h"}

    class Flaky(FakeHub):
        def download(self, repo: str, file: str, revision: str | None, *, cached: bool) -> Path:
            if file == WEIGHTS:
                raise errors.LocalEntryNotFoundError("timed out")
            return FakeHub.download(self, repo, file, revision, cached=cached)

    with pytest.raises(ModelError, match="cannot be reached"):
        fetch(HubName(repo="a/b"), Flaky(root=tmp_path, repos={"a/b": files}))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert fetch(HubName(repo="a/b"), Flaky(root=tmp_path, repos={"a/b": files})).inside == ""


@pytest.mark.usefixtures("on_line")
def test_a_cache_that_holds_only_the_known_folder_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    repo = "stabilityai/stable-diffusion-xl-base-1.0"

    class Offline(FakeHub):
        def download(self, repo: str, file: str, revision: str | None, *, cached: bool) -> Path:
            if file not in self.repos[repo]:
                raise errors.LocalEntryNotFoundError("not in the cache")
            return FakeHub.download(self, repo, file, revision, cached=cached)

    hub = Offline(root=tmp_path, repos={repo: {"vae/config.json": KL, f"vae/{WEIGHTS}": "x"}})
    assert fetch(HubName(repo=repo), hub).inside == "vae"


def test_the_real_hub_is_asked_with_its_own_functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[object, ...]] = []

    def download(repo: str, file: str, *, revision: str | None, local_files_only: bool) -> str:
        calls.append((repo, file, revision, local_files_only))
        return str(tmp_path / file)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    assert hub.HuggingFace().download("a/b", "config.json", "v1", cached=True) == tmp_path / "config.json"
    assert calls == [("a/b", "config.json", "v1", True)]


def test_a_real_cache_is_opened_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from diffusers import AutoencoderKL

    repo = tmp_path / "hub" / "models--owner--name"
    snapshot = repo / "snapshots" / COMMIT
    (repo / "refs").mkdir(parents=True)
    (repo / "refs" / "main").write_text(COMMIT)
    model = AutoencoderKL(
        block_out_channels=(8, 8),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        norm_num_groups=4,
        layers_per_block=1,
    )
    model.save_pretrained(snapshot / "vae")
    (snapshot / "model_index.json").write_text(PIPELINE)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    for name in ("owner/name", f"owner/name@{COMMIT}:vae"):
        opened: Any = load_model(name, device="cpu")
        assert opened.card.notes["source"] == f"owner/name@{COMMIT}:vae"
        assert (opened.card.facts["architecture"], opened.factor) == ("AutoencoderKL", 2)
    for name in ("owner/name@v2", "owner/other"):
        with pytest.raises(ModelError, match=f"of {name} is not in the cache, and HF_HUB_OFFLINE is set") as refused:
            load_model(name, device="cpu")
        assert str(tmp_path / "hub") in str(refused.value)


def _named(files: Mapping[str, str | bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHub:
    """The hub that names are looked for on, with one repository."""
    fake = FakeHub(root=tmp_path, repos={"a/b": files})
    monkeypatch.setattr(hub, "HuggingFace", lambda: fake)
    return fake


@pytest.mark.usefixtures("on_line")
def test_an_upscaler_by_its_name_on_the_hub_takes_its_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (table,) = sample("upscaler").tables.values()
    asked = _named({"x4.safetensors": save(table)}, tmp_path, monkeypatch)
    model = load_model("a/b:x4.safetensors", device="cpu", options={"reduction": "bicubic"})
    assert model.card.facts["encoder"] == "reduction by bicubic"
    assert model.card.notes["source"] == f"a/b@{COMMIT}:x4.safetensors"
    assert [file for file, _ in asked.asked] == ["x4.safetensors", "x4.json"]
    again = load_model(str(model.card.notes["source"]), device="cpu", options={"reduction": "bicubic"})
    assert again.card.digest == model.card.digest
    with pytest.raises(UsageError, match="an upscaler has no option prior"):
        load_model("a/b:x4.safetensors", device="cpu", options={"prior": "uniform"})


@pytest.mark.usefixtures("on_line")
def test_a_generator_by_its_name_on_the_hub_comes_with_the_options_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, options = NETWORKS["consistency"]
    _named({"g.safetensors": save(drawn(empty(make))), "g.json": json.dumps(options)}, tmp_path, monkeypatch)
    model = load_model("a/b:g.safetensors", device="cpu")
    path = str(tmp_path / "models--a--b" / "snapshots" / COMMIT / "g.safetensors")
    assert model.card.digest == load_model(path, device="cpu").card.digest
    other = load_model("a/b:g.safetensors", device="cpu", options={"class": 1})
    assert other.card.digest != model.card.digest


@pytest.mark.usefixtures("on_line")
def test_an_autoencoder_by_its_name_on_the_hub_takes_the_options_of_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = {name: tensor.clone() for name, tensor in tiny.build("kl-no-quant").state_dict().items()}
    other = {f"other.{name}": torch.ones_like(tensor) for name, tensor in state.items()}
    files = {"ae.safetensors": save(state), "two.safetensors": save({f"own.{k}": v for k, v in state.items()} | other)}
    _named(files | {"config.json": KL, WEIGHTS: save(state)}, tmp_path, monkeypatch)
    units = {"scaling_factor": 0.3611, "shift_factor": 0.1159}
    assert load_model("a/b:ae.safetensors", device="cpu", options=units).card.facts["scaling"] == (0.3611, 0.1159)
    with pytest.raises(ModelError, match="several autoencoders, own, other"):
        load_model("a/b:two.safetensors", device="cpu")
    chosen = load_model("a/b:two.safetensors", device="cpu", options={"part": "own"})
    assert chosen.card.facts["decoder"] == load_model("a/b:ae.safetensors", device="cpu").card.facts["decoder"]
    with pytest.raises(UsageError, match="has a configuration"):
        load_model("a/b", device="cpu", options=units)
    with pytest.raises(UsageError, match="zoo:kl-f8-a has no options"):
        load_model("zoo:kl-f8-a", device="cpu", options=units)
