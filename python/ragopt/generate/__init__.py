"""From a Context to an Answer: the prompt of a model, and the citations in its reply."""

from ragopt.generate.citing import marks_of
from ragopt.generate.prompt import INSTRUCTIONS, Prompt, build_prompt, instructions_for

__all__ = ["INSTRUCTIONS", "Prompt", "build_prompt", "instructions_for", "marks_of"]
