"""Short songs composed by arithmetic, their masters, and measurements that share nothing with the engine's."""

import numpy as np
import soundfile

from masterify_core.filters import interpolator
from masterify_core.mastering import MasterRequest, master
from masterify_core.presets import Library

LIBRARY = Library.load()
ZOOM = 16


def run(source, on_progress=None, **wishes):
    """Master a song through the one door."""
    return master(MasterRequest(source=str(source), **wishes), LIBRARY, on_progress)


def files(folder):
    """Every file under a folder, by its path from there."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def mix(rate=44_100, seconds=10.0, channels=2, seed=1, peak=0.35):
    """An unmastered song: kick, bass, chords, hats and a breath, wider at the top; float64 ``(frames, channels)``."""
    rng = np.random.default_rng(seed)
    n = np.arange(round(rate * seconds))
    t = n / rate
    beat, quaver = n % (rate // 2) / rate, n % (rate // 4) / rate
    kick = np.sin(2 * np.pi * (48 * beat + 6 * (1 - np.exp(-beat / 0.03)))) * np.exp(-beat / 0.12)
    root = np.array([55.0, 65.4, 49.0, 58.3])[(t // 2).astype(int) % 4]
    bass = np.sin(2 * np.pi * root * t) + 0.3 * np.sin(4 * np.pi * root * t)
    swell = 0.3 + 0.7 * np.sin(np.pi * np.minimum(t / seconds, 1.0)) ** 2
    x = np.zeros((len(n), 2))
    x += (0.9 * kick + 0.35 * bass * swell)[:, None]
    for k, ratio in enumerate((4.0, 5.0, 6.0, 8.0, 9.0)):
        for channel in range(2):
            chord = sum(
                np.sin(2 * np.pi * h * root * ratio * (1 + 0.002 * channel) * t + k) / h for h in (1, 2, 3, 5)
            )
            x[:, channel] += 0.07 * chord * swell
    air = rng.normal(size=(len(n), 2))
    air[1:] -= 0.9 * air[:-1]
    x += 0.16 * air * np.exp(-quaver / 0.03)[:, None] + 0.01 * air
    x[-rate // 10 :] *= np.linspace(1.0, 0.0, len(x[-rate // 10 :]))[:, None]
    x = x if channels == 2 else x.mean(axis=1, keepdims=True)
    return peak * x / np.abs(x).max()


def write(path, x, rate=44_100, subtype="PCM_24"):
    soundfile.write(path, x, rate, subtype)
    return str(path)


def read(path):
    """Float64 ``(frames, channels)`` and the rate."""
    return soundfile.read(path, always_2d=True)


def loudness_lufs(x, rate):
    """Integrated loudness by pyloudnorm, whose filters are made to agree at 997 Hz with those BS.1770 prints."""
    import pyloudnorm
    from scipy.signal import freqz, resample

    if rate < 32_000:
        x, rate = resample(x, len(x) * 48_000 // rate), 48_000

    def meter_and_gain_db(rate):
        meter = pyloudnorm.Meter(rate, filter_class="DeMan")
        filters = meter._filters.values()
        return meter, sum(20 * np.log10(abs(freqz(f.b, f.a, [997.0], fs=rate)[1][0])) for f in filters)

    meter, gain_db = meter_and_gain_db(rate)
    return meter.integrated_loudness(x) - gain_db + meter_and_gain_db(48_000)[1]


def true_peak_dbtp(x, taps=32):
    """Largest magnitude at 16 times the rate, looked for around every sample within 4 dB of the largest."""
    phases = interpolator(ZOOM, taps, 9.0).astype(np.float64)
    padded = np.pad(x, ((taps, taps), (0, 0)))
    peak = np.abs(x).max()
    for channel in padded.T:
        windows = np.lib.stride_tricks.sliding_window_view(channel, taps)
        near = np.abs(channel) > 10 ** (-4 / 20) * np.abs(x).max()
        at = np.unique(np.flatnonzero(near)[:, None] - taps // 2 + np.array([0, 1]))
        at = at[(at >= 0) & (at < len(windows))]
        for part in np.array_split(at, max(1, len(at) // 20_000)):
            peak = max(peak, np.abs(windows[part] @ phases.T).max(initial=0.0))
    return 20 * np.log10(peak)


def third_octaves_db(x, rate):
    """Power in third octaves from 40 Hz up, dB, of the whole song."""
    power = (np.abs(np.fft.rfft(x, axis=0)) ** 2).sum(axis=1)
    hz = np.fft.rfftfreq(len(x), 1 / rate)
    centres = 1000 * 2.0 ** (np.arange(-14, 13) / 3)
    centres = centres[centres * 1.2 < rate / 2]
    return 10 * np.log10([power[(hz >= c * 2 ** (-1 / 6)) & (hz < c * 2 ** (1 / 6))].sum() for c in centres])
