"""Engines that others wrote, as oracles: on the same input they must give the same numbers."""
