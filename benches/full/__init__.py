"""ragopt at a million chunks beside its peers, in parts that go on where they were left. `make bench-full`."""
