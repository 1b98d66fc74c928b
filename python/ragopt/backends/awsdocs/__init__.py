"""The AWS API documentation as documents: one an operation, one an important structure.

The text is read from botocore's service models, where the AWS SDK for Python keeps it; nothing of
it is copied into ragopt. botocore is looked up, never imported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ragopt.backends.awsdocs.markup import plain
from ragopt.backends.awsdocs.models import Model, botocore_version, data_folder, load
from ragopt.backends.awsdocs.prose import members, names
from ragopt.types import Document

__all__ = ["FIELDS", "SERVICES", "botocore_version", "read"]

SERVICES = (
    "acm",
    "apigateway",
    "athena",
    "autoscaling",
    "bedrock",
    "bedrock-agent",
    "bedrock-agent-runtime",
    "bedrock-runtime",
    "ce",
    "cloudfront",
    "cloudwatch",
    "cognito-idp",
    "dynamodb",
    "ec2",
    "ecr",
    "ecs",
    "eks",
    "elasticache",
    "elbv2",
    "events",
    "glue",
    "iam",
    "kinesis",
    "kms",
    "lambda",
    "logs",
    "opensearch",
    "opensearchserverless",
    "pricing",
    "rds",
    "route53",
    "s3",
    "sagemaker",
    "secretsmanager",
    "service-quotas",
    "sns",
    "sqs",
    "ssm",
    "stepfunctions",
    "sts",
)
"""The services read unless others are named, by botocore's names."""

FIELDS = {"service": str, "kind": str, "operation": str, "required": list[str], "paginated": bool, "streams": bool}
"""The metadata of each document. `kind` is operation or structure; only an operation has `operation`."""

# A structure with less documentation says little that the operation that holds it does not.
_LEAST_CHARACTERS = 200
_MOST_OPERATIONS = 12


def read(services: Iterable[str] = SERVICES, *, data: Path | None = None) -> Iterator[Document]:
    """The documents of `services`, each service's operations first, then its structures, by name.

    An operation's document (id `s3:PutObject`) holds its documentation and the members of its
    request and response. A structure has one of its own (id `s3:shape:CORSRule`) where it is
    important: it lies inside a request or response of an operation and its documentation and that
    of its members come to 200 characters or more, or it is a documented error. Ids and texts
    depend on botocore's version alone.

    `data` is another folder of service models than botocore's own. Raises MissingExtraError
    without botocore, UnknownNameError for a service that it does not know.
    """
    folder = data_folder() if data is None else data
    for service in services:
        model = load(service, folder)
        for operation in sorted(model.operations):
            yield _operation(model, operation)
        for name in sorted({*model.nested, *model.errors}):
            if _important(model, name):
                yield _structure(model, name)


def _important(model: Model, name: str) -> bool:
    shape = model.shapes[name]
    own = plain(shape.get("documentation") or "")
    if name in model.errors:
        return bool(own)
    about = (plain(member.get("documentation") or "") for member in shape["members"].values())
    return len(own) + sum(map(len, about)) >= _LEAST_CHARACTERS


def _operation(model: Model, name: str) -> Document:
    operation = model.operations[name]
    request, response = (
        model.shapes[operation[side]["shape"]] if side in operation else {} for side in ("input", "output")
    )
    streams, pages = model.streams(name), name in model.paginated
    parts = [plain(operation.get("documentation") or "")]
    if operation.get("deprecated"):
        parts.append(f"Deprecated. {plain(operation.get('deprecatedMessage') or '')}".rstrip())
    if pages:
        parts.append("The results come in pages.")
    if streams:
        parts.append("The data is streamed.")
    parts += _listed("Request:", members(request, model.shapes))
    parts += _listed("Response:", members(response, model.shapes))
    errors = [error["shape"] for error in operation.get("errors", ())]
    if errors:
        parts.append(f"Errors: {', '.join(errors)}.")
    return _document(
        model,
        f"{model.service}:{name}",
        name,
        parts,
        kind="operation",
        operation=name,
        required=list(request.get("required", ())),
        paginated=pages,
        streams=streams,
    )


def _structure(model: Model, name: str) -> Document:
    shape = model.shapes[name]
    parts = [plain(shape.get("documentation") or "")]
    if name in model.errors:
        parts.append(f"An error of {names(model.errors[name], _MOST_OPERATIONS)}.")
    if name in model.nested:
        parts.append(f"Part of {names(model.nested[name], _MOST_OPERATIONS)}.")
    parts += _listed("Members:", members(shape, model.shapes))
    return _document(
        model,
        f"{model.service}:shape:{name}",
        name,
        parts,
        kind="structure",
        required=list(shape.get("required", ())),
        paginated=False,
        streams=bool(shape.get("eventstream")),
    )


def _listed(heading: str, items: str) -> list[str]:
    return [f"{heading}\n{items}"] if items else []


def _document(model: Model, id: str, name: str, parts: list[str], **metadata: Any) -> Document:
    text = "\n\n".join(part for part in parts if part)
    return Document(id, text, f"{model.name} {name}", {"service": model.service, **metadata})
