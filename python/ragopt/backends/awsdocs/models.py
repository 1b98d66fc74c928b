"""botocore's service models: where they are and what is in them. botocore itself is never imported."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ragopt.errors import CorpusError, MissingExtraError, UnknownNameError

__all__ = ["Model", "botocore_version", "data_folder", "load"]

Shape = Mapping[str, Any]

#: What people call a service that the SDK has a code name for.
_NAMES = {"SFN": "Step Functions"}


def data_folder() -> Path:
    """The folder that holds botocore's service models; MissingExtraError without botocore."""
    spec = find_spec("botocore")
    if spec is None or spec.origin is None:
        raise MissingExtraError.of("the AWS API documentation (it is read from botocore)", "demo")
    return Path(spec.origin).parent / "data"


def botocore_version() -> str:
    """The installed botocore's version; MissingExtraError without botocore."""
    try:
        return version("botocore")
    except PackageNotFoundError:
        raise MissingExtraError.of("the AWS API documentation (it is read from botocore)", "demo") from None


@dataclass(frozen=True)
class Model:
    """One service's API: its operations and the shapes that they exchange."""

    service: str
    name: str
    operations: Mapping[str, Mapping[str, Any]]
    shapes: Mapping[str, Shape]
    paginated: frozenset[str]

    @cached_property
    def nested(self) -> dict[str, list[str]]:
        """Structures that lie inside a request or response, each with the operations that reach it, by name.

        The request and response themselves are not among them, unless another structure holds them.
        """
        reached: dict[str, list[str]] = {}
        for operation in sorted(self.operations):
            seen: set[str] = set()
            tops = [self.operations[operation].get(side, {}).get("shape") for side in ("input", "output")]
            waiting = [name for top in tops if top for name in self._inner(top)]
            while waiting:
                name = waiting.pop()
                if name in seen:
                    continue
                seen.add(name)
                if self.shapes[name]["type"] == "structure":
                    reached.setdefault(name, []).append(operation)
                waiting.extend(self._inner(name))
        return reached

    @cached_property
    def errors(self) -> dict[str, list[str]]:
        """The error structures, each with the operations that raise it, by name."""
        raised: dict[str, list[str]] = {}
        for operation in sorted(self.operations):
            for error in self.operations[operation].get("errors", ()):
                raised.setdefault(error["shape"], []).append(operation)
        return raised

    def streams(self, operation: str) -> bool:
        """Whether a request or response of `operation` is a stream: of events, or of raw bytes."""
        return any(
            self._streaming(self.operations[operation][side]["shape"])
            for side in ("input", "output")
            if side in self.operations[operation]
        )

    def _streaming(self, top: str) -> bool:
        for member in self.shapes[top].get("members", {}).values():
            shape = self.shapes[member["shape"]]
            if member.get("streaming") or shape.get("streaming") or shape.get("eventstream"):
                return True
        return False

    def _inner(self, name: str) -> list[str]:
        """The shapes that shape `name` is made of."""
        shape = self.shapes[name]
        if shape["type"] == "structure":
            return [member["shape"] for member in shape["members"].values()]
        if shape["type"] == "list":
            return [shape["member"]["shape"]]
        if shape["type"] == "map":
            return [shape["value"]["shape"]]
        return []


def load(service: str, data: Path) -> Model:
    """The newest model of `service` in the folder `data`. Unknown services and broken files are named."""
    folder = data / service
    versions = sorted(path.name for path in folder.glob("*") if path.is_dir()) if folder.is_dir() else []
    if not versions:
        known = (path.name for path in data.glob("*") if path.is_dir())
        raise UnknownNameError.of("AWS service in botocore", service, known)
    newest = folder / versions[-1]
    model = _read(newest, "service-2")
    if model is None:
        raise CorpusError(f"{newest}: holds no service-2.json; this botocore stores its models in another way")
    pages = _read(newest, "paginators-1") or {}
    try:
        return Model(
            service=service,
            name=_NAMES.get(name := model["metadata"].get("serviceId") or service, name),
            operations=model["operations"],
            shapes=model["shapes"],
            paginated=frozenset(pages.get("pagination", {})),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise CorpusError(f"{newest}: not a service model ({error!r}); reinstall botocore") from error


def _read(folder: Path, name: str) -> Any:
    """The parsed JSON file `name`, compressed or not; None where there is none."""
    for path in (folder / f"{name}.json.gz", folder / f"{name}.json"):
        if not path.is_file():
            continue
        try:
            raw = path.read_bytes()
            return json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)
        except (OSError, EOFError, ValueError) as error:
            raise CorpusError(f"{path}: cannot be read ({error}); reinstall botocore") from error
    return None
