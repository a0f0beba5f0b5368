"""Settings of a deployment, from the environment: checked at the start, every wrong one named."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from masterify_core.errors import SettingError
from masterify_server.data_folder import kept_secret

HOUR_MS = 3600 * 1000
DAY_MS = 24 * HOUR_MS

REDIS_SCHEMES = ("redis", "rediss", "unix")
SHORTEST_BUCKET = 3
"""Characters of a bucket's name (Amazon S3, "General purpose bucket naming rules")."""


class SettingsError(SettingError):
    """Settings that are wrong, all of them."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("settings", f"are wrong: {'; '.join(problems)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a deployment decides. Each field is an environment variable: ``MASTERIFY_`` and the field's name in capitals.

    Attributes
    ----------
    data_dir
        Uploads, masters and the embedded store of this machine.
    redis_url
        A Redis (7 or later) or Valkey (8 or later) to use instead of the embedded store; also read from ``REDIS_URL``.
        ``redis://``, ``rediss://`` or ``unix://``.
    bucket_url
        ``s3://bucket/prefix`` for uploads and masters instead of a folder in ``data_dir``; needed for several machines.
    bucket_endpoint
        Address of an S3-compatible service, e.g. ``http://files:8333``; Amazon's without it.
    bucket_region
        Region of the bucket; without it ``AWS_REGION`` counts.
    bucket_key_id, bucket_secret
        Who asks the bucket, both or neither; without them the usual AWS credentials count.
    public_url
        Where the outside reaches the service, for links in webhooks; by default where the job's request came in.
    secret
        Signs download links; by default made once and kept in ``data_dir``. Machines that share a store must share it.
    webhook_allow_hosts
        Host names that webhooks may reach although they are private, comma-separated.
    api_min_plan
        The lowest plan that may use the API.
    plans_file
        Plans instead of those that come along.
    keep_input_h
        Hours that an upload is kept after its job has ended.
    keep_output_h
        Hours that masters and reports are kept after their job has ended.
    keep_record_d
        Days that a job can still be read after its masters were deleted.
    job_memory_gb
        Memory of one job, GB beyond the worker's own; ten minutes at 192 kHz need about 5.
    job_cpu_s
        Processor seconds of one job; what takes longer has failed.
    """

    data_dir: Path = Path("masterify-data")
    redis_url: str | None = None
    bucket_url: str | None = None
    bucket_endpoint: str | None = None
    bucket_region: str | None = None
    bucket_key_id: str | None = None
    bucket_secret: str | None = None
    public_url: str | None = None
    secret: str | None = None
    webhook_allow_hosts: tuple[str, ...] = ()
    api_min_plan: str = "free"
    plans_file: Path | None = None
    keep_input_h: float = 24.0
    keep_output_h: float = 168.0
    keep_record_d: float = 90.0
    job_memory_gb: float = 6.0
    job_cpu_s: int = 1200

    @property
    def signing_secret(self) -> str:
        """`secret`, or the one of this data folder, made when it is first asked for."""
        return self.secret or kept_secret(self.data_dir)

    @property
    def embedded(self) -> bool:
        """Whether the store is a child of ``serve``."""
        return self.redis_url is None


def read_settings(environment: Mapping[str, str] | None = None, **given: Any) -> Settings:
    """Read the environment; what is ``given`` and not None (options of the command line) counts more.

    Raises
    ------
    SettingsError
        Names every wrong one, e.g. ``MASTERIFY_KEEP_INPUT_H must be a number of at least 0, got 'long'``.
    """
    environment = os.environ if environment is None else environment
    problems: list[str] = []
    values: dict[str, Any] = {}
    names = {f"MASTERIFY_{field.name.upper()}": field.name for field in fields(Settings)}
    for variable, name in names.items():
        text = environment.get(variable)
        if not text and name == "redis_url":
            variable, text = "REDIS_URL", environment.get("REDIS_URL")
        if not text:
            continue
        try:
            values[name] = _READERS.get(name, str)(text)
        except ValueError as error:
            shown = "(hidden)" if "secret" in name or "@" in text else repr(text)  # a URL may hold a password
            problems.append(f"{variable} {error}, got {shown}")
    problems += _unknown(environment, names) + _bucket_problems(environment)
    values.update({name: value for name, value in given.items() if value is not None})
    if problems:
        raise SettingsError(problems)
    settings = Settings(**values)
    # Links and other processes must find it from wherever they are.
    settings = replace(settings, data_dir=settings.data_dir.absolute())
    _check_plan(settings)
    return settings


