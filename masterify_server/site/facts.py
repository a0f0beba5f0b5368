"""The numbers that the documentation names, taken from where the server takes them."""

from __future__ import annotations

from collections.abc import Mapping

from masterify_server import courier, links, outbound, probe
from masterify_server.services import Services
from masterify_server.site.pages import texts
from masterify_server.store import hooks, jobs, keys

UNITS = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))


def facts(services: Services, language: str) -> dict[str, str]:
    """What stands for placeholders in the texts, in words of a language."""

    def told(seconds: float) -> str:
        return duration(seconds, language)

    settings, plans, words = services.settings, services.plans, texts(language)["docs_page"]["credits"]
    return {
        "file_mb": f"{services.limits.file_bytes / 2**20:g}",
        "minutes": f"{probe.LONGEST_S / 60:g}",
        "keep_input": told(settings.keep_input_h * 3600),
        "keep_output": told(settings.keep_output_h * 3600),
        "keep_record": told(settings.keep_record_d * 86_400),
        "rotation": told(keys.ROTATION_GRACE_MS / 1000),
        "idempotency": told(jobs.IDEMPOTENCY_S),
        "timeout": told(outbound.TOTAL_S),
        "link": told(links.VALID_S),
        "schedule": ", ".join(told(each) for each in courier.SCHEDULE_S),
        "patience": told(courier.PATIENCE_MS / 1000),
        "keep": told(courier.KEEP_MS / 1000),
        "grace": told(hooks.SECRET_GRACE_MS / 1000),
        "costs": ", ".join(
            words["cost"].format(credits=cost, tier=tier) for tier, cost in plans.credits.items()
        ),
        "plan": settings.api_min_plan,
    }


def duration(seconds: float, language: str) -> str:
    """A time in words: in the largest unit that it is a whole number of; a day is 24 h.

    >>> [duration(seconds, "ko") for seconds in (5, 300, 36_000, 86_400, 604_800)]
    ['5초', '5분', '10시간', '1일', '7일']
    """
    words: Mapping[str, str] = texts(language)["duration"]
    for unit, size in UNITS:
        if seconds >= size and seconds % size == 0:
            return (
                words["day"]
                if (unit, seconds) == ("d", size)
                else words[unit].format(n=f"{seconds / size:g}")
            )
    return words["s"].format(n=f"{seconds:g}")
