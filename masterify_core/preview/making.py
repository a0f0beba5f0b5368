"""Makes a preview: the song is measured once, planned for every variant, and the excerpt of each is put on one page."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

from masterify_core.audio import Audio
from masterify_core.errors import OutputError, UnusableAudioError
from masterify_core.files.placing import placed
from masterify_core.mastering import MasterRequest, make_folder
from masterify_core.metering.loudness import Hops
from masterify_core.planning import plan
from masterify_core.presets import Library
from masterify_core.preview import document
from masterify_core.preview.choosing import plan_of, telling_genres, told_apart
from masterify_core.preview.miniature import miniature
from masterify_core.preview.page import page
from masterify_core.preview.rendering import Excerpt, cut, render_excerpt
from masterify_core.preview.request import PreviewRequest
from masterify_core.recipe import Recipe
from masterify_core.report.previews import Preview, loudest_part_s, part, previews
from masterify_core.request import DEFAULT_PLATFORM
from masterify_core.studying import Studied, studied

Progress = Callable[[str, float], None]
MOST_BYTES = 4_200_000  # of MP3 in a page: 5.6 MB as base64, so that all of it stays under 6 MB
KBPS = (192, 160, 128)  # the first at which the page is small enough
PLANNING, RENDERING, ENCODING = 0.2, 0.25, 0.8  # share of the time at which each begins


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One genre at one intensity: its plan, and which of the renderings it is."""

    genre: str
    intensity: float
    recipe: Recipe
    rendering: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewResult:
    """The page that was written, and everything it says as JSON values."""

    page_path: str
    values: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {**self.values, "page_path": self.page_path}


def make_preview(
    request: PreviewRequest, library: Library, on_progress: Progress | None = None
) -> PreviewResult:
    """Render the loudest part of a song in several genres and intensities and write the page that plays them.

    Raises
    ------
    UnknownNameError, SettingError
        A preset does not exist.
    UnusableAudioError
        The song has no loudness.
    OutputError, NoPermissionError
        The page exists already, or cannot be written.
    """
    report = on_progress or (lambda _step, _share: None)
    path = request.page_path
    for name in request.genres:
        library.genre(name)
    library.platform(request.platform), library.ai_service(request.ai_service), library.tier(request.tier)
    if request.existing == "refuse" and path.exists():
        raise OutputError(path, "exists already; choose another folder, or allow overwriting")
    asked = MasterRequest(source=request.source, ai_service=request.ai_service, tier=request.tier)
    study = studied(request.source, lambda step, share: report(step, share * PLANNING))
    song, measurement = study.song, study.measurement
    report("planning", PLANNING)
    variants = _planned(request, library, study, asked)
    recipes = list({each.rendering: each.recipe for each in variants}.values())
    seconds, kbps = _room(len(recipes) + 1, min(request.seconds, song.audio.seconds))
    start_s = loudest_part_s(study.hops, seconds)
    rendered = _rendered(song.audio, study.hops, recipes, start_s, seconds, report, request.source)
    sounds, first = told_apart([each.audio for each in rendered])
    report("encoding", ENCODING)
    original = cut(song.audio, start_s, seconds)
    heard = [part(each, 0.0, seconds) for each in (original, *(rendered[which].audio for which in first))]
    made = previews(heard, kbps)
    if not made:
        raise UnusableAudioError(request.source, "has a silent part where its loudest should be")
    told = [
        document.variant(
            genre=each.genre, title=library.genre(each.genre).title, intensity=each.intensity, recipe=each.recipe,
            sound=1 + sounds[each.rendering], excerpt=rendered[each.rendering], original=original,
            command=_command(request, each),
        )
        for each in variants
    ]  # fmt: skip
    values = document.document(
        request=request, library=library, measurement=measurement, original=original, start_s=start_s, seconds=seconds,
        variants=told, notes=[*song.notes, *_notes(variants, request.seconds, seconds, song.audio)], kbps=kbps,
    )  # fmt: skip
    _write(request, values, made)
    report("done", 1.0)
    return PreviewResult(page_path=str(path), values=values)


