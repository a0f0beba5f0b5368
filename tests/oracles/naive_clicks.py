"""Slow, obvious twins of `masterify_core.kernels.clicks`."""

import numpy as np
from scipy.linalg import solve_toeplitz

from masterify_core.kernels.clicks import BLOCK, FLOOR, GUARD, ORDER


def predictor(x, window, first):
    padded = np.concatenate([np.zeros(len(window)), x, np.zeros(len(window))]).astype(np.float64)
    part = window * padded[len(window) + first : 2 * len(window) + first]
    r = np.array([part[: len(part) - k] @ part[k:] for k in range(ORDER + 1)])
    r[0] = r[0] * (1.0 + 1e-6) + 1e-12
    return np.concatenate([[1.0], -solve_toeplitz(r[:-1], r[1:])])


def errors(x, a, first, count):
    """Prediction errors of frames ``first`` to ``first + count``; 0 outside the song and in its first frames."""
    e = np.zeros(count)
    for n in range(count):
        m = first + n
        if ORDER <= m < len(x):
            e[n] = abs(a @ x[m - np.arange(ORDER + 1)])
    return e


def back_error(x, a, n):
    there = np.arange(min(ORDER + 1, len(x) - n))
    return abs(a[there] @ x[n + there])


def find_clicks(x, window, limit, longest, rest, found):
    x = x.astype(np.float64)
    runs, after = [], 0
    for start in range(0, len(x), BLOCK):
        a = predictor(x, window, start - BLOCK // 2)
        e = errors(x, a, start - GUARD, BLOCK + 2 * GUARD)
        own = e[GUARD : GUARD + BLOCK]
        usual = np.minimum(own, 3.0 * own.mean()).mean()
        top = limit * (usual + FLOOR)
        n = max(GUARD, after - start + GUARD)
        while n < GUARD + BLOCK:
            if e[n] <= top:
                n += 1
                continue
            last = n
            while (e[last + 1 : last + 1 + ORDER] > top).any():
                last += 1 + int(np.flatnonzero(e[last + 1 : last + 1 + ORDER] > top)[-1])
            first = start - GUARD + n
            inside = range(first + 1, min(start - GUARD + last, first + longest) + 1)
            end = max([k for k in inside if back_error(x, a, k) > top], default=first)
            length, tail = end - first + 1, n + end - first + 1 + ORDER
            if last - n <= longest + ORDER and length <= longest and tail + rest <= len(e):
                around = [e[n - rest : n].mean(), e[tail : tail + rest].mean()]
                most = e[n : last + ORDER + 1].max() / (usual + FLOOR)
                runs.append([first, length, most, *(np.array(around) / (usual + FLOOR))])
            n = last + 1
            after = start - GUARD + n
    found[: len(runs)] = np.array(runs).reshape(-1, 5)[: len(found)]
    return len(runs)


def mend(x, first, length, window, rounds):
    left = x[first - 1] if first > 0 else 0.0
    right = x[first + length] if first + length < len(x) else 0.0
    x[first : first + length] = np.linspace(left, right, length + 2)[1:-1]
    for _ in range(rounds):
        a = predictor(x, window, first + length // 2 - len(window) // 2)
        # The sum of squared prediction errors over everything that touches the gap, as one least-squares problem.
        known = np.concatenate([np.zeros(2 * ORDER), x, np.zeros(2 * ORDER)]).astype(np.float64)
        at = first + 2 * ORDER
        rows = np.arange(at, at + length + ORDER)
        full = np.zeros((len(rows), len(known)))
        for i, n in enumerate(rows):
            full[i, n - np.arange(ORDER + 1)] = a
        gap = slice(at, at + length)
        known[gap] = 0.0
        answer = np.linalg.lstsq(full[:, gap], -full @ known, rcond=None)[0]
        x[first : first + length] = answer
