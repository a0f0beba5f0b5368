"""What is different between two files (Rich)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rich.text import Text

from masterify_cli import show, show_analysis

if TYPE_CHECKING:
    from masterify_core.comparing import Comparison

ROWS = {
    "integrated_lufs": ("integrated, LUFS", 2), "loudness_range_lu": ("range (LRA), LU", 1),
    "true_peak_dbtp": ("true peak, dBTP", 2), "plr_lu": ("peak over loudness (PLR), LU", 1),
    "psr_lu": ("peak over short-term (PSR), LU", 1), "crest_db": ("crest factor, dB", 1),
    "correlation": ("correlation", 2), "mono_loss_db": ("lost in mono, dB", 1),
}  # fmt: skip


def comparison(first: str, second: str, made: Comparison) -> None:
    """Draw two files side by side, and what differs at equal loudness."""
    values = made.to_dict()
    a, b = values["first"], values["second"]
    with show.page() as screen:
        for letter, name, of in (("A", first, a), ("B", second, b)):
            show.heading(screen, f"{letter}  {name}", *show_analysis.about(of))
        screen.print(show.facts(_matching(values)))
        rows = []
        for key, (label, digits) in ROWS.items():
            gap = values["differences"].get(key)
            cells = (show.number(a[key], digits), show.number(b[key], digits))
            rows.append((label, *cells, show.number(gap, digits, sign=True)))
        screen.print(show.table(("", "A", "B", "B - A matched"), rows))
        screen.print(Text("  Tone, B - A at equal loudness, dB", style="bold"))
        screen.print(show.facts(_tone(values), indent=4))
        if any(each is not None for each in values["width_db"]):
            screen.print(Text("  Side over mid, B - A, dB", style="bold"))
            screen.print(_width(values))
        screen.print()


def _matching(values: dict[str, Any]) -> Iterable[tuple[str, str]]:
    found = values["alignment"]
    if found is None:
        yield "aligned", "no: these do not look like the same song; compared whole"
    else:
        lag = found["lag_frames"]
        later = (
            "at the same frame" if lag == 0 else f"B {abs(lag)} frames {'later' if lag > 0 else 'earlier'}"
        )
        more = [
            word
            for word, is_so in (("upside down", found["inverted"]), ("channels swapped", found["swapped"]))
            if is_so
        ]
        yield (
            "aligned",
            ", ".join([f"{later} ({found['lag_ms']:g} ms)", *more, f"likeness {found['likeness']:.3f}"]),
        )
        null = values["null_db"]
        yield "null", "nothing is left: the same samples" if null is None else f"{null:.1f} dB left of A"
    yield "matched", f"B is played at {show.number(values['gain_db'], 2, 'dB', sign=True)}"


def _tone(values: dict[str, Any]) -> Iterable[tuple[str, str]]:
    pairs = [
        (db, hz)
        for db, hz in zip(values["tone_db"], values["third_octaves_hz"], strict=True)
        if db is not None
    ]
    if not pairs:
        yield "", show.NOTHING
        return
    for label, (db, hz) in (("most", max(pairs)), ("least", min(pairs))):
        yield label, f"{show.number(db, 1, 'dB', sign=True)} at {hz:g} Hz"
    rms = (sum(db * db for db, _ in pairs) / len(pairs)) ** 0.5
    yield "on average", f"{rms:.2f} dB (RMS of {len(pairs)} third octaves)"


def _width(values: dict[str, Any]) -> Any:
    from masterify_core.metering.spectrum import BANDS_HZ

    names = [f"{hz:.0f}" if hz < 1000 else f"{hz / 1000:.1f}k" for hz in BANDS_HZ]
    row = ("B - A", *(show.number(each, sign=True) for each in values["width_db"]))
    return show.table(("from Hz", *names), [row])
