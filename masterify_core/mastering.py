"""The one door: a request in, masters and their proof out. Command line and service both walk through it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from masterify_core import chain
from masterify_core.audio import Audio
from masterify_core.delivery import Delivery, Target, deliver, foresee
from masterify_core.errors import NoPermissionError, OutputError
from masterify_core.files.opening import open_song
from masterify_core.metering.report import Measurement
from masterify_core.planning import Follow, plan, singles
from masterify_core.presets import Library
from masterify_core.proofing import proof
from masterify_core.recipe import Order, Recipe, read_recipe, write_recipe
from masterify_core.reference import Reference, read_references
from masterify_core.rehearsing import eased
from masterify_core.rendering import Prepared, Rendered, prepare, render, require_sound
from masterify_core.request import Format, MasterRequest, Output, output_paths, outputs_of
from masterify_core.serving import Served, Single, serve
from masterify_core.studying import MEASURING, Progress, Studied, studied

__all__ = ["MasterRequest", "MasterResult", "master", "output_paths", "plan_song"]

Rows = NDArray[np.float32]
LARGEST_MP3_RATE = 48_000
# Share of the whole time at which each step begins, for a song of usual length.
BEGINS = {
    "reading": 0.0,
    "measuring": MEASURING,
    "processing": 0.2,
    "preparing": 0.4,
    "rendering": 0.5,
    "reporting": 0.95,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterResult:
    """What was measured, decided and delivered for one song.

    ``skipped`` are the files that were there already and were left alone.
    """

    input: str
    measurement: Measurement
    recipe: Recipe
    recipe_path: str | None
    report_paths: tuple[str, ...]
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
            "report_paths": list(self.report_paths),
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
    singles: tuple[Single, ...]


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
    outputs = outputs_of(request, recipe, library)
    reference = None if recipe is not None else _followed(request, report)
    study = studied(request.source, report)
    song, measurement = study.song, study.measurement
    if recipe is None:
        recipe = _planned(request, library, outputs.platforms, study, reference)
    kept = {output.path for output in outputs.masters if output.exists and request.existing == "skip"}
    wanted = [
        _file(output, recipe, song.audio.rate, library)
        for output in outputs.masters
        if output.path not in kept
    ]
    notes = (*song.notes, *recipe.notes)
    words = song.bit_depth if not recipe.steps else None
    report("processing", BEGINS["processing"])
    spare = _memory_of(song.audio)
    audio = chain.run(song.audio, recipe.stages() if wanted else (), spare)
    if spare is not None and np.may_share_memory(audio.samples, spare):
        spare = None  # the song was processed where it is
    deliveries = _make(request, wanted, audio, words, spare, report)
    if outputs.recipe is not None and not request.dry_run:
        make_folder(outputs.recipe.parent)
        write_recipe(recipe, outputs.recipe, overwrite=request.existing != "refuse")
    reports = outputs.reports if deliveries and not request.dry_run else ()
    if reports:
        from masterify_core.report.writing import write_mastering_reports

        report("reporting", BEGINS["reporting"])
        write_mastering_reports(
            reports, source=request.source, measurement=measurement, recipe=recipe, deliveries=deliveries, notes=notes,
            library=library, overwrite=request.existing != "refuse",
        )  # fmt: skip
    report("done", 1.0)
    return MasterResult(
        input=request.source, measurement=measurement, recipe=recipe,
        recipe_path=None if outputs.recipe is None or request.dry_run else str(outputs.recipe),
        report_paths=tuple(map(str, reports)), deliveries=deliveries, skipped=tuple(map(str, kept)), notes=notes,
    )  # fmt: skip


def plan_song(
    request: MasterRequest, library: Library, on_progress: Progress | None = None
) -> tuple[Measurement, Recipe]:
    """Measure a song and plan its masters without making them: the first half of `master`, whose errors it raises."""
    outputs = outputs_of(request, None, library)
    reference = _followed(request, on_progress or _quiet)
    study = studied(request.source, on_progress or _quiet)
    return study.measurement, _planned(request, library, outputs.platforms, study, reference)


def _followed(request: MasterRequest, report: Progress) -> Reference | None:
    """Read the references, before the song, which then takes their memory; but a song that is not there is told first."""
    if not request.references:
        return None
    open_song(request.source).close()
    report("reading", 0.0)
    return read_references(request.references)


def _planned(
    request: MasterRequest,
    library: Library,
    platforms: tuple[str, ...],
    study: Studied,
    reference: Reference | None,
) -> Recipe:
    follow = None
    if reference is not None:
        follow = Follow(song=study.profiled(), reference=reference, amounts=request.reference_amounts)
    return plan(
        study.measurement, library, platforms=platforms, genre=request.genre, ai_service=request.ai_service,
        tier=request.tier, intensity=request.intensity, loudness_lufs=request.loudness_lufs,
        ceiling_dbtp=request.ceiling_dbtp, bit_depth=request.bit_depth, sample_rate=request.sample_rate,
        codec_check=request.codec_check, quality=request.quality, follow=follow, serves=request.universal,
        findings=study.damage(request, library),
    )  # fmt: skip


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
    for rate in dict.fromkeys(file.rate for file in wanted):
        report("preparing", BEGINS["preparing"] + (1.0 - BEGINS["preparing"]) * len(made) / len(wanted))
        prepared = prepare(audio, rate)
        require_sound(prepared, request.source)
        if not request.dry_run:
            make_folder(wanted[0].path.parent)
        if spare is None or spare.shape != prepared.audio.samples.shape:
            spare = np.empty_like(prepared.audio.samples)
        for order in dict.fromkeys(id(file.order) for file in wanted if file.rate == rate):
            group = [file for file in wanted if file.rate == rate and id(file.order) == order]
            report("rendering", BEGINS["rendering"] + (1.0 - BEGINS["rendering"]) * len(made) / len(wanted))
            served = _served(prepared, group[0])
            targets = [_target(file, served) for file in group]
            again = partial(_rendered, prepared, group[0].order, spare)
            rendered = again()
            for file, target in zip(group, targets, strict=True):
                last = file is group[-1]  # its file may be read back over the rendering
                if request.dry_run:
                    made[file.path] = foresee(rendered, target)
                    continue
                untouched = rate == audio.rate and rendered.gain_db == 0.0 and not rendered.mended
                depth = float("inf" if target.bit_depth == "32f" else target.bit_depth)
                exact = untouched and words is not None and depth >= words
                made[file.path] = deliver(
                    rendered, target, file.path, source=request.source,
                    overwrite=request.existing == "overwrite", exact=exact,
                    memory=spare if last else None, again=again if last else None,
                )  # fmt: skip
    return tuple(made[file.path] for file in wanted)


def _rendered(prepared: Prepared, order: Order, out: Rows) -> Rendered:
    """Render, and see to what lossy codecs make of it."""
    limiter = eased(prepared, order.limiter, order.loudness_lufs, order.codecs, order.codec_check)
    rendered = render(prepared, limiter, order.loudness_lufs, out, order.budget.most_extra_db)
    return proof(rendered, out, order.limiter.ceiling_dbtp, order.codecs, order.codec_check)


def _memory_of(audio: Audio) -> Rows | None:
    """The array behind a sound that nobody needs any more, to be written anew; None if it is not ours alone."""
    owner = audio.samples.base
    if not isinstance(owner, np.ndarray) or owner.shape != audio.samples.shape:
        return None
    return owner if owner.flags.writeable and owner.flags.c_contiguous and owner.dtype == np.float32 else None


def _file(output: Output, recipe: Recipe, rate: int, library: Library) -> _File:
    """Give an output its rate: asked for, the song's own, or the highest that MP3 has."""
    order = recipe.order(output.platform)
    file_rate = order.sample_rate or rate
    if output.container == "mp3" and file_rate > LARGEST_MP3_RATE:
        file_rate = 44_100 if file_rate % 44_100 == 0 else 48_000
    return _File(order, output.container, file_rate, output.path, singles(order, library, recipe.genre))


def _served(prepared: Prepared, file: _File) -> tuple[Served, ...]:
    order = file.order
    return serve(prepared, order.limiter, order.loudness_lufs, file.singles, order.budget.most_extra_db)


def _target(file: _File, served: tuple[Served, ...]) -> Target:
    order = file.order
    depth = "24" if file.container == "flac" and order.bit_depth == "32f" else order.bit_depth
    return Target(
        platform=order.platform, title=order.title, loudness_lufs=order.loudness_lufs, limiter=order.limiter,
        bit_depth=depth, container=file.container, budget=order.budget, served=served,
    )  # fmt: skip


def make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except PermissionError:
        raise NoPermissionError(folder, "cannot be made: no permission") from None
    except OSError as error:
        raise OutputError(folder, f"cannot be made: {error.strerror or error}") from None


def _quiet(step: str, share: float) -> None:
    """Report to nobody."""
