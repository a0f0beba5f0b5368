"""The error family: one root, stable codes, messages that say what, where and what to do."""

from __future__ import annotations


class MasterifyError(Exception):
    """Root of every error a caller is expected to handle.

    ``code`` never changes once released (programs match on it); the message is for people.
    """

    code = "internal"


class SettingError(MasterifyError):
    """A setting has a wrong name, type or value; says where it was written and what would do.

    Examples
    --------
    >>> str(SettingError("ceiling_dbtp", "must be -12 to 0 dBTP, got 1", "spotify.toml"))
    'spotify.toml: ceiling_dbtp must be -12 to 0 dBTP, got 1'
    """

    code = "setting"

    def __init__(self, key: str, problem: str, source: str = "") -> None:
        super().__init__(f"{source}: {key} {problem}" if source else f"{key} {problem}")
        self.key, self.problem, self.source = key, problem, source

    def found_in(self, source: object) -> SettingError:
        """Answer the same error, now naming the file (or request) it was found in."""
        return type(self)(self.key, self.problem, str(source))


class UnknownNameError(MasterifyError):
    """A platform, genre, AI source or tier that no preset defines."""

    code = "unknown_name"


class FileError(MasterifyError):
    """Something is wrong with one file; ``path`` names it and ``problem`` says what.

    Examples
    --------
    >>> str(NotAudioError("song.wav", "is not an audio file that can be read"))
    'song.wav: is not an audio file that can be read'
    """

    code = "file"

    def __init__(self, path: object, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path, self.problem = str(path), problem


class NotFoundError(FileError):
    """The file does not exist or is not a file."""

    code = "file_not_found"


class NoPermissionError(FileError):
    """The operating system does not let us read or write there."""

    code = "no_permission"


class NotAudioError(FileError):
    """The bytes are not a kind of audio that can be decoded."""

    code = "not_audio"


class DamagedAudioError(FileError):
    """It is audio, but it cannot be decoded or holds values that are no sound (NaN, infinity)."""

    code = "damaged_audio"


class UnusableAudioError(FileError):
    """It decodes, but there is nothing to master: empty, silent, too many channels, odd rate."""

    code = "unusable_audio"


class TooLongError(FileError):
    """More audio than the caller allows, or than memory holds."""

    code = "too_long"


class OutputError(FileError):
    """A master could not be written: it exists already, would replace its source, the disk is full."""

    code = "output"
