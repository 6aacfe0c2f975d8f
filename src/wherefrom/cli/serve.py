"""`wherefrom serve`: attribution over HTTP."""

from __future__ import annotations

import ipaddress
import logging
import os
from pathlib import Path
from typing import Annotated

import typer

from wherefrom.cli import _options as options
from wherefrom.cli._output import note
from wherefrom.cli._outputs import typed_path
from wherefrom.core.errors import UsageError

__all__ = ["serve"]


def serve(
    profiles: Annotated[
        Path, typer.Option("--profiles", metavar="DIR", parser=typed_path, help="the folder with the profiles (.json)")
    ],
    model: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="NAME=MODEL", help="where the model of profile NAME is; may be repeated"),
    ] = None,
    host: Annotated[str, typer.Option("--host", help="the address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any that is free")] = 8000,
    socket: Annotated[
        Path | None,
        typer.Option("--socket", metavar="FILE", parser=typed_path, help="a Unix socket in place of host and port"),
    ] = None,
    proxies: Annotated[
        str, typer.Option("--proxies", metavar="A,B", help="proxies that are believed when they say who asks")
    ] = "127.0.0.1",
    keys: Annotated[
        Path | None,
        typer.Option(
            "--keys",
            metavar="FILE",
            parser=typed_path,
            help="NAME:KEY or NAME:sha256=DIGEST, a line each; also by the environment variable WHEREFROM_API_KEYS",
        ),
    ] = None,
    without_keys: Annotated[
        bool, typer.Option("--without-keys", help="listen to other machines and ask for no key: a public check")
    ] = False,
    alpha: options.ALPHA = 0.05,
    beta: options.BETA = 0.01,
    rule: options.RULE = "conformal",
    device: options.PROFILED_DEVICE = None,
    dtype: options.PROFILED_DTYPE = None,
    batch: options.BATCH = None,
    trust: options.TRUST = False,
    urls: Annotated[
        bool, typer.Option("--urls", help="fetch images by their https address, from public addresses alone")
    ] = False,
    feedback: Annotated[
        Path | None,
        typer.Option("--feedback", metavar="FILE", parser=typed_path, help="append feedback to this file, a line each"),
    ] = None,
    max_images: Annotated[int, typer.Option("--max-images", min=1, help="images in a request")] = 16,
    max_waiting: Annotated[int, typer.Option("--max-waiting", min=1, help="images that wait, over all requests")] = 64,
    max_megabytes: Annotated[int, typer.Option("--max-megabytes", min=1, help="of an image's file")] = 20,
    max_pixels: Annotated[int, typer.Option("--max-pixels", metavar="N", min=1, help="of an image")] = 25_000_000,
    max_memory: Annotated[
        int, typer.Option("--max-memory", metavar="MB", min=1, help="of all requests' images at a time")
    ] = 1024,
    requests_a_minute: Annotated[
        int, typer.Option("--requests-a-minute", min=0, help="of one key, or of one address; 0: any number")
    ] = 120,
    keep_jobs: Annotated[
        float, typer.Option("--keep-jobs", metavar="S", min=1, help="seconds for which finished jobs stay in memory")
    ] = 900.0,
    stop_seconds: Annotated[
        float, typer.Option("--stop-seconds", min=1, help="that running work has when the service is stopped")
    ] = 20.0,
    telemetry: Annotated[bool, typer.Option("--telemetry", help="trace requests by OpenTelemetry")] = False,
    quiet: options.QUIET = False,
) -> None:
    """Serve attribution over HTTP: a page for people at /, and an API, which /openapi.json describes.

    Images stay in memory until they are answered, and are not kept. SIGTERM stops it: what runs is finished, what waits
    is handed back. Needs `pip install 'wherefrom[service]'`.
    """
    from wherefrom.core.extras import require
    from wherefrom.service import RequestLimits, Settings
    from wherefrom.service.keys import Keys, keys_of_environment, keys_of_file

    require("uvicorn", "service")
    from wherefrom.service.server import Listening, serve

    clients: Keys = keys_of_environment(os.environ) if keys is None else keys_of_file(keys)
    if not clients and keys is not None:
        raise UsageError(f"{keys} holds no key: give a line NAME:KEY for each client")
    if not (clients or without_keys or socket is not None or _is_own(host)):
        raise UsageError(
            f"other machines could ask at {host} without a key: give --keys FILE, or --without-keys for a public check"
        )
    megabyte = 2**20
    limits = RequestLimits(
        max_image_bytes=max_megabytes * megabyte,
        max_request_bytes=max(max_megabytes + 1, 64) * megabyte,
        max_pixels=max_pixels,
        max_images=max_images,
        max_waiting=max_waiting,
        max_memory=max_memory * megabyte,
        requests_a_minute=requests_a_minute or None,
        job_seconds=keep_jobs,
        stop_seconds=stop_seconds,
    )
    settings = Settings(
        profiles=profiles,
        models=dict(_named(text) for text in model or ()),
        device=device,
        dtype=dtype,
        trust=trust,
        alpha=alpha,
        beta=beta,
        rule=rule,
        batch=batch,
        keys=clients,
        limits=limits,
        urls=urls,
        feedback=feedback,
        telemetry=telemetry,
    )
    listening = Listening(host=host, port=port, socket=socket, proxies=proxies)
    if quiet:
        serve(settings, listening, told=lambda _: None)
    else:
        serve(settings, listening, told=note, log=logging.StreamHandler())


def _is_own(host: str) -> bool:
    """Whether an address is reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _named(text: str) -> tuple[str, str]:
    """A profile's name and where its model is.

    Raises:
        UsageError: when it is not both.
    """
    name, equals, model = text.partition("=")
    if not (name and equals and model):
        raise UsageError(f"--model {text!r}: need NAME=MODEL, with the name of a profile")
    return name, model
