"""The words of a language that a question is read by. Ours, small, and meant to be read.

To add a language, write a Lexicon in a file of its own and name it in LEXICONS.
"""

from ragopt.query.lexicon.english import ENGLISH
from ragopt.query.lexicon.types import Lexicon
from ragopt.query.lexicon.vietnamese import VIETNAMESE

__all__ = ["LEXICONS", "Lexicon"]

LEXICONS = {"en": ENGLISH, "vi": VIETNAMESE}
