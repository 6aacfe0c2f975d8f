from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from wherefrom.core.errors import UsageError
from wherefrom.models.sources import known


def test_ids_are_unique_and_well_formed() -> None:
    keys = Counter((row.id.casefold(), row.subfolder) for row in known.known())
    assert [key for key, count in keys.items() if count > 1] == []
    for row in known.known():
        owner, _, name = row.id.partition("/")
        assert owner
        assert name
        assert "/" not in name


def test_every_family_is_described_and_has_a_member() -> None:
    names = [family.name for family in known.families()]
    assert len(set(names)) == len(names)
    assert {row.family for row in known.known()} == set(names)
    assert all(family.title and family.channels > 0 for family in known.families())


def test_classes_are_those_that_can_be_opened() -> None:
    assert {family.name for family in known.families() if family.architecture not in known.SUPPORTED} == {
        family.name for family in known.families() if not family.supported
    }


@pytest.mark.parametrize("row", known.known(), ids=lambda row: f"{row.id}:{row.subfolder}")
def test_a_row_holds_together(row: known.KnownModel) -> None:
    family = known.family_of(row)
    assert all(side > 0 and side % family.factor == 0 for size in row.sizes for side in size)
    assert row.access in {"open", "gated", "deleted"}
    assert row.confidence in {"stated", "reported", "unverified"}
    assert family.shared in {"stated", "reported", "unverified"}
    assert row.licence
    if row.moved_to is not None:
        moved = known.find(row.moved_to)
        assert row.access == "deleted"
        assert moved is not None
        assert (moved.family, moved.access) == (row.family, "open")


def test_families_that_differ_in_the_decoder_alone_are_apart() -> None:
    family = {row.id: row.family for row in reversed(known.known())}
    assert family["CompVis/stable-diffusion-v1-4"] == family["stable-diffusion-v1-5/stable-diffusion-v1-5"]
    assert len({family[f"stabilityai/sd-vae-ft-{end}"] for end in ("ema", "mse")} | {"sd1_vae"}) == 3
    assert family["Qwen/Qwen-Image"] != family["Wan-AI/Wan2.1-T2V-1.3B-Diffusers"]
    assert family["lodestones/Chroma1-HD"] == family["black-forest-labs/FLUX.1-dev"]


def test_find_knows_case_and_folder() -> None:
    row = known.find("StabilityAI/Stable-Diffusion-XL-base-1.0")
    assert row is not None
    assert (row.subfolder, row.family) == ("vae", "sdxl_vae")
    other = known.find("stabilityai/stable-diffusion-xl-base-1.0", "vae_1_0")
    assert other is not None
    assert other.family == "sdxl_vae_1_0"
    assert known.find("stabilityai/stable-diffusion-xl-base-1.0", "unet") is None
    assert known.find("nobody/nothing") is None


def test_closest_finds_by_id_and_by_name_alone_and_leaves_out_what_is_gone() -> None:
    assert known.closest("black-forest-labs/FLUX1-dev")[0] == "black-forest-labs/FLUX.1-dev"
    assert known.closest("sdxl-turbo")[0] == "stabilityai/sdxl-turbo"
    assert "runwayml/stable-diffusion-v1-5" not in known.closest("runwayml/stable-diffusion-v1-5")
    assert known.closest("qqqqqqqqqq/zzzzzzzzzz") == ()


def test_a_family_that_is_not_there() -> None:
    with pytest.raises(UsageError, match="did you mean sdxl_vae"):
        known.family_of("sdxl_va")


def test_the_table_needs_no_torch() -> None:
    program = (
        "import sys; from wherefrom.models.sources.description import describe, listing; listing();"
        "describe('stabilityai/sd-turbo');"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"torch", "diffusers", "huggingface_hub", "numpy"} & set(done.stdout.split())


def test_a_published_file_is_known_byte_for_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"weights"
    digest = hashlib.sha256(content).hexdigest()
    monkeypatch.setattr(known, "_files", lambda: {(len(content), digest): "ae.safetensors of owner/name"})
    folder = tmp_path / "vae"
    folder.mkdir()
    for file in (tmp_path / "renamed.bin", folder / "diffusion_pytorch_model.safetensors"):
        file.write_bytes(content)
    for path in (tmp_path / "renamed.bin", folder):
        assert known.known_file(path) == "ae.safetensors of owner/name"
        said = known.known_as({"decoder": "0"}, channels=4, factor=8, file=path)
        assert said == "ae.safetensors of owner/name (the file is the same byte for byte)"
    (tmp_path / "other.bin").write_bytes(b"weighty")
    for path in (tmp_path / "other.bin", tmp_path / "absent", tmp_path):
        assert known.known_file(path) is None


def test_every_published_file_has_a_digest_a_length_and_a_repository() -> None:
    table = json.loads((Path(known.__file__).parent / "known.json").read_text(encoding="utf-8"))
    assert len({row["sha256"] for row in table["files"]}) == len(table["files"])
    for row in table["files"]:
        assert re.fullmatch("[0-9a-f]{64}", row["sha256"])
        assert row["bytes"] > 1_000_000
        assert re.fullmatch(r"[\w.-]+/[\w.-]+", row["repository"])
        assert row["file"].endswith((".safetensors", ".pth"))
