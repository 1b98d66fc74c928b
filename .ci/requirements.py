"""Print what pyproject.toml asks for, a requirement a line: `extra:NAME`, `extras` (all of them), `group:NAME`.

pip learned dependency groups in 25.1; the pip inside Python 3.11 is older, and a fresh machine has no other.
"""

import re
import sys
import tomllib
from pathlib import Path


def requirements(asked: list[str]) -> list[str]:
    """The requirements of the extras and groups asked for, those of nested extras included, in order, once each."""
    table = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    extras = table["project"]["optional-dependencies"]
    found: dict[str, None] = {}

    def add(lines: list[str]) -> None:
        for line in lines:
            if nested := re.fullmatch(r"ragopt\[([\w,-]+)\]", line.replace(" ", "")):
                for name in nested[1].split(","):
                    add(extras[name])
            else:
                found[line.replace(" ", "")] = None

    for what in asked:
        kind, _, name = what.partition(":")
        if kind == "extras":
            for lines in extras.values():
                add(lines)
        else:
            add(extras[name] if kind == "extra" else table["dependency-groups"][name])
    return list(found)


if __name__ == "__main__":
    print("\n".join(requirements(sys.argv[1:])))
