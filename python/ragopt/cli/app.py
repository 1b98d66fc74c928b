"""`ragopt`: the parser of all commands, and how errors leave the program."""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import ragopt
from ragopt.cli.output import note
from ragopt.errors import RagoptError

__all__ = ["main", "make_parser"]

_COMMANDS = ("index", "search", "pack", "ask", "tokens", "label", "evaluate", "tune", "inspect", "doctor", "demo")
_INTERRUPTED, _PIPE_CLOSED, _WRONG_USE = 130, 141, 2  # 128 + the signal's number, as shells have it


def make_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line. The commands are loaded here, where Ctrl-C is already seen to."""
    parser = argparse.ArgumentParser(
        prog="ragopt",
        description="Exact hybrid search, packing and honest tuning for retrieval-augmented generation on AWS.",
        epilog="example:\n  ragopt index docs --output docs.idx && ragopt search docs.idx 'how do I rotate a key?'\n\n"
        "exit code: 0 good; 1 the data says no (each command says when); 2 wrong use, or a failure",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"ragopt {ragopt.__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in _COMMANDS:
        import_module(f"ragopt.cli.{command}").add_parser(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; argparse itself exits with 0 (help) or 2 (wrong use)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    for name in ("stdout", "stderr"):
        if (stream := getattr(sys, name)) is None:  # closed by the shell: what is said there is for nobody
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - open until the end
            continue
        # A terminal that cannot show a character gets an escape, not a traceback.
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="backslashreplace")
    try:
        for argument in arguments:
            if not _is_text(argument):
                note(f"ragopt: the argument {argument!r} is not {sys.getfilesystemencoding()}")
                return _WRONG_USE
        args = make_parser().parse_args(arguments)
        args.command_line = shlex.join(["ragopt", *arguments])  # what a report shows
        code: int = args.run(args)
        sys.stdout.flush()
        return code
    except RagoptError as error:
        note(f"ragopt: {error}")
        return _WRONG_USE
    except KeyboardInterrupt:
        note("\nragopt: interrupted")
        return _INTERRUPTED
    except BrokenPipeError:
        _drop_output()  # the reader has seen enough
        return _PIPE_CLOSED
    except OSError as error:
        _drop_output()
        note(f"ragopt: {error.filename or 'the output'}: {error.strerror or error}")
        return _WRONG_USE


def _drop_output() -> None:
    """What is still buffered is not written at exit either, where it would fail once more."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _is_text(argument: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in argument)
