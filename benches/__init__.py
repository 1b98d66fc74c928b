"""ragopt beside its peers: the same data, the same run, one thread each. `python -m benches.run --help`."""
