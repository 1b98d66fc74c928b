"""Why orders for variety are options, and that dropping duplicates costs nothing (benches/variety.py)."""

from __future__ import annotations

import numpy as np
import pytest

from benches.judged import COLLECTIONS
from benches.variety import overlapping, recall_change

pytestmark = [pytest.mark.collections, pytest.mark.slow]


def test_variety_costs_recall_and_duplicates_do_not() -> None:
    means = {
        order: np.mean([recall_change(order, name) for name in COLLECTIONS])
        for order in ("mmr = 0.7", "facility_location = 0.5", "duplicates = 0.9")
    }
    assert means["mmr = 0.7"] < -0.03, means
    assert means["facility_location = 0.5"] < 0, means
    assert means["duplicates = 0.9"] >= 0, means  # what is dropped is cited, and makes room


@pytest.mark.parametrize(("name", "least"), [("cranfield", 0.02), ("scifact", 0.02)])
def test_overlapping_windows_cost_tokens_that_duplicates_save(name: str, least: float) -> None:
    saved, change = overlapping(name)
    assert saved >= least and change == 0
