"""Fit the prior of relevance, print how well it orders what it never saw, and write it.

`python -m benches.fit_relevance`. For each way of searching (hybrid, lexical, dense) one logistic model over the first
50 hits of the judged questions of cranfield, cisi, vaswani and scifact; every collection weighs the same.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benches.data import ROOT
from benches.judged import COLLECTIONS, Judged, judged
from ragopt.prune.relevance import FEATURES, Model, features, fit

PRIOR = Path(ROOT) / "python" / "ragopt" / "prune" / "prior.json"
WAYS: dict[str, float | None] = {"hybrid": None, "lexical": 0.0, "dense": 1.0}


def prior(collections: Sequence[Judged]) -> Model:
    """The model of those collections together."""
    rows, truth, weights = [], [], []
    for collection in collections:
        mine = [one for one in collection.labelled if len(one.hits)]
        rows.append(np.concatenate([features(one.hits) for one in mine]))
        truth.append(np.concatenate([[one.grades.get(hit.id, 0) > 0 for hit in one.hits] for one in mine]))
        weights.append(np.full(len(rows[-1]), 1.0 / len(rows[-1])))
    joined = np.concatenate(weights)
    joined *= len(joined) / joined.sum()
    return fit(np.concatenate(rows), np.concatenate(truth).astype(np.float64), joined)


def separation(model: Model, collection: Judged) -> float:
    """The chance that a relevant hit stands above one that is not (the area under the ROC curve)."""
    odds = np.concatenate([model.log_odds(features(one.hits)) for one in collection.labelled if len(one.hits)])
    truth = np.concatenate(
        [[one.grades.get(hit.id, 0) > 0 for hit in one.hits] for one in collection.labelled if len(one.hits)]
    )
    ranks = odds.argsort().argsort() + 1
    positive = int(truth.sum())
    return float((ranks[truth].sum() - positive * (positive + 1) / 2) / (positive * (len(truth) - positive)))


def main() -> None:
    models = {}
    for way, alpha in WAYS.items():
        all_of = [judged(name, alpha=alpha) for name in COLLECTIONS]
        for left_out in all_of:
            model = prior([one for one in all_of if one is not left_out])
            print(f"{way:8} {left_out.name:10} AUC {separation(model, left_out):.3f} by a model of the others")
        models[way] = prior(all_of)._asdict()
    provenance = {
        "made_by": "python -m benches.fit_relevance",
        "date": datetime.now(UTC).date().isoformat(),
        "collections": {name: len(judged(name).labelled) for name in COLLECTIONS},
        "hits_a_question": 50,
        "normalizer": "bounded",
        "features": FEATURES,
    }
    rounded = json.loads(
        json.dumps({"provenance": provenance, "models": models}), parse_float=lambda x: round(float(x), 6)
    )
    PRIOR.write_text(json.dumps(rounded, indent=1) + "\n", encoding="utf-8")
    print(f"written: {PRIOR}")


if __name__ == "__main__":
    main()
