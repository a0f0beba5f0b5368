"""What was found when a finished file was checked (Rich)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from masterify_cli import show, show_analysis
from masterify_cli.printing import printable

if TYPE_CHECKING:
    from masterify_core.checking import FileCheck, Finding, PlatformCheck

WORDS = {"error": ("FAIL", "bold red"), "warning": ("warn", "yellow"), "info": ("note", "cyan")}
PASSED, UNKNOWN = ("ok", "green"), ("?", "dim")


def file(name: str, checked: FileCheck, show_all: bool) -> None:
    """Draw what every platform's rules say of one file: what does not pass, or all of it with the sources."""
    values = checked.measurement.to_dict()
    depth = f"{checked.bit_depth} bit" if checked.bit_depth else ""
    loudness = show.number(values["integrated_lufs"], 1, "LUFS")
    peak = show.number(values["true_peak_dbtp"], 2, "dBTP")
    with show.page() as screen:
        show.heading(
            screen,
            name,
            *show_analysis.about(values),
            f"{checked.container} {depth}".strip(),
            f"{loudness}, {peak}",
        )
        for platform in checked.platforms:
            screen.print(_verdict(platform))
            shown = [each for each in platform.findings if show_all or each.passed is not True]
            screen.print(
                show.facts(((_word(each), _line(each)) for each in sorted(shown, key=_rank)), indent=4)
            )
            if show_all:
                screen.print(show.facts(_sources(platform), indent=4))
        screen.print()


def _verdict(platform: PlatformCheck) -> Text:
    errors, warnings = len(platform.failed("error")), len(platform.failed("warning"))
    word, style = ("does not pass", "bold red") if errors else ("passes", "green")
    said = f", {warnings} warning{'s' if warnings > 1 else ''}" if warnings else ""
    rules = f"  {len(platform.findings)} rules"
    return Text.assemble(
        (f"  {printable(platform.title)}", "bold"), "  ", (word, style), (said, "yellow"), (rules, "dim")
    )


def _word(finding: Finding) -> str:
    if finding.passed is None:
        return UNKNOWN[0]
    return PASSED[0] if finding.passed else WORDS[finding.severity][0]


def _rank(finding: Finding) -> int:
    """Place in the list: what failed worst comes first."""
    return len(WORDS) if finding.passed else list(WORDS).index(finding.severity)


def _line(finding: Finding) -> Text:
    style = UNKNOWN[1] if finding.passed is None else "" if finding.passed else WORDS[finding.severity][1]
    said = f": {finding.found}" if finding.found else ""
    line = Text.assemble((finding.title, style), printable(said))
    line.append(f"  {finding.confidence}", style="dim")
    return line


def _sources(platform: PlatformCheck) -> list[tuple[str, str]]:
    """What stands behind the rules, each once."""
    told = dict.fromkeys((each.confidence, f"{each.what} {each.url}".rstrip()) for each in platform.findings)
    return list(told)
