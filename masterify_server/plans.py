"""Plans: what an account may do and what a job costs, read from ``plans.toml``."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from masterify_core import schema
from masterify_core.errors import SettingError
from masterify_core.schema import Checked, Range

UNLIMITED = 2**31 - 1
"""What a limit is that does not exist: no account gets there."""

_Limit = Annotated[int, Range(1, UNLIMITED)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(Checked):
    """What an account of this plan may have at once, and how often it may ask.

    Attributes
    ----------
    api_keys, webhooks
        Keys that are not revoked; webhook endpoints of the account.
    requests_per_minute
        Of the account, over all its keys.
    concurrent_jobs
        Jobs that wait or run.
    """

    api_keys: _Limit = UNLIMITED
    requests_per_minute: _Limit = UNLIMITED
    webhooks: _Limit = UNLIMITED
    concurrent_jobs: _Limit = UNLIMITED


@dataclass(frozen=True, kw_only=True)
class Plans(Checked):
    """All plans from the smallest to the largest, and the credits that a job of each tier costs."""

    plans: dict[str, Plan]
    credits: dict[str, int]

    def check(self) -> None:
        """There is a plan, and no job pays credits out."""
        if not self.plans:
            raise SettingError("plans", "must hold a plan")
        for tier, cost in self.credits.items():
            if cost < 0:
                raise SettingError(f"credits.{tier}", f"must not be negative, got {cost}")

    def plan(self, name: str) -> Plan:
        """Look a plan up; `SettingError` names those that there are."""
        if name not in self.plans:
            raise SettingError("plan", f"{name!r} {schema.unknown(name, self.plans)}")
        return self.plans[name]

    def cost(self, tier: str) -> int:
        """Credits of one job, whatever the number of platforms."""
        return self.credits[tier]

    def lets_in(self, plan: str, lowest: str) -> bool:
        """Whether a plan is at least the lowest that a deployment lets in; the order is that of the file."""
        names = list(self.plans)
        return plan in names and names.index(plan) >= names.index(lowest)

    @cached_property
    def as_argument(self) -> str:
        """The limits as scripts of the store read them."""
        return json.dumps({name: schema.to_table(plan) for name, plan in self.plans.items()})


def load_plans(path: Path | None = None) -> Plans:
    """Read plans from a file, or those that come along.

    Raises
    ------
    SettingError
        e.g. ``plans.toml: plans.pro.webhooks must be 1 to 2.14748e+09, got 0``.
    """
    try:
        text = path.read_text(encoding="utf-8") if path else _shipped()
        return schema.build(Plans, tomllib.loads(text))
    except SettingError as error:
        raise error.found_in(path or "plans.toml") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingError("plans", f"cannot be read: {error}", str(path)) from None


@cache
def _shipped() -> str:
    return files("masterify_server").joinpath("plans.toml").read_text(encoding="utf-8")
