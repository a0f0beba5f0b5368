"""Letters as strokes, for pictures that need no font."""

from __future__ import annotations

BASELINE, CAPITAL = 2, 8  # rows: descenders reach 0, small letters 6
ADVANCE = 5.7  # units from one letter to the next; letters are 4 wide

# Points as two digits, column and row; strokes are parted by "|".
GLYPHS = {
    "0": "12 32 43 47 38 18 07 03 12", "1": "17 28 22|12 32", "2": "07 18 38 47 46 02 42",
    "3": "07 18 38 47 46 35 44 43 32 12 03|15 35", "4": "32 38 04 44", "5": "48 08 05 35 44 43 32 12 03",
    "6": "47 38 18 07 03 12 32 43 44 35 05", "7": "08 48 22",
    "8": "15 06 07 18 38 47 46 35 15 04 03 12 32 43 44 35", "9": "03 12 32 43 47 38 18 07 06 15 45",
    "A": "02 28 42|14 34", "B": "02 08 38 47 46 35 05|35 44 43 32 02", "C": "47 38 18 07 03 12 32 43",
    "D": "02 08 28 46 44 22 02", "E": "48 08 02 42|05 35", "F": "48 08 02|05 35",
    "G": "47 38 18 07 03 12 32 43 45 25", "H": "02 08|42 48|05 45", "I": "22 28|12 32|18 38", "J": "38 33 22 12 03",
    "K": "02 08|48 05 42", "L": "08 02 42", "M": "02 08 25 48 42", "N": "02 08 42 48",
    "O": "12 32 43 47 38 18 07 03 12", "P": "02 08 38 47 46 35 05", "Q": "12 32 43 47 38 18 07 03 12|24 42",
    "R": "02 08 38 47 46 35 05|25 42", "S": "47 38 18 07 06 15 35 44 43 32 12 03", "T": "08 48|28 22",
    "U": "08 03 12 32 43 48", "V": "08 22 48", "W": "08 12 25 32 48", "X": "02 48|08 42", "Y": "08 25 48|25 22",
    "Z": "08 48 02 42",
    "a": "16 36 45 42|44 14 03 12 32 43", "b": "08 02|05 16 36 45 43 32 12 03", "c": "45 36 16 05 03 12 32 43",
    "d": "48 42|45 36 16 05 03 12 32 43", "e": "04 44 45 36 16 05 03 12 32 43", "f": "12 17 28 38|06 36",
    "g": "46 41 30 10|45 36 16 05 03 12 32 43", "h": "08 02|05 16 36 45 42", "i": "22 26|28 28", "j": "26 21 10|28 28",
    "k": "08 02|36 04 32", "l": "28 22", "m": "02 06|05 16 25 22|25 36 45 42", "n": "02 06|05 16 36 45 42",
    "o": "12 32 43 45 36 16 05 03 12", "p": "06 00|05 16 36 45 43 32 12 03", "q": "46 40|45 36 16 05 03 12 32 43",
    "r": "12 16|15 26 36", "s": "45 36 16 05 14 34 43 32 12 03", "t": "18 13 22 32|06 36", "u": "06 03 12 32 43|46 42",
    "v": "06 22 46", "w": "06 12 25 32 46", "x": "02 46|06 42", "y": "06 22|46 22 10", "z": "06 46 02 42",
    ".": "22 22", ",": "22 11", ":": "22 22|25 25", "-": "15 35", "−": "05 45", "+": "05 45|27 23", "/": "02 48",
    "(": "38 27 23 32", ")": "18 27 23 12", "%": "02 48|07 07|43 43", "=": "04 44|06 46", "'": "28 27",
}  # fmt: skip


def strokes(
    text: str, x: float, y: float, unit: float, anchor: float = 0.0
) -> list[list[tuple[float, float]]]:
    """Lines of a text whose baseline is at ``y``, in pixels; ``anchor`` is the share of its width left of ``x``.

    A letter that is not known takes its room and stays empty.
    """
    x -= anchor * width(text, unit)
    return [
        [
            (x + unit * (ADVANCE * place + int(point[0])), y - unit * (int(point[1]) - BASELINE))
            for point in stroke.split()
        ]
        for place, letter in enumerate(text)
        for stroke in GLYPHS.get(letter, "").split("|")
        if stroke
    ]


def width(text: str, unit: float) -> float:
    """Width of a text in pixels."""
    return unit * max(0.0, ADVANCE * len(text) - (ADVANCE - 4.0))
