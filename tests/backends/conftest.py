"""The servers that the tests of the backends talk to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services import ministack
from tests.services.fake_bedrock import FakeBedrock, fake_bedrock
from tests.shared import in_ci


@pytest.fixture(scope="session")
def ministack_url() -> Iterator[str]:
    """The address of a running ministack. A package that cannot be had is a skip, but never in CI."""
    try:
        ministack.install(ministack.cache())
    except ministack.InstallError as error:
        message = f"ministack cannot be installed: {error}"
        if in_ci():
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    with ministack.running() as url:
        yield url


@pytest.fixture(scope="session")
def _fake() -> Iterator[FakeBedrock]:
    with fake_bedrock() as fake:
        yield fake


@pytest.fixture
def fake(_fake: FakeBedrock) -> FakeBedrock:
    """Our own bedrock-runtime, with an empty plan."""
    _fake.reset()
    return _fake
