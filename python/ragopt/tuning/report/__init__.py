"""The tuning report: one HTML file that needs nothing from elsewhere."""

from ragopt.tuning.report.page import Section, page

__all__ = ["Section", "page"]
