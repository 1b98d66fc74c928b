import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ragopt.backends import awsdocs
from ragopt.backends.awsdocs import models
from ragopt.errors import CorpusError, MissingExtraError, UnknownNameError

LONG = "<p>" + "A long account of what this member is for and when it may be left out. " * 4 + "</p>"

MODEL: dict[str, Any] = {
    "metadata": {"serviceId": "Toy Service"},
    "operations": {
        "PutThing": {
            "name": "PutThing",
            "documentation": "<p>Stores a <code>Thing</code>.</p>",
            "input": {"shape": "PutThingRequest"},
            "output": {"shape": "PutThingResponse"},
            "errors": [{"shape": "TooBig"}, {"shape": "Silent"}],
        },
        "Watch": {
            "name": "Watch",
            "documentation": "<p>Follows things.</p>",
            "output": {"shape": "WatchResponse"},
            "deprecated": True,
            "deprecatedMessage": "Use PutThing.",
        },
        "ListThings": {"name": "ListThings"},
    },
    "shapes": {
        "PutThingRequest": {
            "type": "structure",
            "required": ["Name"],
            "members": {
                "Name": {"shape": "Name", "documentation": "<p>Its name.</p>"},
                "Colors": {"shape": "Colors"},
                "Rule": {"shape": "Rule", "documentation": "<p>The rule.</p>"},
                "Nights": {"shape": "Nights"},
                "Old": {
                    "shape": "Name",
                    "documentation": "<p>Was used.</p>",
                    "deprecated": True,
                    "deprecatedMessage": "Use Name.",
                },
            },
        },
        "PutThingResponse": {"type": "structure", "members": {"Count": {"shape": "Count"}}},
        "WatchResponse": {"type": "structure", "members": {"Events": {"shape": "Events"}}},
        "Events": {"type": "structure", "eventstream": True, "members": {"Rule": {"shape": "Rule"}}},
        "Rule": {
            "type": "structure",
            "required": ["Depth"],
            "documentation": "<p>A rule that may hold rules.</p>",
            "members": {
                "Depth": {"shape": "Count", "documentation": LONG},
                "Inner": {"shape": "Rules", "documentation": "<p>Rules inside.</p>"},
            },
        },
        "Rules": {"type": "list", "member": {"shape": "Rule"}, "max": 5},
        "Name": {"type": "string", "min": 1, "max": 63},
        "Color": {"type": "string", "enum": [f"c{i}" for i in range(45)]},
        "Colors": {"type": "list", "member": {"shape": "Color"}, "min": 2, "max": 2, "documentation": "<p>Paint.</p>"},
        "Count": {"type": "integer", "min": 0, "max": 900},
        "Nights": {"type": "map", "key": {"shape": "Name"}, "value": {"shape": "Small"}, "min": 1},
        "Small": {"type": "structure", "members": {"X": {"shape": "Count", "documentation": "<p>Short.</p>"}}},
        "TooBig": {"type": "structure", "exception": True, "members": {}, "documentation": "<p>Too big.</p>"},
        "Silent": {"type": "structure", "exception": True, "members": {}},
        "Orphan": {"type": "structure", "members": {"X": {"shape": "Count", "documentation": LONG}}},
    },
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    newest = tmp_path / "toy" / "2020-01-01"
    newest.mkdir(parents=True)
    (newest / "service-2.json.gz").write_bytes(gzip.compress(json.dumps(MODEL).encode()))
    (newest / "paginators-1.json").write_text(json.dumps({"pagination": {"ListThings": {}}}))
    older = tmp_path / "toy" / "2015-01-01"
    older.mkdir()
    (older / "service-2.json").write_text(json.dumps({"metadata": {}, "operations": {"Gone": {}}, "shapes": {}}))
    return tmp_path


def test_one_document_an_operation_and_an_important_structure(data: Path) -> None:
    found = {d.id: d for d in awsdocs.read(["toy"], data=data)}
    assert list(found) == [
        "toy:ListThings",
        "toy:PutThing",
        "toy:Watch",
        "toy:shape:Rule",  # 200 characters and more, reached (by itself, too)
        "toy:shape:TooBig",  # a documented error
    ]  # not the small, the undocumented, the unreached, nor requests and responses
    put = found["toy:PutThing"]
    assert put.title == "Toy Service PutThing"
    assert put.text == (
        "Stores a Thing.\n\n"
        "Request:\n"
        "- Name (string, 1 to 63 characters, required): Its name.\n"
        "- Colors (list of string, exactly 2 items): Paint. "
        f"Values: {', '.join(f'c{i}' for i in range(40))} and 5 more.\n"
        "- Rule (Rule): The rule.\n"
        "- Nights (map of string to Small, at least 1 entries)\n"
        "- Old (string, 1 to 63 characters, deprecated): Was used. Deprecated: Use Name.\n\n"
        "Response:\n"
        "- Count (integer, 0 to 900)\n\n"
        "Errors: TooBig, Silent."
    )
    assert put.metadata == {
        "service": "toy",
        "kind": "operation",
        "operation": "PutThing",
        "required": ["Name"],
        "paginated": False,
        "streams": False,
    }
    rule = found["toy:shape:Rule"]
    assert rule.text.startswith("A rule that may hold rules.\n\nPart of PutThing, Watch.\n\nMembers:\n- Depth (integer")
    assert "- Inner (list of Rule, at most 5 items): Rules inside." in rule.text
    assert rule.metadata == {
        "service": "toy",
        "kind": "structure",
        "required": ["Depth"],
        "paginated": False,
        "streams": False,
    }
    assert found["toy:shape:TooBig"].text == "Too big.\n\nAn error of PutThing."


def test_pages_streams_and_deprecation(data: Path) -> None:
    found = {d.id: d for d in awsdocs.read(["toy"], data=data)}
    assert found["toy:ListThings"].metadata["paginated"]
    assert found["toy:ListThings"].text == "The results come in pages."
    watch = found["toy:Watch"]
    assert watch.metadata["streams"]
    assert not watch.metadata["paginated"]
    assert watch.text.startswith("Follows things.\n\nDeprecated. Use PutThing.\n\nThe data is streamed.")


def test_an_unknown_service_is_refused_with_a_suggestion(data: Path) -> None:
    with pytest.raises(UnknownNameError, match="'toys'.*toy"):
        list(awsdocs.read(["toys"], data=data))


@pytest.mark.parametrize("content", [b"not gzip", gzip.compress(b"{not json"), gzip.compress(b"{}")[:9]])
def test_a_broken_file_is_named(data: Path, content: bytes) -> None:
    path = data / "toy" / "2020-01-01" / "service-2.json.gz"
    path.write_bytes(content)
    with pytest.raises(CorpusError, match="service-2.json.gz"):
        list(awsdocs.read(["toy"], data=data))


@pytest.mark.parametrize("content", [{}, {"metadata": {}, "operations": {}}, []])
def test_another_kind_of_file_is_named(data: Path, content: object) -> None:
    (data / "toy" / "2020-01-01" / "service-2.json.gz").write_bytes(gzip.compress(json.dumps(content).encode()))
    with pytest.raises(CorpusError, match="2020-01-01"):
        list(awsdocs.read(["toy"], data=data))


def test_a_folder_without_a_model_is_named(data: Path) -> None:
    (data / "toy" / "2020-01-01" / "service-2.json.gz").unlink()
    with pytest.raises(CorpusError, match=r"service-2\.json"):
        list(awsdocs.read(["toy"], data=data))


def test_without_botocore_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "find_spec", lambda _name: None)
    with pytest.raises(MissingExtraError, match=r"ragopt\[demo\]"):
        list(awsdocs.read(["s3"]))

    def missing(name: str) -> str:
        raise models.PackageNotFoundError(name)

    monkeypatch.setattr(models, "version", missing)
    with pytest.raises(MissingExtraError, match=r"ragopt\[demo\]"):
        awsdocs.botocore_version()


