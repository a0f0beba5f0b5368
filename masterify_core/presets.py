"""The library of presets: TOML files to platforms, genres, AI sources and tiers, found by name.

Folders are looked through in this order, and a later file of the same name replaces an earlier one
whole: the presets that come with masterify, the user's (`user_presets_dir`), then those asked for.
A file is parsed when its name is asked for, so that no command pays for presets it does not use.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from masterify_core import schema
from masterify_core.errors import SettingError, UnknownNameError
from masterify_core.preset_platform import (
    Accepts,
    Codec,
    Confidence,
    Platform,
    Playback,
    PlaybackMode,
    Source,
)
from masterify_core.preset_sound import NINE_BANDS_HZ, THIRD_OCTAVES_HZ, AiService, Genre, Tier

__all__ = [
    "NINE_BANDS_HZ",
    "THIRD_OCTAVES_HZ",
    "Accepts",
    "AiService",
    "Codec",
    "Confidence",
    "Genre",
    "Library",
    "Platform",
    "Playback",
    "PlaybackMode",
    "Source",
    "Tier",
    "user_presets_dir",
]

T = TypeVar("T")

KINDS = {
    "platforms": "platform",
    "genres": "genre",
    "ai_services": "AI service",
    "tiers": "tier",
}
"""Sub-folders of a preset folder, and what one file of each is called."""


class Library:
    """Every preset that can be asked for; names are keys, never paths.

    Examples
    --------
    >>> library = Library.load()
    >>> library.platform("spotify").loudness_lufs
    -14.0
    >>> library.platform("spotfy")
    Traceback (most recent call last):
    masterify_core.errors.UnknownNameError: platform 'spotfy' is unknown (did you mean spotify?); ...
    """

    def __init__(self, files: dict[str, dict[str, Path]]) -> None:
        self._files = files
        self._values: dict[tuple[str, str], Any] = {}

    @classmethod
    def load(cls, extra_dirs: Iterable[str | Path] = ()) -> Library:
        """Find the presets; only folders are listed, nothing is parsed yet.

        Raises
        ------
        SettingError
            e.g. ``my-presets: platform is unknown (did you mean platforms?); known are platforms, ...``;
            also for a folder that does not exist and a name that cannot be typed in a list.
        """
        files: dict[str, dict[str, Path]] = {kind: {} for kind in KINDS}
        _add(files, _shipped())
        if _is_folder(user := user_presets_dir()):
            _add(files, user)
        for extra in map(Path, extra_dirs):
            if not _is_folder(extra):
                raise SettingError(
                    str(extra), f"is not a folder; own presets are in {', '.join(KINDS)} below it"
                )
            _add(files, extra)
        return cls({kind: dict(sorted(found.items())) for kind, found in files.items()})

    def platforms(self) -> tuple[str, ...]:
        """Names of the platforms, in alphabetical order."""
        return tuple(self._files["platforms"])

    def genres(self) -> tuple[str, ...]:
        """Names of the genres, in alphabetical order."""
        return tuple(self._files["genres"])

    def ai_services(self) -> tuple[str, ...]:
        """Names of the AI sources, in alphabetical order."""
        return tuple(self._files["ai_services"])

    def tiers(self) -> tuple[str, ...]:
        """Names of the tiers, in alphabetical order."""
        return tuple(self._files["tiers"])

    def platform(self, name: str) -> Platform:
        """Platform of that name; `UnknownNameError` if there is none, `SettingError` if its file is wrong."""
        return self._value("platforms", name, Platform)

    def genre(self, name: str) -> Genre:
        """Genre of that name; raises as `platform` does."""
        return self._value("genres", name, Genre)

    def ai_service(self, name: str) -> AiService:
        """AI source of that name; raises as `platform` does."""
        return self._value("ai_services", name, AiService)

    def tier(self, name: str) -> Tier:
        """Tier of that name; raises as `platform` does."""
        return self._value("tiers", name, Tier)

    @cached_property
    def api_platforms(self) -> tuple[str, ...]:
        """Names of the platforms that the REST service accepts."""
        return tuple(name for name in self.platforms() if self.platform(name).in_api)

    def _value(self, kind: str, name: str, cls: type[T]) -> T:
        name = unicodedata.normalize("NFC", name)  # file systems decompose Hangul, keyboards do not
        files = self._files[kind]
        if name not in files:
            raise UnknownNameError(f"{KINDS[kind]} {schema.shown(name)} {schema.unknown(name, files)}")
        if (kind, name) not in self._values:
            try:
                value = schema.build(cls, _table(files[name]))
                self._check_genres(value)
            except SettingError as error:
                raise error.found_in(_place(files[name])) from None
            self._values[kind, name] = value
        value = self._values[kind, name]
        assert isinstance(value, cls)
        return value

    def _check_genres(self, value: Any) -> None:
        if isinstance(value, Platform):
            for genre in value.loudness_by_genre:
                if genre not in self._files["genres"]:
                    raise SettingError(f"loudness_by_genre.{genre}", schema.unknown(genre, self.genres()))


def user_presets_dir() -> Path:
    """Folder of the user's own presets, which need not exist: ``~/.config/masterify/presets`` on Linux."""
    from platformdirs import user_config_path

    return user_config_path("masterify", appauthor=False) / "presets"


def _shipped() -> Path:
    # A folder of files wherever pip put it; importlib.resources would cost every start 20 ms.
    return Path(import_module("masterify_presets").__path__[0])


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a home that may not be entered, as in some containers
        return False


def _add(files: dict[str, dict[str, Path]], folder: Path) -> None:
    """Put the presets of one folder over those found so far.

    Hidden names, backups (``name~``) and files beside the four sub-folders (a README, say) are left
    alone. Anything else that would be skipped in silence is an error.
    """
    try:
        entries = [(entry, _is_folder(entry)) for entry in folder.iterdir() if _is_visible(entry)]
        for entry, is_folder in entries:
            if is_folder and entry.name in KINDS:
                files[entry.name].update((_name(file), file) for file in entry.iterdir() if _is_visible(file))
            elif is_folder:
                raise SettingError(entry.name, schema.unknown(entry.name, KINDS), str(folder))
            elif entry.suffix == ".toml":
                raise SettingError(
                    entry.name, f"must be in one of the folders {', '.join(KINDS)}", str(folder)
                )
    except OSError as error:
        raise SettingError(str(folder), f"cannot be listed: {error.strerror}") from None


def _is_visible(entry: Path) -> bool:
    return not entry.name.startswith((".", "__")) and not entry.name.endswith("~")


def _name(file: Path) -> str:
    """Name of the preset in a file: letters of any language, digits, ``_`` and ``-``."""
    name, dot, suffix = unicodedata.normalize("NFC", file.name).rpartition(".")
    if suffix != "toml" or not dot or not file.is_file():
        raise SettingError(_place(file), "is not a preset: a preset is a file name.toml")
    if not f"_{name.replace('-', '_')}".isidentifier():
        raise SettingError(_place(file), "must be named with letters, digits, _ and - only")
    return name


def _place(file: Path) -> str:
    """Where a preset is, for messages: own files in full, shipped ones by name."""
    return file.name if file.is_relative_to(_shipped()) else str(file)


def _table(file: Path) -> dict[str, Any]:
    import tomllib  # listing names needs no parser

    try:
        return tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise SettingError("the file", f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise SettingError("the text", f"must be UTF-8, line {line} is not") from None
    except (ValueError, RecursionError) as error:  # tomllib's own error is a ValueError
        raise SettingError("the text", f"is not TOML: {error}") from None
