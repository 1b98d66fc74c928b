"""What a question costs."""

from ragopt.economics.prices import DEFAULT_MODEL, Price, cost, price

__all__ = ["DEFAULT_MODEL", "Price", "cost", "price"]
