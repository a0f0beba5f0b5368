"""Looks into uploaded files before they are accepted, in a process apart: no stranger's audio is decoded in the web."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from masterify_server.errors import ApiError, unavailable
from masterify_server.probe_process import READY, WALL_S

STARTING_S = 60.0  # the first start on a machine compiles
LONGEST_S = 600.0
# How the core words what is wrong; the numbers go into the message.
DETAILS = (
    (re.compile(r"has (?P<channels>\d+) channels"), "channels"),
    (re.compile(r"has a sample rate of (?P<rate>\d+) Hz"), "rate"),
    (re.compile(r"holds (NaN|infinity)"), "not_finite"),
    (re.compile(r"is empty|holds no audio"), "empty"),
)


@dataclass(frozen=True, slots=True)
class Probed:
    """What an upload holds, counted."""

    container: str
    subtype: str
    channels: int
    rate: int
    seconds: float


class Probe:
    """The web's end of the probe process; started once, and again whenever it should have died.

    Parameters
    ----------
    slots
        Files looked into at the same time; more wait.
    max_seconds
        Longest song.
    """

    def __init__(self, slots: int | None = None, max_seconds: float = LONGEST_S) -> None:
        self._max_seconds = max_seconds
        self._slots = asyncio.Semaphore(slots or max(2, os.cpu_count() or 1))
        self._starting = asyncio.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    @property
    def is_ready(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    async def start(self) -> None:
        """Start the process unless it runs; when this returns, it is warm."""
        async with self._starting:
            if not self.is_ready:
                self._close()
                await asyncio.to_thread(self._start)

    async def close(self) -> None:
        """End the process."""
        async with self._starting:
            await asyncio.to_thread(self._close)

    async def look(self, path: Path, param: str = "file") -> Probed:
        """Decode a file in a child and say what it holds.

        Raises
        ------
        ApiError
            ``UNSUPPORTED_FORMAT``, ``INVALID_AUDIO`` or ``FILE_TOO_LONG``, about the field ``param``; and
            ``UNAVAILABLE`` if no process can be had.
        """
        async with self._slots:
            told = await self._ask(path)
        if "error" in told:
            raise self._refusal(told["error"], told["problem"], param)
        if told["is_silent"]:
            raise ApiError("INVALID_AUDIO", "silent", param=param)
        seconds = told["frames"] / told["rate"]
        return Probed(told["container"], told["subtype"], told["channels"], told["rate"], seconds)

    async def _ask(self, path: Path) -> dict[str, Any]:
        question = json.dumps({"path": str(path), "max_seconds": self._max_seconds}).encode()
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                await self._hand_over(theirs)
            ours.setblocking(False)
            reader, writer = await asyncio.open_connection(sock=ours)
        except BaseException:
            ours.close()
            raise
        try:
            writer.write(question)
            async with asyncio.timeout(WALL_S + 5.0):
                told = json.loads(await reader.read() or b"null")
        except (OSError, TimeoutError, ValueError):
            told = None
        finally:
            writer.close()
        # A child that said nothing was stopped by its limits or crashed: the file made it so.
        return told or {"error": "damaged_audio", "problem": "stopped the decoder"}

    async def _hand_over(self, line: socket.socket) -> None:
        for _ in range(2):
            await self.start()
            assert self._control is not None
            try:
                socket.send_fds(self._control, [b"?"], [line.fileno()])
                return
            except OSError:
                await self.close()
        raise unavailable()

    def _refusal(self, code: str, problem: str, param: str) -> ApiError:
        if code == "too_long":
            return ApiError("FILE_TOO_LONG", param=param, limit_min=round(self._max_seconds / 60))
        if code == "not_audio":
            return ApiError("UNSUPPORTED_FORMAT", "wav" if "WAV file that" in problem else "", param=param)
        for pattern, detail in DETAILS:
            if found := pattern.search(problem):
                facts: dict[str, Any] = found.groupdict()
                return ApiError("INVALID_AUDIO", detail, param=param, **facts)
        return ApiError("INVALID_AUDIO", "damaged" if code == "damaged_audio" else "", param=param)

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", "masterify_server.probe_process", str(theirs.fileno())]
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)  # noqa: S603
        ours.settimeout(STARTING_S)
        try:
            if ours.recv(1) != READY:
                raise OSError("the probe process ended at once")
        except OSError:
            ours.close()
            self._close()
            raise
        ours.settimeout(None)
        self._control = ours

    def _close(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            try:
                self._process.wait(2.0)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