def _bucket_problems(environment: Mapping[str, str]) -> list[str]:
    """Name what is said about a bucket when there is none, and half of a key."""
    here = {
        name
        for name in ("URL", "ENDPOINT", "REGION", "KEY_ID", "SECRET")
        if environment.get(f"MASTERIFY_BUCKET_{name}")
    }
    wrong = []
    if here and "URL" not in here:
        wrong += [
            f"MASTERIFY_BUCKET_{name} needs MASTERIFY_BUCKET_URL, which is not set" for name in sorted(here)
        ]
    if len(here & {"KEY_ID", "SECRET"}) == 1:
        wrong.append("MASTERIFY_BUCKET_KEY_ID and MASTERIFY_BUCKET_SECRET must be set together")
    return wrong


NOT_OURS = {
    "MASTERIFY_API_KEY", "MASTERIFY_API_URL", "MASTERIFY_CACHE_DIR", "MASTERIFY_DEBUG",
}  # fmt: skip
"""Variables that other parts of masterify read."""


def _unknown(environment: Mapping[str, str], names: Mapping[str, str]) -> list[str]:
    from masterify_core.schema import nearest

    wrong = []
    for variable in environment:
        if variable.startswith("MASTERIFY_") and variable not in names and variable not in NOT_OURS:
            meant = nearest(variable, names)
            if meant is not None:
                wrong.append(f"{variable} is unknown (did you mean {meant}?)")
    return wrong


def _check_plan(settings: Settings) -> None:
    from masterify_server.plans import load_plans

    plans = load_plans(settings.plans_file)
    if settings.api_min_plan not in plans.plans:
        known = ", ".join(plans.plans)
        raise SettingsError([f"MASTERIFY_API_MIN_PLAN must be one of {known}, got {settings.api_min_plan!r}"])


def _at_least(low: float, kind: Callable[[str], float] = float) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            number = kind(text)
        except ValueError:
            number = low - 1
        if not low <= number < 1e9:
            raise ValueError(f"must be a {'whole ' if kind is int else ''}number of at least {low:g}")
        return number

    return read


def _redis_url(text: str) -> str:
    problem = "must be an address such as redis://localhost:6379/0, rediss://... or unix:///run/valkey.sock"
    parts = _parts(text, problem)
    place = parts.path.strip("/")
    if parts.scheme not in REDIS_SCHEMES or not (
        place if parts.scheme == "unix" else place.isdigit() or not place
    ):
        raise ValueError(problem)
    import redis

    try:
        redis.ConnectionPool.from_url(text).make_connection()  # as the store will; this connects to nothing
    except (ValueError, TypeError):  # their texts may show a part of a password
        raise ValueError("has an option after the ? that is not known or has no such value") from None
    return text


def _bucket_url(text: str) -> str:
    problem = "must be s3://bucket or s3://bucket/prefix, the bucket's name of at least 3 characters"
    parts = _parts(text, problem)
    if parts.scheme != "s3" or len(parts.netloc) < SHORTEST_BUCKET:
        raise ValueError(problem)
    return text.rstrip("/")


def _endpoint(text: str) -> str:
    return _web_address(text, "https://s3.example.com")


def _public_url(text: str) -> str:
    return _web_address(text, "https://masterify.example")


def _web_address(text: str, example: str) -> str:
    problem = f"must be an address such as {example}"
    parts = _parts(text, problem)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(problem)
    return text.rstrip("/")


def _parts(text: str, problem: str) -> SplitResult:
    """An address taken apart; what is none is worded as the setting asks for it."""
    try:
        parts = urlsplit(text)
        _ = parts.port  # checked only when it is read
    except ValueError:
        raise ValueError(problem) from None
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(problem)
    return parts


def _secret(text: str) -> str:
    if len(text) < 32:
        raise ValueError("must have at least 32 characters")
    return text


def _hosts(text: str) -> tuple[str, ...]:
    hosts = tuple(host.strip().lower().rstrip(".") for host in text.split(",") if host.strip())
    if any("/" in host or " " in host for host in hosts):
        raise ValueError("must be host names separated by commas")
    return hosts


_READERS: Mapping[str, Callable[[str], Any]] = {
    "data_dir": Path,
    "plans_file": Path,
    "redis_url": _redis_url,
    "bucket_url": _bucket_url,
    "bucket_endpoint": _endpoint,
    "public_url": _public_url,
    "secret": _secret,
    "webhook_allow_hosts": _hosts,
    "keep_input_h": _at_least(0),
    "keep_output_h": _at_least(0),
    "keep_record_d": _at_least(0),
    "job_memory_gb": _at_least(0.5),
    "job_cpu_s": _at_least(10, int),
}
