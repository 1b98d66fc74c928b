"""ministack, an AWS emulator, for tests over HTTP: installed once into a folder of its own, started on a free port.

It has its own virtual environment because it pins its dependencies. `RAGOPT_TEST_CACHE` names the folder
(default: ~/.cache/ragopt-tests). By hand: `python -m tests.services.ministack` runs it until Ctrl-C.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VERSION = "1.5.33"
_START_SECONDS = 60.0


class InstallError(Exception):
    """The package cannot be had here: no registry, no network."""


class StartError(Exception):
    """It is installed, but does not answer."""


def cache() -> Path:
    """Where servers for the tests are kept between runs."""
    return Path(os.environ.get("RAGOPT_TEST_CACHE") or Path.home() / ".cache" / "ragopt-tests").expanduser()


def install(folder: Path) -> Path:
    """The program, installed if it is not yet there. Runs side by side wait for each other."""
    home = folder / f"ministack-{VERSION}-py{sys.version_info[0]}.{sys.version_info[1]}"
    program = home / "bin" / "ministack"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "ministack.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "installed").exists():
            run([sys.executable, "-m", "venv", "--clear", str(home)])
            # The project's constraints pin other versions of what the two share.
            run([str(home / "bin" / "python"), "-m", "pip", "install", "-q", f"ministack=={VERSION}"])
            (home / "installed").touch()
    return program


def run(command: list[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PIP_CONSTRAINT"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise InstallError(f"{' '.join(command[-4:])}: {done.stderr.strip()[-500:]}")


@contextmanager
def running(folder: Path | None = None) -> Iterator[str]:
    """The address of a fresh ministack. It is stopped by its process id, and only if this started it."""
    folder = folder or cache()
    program = install(folder)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    log = folder / f"ministack-{port}.log"
    environment = {**os.environ, "GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "LOG_LEVEL": "WARNING"}
    # Where the system can, it stops the server even when the tests are killed.
    leash = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
    with log.open("w") as output:
        process = subprocess.Popen([*leash, str(program)], stdout=output, stderr=output, env=environment, cwd=folder)
    try:
        wait_for(f"{url}/_localstack/health", process, log)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.unlink(missing_ok=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    tail = log.read_text(encoding="utf-8", errors="replace")[-1000:]
    raise StartError(f"ministack does not answer at {url} (exit code {process.poll()}): {tail}")


if __name__ == "__main__":
    with running() as address:
        sys.stdout.write(f"{address}\n")
        sys.stdout.flush()
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            pass
