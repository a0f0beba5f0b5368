"""WAV files built byte by byte, so that tests may lie in any place."""

import struct

import numpy as np

PCM_GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")


def chunk(name, body, size=None, order="<"):
    """Build a chunk; ``size`` may say something else than what is there."""
    length = len(body) if size is None else size
    return name + struct.pack(order + "I", length) + body + b"\0" * (len(body) % 2)


def fmt(tag=1, channels=2, rate=44_100, bits=16, order="<", align=None, extra=b""):
    """Build the body of a fmt chunk."""
    align = channels * ((bits + 7) // 8) if align is None else align
    return struct.pack(order + "HHIIHH", tag, channels, rate, rate * align, align, bits) + extra


def extensible(tag, channels, rate, bits, valid, align=None):
    """Build the body of a WAVE_FORMAT_EXTENSIBLE fmt chunk."""
    extra = struct.pack("<HHIH", 22, valid, (1 << channels) - 1, tag) + PCM_GUID_TAIL
    return fmt(0xFFFE, channels, rate, bits, align=align, extra=extra)


def wav(*chunks, form=b"RIFF", size=None, order="<"):
    """Build a file of chunks."""
    body = b"WAVE" + b"".join(chunks)
    return form + struct.pack(order + "I", len(body) if size is None else size) + body


def packed(integers, bits, order="<"):
    """Pack integers of up to 64 bits into the bytes of a data chunk; 8 bit is unsigned."""
    name = "little" if order == "<" else "big"
    offset = 128 if bits == 8 else 0
    flat = np.asarray(integers).reshape(-1).tolist()
    return b"".join((v + offset).to_bytes(bits // 8, name, signed=bits > 8) for v in flat)


def ramp(frames=1000, channels=2, bits=16):
    """Integers over the whole range, another in each channel."""
    top = 2 ** (bits - 1)
    values = np.random.default_rng(bits).integers(-top, top, (frames, channels), dtype=np.int64)
    values[0], values[1] = -top, top - 1
    return values
