"""What the core keeps of a chunk comes back as it was, or is refused."""

from __future__ import annotations

import pytest

from ragopt.errors import CorruptIndexError
from ragopt.index.stored import decode


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"not json\ntext", b'["d", "t", [0], {}]\nx', b'["d", "t", [0, 1], {}]\n\xff']
)
def test_bytes_of_another_program_are_a_typed_error(data: bytes) -> None:
    with pytest.raises(CorruptIndexError, match="chunk 'a'.*rebuild"):
        decode("a", data)
