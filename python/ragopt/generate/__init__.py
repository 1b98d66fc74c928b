"""From a Context to an Answer: the prompt, and the call of a model behind protocols.Generator."""

from ragopt.generate.prompt import Prompt, build_prompt

__all__ = ["Prompt", "build_prompt"]
