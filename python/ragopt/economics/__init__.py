"""What a question costs."""

from ragopt.economics.prices import DEFAULT_MODEL, Price, cost, price
from ragopt.economics.question import QuestionCost

__all__ = ["DEFAULT_MODEL", "Price", "QuestionCost", "cost", "price"]
