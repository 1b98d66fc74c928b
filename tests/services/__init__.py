"""Servers for the tests, on the loopback address, started and stopped by the tests alone."""
