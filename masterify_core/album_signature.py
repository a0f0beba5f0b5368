"""An album's signature: the few numbers by which a later song can join it, as a small JSON file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from masterify_core.errors import NoPermissionError, NotFoundError, SettingError
from masterify_core.files import write_text
from masterify_core.presets import THIRD_OCTAVES_HZ
from masterify_core.schema import Checked, Count, Range, build, to_table

FORMAT = 1
LARGEST_BYTES = 1 << 16

Lufs = Annotated[float, Range(-70.0, 30.0, "LUFS")]  # mixes in floating point may be far over full scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature(Checked):
    """What the songs of an album have in common.

    Attributes
    ----------
    anchor_lufs, quietest_lufs
        Loudness of the loudest and of the quietest song as mixed, LUFS.
    median_offset_lu
        Middle of the songs' distances under the anchor as mastered, LU; 0 or negative.
    balance_db
        Middle of the songs' tonal balances as mastered, dB over the genre's curve at `THIRD_OCTAVES_HZ`.
    genre
        Name of the genre that the balance refers to.
    songs
        How many there were.
    """

    format: Annotated[int, Range(FORMAT, FORMAT)] = FORMAT
    anchor_lufs: Lufs
    quietest_lufs: Lufs
    median_offset_lu: Annotated[float, Range(-40.0, 0.0, "LU")]
    balance_db: Annotated[
        tuple[Annotated[float, Range(-80.0, 80.0, "dB")], ...], Count(len(THIRD_OCTAVES_HZ))
    ]
    genre: str
    songs: Annotated[int, Range(1, 100_000)]


def read_signature(path: str | Path) -> Signature:
    """Read a saved signature.

    Raises
    ------
    SettingError
        e.g. ``album.json: balance_db must have 28 values, got 3``.
    NotFoundError, NoPermissionError
        The file cannot be read.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST_BYTES + 1)
        if len(text) > LARGEST_BYTES:
            raise SettingError("signature", "is larger than 64 kB: not a signature", path.name)
        return build(Signature, json.loads(text.decode("utf-8")))
    except PermissionError:
        raise NoPermissionError(path, "cannot be read: no permission") from None
    except OSError as error:
        raise NotFoundError(path, f"cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise SettingError("signature", f"is not JSON: {error}", path.name) from None
    except SettingError as error:
        raise error if error.source else error.found_in(path.name) from None


def write_signature(signature: Signature, path: str | Path, *, overwrite: bool) -> None:
    """Write a signature, whole or not at all; `OutputError` if it exists already or cannot be written."""
    text = json.dumps(to_table(signature), ensure_ascii=False, indent=2) + "\n"
    write_text(text, Path(path), overwrite=overwrite)
