"""The extension runs on the plainest x86-64: what a newer processor has is used only where it was looked for."""

from __future__ import annotations

import platform
import re
import subprocess

from ragopt import _core

#: In the name of a function, or of its file.
SAYS_SO = ("avx", "amx", "x86_simd")

_FUNCTION = re.compile(r"^[0-9a-f]+ <(.+)>:$")
#: AVX of any kind: instructions in the VEX or EVEX encoding begin with v; tiles are those of AMX.
_NEWER = re.compile(r"^\s*[0-9a-f]+:\s+(?:v[a-z0-9]+\s.*%[xyz]mm|tdp|tile)")


def newer(disassembly: str) -> dict[str, int]:
    """How many instructions beyond the baseline each function has."""
    found: dict[str, int] = {}
    name = ""
    for line in disassembly.splitlines():
        if begin := _FUNCTION.match(line):
            name = begin[1]
        elif _NEWER.match(line):
            found[name] = found.get(name, 0) + 1
    return found


def test_only_functions_that_say_so_use_newer_instructions() -> None:
    """Those are called where the processor was found to have them; `make test-baseline` runs on one that has not."""
    command = ["objdump", "--disassemble", "--no-show-raw-insn", _core.__file__]
    found = newer(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    if platform.machine() == "x86_64":
        assert sum("avx2" in name for name in found) > 3
        assert sum("avx512" in name for name in found) > 3
    assert [name for name in found if not any(word in name for word in SAYS_SO)] == []


def test_newer_instructions_elsewhere_are_caught() -> None:
    lines = (
        "0000000000001000 <_ZN4core4fold17h00E>:",
        "    1000:\tmovaps %xmm0,%xmm1",
        "    1003:\tvaddps %ymm0,%ymm1,%ymm2",
        "    1007:\tverr   %ax",
        "0000000000002000 <_ZN4core9fold_avx217h00E>:",
        "    2000:\tvpxor  %xmm0,%xmm0,%xmm0",
    )
    assert newer("\n".join(lines)) == {"_ZN4core4fold17h00E": 1, "_ZN4core9fold_avx217h00E": 1}
