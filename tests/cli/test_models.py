"""`wherefrom models`: the list, and what one model is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.calling import call
from wherefrom.models import architectures
from wherefrom.models.architectures.base.table import listed
from wherefrom.models.sources.classes import TOKENISERS
from wherefrom.models.sources.description import listing
from wherefrom.models.toy import Toy
from wherefrom.models.upscalers.about import NETWORKS


def test_the_list_needs_no_torch() -> None:
    program = (
        "import sys; from wherefrom.cli import run; code = run(['models', 'list']);"
        "assert 'torch' not in sys.modules; sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    names = [about.name for about in listing()] + [kind.name for kind in listed()]
    names += [*TOKENISERS, *(kind.name for kind in NETWORKS)]
    assert all(name in done.stdout for name in names)


def test_the_list_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "models", "list", "--json")
    generators = [about.name for about in listing()] + [kind.name for kind in listed()]
    upscalers = [kind.name for kind in NETWORKS]
    assert [row["name"] for row in done.rows] == [*generators, "VQModel", *TOKENISERS, *upscalers]
    assert done.rows[len(generators) - 1]["options"] == listed()[-1].options
    assert done.rows[-1]["needs"] == "upscalers"
    assert call(capsys, "models").out == call(capsys, "models", "list").out


def test_the_options_of_a_kind_of_generator(capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = call(capsys, "models", "options", "dcgan", "--json").rows
    assert set(row["options"]) == {*architectures.load("dcgan").options, "architecture", "part"}
    assert "one number a convolution" in call(capsys, "models", "options", "dcgan").out
    refused = call(capsys, "models", "options", "dcgn")
    assert refused.code == 2
    assert "'dcgn' among" in refused.err
    assert "dcgan" in refused.err


def test_what_a_model_is(capsys: pytest.CaptureFixture[str]) -> None:
    facts = Toy().card.facts
    (row,) = call(capsys, "models", "info", "toy", "--json").rows
    assert (row["encoder"], row["decoder"], row["digest"]) == (facts["encoder"], facts["decoder"], Toy().card.digest)
    assert (row["factor"], row["dtype"], row["family"], row["licence"]) == (8, "float32", "toy", "Apache-2.0")
    table = call(capsys, "models", "info", "toy").out
    assert str(facts["decoder"]) in table
    assert "64x64" in table
    digests = call(capsys, "models", "digest", "toy").out.splitlines()
    assert digests == [f"{facts['decoder']}  decoder", f"{facts['encoder']}  encoder"]


def test_parameters_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import torch
    from diffusers import AutoencoderTiny

    with torch.random.fork_rng():
        small = AutoencoderTiny(
            encoder_block_out_channels=(8, 8),
            decoder_block_out_channels=(8, 8),
            num_encoder_blocks=(1, 1),
            num_decoder_blocks=(1, 1),
        )
    small.save_pretrained(tmp_path)
    (row,) = call(capsys, "models", "info", tmp_path, "--json").rows
    assert row["parameters"] == sum(value.numel() for value in small.parameters())
    assert row["architecture"] == "AutoencoderTiny"
    assert call(capsys, "models", "info", "toy", "--json").rows[0]["parameters"] is None, "the toy has no weights"


def test_the_parameters_of_a_generator_are_those_of_both_halves() -> None:
    import torch
    from torch import nn

    from wherefrom.models.adapters.generator import adapted
    from wherefrom.models.architectures.base import Built

    decoder, encoder = nn.Conv2d(2, 3, 1), nn.Conv2d(3, 2, 1, bias=False)

    def built(half: nn.Module | None) -> Built:
        return Built(
            network=decoder, latent_shape=(2, 4, 4), size=(4, 4), draw=lambda _: torch.zeros(2, 4, 4), encoder=half
        )

    for half, count in ((None, 9), (encoder, 15)):
        model = adapted(built(half), architecture="tiny", name="tiny", device="cpu", dtype="float32", notes={})
        assert getattr(model, "parameters", None) == count


def test_info_answers_of_a_file_that_is_no_model_what_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "vae.ckpt").write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n")
    done = call(capsys, "models", "info", tmp_path / "vae.ckpt", "--json")
    assert (done.code, done.rows[0]["supported"]) == (1, False)
    assert done.rows[0]["what"].startswith("a Git LFS pointer")
    import torch
    from safetensors.torch import save_file

    save_file({"x.lora_up.weight": torch.ones(2, 2)}, tmp_path / "style.safetensors")
    table = call(capsys, "models", "info", tmp_path / "style.safetensors")
    assert "a LoRA, which is no model of its own" in " ".join(table.out.split())
    assert table.code == 1


def test_info_says_by_which_methods_a_model_can_be_asked(capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = call(capsys, "models", "info", "toy", "--json").rows
    assert row["supported"] is True
    assert {"aedr", "ronan", "spectral"} <= set(row["methods"])
    assert row["known_as"] == "none that is known"


def test_options_of_files_of_autoencoders_and_upscalers_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = call(capsys, "models", "options", "autoencoder", "--json").rows
    assert set(row["options"]) == {"part", "scaling_factor", "shift_factor"}
    (row,) = call(capsys, "models", "options", "upscaler", "--json").rows
    assert set(row["options"]) == {"part", "reduction"}


def test_a_mistyped_name_gets_the_closest(capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "models", "info", "zoo:nothing-like-it")
    assert done.code == 2
    assert "nothing-like-it" in done.err
