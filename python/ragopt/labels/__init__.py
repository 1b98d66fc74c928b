"""Labels that a model makes: questions about chunks, and grades of pairs."""

from ragopt.labels.sampling import sample_chunks

__all__ = ["sample_chunks"]
