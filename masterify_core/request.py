"""The request: what to master, for whom and how; and the names of the files that come of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from string import Formatter
from typing import Annotated, Literal

from masterify_core.errors import OutputError, SettingError
from masterify_core.presets import Library
from masterify_core.recipe import Recipe, read_recipe
from masterify_core.reference import USUAL_AMOUNTS, Amounts
from masterify_core.schema import Checked, Count, Range

Format = Literal["wav", "flac", "mp3"]
ReportFormat = Literal["html", "json"]
DEFAULT_PLATFORM = "universal"
NAME_FIELDS = ("stem", "ext", "platform", "platform_name", "genre")


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
    universal
        Names of platforms that one file is to serve; it counts among the platforms as ``universal``.
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
    references
        Paths of songs whose tone and width, and in the premium tier band dynamics, are followed.
    reference_amounts
        How far, for each; and whether loudness follows, too.
    codec_check
        How much of a master is sent through the platform's lossy codecs; without it what the tier says.
    quality
        Of the limiter: ``standard`` or ``high``; without it what the tier says.
    recipe
        Path of a saved recipe to follow instead of planning; only what is delivered where is still chosen here.
    save_recipe
        Write the recipe beside the masters.
    report
        Write a report beside the masters: a page that shows and plays everything, or its values.
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
    universal: Annotated[tuple[str, ...], Count(0, 100)] = ()
    genre: str = "other"
    ai_service: str = "other"
    tier: str = "standard"
    intensity: Annotated[float, Range(0.0, 100.0)] = 50.0
    loudness_lufs: Annotated[float, Range(-40.0, -5.0, "LUFS")] | None = None
    ceiling_dbtp: Annotated[float, Range(-12.0, 0.0, "dBTP")] | None = None
    formats: Annotated[tuple[Format, ...], Count(0, 3)] = ()
    bit_depth: Literal["16", "24", "32f"] | None = None
    sample_rate: Annotated[int, Range(8000, 192_000, "Hz")] | None = None
    references: Annotated[tuple[str, ...], Count(0, 20)] = ()
    reference_amounts: Amounts = USUAL_AMOUNTS
    codec_check: Literal["off", "hot", "full"] | None = None
    quality: Literal["standard", "high"] | None = None
    recipe: str | None = None
    save_recipe: bool = False
    report: Annotated[tuple[ReportFormat, ...], Count(0, 2)] = ()
    name: str = "{stem} (Master - {platform})"
    existing: Literal["refuse", "overwrite", "skip"] = "refuse"
    dry_run: bool = False

    def check(self) -> None:
        """The pattern names only what there is, and tells the platforms apart; a recipe has decided already."""
        if self.references and self.recipe is not None:
            raise SettingError("references", "cannot be given with a recipe: everything is decided there")
        if self.universal and self.recipe is not None:
            raise SettingError("universal", "cannot be given with a recipe: everything is decided there")
        if DEFAULT_PLATFORM in self.universal:
            raise SettingError(
                "universal", f"{DEFAULT_PLATFORM} is that one file; name the platforms it serves"
            )
        try:
            fields = [field[1:] for field in Formatter().parse(self.name) if field[1] is not None]
        except ValueError:
            fields = [("", "", "")]
        # Nothing but plain names: a width could ask for terabytes, an attribute shows what is no name.
        if any(name not in NAME_FIELDS or spec or convert for name, spec, convert in fields):
            raise SettingError(
                "name", f"may hold {', '.join('{' + f + '}' for f in NAME_FIELDS)}, got {self.name!r}"
            )
        if not self.name.strip():
            raise SettingError("name", "must not be empty")


@dataclass(frozen=True, slots=True)
class Output:
    """One file that a request asks for."""

    platform: str
    container: Format
    path: Path
    exists: bool


@dataclass(frozen=True, slots=True)
class Outputs:
    """All that a request will write: the masters, the recipe if it is to be saved, the reports asked for."""

    platforms: tuple[str, ...]
    masters: tuple[Output, ...]
    recipe: Path | None
    reports: tuple[Path, ...]


def outputs_of(request: MasterRequest, recipe: Recipe | None, library: Library) -> Outputs:
    """Look up every name of a request and say where its files will be, before anything is read.

    Raises
    ------
    UnknownNameError, SettingError
        A preset does not exist, the recipe has no such platform, two masters would have one name.
    OutputError
        A file is there already, and the request refuses to touch it.
    """
    platforms = _platforms(request, recipe, library)
    found: dict[Path, Output] = {}
    for platform in platforms:
        title = recipe.order(platform).title if recipe else library.platform(platform).title
        for form in request.formats or library.tier(request.tier).formats:
            path = _path(request, platform, title, form)
            if path in found:
                raise SettingError(
                    "name",
                    f"{request.name!r} gives two masters the same file {path.name!r}; add {{platform}}",
                )
            found[path] = Output(platform, form, path, _exists(path))
    stem = Path(request.source).stem
    saved = folder_of(request) / f"{stem} (Recipe).json" if request.save_recipe else None
    kinds = dict.fromkeys(request.report)
    reports = tuple(folder_of(request) / f"{stem} (Report).{kind}" for kind in kinds)
    if request.existing == "refuse" and not request.dry_run:
        there = [output.path for output in found.values() if output.exists]
        there += [path for path in (*([saved] if saved else []), *reports) if _exists(path)]
        if there:
            raise OutputError(
                there[0], "exists already; choose another folder, or allow overwriting or skipping"
            )
    return Outputs(platforms, tuple(found.values()), saved, reports)


def output_paths(request: MasterRequest, library: Library) -> tuple[Path, ...]:
    """Where the files of a request will be, whether they are there or not; raises as `outputs_of`."""
    recipe = read_recipe(request.recipe) if request.recipe is not None else None
    outputs = outputs_of(replace(request, existing="overwrite"), recipe, library)
    saved = () if outputs.recipe is None else (outputs.recipe,)
    return (*(output.path for output in outputs.masters), *saved, *outputs.reports)


def folder_of(request: MasterRequest) -> Path:
    """Folder that the files of a request go to."""
    return Path(request.out_dir) if request.out_dir is not None else Path(request.source).parent / "masters"


def _platforms(request: MasterRequest, recipe: Recipe | None, library: Library) -> tuple[str, ...]:
    """Names of the platforms, each once; every name of the request is looked up."""
    names = tuple(dict.fromkeys(request.platforms))
    if recipe is not None:
        names = names or tuple(order.platform for order in recipe.deliveries)
        for name in names:
            recipe.order(name)
        return names
    if not names or (request.universal and DEFAULT_PLATFORM not in names):
        names = (*names, DEFAULT_PLATFORM)
    for name in (*names, *request.universal):
        library.platform(name)
    library.genre(request.genre)
    library.ai_service(request.ai_service)
    library.tier(request.tier)
    return names


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
    return folder_of(request) / f"{name}.{form}"


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise OutputError(path, f"cannot be written there: {error.strerror or error}") from None
