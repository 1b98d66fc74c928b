"""What happened to a question: spans with their times, collected into a Trace."""

from ragopt.observe.tracer import Tracer

__all__ = ["Tracer"]
