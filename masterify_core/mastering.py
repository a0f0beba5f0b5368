"""The one door: a request in, masters and their proof out. Command line and service both walk through it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from masterify_core import chain, files
from masterify_core.audio import Audio
from masterify_core.delivery import Delivery, Target, deliver, foresee, prepare, programme_lufs, render
from masterify_core.errors import NoPermissionError, OutputError, SettingError, UnusableAudioError
from masterify_core.metering.loudness import hop_energies
from masterify_core.metering.report import Measurement, measure
from masterify_core.planning import plan
from masterify_core.presets import Library
from masterify_core.recipe import Order, Recipe, read_recipe, write_recipe
from masterify_core.schema import Checked, Count, Range

Progress = Callable[[str, float], None]
Rows = NDArray[np.float32]
Format = Literal["wav", "flac", "mp3"]
DEFAULT_PLATFORM = "universal"
QUIETEST_LUFS = -70.0  # BS.1770's absolute gate: below it nothing is measured, so nothing can be met
NAME_FIELDS = ("stem", "ext", "platform", "platform_name", "genre")
LARGEST_MP3_RATE = 48_000
# Share of the whole time at which each step begins, for a song of usual length.
BEGINS = {"reading": 0.0, "measuring": 0.1, "processing": 0.2, "preparing": 0.4, "rendering": 0.5}


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterRequest(Checked):
    """What to master, for whom, and how.

    Attributes
    ----------
    source
        Path of the song.
    out_dir
        Folder of the masters; without it a folder ``masters`` beside the song. Made if it is not there.
    platforms
        Names of platform presets; a repeated one counts once. Without any: those of the recipe, or
        ``universal``.
    genre, ai_service, tier
        Names of presets.
    intensity
        0 is loudness and ceiling only, 50 the usual, 100 as far as the bounds allow.
    loudness_lufs, ceiling_dbtp
        Instead of the platforms' own.
    formats
        Kinds of files; without any the tier's.
    bit_depth
        Of WAV and FLAC files; without it the platform's, else 24. FLAC holds no floats: 24 bit then.
    sample_rate
        Hz; without it the platform's, else the song's own.
    recipe
        Path of a saved recipe to follow instead of planning; only what is delivered where is still chosen here.
    save_recipe
        Write the recipe beside the masters.
    name
        Pattern of the files' names, without ending: ``{stem}``, ``{ext}`` (the song's), ``{platform}`` (title),
        ``{platform_name}`` (as in ``platforms``), ``{genre}``.
    existing
        What to do about files that are there already.
    dry_run
        Measure, plan and foresee the results, write nothing.
    """

    source: str
    out_dir: str | None = None
    platforms: Annotated[tuple[str, ...], Count(0, 100)] = ()
    genre: str = "other"
    ai_service: str = "other"
    tier: str = "standard"
    intensity: Annotated[float, Range(0.0, 100.0)] = 50.0
    loudness_lufs: Annotated[float, Range(-40.0, -5.0, "LUFS")] | None = None
    ceiling_dbtp: Annotated[float, Range(-12.0, 0.0, "dBTP")] | None = None
    formats: Annotated[tuple[Format, ...], Count(0, 3)] = ()
    bit_depth: Literal["16", "24", "32f"] | None = None
    sample_rate: Annotated[int, Range(8000, 192_000, "Hz")] | None = None
    recipe: str | None = None
    save_recipe: bool = False
    name: str = "{stem} (Master - {platform})"
    existing: Literal["refuse", "overwrite", "skip"] = "refuse"
    dry_run: bool = False

    def check(self) -> None:
        """The pattern names only what there is, and tells the platforms apart."""
        try:
            self.name.format(**dict.fromkeys(NAME_FIELDS, "x"))
        except (KeyError, IndexError, ValueError, AttributeError):
            raise SettingError(
                "name", f"may hold {', '.join('{' + f + '}' for f in NAME_FIELDS)}, got {self.name!r}"
            ) from None
        if not self.name.strip():
            raise SettingError("name", "must not be empty")


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterResult:
    """What was measured, decided and delivered for one song.

    ``skipped`` are the files that were there already and were left alone.
    """

    input: str
    measurement: Measurement
    recipe: Recipe
    recipe_path: str | None
    deliveries: tuple[Delivery, ...]
    skipped: tuple[str, ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON values, under the names that scripts rely on."""
        return {
            "input": self.input,
            "source": self.measurement.to_dict(),
            "recipe": self.recipe.to_dict(),
            "recipe_path": self.recipe_path,
            "deliveries": [delivery.to_dict() for delivery in self.deliveries],
            "skipped": list(self.skipped),
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class _File:
    """One file to be made."""

    order: Order
    container: Format
    rate: int
    path: Path


def master(request: MasterRequest, library: Library, on_progress: Progress | None = None) -> MasterResult:
    """Master one song for one or more platforms.

    Parameters
    ----------
    request
        What to do.
    library
        Where platforms, genres, AI sources and tiers are looked up.
    on_progress
        Called with the name of the step and the share done, 0 to 1.

    Raises
    ------
    MasterifyError
        The member says what is wrong: a name or setting, the song, the place to write. Nothing
        half-written is left; files that were finished before stay.
    """
    report = on_progress or _quiet
    recipe = read_recipe(request.recipe) if request.recipe is not None else None
    platforms = _platforms(request, recipe, library)
    formats = request.formats or library.tier(request.tier).formats
    report("reading", 0.0)
    song = files.read(
        request.source, on_progress=lambda share: report("reading", share * BEGINS["measuring"])
    )
    report("measuring", BEGINS["measuring"])
    hops = hop_energies(song.audio)
    measurement = measure(song.audio, hops)
    if not programme_lufs(hops) > QUIETEST_LUFS:
        raise UnusableAudioError(
            request.source, "has no loudness to master: it is silent, or all of it is below -70 LUFS"
        )
    if recipe is None:
        recipe = plan(
            measurement, library, platforms=platforms, genre=request.genre, ai_service=request.ai_service,
            tier=request.tier, intensity=request.intensity, loudness_lufs=request.loudness_lufs,
            ceiling_dbtp=request.ceiling_dbtp, bit_depth=request.bit_depth, sample_rate=request.sample_rate,
        )  # fmt: skip
    wanted, skipped = _files(request, recipe, platforms, formats, song.audio.rate)
    notes = (*song.notes, *recipe.notes)
    words = song.bit_depth if not recipe.steps else None
    report("processing", BEGINS["processing"])
    audio = chain.run(song.audio, recipe.stages())
    spare = _memory_of(song.audio) if audio is not song.audio else None
    deliveries = _make(request, wanted, audio, words, spare, report)
    recipe_path = None
    if request.save_recipe and not request.dry_run:
        recipe_path = _folder(request) / f"{Path(request.source).stem} (Recipe).json"
        _make_folder(recipe_path.parent)
        write_recipe(recipe, recipe_path, overwrite=request.existing != "refuse")
    report("done", 1.0)
    return MasterResult(
        input=request.source, measurement=measurement, recipe=recipe,
        recipe_path=None if recipe_path is None else str(recipe_path), deliveries=deliveries, skipped=skipped,
        notes=notes,
    )  # fmt: skip


def output_paths(request: MasterRequest, library: Library) -> tuple[Path, ...]:
    """Where the masters of a request will be, without reading the song.

    Raises
    ------
    UnknownNameError, SettingError
        A name, or the recipe, is wrong.
    """
    recipe = read_recipe(request.recipe) if request.recipe is not None else None
    platforms = _platforms(request, recipe, library)
    formats = request.formats or library.tier(request.tier).formats
    titles = [recipe.order(p).title if recipe else library.platform(p).title for p in platforms]
    return tuple(
        _path(request, platform, title, form)
        for platform, title in zip(platforms, titles, strict=True)
        for form in formats
    )


def _make(
    request: MasterRequest,
    wanted: list[_File],
    audio: Audio,
    words: int | None,
    spare: Rows | None,
    report: Progress,
) -> tuple[Delivery, ...]:
    """Render each loudness once and write it in each format; in the order asked for.

    All renderings of a rate share their memory: ``spare``, where the song was, if it fits.
    """
    made: dict[Path, Delivery] = {}
    if not request.dry_run and wanted:
        _make_folder(wanted[0].path.parent)
    for rate in dict.fromkeys(file.rate for file in wanted):
        report("preparing", BEGINS["preparing"] + (1.0 - BEGINS["preparing"]) * len(made) / len(wanted))
        prepared = prepare(audio, rate)
        if spare is None or spare.shape != prepared.audio.samples.shape:
            spare = np.empty_like(prepared.audio.samples)
        for order in dict.fromkeys(id(file.order) for file in wanted if file.rate == rate):
            group = [file for file in wanted if file.rate == rate and id(file.order) == order]
            report("rendering", BEGINS["rendering"] + (1.0 - BEGINS["rendering"]) * len(made) / len(wanted))
            targets = [_target(file) for file in group]
            rendered = render(prepared, targets[0], spare)
            for file, target in zip(group, targets, strict=True):
                if request.dry_run:
                    made[file.path] = foresee(rendered, target)
                    continue
                keeps_words = words is not None and rate == audio.rate and rendered.gain_db == 0.0
                exact = keeps_words and (
                    target.bit_depth == "32f" or int(target.bit_depth) >= int(words or 99)
                )
                made[file.path] = deliver(
                    rendered, target, file.path, source=request.source,
                    overwrite=request.existing == "overwrite", exact=exact,
                )  # fmt: skip
    return tuple(made[file.path] for file in wanted)


def _memory_of(audio: Audio) -> Rows | None:
    """The array behind a sound that nobody needs any more, to be written anew; None if it is not ours alone."""
    owner = audio.samples.base
    if not isinstance(owner, np.ndarray) or owner.shape != audio.samples.shape:
        return None
    return owner if owner.flags.writeable and owner.flags.c_contiguous and owner.dtype == np.float32 else None


def _target(file: _File) -> Target:
    order = file.order
    depth = "24" if file.container == "flac" and order.bit_depth == "32f" else order.bit_depth
    return Target(
        platform=order.platform, title=order.title, loudness_lufs=order.loudness_lufs, limiter=order.limiter,
        bit_depth=depth, container=file.container,
    )  # fmt: skip


def _platforms(request: MasterRequest, recipe: Recipe | None, library: Library) -> tuple[str, ...]:
    """Names of the platforms, each once; every name of the request is looked up before anything is done."""
    names = tuple(dict.fromkeys(request.platforms))
    if recipe is not None:
        names = names or tuple(order.platform for order in recipe.deliveries)
        for name in names:
            recipe.order(name)
        return names
    names = names or (DEFAULT_PLATFORM,)
    for name in names:
        library.platform(name)
    library.genre(request.genre)
    library.ai_service(request.ai_service)
    library.tier(request.tier)
    return names


def _files(
    request: MasterRequest, recipe: Recipe, platforms: tuple[str, ...], formats: tuple[Format, ...], rate: int
) -> tuple[list[_File], tuple[str, ...]]:
    """The files to be made, and those that are there already and stay."""
    found, skipped = dict[Path, _File](), list[str]()
    for name in platforms:
        order = recipe.order(name)
        for form in formats:
            file_rate = order.sample_rate or rate
            if form == "mp3" and file_rate > LARGEST_MP3_RATE:
                file_rate = 44_100 if file_rate % 44_100 == 0 else 48_000
            path = _path(request, name, order.title, form)
            if path in found or str(path) in skipped:
                raise SettingError(
                    "name",
                    f"{request.name!r} gives two masters the same file {path.name!r}; add {{platform}}",
                )
            if path.exists() and request.existing == "skip":
                skipped.append(str(path))
                continue
            if path.exists() and request.existing == "refuse" and not request.dry_run:
                raise OutputError(
                    path, "exists already; choose another folder, or allow overwriting or skipping"
                )
            found[path] = _File(order, form, file_rate, path)
    return list(found.values()), tuple(skipped)


def _path(request: MasterRequest, platform: str, title: str, form: Format) -> Path:
    source = Path(request.source)
    name = request.name.format(
        stem=source.stem,
        ext=source.suffix.removeprefix("."),
        platform=title,
        platform_name=platform,
        genre=request.genre,
    )
    if Path(name).name != name or name in (".", ".."):
        raise SettingError("name", f"must make a file name, not a path, got {name!r}")
    return _folder(request) / f"{name}.{form}"


def _folder(request: MasterRequest) -> Path:
    return Path(request.out_dir) if request.out_dir is not None else Path(request.source).parent / "masters"


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except PermissionError:
        raise NoPermissionError(folder, "cannot be made: no permission") from None
    except OSError as error:
        raise OutputError(folder, f"cannot be made: {error.strerror or error}") from None


def _quiet(step: str, share: float) -> None:
    """Report to nobody."""
