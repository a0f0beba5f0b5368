"""The recipe: what will be done to a song and why, as data that prints, saves, edits and replays."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from masterify_core.budget import USUAL_BUDGET, Budget
from masterify_core.chain import STAGES, Stage
from masterify_core.errors import NoPermissionError, NotFoundError, SettingError
from masterify_core.files import write_text
from masterify_core.preset_platform import Codec
from masterify_core.schema import Checked, Count, Range, build, to_table
from masterify_core.stages.limiter import Limiter

FORMAT = 1
LARGEST_BYTES = 1 << 20  # a recipe is a page of text; anything larger is another file


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Checked):
    """A stage that is used: its name in `chain.STAGES`, its settings, and the reason."""

    stage: str
    settings: dict[str, Any]
    reason: str

    def check(self) -> None:
        """The stage exists and takes these settings."""
        self.made()

    def made(self) -> Stage:
        """Answer the stage itself."""
        if self.stage not in STAGES:
            raise SettingError("stage", f"{self.stage!r} is unknown; known are {', '.join(STAGES)}")
        try:
            return build(STAGES[self.stage], self.settings)
        except SettingError as error:
            raise SettingError(f"settings.{error.key}", error.problem) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped(Checked):
    """A stage that is not used, and the reason."""

    stage: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order(Checked):
    """What is delivered to a platform.

    Attributes
    ----------
    platform, title
        Name of the preset, and its name for people.
    loudness_lufs
        Integrated loudness to meet.
    limiter
        Ceiling and limiter settings.
    bit_depth
        Of WAV and FLAC files.
    sample_rate
        Hz; without it the song's own.
    codecs, codec_check
        What listeners get, and how much of the master is sent through these codecs: nothing, the places
        nearest to the ceiling, all of it.
    budget
        What the loudness may cost.
    serves
        Names of the platforms that this one file serves; none if it is made for its own platform.
    reason
        Where the numbers come from.
    """

    platform: str
    title: str
    loudness_lufs: Annotated[float, Range(-40.0, -5.0, "LUFS")]
    limiter: Limiter
    bit_depth: Literal["16", "24", "32f"] = "24"
    sample_rate: Annotated[int, Range(8000, 192_000, "Hz")] | None = None
    codecs: Annotated[tuple[Codec, ...], Count(0, 20)] = ()
    codec_check: Literal["off", "hot", "full"] = "off"
    budget: Budget = USUAL_BUDGET
    serves: Annotated[tuple[str, ...], Count(0, 100)] = ()
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe(Checked):
    """Everything that decides how a master sounds, besides the song."""

    format: Annotated[int, Range(FORMAT, FORMAT)] = FORMAT
    genre: str
    ai_service: str
    tier: str
    intensity: Annotated[float, Range(0.0, 100.0)]
    steps: tuple[Step, ...]
    skipped: tuple[Skipped, ...] = ()
    deliveries: Annotated[tuple[Order, ...], Count(1, 100)]
    notes: tuple[str, ...] = ()

    def stages(self) -> Sequence[Stage]:
        """Answer the stages in order."""
        return [step.made() for step in self.steps]

    def order(self, platform: str) -> Order:
        """Answer what is delivered to a platform.

        Raises
        ------
        SettingError
            e.g. ``deliveries has no 'tidal'; it has spotify, melon``.
        """
        for order in self.deliveries:
            if order.platform == platform:
                return order
        known = ", ".join(order.platform for order in self.deliveries)
        raise SettingError("deliveries", f"has no {platform!r}; it has {known}")

    def to_dict(self) -> dict[str, Any]:
        """JSON values; `read_recipe` reads them back to an equal recipe."""
        table: dict[str, Any] = to_table(self)
        return table


def read_recipe(path: str | Path) -> Recipe:
    """Read a saved recipe.

    Raises
    ------
    SettingError
        A mistake names the file and the key, e.g. ``my.json: steps[0].settings.db must have ...``.
    NotFoundError, NoPermissionError
        The file cannot be read.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST_BYTES + 1)
        if len(text) > LARGEST_BYTES:
            raise SettingError("recipe", "is larger than 1 MB: not a recipe", path.name)
        table = json.loads(text.decode("utf-8"))
        return build(Recipe, table)
    except PermissionError:
        raise NoPermissionError(path, "cannot be read: no permission") from None
    except OSError as error:
        raise NotFoundError(path, f"cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise SettingError("recipe", f"is not JSON: {error}", path.name) from None
    except SettingError as error:
        raise error if error.source else error.found_in(path.name) from None


def write_recipe(recipe: Recipe, path: Path, *, overwrite: bool) -> None:
    """Write a recipe as JSON, whole or not at all.

    Raises
    ------
    OutputError
        It exists already, or cannot be written.
    """
    text = json.dumps(recipe.to_dict(), ensure_ascii=False, indent=2) + "\n"
    write_text(text, path, overwrite=overwrite)