def test_botocore_is_not_imported() -> None:
    code = (
        "import sys; from ragopt.backends import awsdocs; n = sum(1 for _ in awsdocs.read(['sts']));"
        "assert n > 10, n; assert 'botocore' not in sys.modules and 'boto3' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_real_models() -> None:
    needed = {
        "bedrock", "bedrock-runtime", "bedrock-agent-runtime", "s3", "lambda", "dynamodb", "ec2", "iam", "cloudwatch",
        "opensearch", "opensearchserverless", "sagemaker", "service-quotas", "kms",
    }  # fmt: skip
    assert needed <= set(awsdocs.SERVICES)
    assert len(awsdocs.SERVICES) >= 25
    documents = list(awsdocs.read())
    ids = [d.id for d in documents]
    assert len(set(ids)) == len(ids)
    assert 8_000 < len(ids) < 20_000
    services = {d.metadata["service"] for d in documents}
    assert services == set(awsdocs.SERVICES)
    for document in documents:
        assert set(document.metadata) <= set(awsdocs.FIELDS), document.id
        assert document.text == document.text.strip()
        assert document.text or document.metadata["kind"] == "operation", document.id
    tags = [d.id for d in documents for tag in ("<p>", "</code>", "<li>", "&lt;p") if tag in d.text.lower()]
    assert len(tags) < 20, f"markup that was not read (what botocore itself has escaped is text): {tags[:50]}"
    one = {d.id: d for d in documents}
    assert one["s3:ListObjectsV2"].metadata["paginated"]
    assert one["bedrock-runtime:ConverseStream"].metadata["streams"]
    assert not one["bedrock-runtime:Converse"].metadata["streams"]
    assert one["s3:GetObject"].metadata["streams"]
    assert one["lambda:PutFunctionConcurrency"].metadata["required"] == [
        "FunctionName", "ReservedConcurrentExecutions",
    ]  # fmt: skip
    assert [d.id for d in awsdocs.read(["kms"])] == [i for i in ids if i.startswith("kms:")]
