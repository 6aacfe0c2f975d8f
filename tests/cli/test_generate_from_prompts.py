"""`wherefrom generate --prompts`: whole pipelines of diffusers, tiny and with random weights, end to end."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.cli.calling import call
from wherefrom.core.seeds import seed_of
from wherefrom.core.tensors import generator
from wherefrom.images.sources import load_images
from wherefrom.models.load import load_model

pytest.importorskip("transformers", minversion="5", reason="text encoders need the extra text-to-image")

from tests.tiny_pipelines import FAMILIES, save_pipeline
from tests.unit.models.sources.test_pipeline_folders import lay_out

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # diffusers' schedulers

PROMPTS = "# two of them\na red cat\n\n  a dog  \n"
FAST = ("--steps", 2, "--size", "32x48")


@pytest.fixture(scope="module")
def pipelines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one pipeline a family, and the prompts."""
    place = tmp_path_factory.mktemp("pipelines")
    for family in FAMILIES:
        save_pipeline(family, place / family)
    (place / "prompts.txt").write_text(PROMPTS)
    return place


@pytest.fixture(scope="module")
def made(pipelines: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two images of one of them."""
    from wherefrom.cli import run

    out = tmp_path_factory.mktemp("made")
    assert run([str(word) for word in ordered(pipelines, out)]) == 0
    return out


def ordered(pipelines: Path, out: Path, *more: object, family: str = "stable-diffusion") -> list[object]:
    prompts = pipelines / "prompts.txt"
    return ["generate", pipelines / family, "--prompts", prompts, *FAST, "--device", "cpu", "--out", out, *more]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.png"))}


def text_of(path: str | Path) -> Mapping[str, str]:
    with Image.open(path) as image:
        return {str(key).removeprefix("wherefrom:"): str(value) for key, value in image.info.items()}


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_makes_what_diffusers_makes(
    family: str, pipelines: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import diffusers

    done = call(capsys, *ordered(pipelines, tmp_path, "--guidance", 3, "--count", 3, "--json", family=family))
    assert done.code == 0
    assert [row["prompt"] for row in done.rows] == ["a red cat", "a dog", "a red cat"]
    theirs: Any = diffusers.DiffusionPipeline.from_pretrained(pipelines / family)
    more = {"use_resolution_binning": False, "clean_caption": False} if family == "pixart" else {}
    for place, row in enumerate(done.rows):
        seed = seed_of(0, f"draw:{place}")
        assert row["seed"] == seed
        wanted = theirs(
            row["prompt"],
            generator=generator(seed),
            num_inference_steps=2,
            guidance_scale=3.0,
            width=32,
            height=48,
            **more,
        )
        with Image.open(row["path"]) as image:
            assert (image.size, image.mode) == ((32, 48), "RGB")
            np.testing.assert_array_equal(np.asarray(image), np.asarray(wanted.images[0]))
    assert len(set(contents(tmp_path).values())) == 3


@pytest.mark.parametrize("family", FAMILIES)
def test_the_autoencoder_of_the_same_folder_judges_them(family: str, pipelines: Path, tmp_path: Path) -> None:
    from wherefrom.cli import run

    assert run([str(word) for word in ordered(pipelines, tmp_path, "--count", 1, family=family)]) == 0
    (made,) = tmp_path.glob("*.png")
    model: Any = load_model(str(pipelines / family), device="cpu")
    assert text_of(made)["decoder"] == model.card.facts["decoder"]
    images = torch.zeros(1, 3, 32, 32)
    assert model.decode(model.encode(images)).shape == images.shape


def test_a_file_and_the_manifest_say_how_it_was_made(
    pipelines: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import diffusers

    done = call(capsys, *ordered(pipelines, tmp_path, "--negative", "a bird", "--seed", 5, "--json"))
    listed = [json.loads(line) for line in (tmp_path / "stable-diffusion-prompt-5.jsonl").read_text().splitlines()]
    assert [row["path"] for row in listed] == [Path(row["path"]).name for row in done.rows]
    for row, shown in zip(listed, done.rows, strict=True):
        said = text_of(shown["path"])
        assert {key: said[key] for key in row if key != "path"} == {key: row[key] for key in row if key != "path"}
        assert (row["prompt"], row["seed"]) == (shown["prompt"], str(shown["seed"]))
    assert (
        listed[0].items()
        >= {
            "kind": "text to image",
            "pipeline": "StableDiffusionPipeline",
            "scheduler": "DDIMScheduler",
            "steps": "2",
            "guidance": "7.5",
            "negative": "a bird",
            "size": "32x48",
            "dtype": "float32",
            "model": str(pipelines / "stable-diffusion"),
            "diffusers": diffusers.__version__,
            "torch": torch.__version__,
        }.items()
    )
    assert [Path(str(source.path)).name for source in load_images(tmp_path / "stable-diffusion-prompt-5.jsonl")] == [
        row["path"] for row in listed
    ]


def test_what_is_there_is_kept_and_a_longer_run_starts_with_it(
    pipelines: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call(capsys, *ordered(pipelines, tmp_path / "whole", "--count", 4))
    out = tmp_path / "parts"
    call(capsys, *ordered(pipelines, out, "--count", 3))
    first, second, third = sorted(out.glob("*.png"))
    first.write_bytes(first.read_bytes()[:100])
    second.unlink()
    stamp = third.stat().st_mtime_ns
    done = call(capsys, *ordered(pipelines, out, "--count", 4))
    assert "3 images made by stable-diffusion, 1 were there" in done.out
    assert third.stat().st_mtime_ns == stamp
    assert contents(out) == contents(tmp_path / "whole")
    name = "stable-diffusion-prompt-0.jsonl"
    assert (out / name).read_text() == (tmp_path / "whole" / name).read_text()
    again = call(capsys, *ordered(pipelines, out, "--count", 2))
    assert "0 images made by stable-diffusion, 2 were there" in again.out
    assert len((out / name).read_text().splitlines()) == 4


@pytest.mark.parametrize(
    ("more", "what"),
    [
        (("--steps", 3), "steps"),
        (("--guidance", 2), "guidance"),
        (("--negative", "a bird"), "negative"),
        (("--size", "32x32"), "size"),
        (("--dtype", "bfloat16"), "dtype"),
        (("--model-option", "eta=0.5"), "settings"),
    ],
)
def test_files_made_otherwise_are_an_error_before_anything_is_made(
    more: tuple[object, ...], what: str, pipelines: Path, made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    min(tmp_path.glob("*.png")).unlink()
    before = contents(tmp_path)
    done = call(capsys, *ordered(pipelines, tmp_path, *more))
    assert done.code == 2
    assert f"was made otherwise ({what} " in done.err
    assert contents(tmp_path) == before


def test_a_setting_that_is_left_out_is_another_setting(
    pipelines: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call(capsys, *ordered(pipelines, tmp_path, "--negative", "a bird", "--count", 1))
    done = call(capsys, *ordered(pipelines, tmp_path, "--count", 1))
    assert done.code == 2
    assert "was made otherwise (negative a bird, here none)" in done.err


def test_other_prompts_or_another_pipeline_of_that_name_are_an_error(
    pipelines: Path, made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shutil.copytree(made, tmp_path / "out")
    (tmp_path / "prompts.txt").write_text("a house\n")
    other = [*ordered(pipelines, out), "--prompts", tmp_path / "prompts.txt"]
    assert "(prompt a red cat, here a house)" in call(capsys, *other).err
    save_pipeline("stable-diffusion", tmp_path / "stable-diffusion", seed=1)
    (tmp_path / "prompts.txt").write_text(PROMPTS)
    assert "(weights " in call(capsys, *ordered(tmp_path, out)).err


def test_a_batch_changes_no_more_than_rounding(
    pipelines: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for batch in (1, 3):
        call(capsys, *ordered(pipelines, tmp_path / str(batch), "--count", 3, "--batch", batch))
    alone, together = sorted((tmp_path / "1").glob("*.png")), sorted((tmp_path / "3").glob("*.png"))
    assert len(alone) == 3
    for one, other in zip(alone, together, strict=True):
        left, right = (np.asarray(Image.open(path), dtype=np.int16) for path in (one, other))
        assert np.abs(left - right).max() <= 1


def test_an_image_that_fails_is_a_row_and_the_rest_goes_on(
    pipelines: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import diffusers

    usual = diffusers.StableDiffusionPipeline.encode_prompt

    def encode(self: Any, prompt: str | list[str], *given: Any, **more: Any) -> Any:
        if "a dog" in ([prompt] if isinstance(prompt, str) else prompt):
            raise RuntimeError("no dogs")
        return usual(self, prompt, *given, **more)

    monkeypatch.setattr(diffusers.StableDiffusionPipeline, "encode_prompt", encode)
    done = call(capsys, *ordered(pipelines, tmp_path, "--count", 3, "--batch", 3, "--json"))
    assert done.code == 3
    assert [row["error"] for row in done.rows] == [None, "RuntimeError: no dogs", None]
    assert done.rows[1]["path"] is None
    assert "failed: image 1 ('a dog'): RuntimeError: no dogs" in done.err
    assert len(contents(tmp_path)) == 2
    listed = [json.loads(line) for line in (tmp_path / "stable-diffusion-prompt-0.jsonl").read_text().splitlines()]
    assert ["error" in row for row in listed] == [False, True, False]
    monkeypatch.undo()
    assert call(capsys, *ordered(pipelines, tmp_path, "--count", 3)).code == 0
    assert "error" not in (tmp_path / "stable-diffusion-prompt-0.jsonl").read_text()


def test_what_a_safety_checker_took_away_is_no_belonging(
    pipelines: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import diffusers

    def run_safety_checker(self: Any, image: Any, device: Any, dtype: Any) -> tuple[Any, list[bool]]:
        return torch.cat([torch.zeros_like(image[:1]), image[1:]]), [True] + [False] * (len(image) - 1)

    monkeypatch.setattr(diffusers.StableDiffusionPipeline, "run_safety_checker", run_safety_checker)
    done = call(capsys, *ordered(pipelines, tmp_path, "--batch", 2, "--json"))
    assert done.code == 3
    assert "safety checker took this image away" in done.rows[0]["error"]
    assert done.rows[1]["error"] is None
    assert len(contents(tmp_path)) == 1


def test_a_blank_image_without_a_word_is_no_belonging(
    pipelines: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import diffusers

    monkeypatch.setattr(
        diffusers.StableDiffusionPipeline,
        "run_safety_checker",
        lambda self, image, *_: (torch.full_like(image, -1), None),
    )
    done = call(capsys, *ordered(pipelines, tmp_path, "--json"))
    assert done.code == 3
    assert all("every pixel is (0, 0, 0)" in row["error"] for row in done.rows)
    assert not contents(tmp_path)


@pytest.mark.parametrize(
    ("family", "more", "said"),
    [
        ("stable-diffusion", ("--model-option", "true_cfg_scale=2"), "is not for StableDiffusionPipeline"),
        ("stable-diffusion", ("--model-option", "latents=1"), "an option of its own"),
        ("stable-diffusion", ("--from", "x"), "exclude each other"),
    ],
)
def test_settings_that_a_pipeline_does_not_take(
    family: str,
    more: tuple[str, ...],
    said: str,
    pipelines: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = call(capsys, *ordered(pipelines, tmp_path, *more, family=family))
    assert done.code == 2
    assert said in done.err
    assert not contents(tmp_path)


def test_a_decoder_without_its_prior_says_the_way_out(
    tmp_path: Path, pipelines: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = lay_out(tmp_path / "k", "KandinskyV22Pipeline", scheduler=("diffusers", "DDPMScheduler"))
    done = call(capsys, "generate", folder, "--prompts", pipelines / "prompts.txt", "--out", tmp_path / "out")
    assert done.code == 1
    assert "it needs image_embeds, negative_image_embeds" in done.err
    assert "save the combined pipeline" in done.err
    assert "can be judged by no decoder of its own" in done.err


def test_from_a_pipelines_folder_to_a_verdict(
    pipelines: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, belonging, profile = pipelines / "stable-diffusion", tmp_path / "belonging", tmp_path / "profile.json"
    assert call(capsys, *ordered(pipelines, belonging, "--count", 20, "--seed", 1)).code == 0
    known = ["--method", "aedr", "--belonging", belonging, "--device", "cpu", "--out", profile]
    assert call(capsys, "profile", model, *known).code == 0
    assert call(capsys, *ordered(pipelines, tmp_path / "new", "--count", 1, "--seed", 2)).code == 0
    suspect = next((tmp_path / "new").glob("*.png"))
    done = call(capsys, "attribute", suspect, "--profile", profile, "--device", "cpu", "--json")
    assert done.code == 0
    assert str(load_model(str(model), device="cpu").card.facts["decoder"]) in json.dumps(done.rows)