def _planned(
    request: PreviewRequest, library: Library, study: Studied, asked: MasterRequest
) -> list[Variant]:
    """Plan every genre at every intensity; plans that say the same are rendered once."""
    findings = study.damage(asked, library)

    @cache
    def planned(genre: str, intensity: float) -> Recipe:
        return plan(
            study.measurement, library, platforms=(request.platform,), genre=genre, ai_service=request.ai_service,
            tier=request.tier, intensity=intensity, findings=findings if intensity > 0.0 else None,
        )  # fmt: skip

    strongest = max(request.intensities)
    genres = tuple(dict.fromkeys(request.genres)) or telling_genres(
        library.genres(), lambda genre: planned(genre, strongest)
    )
    known: list[dict[str, Any]] = []
    variants = []
    for genre in genres:
        for intensity in dict.fromkeys(request.intensities):
            recipe = planned(genre, intensity)
            sound = plan_of(recipe)
            if sound not in known:
                known.append(sound)
            number = known.index(sound)
            variants.append(Variant(genre=genre, intensity=intensity, recipe=recipe, rendering=number))
    return variants


def _rendered(
    audio: Audio, hops: Hops, recipes: list[Recipe], start_s: float, seconds: float, report: Progress, path: str
) -> list[Excerpt]:  # fmt: skip
    """Render every sound, several at once: they have nothing in common but the song."""
    small = miniature(audio, hops)
    done = 0

    def render(recipe: Recipe) -> Excerpt:
        nonlocal done
        excerpt = render_excerpt(audio, small, recipe, start_s, seconds, path=path)
        done += 1
        report("rendering", RENDERING + (ENCODING - RENDERING) * done / len(recipes))
        return excerpt

    report("rendering", RENDERING)
    with ThreadPoolExecutor(max_workers=2) as pool:  # each takes memory for a minute of sound
        return list(pool.map(render, recipes))


def _room(count: int, seconds: float) -> tuple[float, int]:
    """How long each of ``count`` sounds may be, and at which bit rate, so that the page stays small: ``(s, kbit/s)``.

    >>> _room(7, 25.0), _room(13, 25.0), _room(13, 20.0)
    ((25.0, 192), (20.1, 128), (20.0, 128))
    """
    for kbps in KBPS:
        if count * seconds * kbps * 125.0 <= MOST_BYTES:
            return seconds, kbps
    return int(MOST_BYTES / (count * KBPS[-1] * 12.5)) / 10.0, KBPS[-1]


def _command(request: PreviewRequest, variant: Variant) -> str:
    """The command line that makes this master."""
    words = ["masterify", "master", request.given or request.source, "--genre", variant.genre]
    words += ["--intensity", f"{variant.intensity:g}"]
    words += ["-p", request.platform] if request.platform != DEFAULT_PLATFORM else []
    words += ["--ai-service", request.ai_service] if request.ai_service != "other" else []
    words += ["--tier", request.tier] if request.tier != "standard" else []
    return shlex.join(words)


def _notes(variants: list[Variant], wanted_s: float, seconds: float, audio: Audio) -> list[str]:
    """Tell what holds for all variants."""
    first, *others = (each.recipe.notes for each in variants)
    notes = [note for note in first if all(note in other for other in others)]
    if seconds < min(wanted_s, audio.seconds):
        notes.append(
            f"Each sound is {round(seconds, 1):g} s instead of {wanted_s:g}, so that the page stays under 6 MB"
        )
    return notes


def _write(request: PreviewRequest, values: dict[str, Any], made: list[Preview]) -> None:
    make_folder(request.page_path.parent)
    with placed(request.page_path, overwrite=request.existing == "overwrite", source=request.source) as (
        file,
        _,
    ):
        file.write(page(values, made).encode("utf-8", "backslashreplace"))
