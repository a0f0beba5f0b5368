"""Compose the example song, "First Light", from nothing but numpy: the same samples on every run.

Run ``python examples/make_song.py`` to write ``examples/first_light.flac`` again. The mix is left
unmastered on purpose: about -20 LUFS, peaks at -6 dBFS, no limiter and no compressor on the sum.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

Sound = Any  # float64, (frames,) or (frames, 2)

SONG = Path(__file__).with_name("first_light.flac")
RATE_HZ = 44_100
BEAT_S = 60.0 / 108.0
BARS = 10  # two of intro, four of verse, four of chorus; then one last chord
TAIL_S = 2.6
PEAK_DBFS = -6.0
SEED = 1770

# One chord a bar, as MIDI numbers; the first is the bass.
DM9, BB9, F9 = (38, 53, 57, 60, 64), (34, 53, 57, 60, 62), (41, 52, 55, 57, 60)
C9, AM7 = (36, 52, 55, 60, 62), (33, 52, 55, 57, 60, 64)
CHORDS = (DM9, BB9, DM9, BB9, F9, C9, BB9, C9, AM7, C9, DM9)

# (bar, beat, beats long, MIDI number)
MELODY = (
    (2, 0.5, 0.5, 69), (2, 1.0, 0.5, 72), (2, 1.5, 1.5, 74), (2, 3.5, 0.5, 72),
    (3, 0.0, 1.0, 74), (3, 1.0, 0.5, 72), (3, 1.5, 1.5, 69), (3, 3.5, 0.5, 67),
    (4, 0.0, 0.5, 69), (4, 0.5, 0.5, 67), (4, 1.0, 1.5, 65), (4, 3.0, 0.5, 67), (4, 3.5, 0.5, 69),
    (5, 0.0, 2.0, 67), (5, 2.5, 0.5, 69), (5, 3.0, 0.5, 72), (5, 3.5, 0.5, 74),
    (6, 0.0, 1.5, 77), (6, 1.5, 0.5, 76), (6, 2.0, 1.0, 74), (6, 3.0, 1.0, 72),
    (7, 0.0, 1.5, 76), (7, 1.5, 0.5, 74), (7, 2.0, 1.0, 72), (7, 3.0, 0.5, 74), (7, 3.5, 0.5, 76),
    (8, 0.0, 1.0, 72), (8, 1.0, 0.5, 76), (8, 1.5, 1.5, 79), (8, 3.0, 1.0, 76),
    (9, 0.0, 1.0, 79), (9, 1.0, 1.0, 76), (9, 2.0, 1.0, 74), (9, 3.0, 0.5, 72), (9, 3.5, 0.5, 76),
    (10, 0.0, 3.5, 74),
)  # fmt: skip


def hz(midi: float) -> float:
    """Frequency of a MIDI number; 69 is 440 Hz."""
    return 440.0 * math.exp2((midi - 69.0) / 12.0)


def clock(seconds: float) -> Sound:
    """Time in seconds of each frame."""
    return np.arange(round(seconds * RATE_HZ)) / RATE_HZ


def swell(frames: int, attack_s: float, release_s: float) -> Sound:
    """Rise and fall as halves of a raised cosine, flat between."""
    t = np.arange(frames) / RATE_HZ
    ends = np.minimum(np.minimum(t / attack_s, t[::-1] / release_s), 1.0)
    return 0.5 - 0.5 * np.cos(np.pi * np.clip(ends, 0.0, 1.0))


def saw(freq_hz: Sound, corner_hz: float, phase: float = 0.0) -> Sound:
    """Sum the harmonics of a saw through a 12 dB/octave slope, those below 16 kHz only; no aliases.

    ``freq_hz`` holds a frequency for each frame, so notes may glide and tremble.
    """
    order = np.arange(1, max(2, int(16_000.0 / freq_hz.max()) + 1))
    level = 1.0 / order / (1.0 + (order * freq_hz.mean() / corner_hz) ** 2)
    cycle = np.fft.irfft(np.concatenate(([0.0], -1j * level)), 4096) * 2048.0
    place = 4096.0 * ((phase + np.cumsum(freq_hz) / RATE_HZ) % 1.0)
    whole = place.astype(np.int64)
    left, right = cycle[whole % 4096], cycle[(whole + 1) % 4096]
    return left + (place - whole) * (right - left)


def shaped_noise(rng: np.random.Generator, frames: int, low_hz: float, high_hz: float) -> Sound:
    """White noise between two frequencies, 12 dB/octave below and 24 above, at an RMS of 1."""
    freq = np.fft.rfftfreq(frames, 1.0 / RATE_HZ) + 1e-9
    shape = 1.0 / (1.0 + (low_hz / freq) ** 2) / (1.0 + (freq / high_hz) ** 4)
    noise = np.fft.irfft(np.fft.rfft(rng.standard_normal(frames)) * shape, frames)
    return noise / np.sqrt(np.mean(noise**2))


def kick() -> Sound:
    """Strike a sine that falls from 190 to 50 Hz, with a short knock."""
    t = clock(0.34)
    turns = np.cumsum(50.0 + 140.0 * np.exp(-t / 0.022)) / RATE_HZ
    knock = 0.25 * np.sin(2.0 * np.pi * 1900.0 * t) * np.exp(-t / 0.003)
    return (np.sin(2.0 * np.pi * turns) * np.exp(-t / 0.13) + knock) * swell(t.size, 0.0008, 0.05)


def snare(rng: np.random.Generator) -> Sound:
    """Strike two drum modes and the rattle of the wires."""
    t = clock(0.3)
    modes = np.sin(2.0 * np.pi * 188.0 * t) * np.exp(-t / 0.05)
    modes += 0.6 * np.sin(2.0 * np.pi * 287.0 * t) * np.exp(-t / 0.035)
    wires = 0.33 * shaped_noise(rng, t.size, 1200.0, 6500.0) * np.exp(-t / 0.06)
    return (0.7 * modes + wires) * swell(t.size, 0.0006, 0.1)


def hat(rng: np.random.Generator, decay_s: float) -> Sound:
    """Strike high noise that dies away."""
    t = clock(min(0.4, 5.0 * decay_s))
    noise = 0.25 * shaped_noise(rng, t.size, 6000.0, 9500.0)
    return noise * np.exp(-t / decay_s) * swell(t.size, 0.001, 0.01)


def keys(freq_hz: float, seconds: float, strength: float) -> Sound:
    """Sound an electric piano: two operators whose brightness follows the strength of the touch."""
    t = clock(seconds)
    turns = 2.0 * np.pi * freq_hz * t
    tine = 0.12 * strength * np.sin(7.0 * turns) * np.exp(-t / 0.06)
    body = np.sin(turns + 1.5 * strength * np.exp(-t / 0.35) * np.sin(turns))
    return strength * (body + tine) * np.exp(-t / 0.7) * swell(t.size, 0.003, 0.06)


def lead(freq_hz: float, before_hz: float, seconds: float) -> Sound:
    """Sound a reed that glides in from the note before and begins to tremble after a while."""
    t = clock(seconds)
    glide = (before_hz / freq_hz) ** np.exp(-t / 0.018)
    tremble = 1.0 + 0.006 * np.clip((t - 0.25) / 0.4, 0.0, 1.0) * np.sin(2.0 * np.pi * 5.3 * t)
    pitch = freq_hz * glide * tremble
    dark, bright = saw(pitch, 900.0), saw(pitch, 3200.0)
    open_ = 0.25 + 0.75 * np.exp(-t / 0.3)
    return (dark + open_ * (bright - dark)) * swell(t.size, 0.025, 0.07)


def room(rng: np.random.Generator) -> Sound:
    """Answer one click as a hall would: two independent channels, highs dying first, no lows."""
    t = clock(1.9)
    bands = ((250.0, 700.0, 0.32), (700.0, 1800.0, 0.26), (1800.0, 3500.0, 0.15))  # low, high, decay in s
    sides = [
        sum(shaped_noise(rng, t.size, low, high) * np.exp(-t / decay) for low, high, decay in bands)
        for _ in range(2)
    ]
    hall = np.stack(sides, axis=1) * swell(t.size, 0.012, 0.4)[:, None]
    return hall / np.sqrt(np.sum(hall**2, axis=0))


def convolve(sound: Sound, answer: Sound) -> Sound:
    """``sound`` in a room, as long as it was."""
    size = 1 << int(np.ceil(np.log2(len(sound) + len(answer))))
    product = np.fft.rfft(sound, size, axis=0) * np.fft.rfft(answer, size, axis=0)
    return np.fft.irfft(product, size, axis=0)[: len(sound)]


class Desk:
    """The mixing desk: a dry sum and a send to the hall."""

    def __init__(self) -> None:
        frames = round((BARS * 4.0 * BEAT_S + TAIL_S) * RATE_HZ)
        self.dry, self.send = np.zeros((frames, 2)), np.zeros((frames, 2))

    def play(
        self, at_s: float, sound: Sound, gain_db: float, pan: float = 0.0, send_db: float = -60.0
    ) -> None:
        """Put a mono sound at a time and a place; ``pan`` runs from -1, left, to 1, right."""
        start = max(0, round(at_s * RATE_HZ))
        sound = sound[: len(self.dry) - start]
        angle = (pan + 1.0) * np.pi / 4.0
        placed = sound[:, None] * (10.0 ** (gain_db / 20.0) * np.array([np.cos(angle), np.sin(angle)]))
        self.dry[start : start + len(sound)] += placed
        self.send[start : start + len(sound)] += placed * 10.0 ** (send_db / 20.0)


def at(bar: float, beat: float) -> float:
    """Seconds from the start."""
    return (bar * 4.0 + beat) * BEAT_S


def play_drums(desk: Desk, rng: np.random.Generator) -> None:
    """Play hats from the start, a sparse verse, four on the floor in the chorus, a fill between them."""
    for bar in range(BARS):
        chorus = bar >= 6
        for step in range(0, 16, 1 if chorus else 2):
            if bar == 0:
                continue
            accent = (0.0, -9.0, -4.0, -9.0)[step % 4] + rng.normal(0.0, 0.8)
            open_ = chorus and step % 4 == 2
            when = at(bar, step / 4.0) + rng.normal(0.0, 0.002)
            desk.play(when, hat(rng, 0.09 if open_ else 0.03), -20.0 + accent + 3.0 * open_, 0.35, -14.0)
        if bar < 2:
            continue
        for beat in (0.0, 1.0, 2.0, 3.0) if chorus else (0.0, 1.75, 2.5):
            desk.play(at(bar, beat), kick(), 2.5 if chorus or not beat else 0.5)
        for beat in (1.0, 3.0):
            desk.play(at(bar, beat) + 0.004, snare(rng), -2.5 if chorus else -5.5, -0.05, -9.0)
    for step in range(4):
        desk.play(at(5, 3.0 + step / 4.0), snare(rng), -11.0 + 2.2 * step, 0.2 - 0.1 * step, -9.0)


def play_chords(desk: Desk, rng: np.random.Generator) -> None:
    """Play pads of five detuned saws to each note, broken chords on the keys, and the bass."""
    for bar, (root, *notes) in enumerate(CHORDS):
        last, chorus = bar == BARS, bar >= 6
        seconds = TAIL_S - 0.2 if last else 4.0 * BEAT_S + 0.25
        for midi in [*notes, notes[1] + 12] if chorus else notes:
            for pan in (-0.9, -0.45, 0.0, 0.45, 0.9):
                pitch = np.full(round(seconds * RATE_HZ), hz(midi + 0.11 * pan + rng.normal(0.0, 0.02)))
                voice = saw(pitch, 2200.0 if chorus else 900.0, rng.random())
                shape = swell(pitch.size, 0.02 if last else 0.18, 1.9 if last else 0.25)
                desk.play(at(bar, 0.0), voice * shape, -31.0 if chorus else -32.0, pan, -6.0)
        for step in range(1 if last else 8):
            strength = (1.0, 0.6, 0.8, 0.65)[step % 4] + rng.normal(0.0, 0.04)
            note, pan = notes[(0, 2, 1, 3, 2, 3, 1, 2)[step]] + 12, (-0.5, 0.5)[step % 2]
            sound = keys(hz(note), 1.6, strength)
            desk.play(at(bar, step / 2.0) + rng.normal(0.0, 0.004), sound, -17.0, pan, -8.0)
            desk.play(at(bar, step / 2.0 + 0.75), sound, -29.0, -pan, -8.0)
        if bar < 2:
            continue
        rhythm = ((0.0, 3.0),) if last else tuple((b / 2.0, 0.45) for b in range(8)) if chorus else (
            (0.0, 1.5), (1.75, 0.6), (2.5, 1.3))  # fmt: skip
        for beat, beats in rhythm:
            t = clock(beats * BEAT_S)
            pitch = np.full(t.size, hz(root + (12 if chorus and not last and (2 * beat) % 4 == 3 else 0)))
            pluck = saw(pitch, 260.0) + 0.8 * (saw(pitch, 1500.0) - saw(pitch, 260.0)) * np.exp(-t / 0.12)
            note = 0.5 * pluck + 0.7 * np.sin(2.0 * np.pi * np.cumsum(pitch) / RATE_HZ)
            desk.play(at(bar, beat), note * swell(t.size, 0.006, 0.05), -9.5)


def play_melody(desk: Desk) -> None:
    """Play the tune, and in the chorus its double, an octave below and to the sides."""
    before = MELODY[0][3]
    for bar, beat, beats, midi in MELODY:
        seconds = beats * BEAT_S + 0.05
        desk.play(at(bar, beat), lead(hz(midi), hz(before), seconds), -12.0, 0.0, -10.0)
        for side in (-0.7, 0.7) if bar >= 6 else ():
            double = lead(hz(midi - 12 + 0.07 * side), hz(before - 12), seconds)
            desk.play(at(bar, beat) + 0.011 + 0.006 * side, double, -21.0, side, -8.0)
        before = midi


def compose() -> Sound:
    """Mix the song: float64 (frames, 2)."""
    rng = np.random.default_rng(SEED)
    desk = Desk()
    play_drums(desk, rng)
    play_chords(desk, rng)
    play_melody(desk)
    mix = desk.dry + convolve(desk.send, room(rng))
    mix *= swell(len(mix), 0.005, 0.4)[:, None]
    return mix * 10.0 ** (PEAK_DBFS / 20.0) / np.abs(mix).max()


def as_16_bit(mix: Sound) -> Sound:
    """Whole numbers with triangular dither, (frames, 2) int16."""
    rng = np.random.default_rng(SEED + 1)
    dither = rng.random(mix.shape) - rng.random(mix.shape)
    return np.rint(mix * 32_767.0 + dither).astype(np.int16)


def main(path: Path = SONG) -> None:
    """Write the song with its tags."""
    with soundfile.SoundFile(path, "w", RATE_HZ, 2, "PCM_16", format="FLAC", compression_level=1.0) as file:
        file.title, file.artist, file.album = "First Light", "masterify", "Examples"
        file.date, file.license = "2025", "CC0-1.0"
        file.write(as_16_bit(compose()))
    sys.stdout.write(f"{path}: {path.stat().st_size / 1e6:.2f} MB\n")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
