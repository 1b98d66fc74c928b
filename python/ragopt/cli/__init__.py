"""The command line: flags in, the library's functions, tables or JSON out."""

from ragopt.cli.app import main

__all__ = ["main"]
