"""Fit the model that tells whether a corpus can answer a question: `python -m benches.fit_scope`.

Reads the collections of ../shared, but not aws-passages, on which the model is judged
(tests/collections/test_scope.py). A question is answerable in its own collection; it is not in the others
("foreign"), nor in its own when every relevant chunk is taken away ("removed": what is left is about the same
subjects, so these are the hard ones). Prints the coefficients for ragopt.query.scope, and what leaving one
collection out at a time says of them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ragopt import Index
from ragopt.query.evidence import BEST, Evidence, weigh
from ragopt.query.scope import FEATURES, features
from tests.collections.data import load
from tests.shared import shared

ENGLISH = ("cranfield", "cisi", "vaswani", "scifact", "xquad-en", "chroma-chunking", "multihop-wiki")
VIETNAMESE = ("xquad-vi", "vicov19qa")
ASKED = 60  # questions a collection
FOREIGN = 12  # questions of each other collection
PENALTY = 1.0


def without(evidence: Evidence, hits: object, relevant: set[str]) -> Evidence:
    """The evidence as if the relevant chunks were not there; df and mean length hardly move."""
    left = [hit for hit in hits if hit.id not in relevant][:BEST]  # type: ignore[attr-defined]
    scale = evidence.scores[0] / evidence.bounded[0] if evidence.bounded and evidence.bounded[0] else 1.0
    scores = tuple(hit.lexical for hit in left)
    return replace(evidence, scores=scores, bounded=tuple(score / scale for score in scores))


def examples(name: str, others: dict[str, list[str]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, answerable or not, and weights (each of the three kinds weighs the same)."""
    data = load(shared("collections", name), qrels="dev" if name == "vicov19qa" else "test")
    index = Index.build(data.documents, analyzer="multilingual")
    draw = np.random.default_rng(0)
    ids = [list(data.queries)[i] for i in draw.permutation(len(data.queries))[:ASKED]]
    own = weigh(index, [data.queries[id_] for id_ in ids])
    deep = index.search_many([data.queries[id_] for id_ in ids], k=200, alpha=0)
    removed = [without(e, hits, set(data.qrels[id_])) for e, hits, id_ in zip(own, deep, ids, strict=True)]
    foreign = weigh(index, [text for other, texts in others.items() if other != name for text in texts])
    kinds = [(own, 1.0, 1.0), (removed, 0.0, 0.5), (foreign, 0.0, 0.5)]
    x = np.array([features(e) for kind, _, _ in kinds for e in kind])
    y = np.concatenate([np.full(len(kind), label) for kind, label, _ in kinds])
    w = np.concatenate([np.full(len(kind), share / len(kind)) for kind, _, share in kinds])
    return x, y, w


def fit(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Weighted logistic regression with a small ridge on all but the constant, by Newton's method."""
    x1, w = np.column_stack([np.ones(len(x)), x]), w / w.mean()
    beta = np.zeros(x1.shape[1])
    ridge = PENALTY * np.r_[0.0, np.ones(x.shape[1])]
    for _ in range(100):
        p = 1 / (1 + np.exp(-(x1 @ beta)))
        step = np.linalg.solve(
            (x1 * (w * p * (1 - p))[:, None]).T @ x1 + np.diag(ridge), x1.T @ (w * (y - p)) - ridge * beta
        )
        beta += step
        if np.abs(step).max() < 1e-10:
            break
    return beta


def auc(good: np.ndarray, bad: np.ndarray) -> float:
    """The chance that a good one scores above a bad one; ties count half."""
    above = good[:, None] - bad[None]
    return float((above > 0).mean() + 0.5 * (above == 0).mean())


def main() -> None:
    asked: dict[str, list[str]] = {}
    for name in ENGLISH + VIETNAMESE:
        queries = list(
            load(shared("collections", name), qrels="dev" if name == "vicov19qa" else "test").queries.values()
        )
        draw = np.random.default_rng(1)
        asked[name] = [queries[i] for i in draw.permutation(len(queries))[:FOREIGN]]
    parts = {name: examples(name, asked) for name in ENGLISH + VIETNAMESE}
    print("left out          AUC foreign  AUC removed")
    for name, (x, y, w) in parts.items():
        rest = [part for other, part in parts.items() if other != name]
        beta = fit(*(np.concatenate([part[i] for part in rest]) for i in range(3)))
        p, own = x @ beta[1:] + beta[0], y == 1
        foreign = ~own & (w == w[-1]) & (np.arange(len(y)) >= 2 * own.sum())
        removed = ~own & (np.arange(len(y)) < 2 * own.sum())
        print(f"{name:18}{auc(p[own], p[foreign]):10.3f}{auc(p[own], p[removed]):13.3f}")
    beta = fit(*(np.concatenate([part[i] for part in parts.values()]) for i in range(3)))
    for name, value in zip(("constant", *FEATURES), beta, strict=True):
        print(f"    {name!r}: {value:.3f},")


if __name__ == "__main__":
    main()
