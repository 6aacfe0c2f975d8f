"""Floor 8: the command line. Torch and all else that is heavy is imported inside the commands."""

from __future__ import annotations

import functools
import io
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import typer

from wherefrom.cli._logs import log_visibly
from wherefrom.cli._output import closed_pipe
from wherefrom.cli._stopping import stopped
from wherefrom.core.errors import UsageError, WherefromError
from wherefrom.core.memory import keep_freed_memory
from wherefrom.core.processors import share_processors
from wherefrom.core.visible import visible

__all__ = ["main", "run"]

_DEBUG = "--debug"
_EXTRA = "unexpected extra argument"
_ONE_VALUE = (
    "Here one value is taken: repeat an option for each further one, name a folder, or put a pattern into quotes, so"
    " that the shell leaves it as it is: 'images/*.png'"
)
_LONGEST = 500
"""Characters that are shown of a line of the parser's, which may name every file of a folder."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the program and leave with its exit code.

    Args:
        arguments: what was typed after the program's name; by default the process's own.
    """
    keep_freed_memory()  # the process is the program's own
    share_processors()
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run the program.

    Returns:
        0 done, 1 failed, 2 wrong usage, 3 done but some images failed, 130 interrupted, 141 nobody reads the output.
    """
    log_visibly()
    _write_anywhere()
    try:
        code = _called(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        return closed_pipe()
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    except Exception as error:  # noqa: BLE001 - a person gets one line, with --debug the whole
        return _failed(error, debug=_DEBUG in arguments)
    if code == 130:
        print(visible(stopped(arguments)), file=sys.stderr)
    return code


def _write_anywhere() -> None:
    """Write a character that a terminal's encoding lacks as its number, in place of ending after all is done."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def _called(arguments: Sequence[str]) -> int:
    """The exit code of the command that was asked for."""
    from wherefrom.cli._renamed import renamed

    typed = tuple(arguments)
    command = _program(_command_of(arguments))
    return int(command(renamed(arguments), prog_name="wherefrom", standalone_mode=False, obj=typed) or 0)


def _command_of(arguments: Sequence[str]) -> str | None:
    """The command that was typed; None where the program's own help or its list of commands may be asked for."""
    from wherefrom.cli.app import COMMANDS

    first = next((text for text in arguments if text != _DEBUG), "")
    return first if first in COMMANDS else None


@functools.cache
def _program(only: str | None) -> Any:
    """One command or all, put together once for a process: to read all files takes longer than many commands."""
    from typer.main import get_command

    from wherefrom.cli.app import program

    return get_command(program(only))


def _failed(error: Exception, *, debug: bool) -> int:
    """One line on stderr and the exit code."""
    show, code = getattr(error, "show", None), getattr(error, "exit_code", None)
    if show is not None and code is not None:  # the parser's own: which class it is depends on typer's version
        _show_visibly(show)
        return int(code)
    if debug:
        raise error
    if not isinstance(error, WherefromError):
        kind = type(error).__name__
        print(f"error: {_line(f'{kind}: {error}')} (wherefrom {_DEBUG} ... shows where)", file=sys.stderr)
        return 1
    print(f"error: {_line(str(error))}", file=sys.stderr)
    return 2 if isinstance(error, UsageError) else 1


def _line(text: str) -> str:
    return visible(" ".join(text.split()))


def _show_visibly(show: Callable[..., None]) -> None:
    """What the parser says of what was typed, which may be the name of any file."""
    buffer = io.StringIO()
    show(file=buffer)
    for line in buffer.getvalue().rstrip("\n").split("\n"):
        print(visible(line if len(line) <= _LONGEST else f"{line[:_LONGEST]} ..."), file=sys.stderr)
        if _EXTRA in line:
            print(_ONE_VALUE, file=sys.stderr)
