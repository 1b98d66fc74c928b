"""What becomes parts, and what stays whole."""

from __future__ import annotations

import pytest

from ragopt import Index
from ragopt.query import QuerySettings, decompose
from ragopt.types import Query
from tests.unit.query.corpus import index


def parts(question: str, settings: QuerySettings | None = None, *, asked: bool = False) -> list[str]:
    query, span = decompose(question, settings or QuerySettings(), index() if asked else None)
    assert span.stage == "parts" and span.details["changed"] == bool(query.parts) and span.details["why"]
    assert query.text == question
    return [part.text for part in query.parts]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("gp2 vs gp3 volumes", ["gp2", "gp3 volumes"]),
        ("What is the difference between S3 Standard and S3 Glacier?", ["S3 Standard", "S3 Glacier"]),
        ("Compare Aurora with DynamoDB", ["Aurora", "DynamoDB"]),
        ("Should I use Kinesis or Kafka?", ["Kinesis", "Kafka"]),
        ("How does EBS differ from EFS?", ["EBS", "EFS"]),
        ("compare Aurora and DynamoDB in terms of price and latency",
         ["Aurora price", "Aurora latency", "DynamoDB price", "DynamoDB latency"]),
        ("So sánh Aurora với DynamoDB", ["Aurora", "DynamoDB"]),
        ("Sự khác nhau giữa EBS và EFS là gì", ["EBS", "EFS"]),
        ("Nên dùng Kinesis hay Kafka", ["Kinesis", "Kafka"]),
        ("How do I rotate a key? Which oven bakes bread?", ["How do I rotate a key", "Which oven bakes bread"]),
        ("how is a key rotated and which oven bakes good bread",
         ["how is a key rotated", "which oven bakes good bread"]),
        ("Làm sao xoay khóa mã hóa và tại sao bánh mì không nở?",
         ["Làm sao xoay khóa mã hóa", "tại sao bánh mì không nở"]),
    ],
)  # fmt: skip
def test_comparisons_and_joined_questions_are_parts(question: str, expected: list[str]) -> None:
    assert parts(question) == expected


@pytest.mark.parametrize(
    "question",
    [
        "How do I rotate a key?",
        "publishing and printing of journals",
        "What is a VPC and how do I delete it?",
        "terms and conditions",
        "What did Luther tell monks and nuns about their vows?",
        "",
        "and",
        "vs",
    ],
)
def test_one_subject_stays_whole(question: str) -> None:
    assert parts(question) == []


def test_two_phrases_are_parts_if_no_chunk_treats_both() -> None:
    question = "rotate the encryption key every year and lift of a swept wing at supersonic speed"
    assert parts(question) == [], "without an index this cannot be told"
    assert parts(question, asked=True) == question.split(" and ")
    assert parts("bake sourdough bread slowly and a long cold fermentation with steam", asked=True) == []


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (
            "rotate the encryption key, lift of a swept wing or sourdough bread in an oven",
            ["rotate the encryption key", "lift of a swept wing", "sourdough bread in an oven"],
        ),
        ("compare the bread, keys and wing", ["the bread", "keys", "wing"]),
        ("rotate the encryption key every year, safely, and quickly", []),
        ("bread, oven and steam", []),
    ],
)
def test_the_commas_of_a_list_join_as_its_last_word_does(question: str, expected: list[str]) -> None:
    assert parts(question, asked=True) == expected


def test_three_subjects_and_the_most_parts() -> None:
    three = (
        "how do I rotate the encryption key every year and how do experts measure the lift of a swept wing and "
        "how long does sourdough bread need in the oven"
    )
    assert parts(three, asked=True) == three.split(" and ")
    assert (
        parts(three, QuerySettings(most_parts=2), asked=True)[:1] != []
        and len(parts(three, QuerySettings(most_parts=2), asked=True)) == 2
    )
    assert parts(three, QuerySettings(most_parts=1), asked=True) == []


def test_a_query_of_parts_is_left_alone() -> None:
    query = Query("a vs b", parts=(Query("x"),))
    assert decompose(query)[0] is query


def test_things_named_by_one_word_are_compared_by_their_best_chunk() -> None:
    small = Index.build(
        [{"id": "a", "text": "S3 stores objects."}, {"id": "b", "text": "EBS volumes attach to hosts."}]
    )
    query, span = decompose("What is the difference between S3 and EBS?", index=small)
    assert [part.text for part in query.parts] == ["S3", "EBS"] and span.details["gain"] > 1.5
    both = Index.build(
        [{"id": "a", "text": "S3 and EBS differ: objects or blocks."}, {"id": "b", "text": "Other things."}]
    )
    assert decompose("What is the difference between S3 and EBS?", index=both)[0].parts == ()
