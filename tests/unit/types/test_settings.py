"""Settings: refused when they cannot be right, and the same after a round trip through TOML."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragopt.errors import InputError, ScoreKindError, SettingsError
from ragopt.types import (
    Bm25,
    Budget,
    GenerateSettings,
    Normalizer,
    Order,
    PackSettings,
    SearchSettings,
    Settings,
    Threshold,
)

fractions = st.floats(0, 1)
thresholds = st.one_of(
    st.none(), st.floats(-10, 10).map(lambda v: Threshold(v, kind="bounded")), st.floats(-10, 10), st.integers(0, 1)
)
searches = st.builds(
    SearchSettings,
    k=st.integers(0, 1000),
    alpha=st.none() | fractions,
    depth=st.integers(1, 5000),
    min_score=thresholds,
)
generates = st.builds(
    GenerateSettings,
    model=st.none() | st.text(st.characters(exclude_categories=["Cs"])),
    max_tokens=st.integers(1, 9999),
    temperature=st.none() | fractions,
    stop=st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=3).map(tuple),
)
packs = st.builds(PackSettings, tokens=st.integers(1, 10**6), order=st.sampled_from(Order))


@given(st.builds(Settings, search=searches, pack=packs, generate=generates))
def test_round_trip_through_toml(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> None:
    path = tmp_path_factory.mktemp("settings") / "ragopt.toml"
    settings.save(path, comment="tuned\non 60 queries")
    again = Settings.load(path)
    assert again.to_dict() == settings.to_dict()
    assert again.generate == settings.generate and again.pack == settings.pack


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[serach]\nk = 3", "Did you mean 'search'"),
        ("[search]\nkk = 3", "unknown key in .search."),
        ("[search]\nk = -1", "0 or more"),
        ("[search]\nk = true", "whole number"),
        ("[search]\nalpha = 1.5", "between 0 and 1"),
        ('[search]\nnormalizer = "minmx"', "Did you mean 'minmax'"),
        ('[search]\nnormalizer = "minmax"\nmin_score = 0.5', "relative to the query"),
        ("[search]\nmin_score = { value = 1 }", "kind"),
        ("search = 3", "must be a table"),
        ("[pack]\ntokens = 0", "1 or more"),
        ("not toml", "not a TOML file"),
    ],
)
def test_a_bad_file_is_refused_by_name(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "ragopt.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=says) as caught:
        Settings.load(path)
    assert "ragopt.toml" in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        Settings.load(tmp_path / "none.toml")


@pytest.mark.parametrize(
    "make",
    [
        lambda: Bm25(k1=-1),
        lambda: Bm25(b=1.1),
        lambda: Bm25(k1=float("nan")),
        lambda: Bm25(variant="bm26"),
        lambda: SearchSettings(k=1.5),  # type: ignore[arg-type]
        lambda: Threshold(float("inf")),
        lambda: Budget(),
        lambda: Budget(tokens=1, window=2),
        lambda: GenerateSettings(temperature=2),
    ],
)
def test_impossible_values_are_refused(make: Callable[[], Any]) -> None:
    with pytest.raises(InputError):
        make()


@pytest.mark.parametrize("normalizer", Normalizer)
def test_a_plain_threshold_needs_an_absolute_score(normalizer: Normalizer) -> None:
    if normalizer.absolute:
        assert Threshold.on(1, normalizer) == Threshold.on(1.0, normalizer) == 1.0
    else:
        with pytest.raises(ScoreKindError, match="bounded.*min_relevance"):
            Threshold.on(1, normalizer)
    assert Threshold.on(Threshold(0.5, kind=normalizer), normalizer) == 0.5
    with pytest.raises(ScoreKindError):
        Threshold.on(Threshold(0.5, kind=Normalizer.L2), Normalizer.BOUNDED)
