"""One place where a Bedrock client is made, with sound defaults for retries, pool and time-outs."""

from __future__ import annotations

from typing import Any

from ragopt.errors import InputError, MissingExtraError
from ragopt.types.parameters import finite, whole

try:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, NoRegionError, ReadTimeoutError
except ModuleNotFoundError as error:
    raise MissingExtraError.of("Amazon Bedrock", "bedrock") from error

__all__ = ["control_client", "runtime_client"]


def runtime_client(
    *,
    region: str | None = None,
    endpoint_url: str | None = None,
    attempts: int = 3,
    connections: int = 20,
    connect_timeout: float = 5.0,
    read_timeout: float = 60.0,
) -> Any:
    """A bedrock-runtime client of boto3: make it once and share it between threads.

    Credentials and, unless given, the region come from where boto3 looks for them. `attempts` counts
    the first try; botocore's standard mode waits between them with full jitter and stops when a
    client-wide retry budget is spent. `connections` is how many sockets are kept for reuse: set it
    to your concurrency. `connect_timeout` and `read_timeout` are seconds; the latter is the longest
    silence, so for a reply that isn't streamed the whole time that the model takes.

    A read time-out isn't retried, unlike in boto3's own clients: the model may be writing still, and
    every attempt is billed (three requests for one, measured). Stream long answers, or raise it.

    Raises InputError for a missing region or an endpoint that is no URL.
    """
    config = Config(
        retries={"mode": "standard", "total_max_attempts": whole("attempts", attempts, least=1)},
        max_pool_connections=whole("connections", connections, least=1),
        connect_timeout=_seconds("connect_timeout", connect_timeout),
        read_timeout=_seconds("read_timeout", read_timeout),
        tcp_keepalive=True,
        user_agent_extra="ragopt",
    )
    client = _made("bedrock-runtime", region, endpoint_url, config)
    # botocore takes the first answer that isn't None, and False means: don't retry.
    client.meta.events.register_first("needs-retry.bedrock-runtime", _stop_at_a_read_timeout)
    return client


def control_client(*, region: str | None = None, endpoint_url: str | None = None) -> Any:
    """A client of bedrock, the control plane, for what is asked once. Raises InputError as `runtime_client` does."""
    config = Config(retries={"mode": "standard"}, connect_timeout=5, read_timeout=20, user_agent_extra="ragopt")
    return _made("bedrock", region, endpoint_url, config)


def _made(service: str, region: str | None, endpoint_url: str | None, config: Config) -> Any:
    try:
        # A session of its own: boto3's default one isn't safe to share between threads, a client is.
        return boto3.session.Session(region_name=region).client(service, endpoint_url=endpoint_url, config=config)
    except NoRegionError:
        raise InputError("no AWS region: pass region=, or set AWS_REGION or a region in the AWS profile") from None
    except (BotoCoreError, ValueError) as error:
        raise InputError(
            f"no Bedrock client can be made with region={region!r}, endpoint_url={endpoint_url!r}: {error}"
        ) from error


def _stop_at_a_read_timeout(caught_exception: Exception | None, **_: Any) -> bool | None:
    return False if isinstance(caught_exception, ReadTimeoutError) else None


def _seconds(name: str, value: float) -> float:
    seconds = finite(name, value)
    if seconds <= 0:
        raise InputError(f"{name}={seconds}: must be more than 0 seconds")
    return seconds
