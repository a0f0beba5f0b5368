"""The mastering engine of masterify: its public names, each loaded when it is first used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from masterify_core.audio import Audio
    from masterify_core.errors import MasterifyError
    from masterify_core.files import Source, read
    from masterify_core.mastering import MasterResult, master, plan_song
    from masterify_core.metering.report import Levels, Measurement, measure
    from masterify_core.presets import Library
    from masterify_core.recipe import Recipe, read_recipe
    from masterify_core.request import MasterRequest

_HOMES = {
    "Audio": "audio", "MasterifyError": "errors", "Source": "files", "read": "files", "MasterResult": "mastering",
    "master": "mastering", "plan_song": "mastering", "Levels": "metering.report", "Measurement": "metering.report",
    "measure": "metering.report", "Library": "presets", "Recipe": "recipe", "read_recipe": "recipe",
    "MasterRequest": "request",
}  # fmt: skip

__all__ = [
    "Audio", "Levels", "Library", "MasterRequest", "MasterResult", "MasterifyError", "Measurement", "Recipe", "Source",
    "master", "measure", "plan_song", "read", "read_recipe",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load a public name: importing a part of the package must not cost the whole of it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
