"""What `wherefrom generate --prompts` refuses before it opens any weights; needs no transformers."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.calling import call
from tests.unit.models.sources.test_pipeline_folders import lay_out


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    path = tmp_path / "prompts.txt"
    path.write_text("a cat\n")
    return path


def test_prompts_without_a_pipeline(tmp_path: Path, prompts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "generate", "toy", "--prompts", prompts, "--out", tmp_path / "out")
    assert done.code == 2
    assert "--prompts needs a text-to-image pipeline" in done.err
    done = call(capsys, "generate", tmp_path, "--prompts", prompts, "--out", tmp_path / "out")
    assert done.code == 1
    assert "has no model_index.json" in done.err


@pytest.mark.parametrize("flag", ["--steps", "--guidance", "--negative"])
def test_a_pipelines_settings_without_prompts(flag: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "generate", "toy", "--count", 1, flag, 2, "--out", tmp_path / "out")
    assert done.code == 2
    assert f"{flag} goes with the prompts of a text-to-image pipeline" in done.err


def test_a_missing_library_is_named_with_its_extra(
    tmp_path: Path, prompts: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = lay_out(tmp_path / "sd", text_encoder=("transformers", "CLIPTextModel", "model.safetensors"))
    monkeypatch.setitem(sys.modules, "transformers", None)
    done = call(capsys, "generate", folder, "--prompts", prompts, "--out", tmp_path / "out")
    assert done.code == 1
    assert "transformers is not installed" in done.err
    assert "pip install 'wherefrom[text-to-image]'" in done.err


@pytest.mark.parametrize(
    ("kind", "part", "said"),
    [
        ("NoSuchPipeline", ("diffusers", "DDIMScheduler"), "has no pipeline NoSuchPipeline: try a newer diffusers"),
        ("DDIMPipeline", ("os", "path"), "from 'os', which is neither diffusers nor transformers"),
        ("LMSDiscreteScheduler", ("diffusers", "DDIMScheduler"), "has no pipeline LMSDiscreteScheduler"),
        ("DiTPipeline", ("diffusers", "DDIMScheduler"), "DiTPipeline does not make images from a prompt alone"),
    ],
)
def test_what_is_no_text_to_image_pipeline_of_diffusers(
    kind: str, part: tuple[str, ...], said: str, tmp_path: Path, prompts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = lay_out(tmp_path / "p", kind, scheduler=part)
    done = call(capsys, "generate", folder, "--prompts", prompts, "--out", tmp_path / "out")
    assert done.code == 1
    assert said in done.err
    assert not list((tmp_path / "out").iterdir())
