"""Amazon Bedrock: one client factory, a generator over Converse and ConverseStream, and CountTokens.

Needs `pip install "ragopt[bedrock]"`. Source of every shape: botocore's service model of bedrock-runtime.
"""

from ragopt.backends.bedrock.client import runtime_client
from ragopt.backends.bedrock.counting import TokenCounting
from ragopt.backends.bedrock.generator import BedrockGenerator

__all__ = ["BedrockGenerator", "TokenCounting", "runtime_client"]
