"""A small corpus of our own on three subjects, for the steps that ask an index."""

from __future__ import annotations

from functools import cache
from itertools import product

from ragopt import Document, Index

SUBJECTS = {
    "keys": ("rotate", "encryption key", "every year by a policy of the key management service"),
    "wings": ("measure", "lift of a swept wing", "in a supersonic wind tunnel at high angles of attack"),
    "bread": ("bake", "sourdough bread", "in a hot oven with steam after a long cold fermentation"),
}


@cache
def index() -> Index:
    """240 chunks: enough for the scope model."""
    documents = [
        Document(f"{subject}{i}", f"{opening} {verb} the {thing} {rest}. {note}", metadata={"subject": subject})
        for subject, (verb, thing, rest) in SUBJECTS.items()
        for i, (opening, note) in enumerate(
            product(
                ("You can", "We", "Experts", "To save work,", "Never", "On request they", "Some", "How teams"),
                (
                    "It takes an hour.",
                    "It is quick and safe.",
                    "See the manual of the maker.",
                    "Results differ from day to day.",
                    "Old records were kept.",
                    "Costs are low.",
                    "A report follows.",
                    "This needs practice.",
                    "Nobody has to watch.",
                    "Begin early.",
                ),
            )
        )
    ]
    return Index.build(documents, analyzer="english")
