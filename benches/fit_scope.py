"""Fit the model that tells whether a corpus can answer a question: `python -m benches.fit_scope`.

Reads the collections of ../shared, but not aws-passages, on which the model is judged
(tests/collections/test_query_steps.py). A question is answerable in its own collection; it is not in the others
("foreign"), nor in its own when every relevant chunk is taken away ("removed": what is left is about the same
subjects, so these are the hard ones). Each collection is indexed twice, by documents and by sentences, as short
chunks have lower scores that say as much. Prints the weights for ragopt.query.scope, and what leaving one collection
out at a time says of them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ragopt import Document, Hits, Index
from ragopt.query.evidence import BEST, Evidence, weigh
from ragopt.query.scope import FEATURES, features
from tests.collections.data import Collection, load
from tests.shared import shared

Numbers = npt.NDArray[np.float64]

NAMES = (
    "cranfield",
    "cisi",
    "vaswani",
    "scifact",
    "xquad-en",
    "chroma-chunking",
    "multihop-wiki",
    "xquad-vi",
    "vicov19qa",
)
OWN, REMOVED, FOREIGN = range(3)
ASKED = 60  # questions a collection
FOREIGN_ASKED = 12  # questions of each other collection
PENALTY = 1.0


def collection(name: str) -> Collection:
    """One of them."""
    return load(shared("collections", name), qrels="dev" if name == "vicov19qa" else "test")


def some(data: Collection, count: int, seed: int) -> list[str]:
    """The ids of `count` of its questions."""
    order = np.random.default_rng(seed).permutation(len(data.queries))
    return [list(data.queries)[i] for i in order[:count]]


def sentences(documents: Sequence[Document]) -> list[Document]:
    """Every sentence as a document of its own."""
    cut = ((document.id, re.split(r"(?<=[.!?])\s+", document.text)) for document in documents)
    return [Document(f"{id_}#{i}", text) for id_, texts in cut for i, text in enumerate(texts) if text]


def without(evidence: Evidence, hits: Hits, relevant: Mapping[str, int]) -> Evidence:
    """The evidence as if the relevant documents were not there; df and mean length hardly move."""
    left = [hit for hit in hits if hit.id not in relevant and hit.id.rpartition("#")[0] not in relevant][:BEST]
    return replace(evidence, scores=tuple(hit.lexical or 0.0 for hit in left), bounded=tuple(hit.score for hit in left))


def examples(name: str, asked: Mapping[str, Sequence[str]]) -> tuple[Numbers, Numbers]:
    """Features of each question, and which kind of question it is."""
    data = collection(name)
    ids = some(data, ASKED, 0)
    texts = [data.queries[id_] for id_ in ids]
    rows, kinds = [], []
    for documents in (data.documents, sentences(data.documents)):
        index = Index.build(documents, analyzer="multilingual")
        own = weigh(index, texts)
        deep = index.search_many(texts, k=200, alpha=0)
        removed = [without(e, hits, data.qrels[id_]) for e, hits, id_ in zip(own, deep, ids, strict=True)]
        foreign = weigh(index, [text for other, others in asked.items() if other != name for text in others])
        for kind, found in ((OWN, own), (REMOVED, removed), (FOREIGN, foreign)):
            rows += [features(evidence) for evidence in found]
            kinds += [kind] * len(found)
    return np.array(rows), np.array(kinds)


def fit(parts: Sequence[tuple[Numbers, Numbers]]) -> Numbers:
    """Weighted logistic regression with a small ridge on all but the constant, by Newton's method.

    Answerable questions weigh as much as the others together, of which both kinds weigh the same.
    """
    x = np.concatenate([part[0] for part in parts])
    kinds = np.concatenate([part[1] for part in parts])
    share = np.choose(
        kinds, [1.0 / (kinds == OWN).sum(), 0.5 / (kinds == REMOVED).sum(), 0.5 / (kinds == FOREIGN).sum()]
    )
    w, y = share / share.mean(), (kinds == OWN).astype(float)
    x1 = np.column_stack([np.ones(len(x)), x])
    ridge = PENALTY * np.r_[0.0, np.ones(x.shape[1])]
    beta = np.zeros(x1.shape[1])
    for _ in range(100):
        p = 1 / (1 + np.exp(-(x1 @ beta)))
        curvature = (x1 * (w * p * (1 - p))[:, None]).T @ x1 + np.diag(ridge)
        step = np.linalg.solve(curvature, x1.T @ (w * (y - p)) - ridge * beta)
        beta += step
        if np.abs(step).max() < 1e-10:
            break
    return beta


def auc(good: Numbers, bad: Numbers) -> float:
    """The chance that a good one scores above a bad one; ties count half."""
    above = good[:, None] - bad[None]
    return float((above > 0).mean() + 0.5 * (above == 0).mean())


def main() -> None:
    asked = {
        name: [collection(name).queries[id_] for id_ in some(collection(name), FOREIGN_ASKED, 1)] for name in NAMES
    }
    parts = {name: examples(name, asked) for name in NAMES}
    sys.stdout.write("left out          AUC foreign  AUC removed\n")
    for name, (x, kinds) in parts.items():
        beta = fit([part for other, part in parts.items() if other != name])
        p = x @ beta[1:] + beta[0]
        foreign, removed = (auc(p[kinds == OWN], p[kinds == kind]) for kind in (FOREIGN, REMOVED))
        sys.stdout.write(f"{name:18}{foreign:10.3f}{removed:13.3f}\n")
    for feature, weight in zip(("constant", *FEATURES), fit(list(parts.values())), strict=True):
        sys.stdout.write(f'    "{feature}": {weight:.3f},\n')


if __name__ == "__main__":
    main()
