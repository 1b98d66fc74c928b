"""Amazon Bedrock: one client factory, and a generator over Converse and ConverseStream.

Needs `pip install "ragopt[bedrock]"`. Source of every shape: botocore's service model of bedrock-runtime.
"""

from ragopt.backends.bedrock.client import runtime_client
from ragopt.backends.bedrock.generator import BedrockGenerator

__all__ = ["BedrockGenerator", "runtime_client"]
