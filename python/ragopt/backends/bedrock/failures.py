"""What goes wrong in a call, as ragopt's errors: AWS's own code and request id are kept, and a cure is named."""

from __future__ import annotations

from typing import Any

from ragopt.backends.bedrock.converse import StreamedReply, request_id_of
from ragopt.errors import GenerationError, IncompleteAnswerError, InputError, MissingExtraError, RagoptError

try:
    import botocore.exceptions as aws
    from botocore.eventstream import ParserError
    from urllib3.exceptions import HTTPError
    from urllib3.exceptions import TimeoutError as SilenceError
except ModuleNotFoundError as error:
    raise MissingExtraError.of("Amazon Bedrock", "bedrock") from error

__all__ = ["CALL_FAILURES", "STREAM_FAILURES", "is_worth_another_try", "of_call", "of_stream"]

CALL_FAILURES = (aws.ClientError, aws.BotoCoreError)
# A stream that breaks raises urllib3's errors as they are, and a damaged frame one that is neither.
STREAM_FAILURES = (aws.ClientError, aws.BotoCoreError, HTTPError, ParserError, OSError)

_CURES = {
    "AccessDeniedException": "allow {action} on this model, and enable the model for the account",
    "ExpiredTokenException": "renew the credentials",
    "ModelErrorException": "the model failed on this request: ask again, or change the prompt",
    "ModelNotReadyException": "an imported model is being loaded, which takes minutes: ask again later",
    "ModelTimeoutException": "the model took too long: lower max_tokens or stream",
    "ResourceNotFoundException": "check the model id, and that this region has it",
    "ServiceQuotaExceededException": "ask for a higher quota in Service Quotas",
    "ThrottlingException": "lower the concurrency or max_tokens, or ask for a higher quota in Service Quotas",
    "UnrecognizedClientException": "check the credentials",
}
_PASSING = {
    "ThrottlingException",
    "ServiceUnavailableException",
    "InternalServerException",
    "ModelStreamErrorException",
}


def of_call(error: Exception, model: str, action: str = "bedrock:InvokeModel") -> RagoptError:
    """The error for a call that brought no answer; `action` is the permission that it needs."""
    if isinstance(error, aws.ClientError):
        code, request_id = _code(error), request_id_of(error.response)
        request = f" (request {request_id})" if request_id else ""
        retries = error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0)
        attempts = f" after {retries + 1} attempts" if retries else ""
        message = f"{model}: {code}: {_message(error)}{request}{attempts}{_cure(error, action)}"
        return GenerationError(message, code=code, request_id=request_id)
    if isinstance(error, aws.ParamValidationError):
        return InputError(f"{model}: the request cannot be right: {error}")
    if isinstance(error, aws.NoCredentialsError | aws.PartialCredentialsError):
        return GenerationError(f"{model}: no AWS credentials were found: set them as for any use of boto3 ({error})")
    if isinstance(error, aws.ReadTimeoutError):
        return GenerationError(
            f"{model}: no answer came within the read time-out ({error}). Stream the answer, lower max_tokens, or make "
            f"the client with a longer read_timeout. The call may have been billed"
        )
    return GenerationError(f"{model}: the call failed: {error}")


def of_stream(error: Exception, model: str, reply: StreamedReply) -> IncompleteAnswerError:
    """The error for a stream that broke, with the text so far."""
    code = None
    request = f" (request {reply.request_id})" if reply.request_id else ""
    if isinstance(error, aws.ClientError):
        code = _code(error)
        message = f"{model}: the stream broke with {code}: {_message(error)}{request}{_cure(error)}"
    else:
        fault = "fell silent" if _is_silence(error) else "was cut"
        message = f"{model}: the stream {fault}{request}: {error}. What came is in .text: ask again"
    return IncompleteAnswerError(message, text=reply.text, usage=reply.usage, code=code, request_id=reply.request_id)


def is_worth_another_try(error: Exception) -> bool:
    """Whether the same request may well succeed: not after a silence, for the model may be at work still."""
    if isinstance(error, aws.ClientError):
        return _code(error) in _PASSING
    return not _is_silence(error)


def _is_silence(error: Exception) -> bool:
    return isinstance(error, SilenceError | aws.ReadTimeoutError | TimeoutError)


def _code(error: aws.ClientError) -> str | None:
    """AWS's code in one spelling: inside a stream its first letter is small."""
    code: Any = error.response.get("Error", {}).get("Code")
    return code[0].upper() + code[1:] if code else None


def _message(error: aws.ClientError) -> str:
    return error.response.get("Error", {}).get("Message") or "no message"


def _cure(error: aws.ClientError, action: str = "bedrock:InvokeModel") -> str:
    cure = _CURES.get(_code(error) or "", "").format(action=action)
    if "on-demand throughput" in _message(error):
        cure = "use the id of an inference profile of this model"
    return f". {cure[0].upper()}{cure[1:]}" if cure else ""
