"""`wherefrom models`: which models there are, and what one of them is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wherefrom.cli import _options as options
from wherefrom.cli._forms import CHECKPOINT
from wherefrom.cli._output import emit, emit_json, emit_table, plain
from wherefrom.cli._outputs import Output, Writing, typed_path
from wherefrom.cli._work import model_options

if TYPE_CHECKING:
    from wherefrom.models.base import Model
    from wherefrom.models.sources.description import Description
    from wherefrom.models.upscalers.about import UpscalerNetwork

__all__ = ["app"]

app = typer.Typer(no_args_is_help=False, invoke_without_command=True, rich_markup_mode=None)
NAME = Annotated[str, typer.Argument(metavar="MODEL", help="zoo:NAME, a path, owner/name[@revision][:path] on the hub")]


@app.callback()
def models(context: typer.Context) -> None:
    """Which models there are, and what one of them is."""
    if context.invoked_subcommand is None:
        list_models()


@app.command("list")
def list_models(as_json: options.Json = False) -> None:
    """List the models that come with the program, well-known ones, and the kinds of files that can be opened."""
    from wherefrom.models.architectures.base.table import listed
    from wherefrom.models.sources.description import listing
    from wherefrom.models.upscalers.about import NETWORKS

    models, kinds, tokenisers = listing(), listed(), _tokenisers()
    if as_json:
        for about in (*models, *kinds, *tokenisers, *NETWORKS):
            emit_json(about)
        return
    emit_table(
        ("model", "family", "architecture", "factor", "native sizes", "licence", "access"),
        [_row(about) for about in models],
    )
    emit("Models of one family hold one decoder: their images cannot be told apart by it.")
    emit("")
    emit_table(
        ("generators from files", "files", "latent", "sizes", "methods", "paper"),
        [
            (kind.name, _cell("", kind.files), kind.latent, kind.sizes, _cell("", kind.methods), kind.paper)
            for kind in kinds
        ],
        folded="latent",
    )
    emit("")
    emit_table(("tokenisers from files", "used by"), [(about["name"], about["used_by"]) for about in tokenisers])
    emit("")
    emit_table(
        ("upscalers from files", "published models", "files", "paper"),
        [(_named(kind), _cell("", kind.published), _cell("", kind.files), kind.paper) for kind in NETWORKS],
        folded="published models",
    )
    emit("Give such a file's path as MODEL. What its weights do not say: `wherefrom models options NAME`, NAME being")
    emit("that of a generator, `autoencoder` for a tokeniser or `upscaler` for an upscaler.")


def _tokenisers() -> list[dict[str, str]]:
    """The tokenisers of autoregressive generators that are opened from files; `VQModel` is VQGAN's."""
    from wherefrom.models.sources.classes import OPENED, TOKENISERS

    known = {"VQModel": OPENED["VQModel"], **TOKENISERS}
    return [{"name": name, "used_by": about.used_by, "latents": about.latents} for name, about in known.items()]


def _named(kind: UpscalerNetwork) -> str:
    """A network of upscalers, with the extra that it needs."""
    return kind.name if kind.needs is None else f"{kind.name} (extra {kind.needs})"


@app.command("options")
def list_options(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="of `wherefrom models list`, as dcgan; autoencoder; upscaler")
    ],
    as_json: options.Json = False,
) -> None:
    """Show what `--model-option` can say of a kind of generator, or of the file of an autoencoder or an upscaler."""
    title, paper, meanings = _options_of(name)
    if as_json:
        emit_json({"name": name, "title": title, "paper": paper, "options": meanings})
        return
    shown = f"{title} ({paper})" if paper else title
    emit_table(("option", "what it says"), list(meanings.items()), title=shown, folded="what it says")


def _options_of(name: str) -> tuple[str, str | None, dict[str, str]]:
    """Title, paper and options of what has that name in `wherefrom models options`."""
    from wherefrom.core.errors import UsageError
    from wherefrom.models.architectures.base.table import COMMON, listed
    from wherefrom.models.opening.choices import OPTIONS
    from wherefrom.models.upscalers import about

    if name == "autoencoder":
        return "Autoencoder in a file without configuration", None, dict(OPTIONS)
    if name == "upscaler":
        return "Upscaler, as Real-ESRGAN's", None, dict(about.OPTIONS)
    kinds = {kind.name: kind for kind in listed()}
    if name not in kinds:
        raise UsageError(f"no kind of generator {name!r} among {', '.join(kinds)}, nor autoencoder or upscaler")
    kind = kinds[name]
    return kind.title, kind.paper, {**kind.options, **COMMON}


def _row(about: Description) -> tuple[object, ...]:
    supported = about.architecture if about.supported else f"{about.architecture} (not supported)"
    return (about.name, about.family, supported, about.factor, _sizes(about.sizes), about.licence, about.access)


