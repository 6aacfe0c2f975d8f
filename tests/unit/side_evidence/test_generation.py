"""Generation metadata, as each program writes them into each kind of file."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from tests.signed_images import image_bytes
from wherefrom.side_evidence import Finding, State, side_evidence_of

A1111 = (
    "a red fox, oil on canvas\nNegative prompt: blurry, hands\nSteps: 20, Sampler: Euler a, Schedule type: Karras, "
    "CFG scale: 7, Seed: 42, Size: 512x512, Model hash: 6ce0161689, Model: v1-5, VAE: vae-ft-mse.pt, "
    'Lora hashes: "a: 1, b: 2", Version: v1.10.1'
)
GRAPH = {
    "3": {"class_type": "KSampler", "inputs": {"seed": 7, "steps": 20, "cfg": 8.0, "sampler_name": "euler"}},
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "flux1-dev.safetensors"}},
    "5": {"class_type": "VAELoader", "inputs": {"vae_name": "ae.safetensors"}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a red fox", "clip": ["4", 1]}},
}
INVOKE = {
    "positive_prompt": "a red fox",
    "model": {"name": "Juggernaut XL", "hash": "blake3:00"},
    "vae": {"name": "sdxl-vae-fp16-fix"},
    "seed": 5,
    "app_version": "5.6.0",
}
FOOOCUS = {
    "base_model": "juggernautXL_v8",
    "vae": "Default (model)",
    "performance": "Speed",
    "seed": "9",
    "prompt": "fox",
}


def png(texts: Mapping[str, str], *, after: bool = False) -> bytes:
    """A PNG with texts before its pixels, or after them."""
    info = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        info.add_itxt(key, text, zip=True) if after else info.add_text(key, text)
    data = image_bytes(pnginfo=info)
    if not after:
        return data
    begin, end = data.index(b"iTXt") - 4, data.index(b"IDAT") - 4
    return data[:begin] + data[end:-12] + data[begin:end] + data[-12:]


def with_exif(kind: str, tags: Mapping[int, Any], camera: Mapping[int, Any]) -> bytes:
    exif = Image.Exif()
    exif.update(dict(tags))
    exif.get_ifd(0x8769).update(dict(camera))
    return image_bytes(kind, exif=exif)


def look(data: bytes) -> Finding:
    return side_evidence_of(data, sources=["generation"])["generation"]


@pytest.mark.parametrize(
    "data",
    [
        png({"parameters": A1111}),
        png({"parameters": A1111}, after=True),
        with_exif("JPEG", {}, {0x9286: b"UNICODE\0" + A1111.encode("utf-16-be")}),
        with_exif("WEBP", {}, {0x9286: b"UNICODE\0" + A1111.encode("utf-16-le")}),
    ],
    ids=["png", "after the pixels", "jpeg", "webp, little-endian"],
)
def test_automatic1111(data: bytes) -> None:
    found = look(data)
    assert found.state is State.PRESENT
    assert found.summary.endswith("made it, with the checkpoint v1-5 and the decoder (VAE) vae-ft-mse.pt.")
    assert found.facts["Seed"] == "42"
    assert found.facts["LoRA"] == "a: 1, b: 2"
    assert (found.facts["Prompts"], found.facts["Negative prompt"]) == ("a red fox, oil on canvas", "blurry, hands")


@pytest.mark.parametrize(
    "data",
    [
        png({"prompt": json.dumps(GRAPH), "workflow": json.dumps({"nodes": [], "links": []})}),
        with_exif("WEBP", {0x0110: f"prompt:{json.dumps(GRAPH)}", 0x010F: 'workflow:{"nodes": []}'}, {}),
    ],
    ids=["png", "webp"],
)
def test_comfyui(data: bytes) -> None:
    found = look(data)
    assert found.summary == (
        "The file says that ComfyUI made it, with the checkpoint flux1-dev.safetensors and the decoder (VAE)"
        " ae.safetensors."
    )
    assert found.facts["Prompts"] == "a red fox"
    assert found.facts["Seed"] == "7"
    assert found.facts["Workflow"] == "in the file"


def test_invokeai() -> None:
    found = look(png({"invokeai_metadata": json.dumps(INVOKE)}))
    assert found.facts["Program"] == "InvokeAI"
    assert found.facts["Checkpoint"] == "Juggernaut XL"
    assert found.facts["Decoder (VAE)"] == "sdxl-vae-fp16-fix"
    assert look(png({"Dream": "a fox -s 50"})).facts["Prompts"] == "a fox -s 50"


@pytest.mark.parametrize(
    "data",
    [
        png({"parameters": json.dumps(FOOOCUS), "fooocus_scheme": "fooocus"}),
        with_exif("JPEG", {0x0131: "Fooocus v2.5"}, {0x9286: json.dumps(FOOOCUS), 0x927C: "fooocus"}),
    ],
    ids=["png", "jpeg"],
)
def test_fooocus(data: bytes) -> None:
    found = look(data)
    assert found.facts["Program"] == "Fooocus"
    assert found.facts["Form"] == "fooocus"
    assert found.facts["Checkpoint"] == "juggernautXL_v8"


def test_this_programs_own_label() -> None:
    found = look(png({"wherefrom:kind": "draw", "wherefrom:decoder": "0" * 64, "Software": "wherefrom 1"}))
    assert found.facts == {"Program": "wherefrom", "kind": "draw", "decoder": "0" * 64}


def test_other_texts_are_no_generation_metadata() -> None:
    found = look(png({"prompt": "What is this?", "parameters": "Steps to take: 3", "Title": "Fox"}))
    assert found.state is State.ABSENT
    assert found.summary.endswith("It has other texts: prompt, parameters, Title.")


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"a":' * 100_000, '{"1": {"class_type": 1, "inputs": {"seed": ' + "9" * 5000 + "}}}", "{"],
    ids=["deep list", "deep object", "long number", "broken"],
)
def test_hostile_json_is_no_metadata(text: str) -> None:
    assert look(png({"prompt": text, "parameters": text}, after=True)).state is State.ABSENT


def test_a_text_that_unpacks_without_end_stops() -> None:
    data = png({"workflow": " " * 20_000_000}, after=True)
    assert len(data) < 100_000
    assert look(data).state is State.ABSENT


def test_a_workflow_of_megabytes_is_read() -> None:
    graph = GRAPH | {"9": {"class_type": "Note", "inputs": {"note": "x" * 3_000_000}}}
    assert look(png({"prompt": json.dumps(graph)}, after=True)).facts["Checkpoint"] == "flux1-dev.safetensors"


def test_damaged_pixels_do_not_hide_texts() -> None:
    data = png({"parameters": A1111})
    assert look(data[: data.index(b"IDAT") + 100]).facts["Seed"] == "42"


def test_pixels_alone_are_no_file() -> None:
    found = side_evidence_of(Image.open(io.BytesIO(png({"parameters": A1111}))), sources=["generation"])
    assert found["generation"].state is State.NOT_LOOKED
    assert "there is no file" in found["generation"].summary
