"""The look of ``--help``: plain text in groups; boxes and colours would double the time it takes."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand, TyperGroup

NAMES_WIDTH = 26
"""Columns for the option and its value; a longer one stands on a line of its own."""


class Command(TyperCommand):
    """A command whose options are grouped under their ``rich_help_panel``."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Answer what follows the name: ``[OPTIONS] INPUTS...``."""
        arguments = (param for param in self.get_params(ctx) if param.param_type_name == "argument")
        return [self.options_metavar or "", *(str(argument.metavar) for argument in arguments)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write each group of parameters under its heading."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if param.param_type_name == "argument":
                groups.setdefault("Arguments", []).append((str(param.metavar), getattr(param, "help", "")))
            elif record is not None:
                groups.setdefault(getattr(param, "rich_help_panel", "") or "Options", []).append(record)
        for title in sorted(groups, key=lambda name: name == "Options"):  # the general ones last
            with formatter.section(title):
                formatter.write_dl(groups[title], col_max=NAMES_WIDTH)


class Group(TyperGroup):
    """The program, or a command with commands of its own, listed in the order they were written."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the commands first: they are what somebody without a command looks for."""
        self.format_commands(ctx, formatter)
        records = [record for param in self.get_params(ctx) if (record := param.get_help_record(ctx))]
        with formatter.section("Options"):
            formatter.write_dl(records, col_max=NAMES_WIDTH)

    def format_epilog(self, _ctx: Any, formatter: Any) -> None:
        """Write the epilog as it stands; wrapping would run its lines together."""
        if self.epilog:
            formatter.write("\n" + self.epilog.rstrip() + "\n")