def _sizes(sizes: Any) -> str | None:
    """Widths and heights as a person writes them, from `(height, width)` pairs or single sides."""
    pairs = [size if isinstance(size, tuple | list) else (size, size) for size in sizes or ()]
    return ", ".join(f"{width}x{height}" for height, width in pairs) or None


@app.command()
def info(
    model: NAME,
    option: options.MODEL_OPTION = None,
    device: options.DEVICE = "auto",
    dtype: options.DTYPE = "float32",
    trust: options.TRUST = False,
    as_json: options.Json = False,
) -> None:
    """Show what a model or a file is: supported or not, by which methods, digests, the well-known decoder it is."""
    from wherefrom.core.errors import ModelError, NoSuchModel
    from wherefrom.models.load import load_model

    try:
        opened = load_model(model, device=device, dtype=dtype, trust=trust, options=model_options(option))
    except NoSuchModel:
        raise
    except ModelError as error:
        if not Path(model).expanduser().exists():
            raise
        _show(_unopened(model, error), model, as_json=as_json)
        raise
    _show(_facts(opened), model, as_json=as_json)


def _show(facts: dict[str, Any], model: str, *, as_json: bool) -> None:
    if as_json:
        emit_json(facts)
        return
    emit_table(("", model), [(key.replace("_", " "), _cell(key, value)) for key, value in facts.items()], folded=model)


def _unopened(model: str, error: Exception) -> dict[str, Any]:
    """What can be said of a file that is no model, or none that is supported."""
    from wherefrom.models.opening.answer import what_is

    return {"name": model, "supported": False, "what": what_is(Path(model).expanduser()), "reason": str(error)}


def _cell(key: str, value: object) -> str | None:
    if key == "sizes":
        return _sizes(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else None if value is None else str(value)


def _facts(model: Model) -> dict[str, Any]:
    """All that is known of an opened model, by a name for each."""
    from wherefrom.models.sources.known import known_as
    from wherefrom.scoring.applicable import applicable

    card = model.card
    channels = getattr(model, "channels", None)
    source = card.notes.get("source")
    file = Path(source) if isinstance(source, str) and Path(source).is_absolute() else None
    first = ("architecture", "encoder", "decoder", "dtype", "device")
    return {
        "name": card.name,
        "digest": card.digest,
        "supported": True,
        "methods": applicable(model),
        "known_as": known_as(card.facts, channels=channels, factor=model.factor, file=file),
        **{key: card.facts.get(key) for key in first},
        "parameters": _parameters(model),
        "factor": model.factor,
        "size": model.size,
        **{key: card.notes.get(key) for key in ("sizes", "family", "licence", "source")},
        **{key: plain(value) for key, value in card.facts.items() if key not in first},
        **{key: value for key, value in card.notes.items() if key not in ("sizes", "family", "licence", "source")},
    }


def _parameters(model: Model) -> int | None:
    """How many numbers the weights are; None for a model that does not say."""
    count = getattr(model, "parameters", None)
    return count if isinstance(count, int) else None


@app.command()
def digest(
    model: NAME, option: options.MODEL_OPTION = None, trust: options.TRUST = False, as_json: options.Json = False
) -> None:
    """Open a model and print the digests of its decoder and encoder: equal decoders cannot be told apart."""
    from wherefrom.models.load import load_model

    card = load_model(model, device="cpu", trust=trust, options=model_options(option)).card
    digests = {part: card.facts[part] for part in ("decoder", "encoder") if part in card.facts}
    if as_json:
        emit_json({"name": card.name, **digests})
        return
    for part, value in digests.items():
        emit(f"{value}  {part}")


@app.command()
def convert(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="IN", parser=typed_path, help="a file of weights, as network.pkl or last.ckpt; nothing in it is run"
        ),
    ],
    target: Annotated[Path, typer.Argument(metavar="OUT.safetensors", parser=typed_path, help="where to")],
    part: Annotated[
        str | None, typer.Option("--part", metavar="NAME", help="which of several tables of weights, as ema")
    ] = None,
    force: options.FORCE = False,
    as_json: options.Json = False,
) -> None:
    """Write the weights in a file, and what they need beside them, as a .safetensors file of the same model."""
    Writing(outputs=[Output("OUT", target, CHECKPOINT)], inputs=[source], force=force).check()
    from wherefrom.models.convert import convert as converted

    conversion = converted(source, target, part=part)
    architecture, decoder = (conversion.card.facts[fact] for fact in ("architecture", "decoder"))
    if as_json:
        facts = {"architecture": architecture, "tensors": conversion.tensors, "decoder": decoder}
        emit_json({"path": str(conversion.path), **facts})
        return
    emit(f"{conversion.path}: {conversion.tensors} tensors of {architecture}")
    emit(f"{decoder}  decoder")
