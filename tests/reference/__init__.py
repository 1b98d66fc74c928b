"""Slow, plain twins of the fast paths: documentation that runs, and what every engine must equal."""
