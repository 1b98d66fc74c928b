"""What every test gets: hypothesis profiles, the test data's place, and a home of its own."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from tests.shared import shared

__all__ = ["shared"]

# `fast` is the default; `pytest --hypothesis-profile=slow` looks twenty times harder (a nightly run).
# A first call may compile or load a model, so no example has a deadline.
# `fast` draws the same examples every time, so that a green run stays green; `slow` draws new ones.
settings.register_profile(
    "fast", max_examples=100, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("slow", settings.get_profile("fast"), max_examples=2000, derandomize=False, print_blob=True)
settings.load_profile("fast")


@pytest.fixture(autouse=True)
def _no_real_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reaches a real AWS account: dummy keys, no profile, no instance metadata."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_BEARER_TOKEN_BEDROCK", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
