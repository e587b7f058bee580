"""One message of a worker, read through types. Sizes are compared before anything is made of them."""

from __future__ import annotations

import math
import struct
from collections.abc import Collection
from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta

from conformance.adapter import DTYPES, NAMES

#: A header longer than this is noise, not a message.
LONGEST_HEADER = 4 * 2**20

Tensors = dict[str, tuple[str, np.ndarray]]

_DTYPE = {code: name for name, code in NAMES.items()}


class Garbled(Exception):
    """The worker sent something that is not a message, or not one that was asked for; why, in plain words."""


class _About(msgspec.Struct):
    message: str


class _Tensor(msgspec.Struct):
    dtype: str
    shape: Annotated[tuple[Annotated[int, Meta(ge=0, le=2**62)], ...], Meta(max_length=16)]
    data_offsets: tuple[int, int]


def take(buffer: bytearray, room: int, wanted: Collection[str] | None) -> tuple[dict[str, Any], Tensors, int] | None:
    """(message, tensors, bytes that it took) where a whole message stands at the beginning of `buffer`, else None.

    `room`: bytes of tensors that it may carry; `wanted`: their names, None where any may come. Raises Garbled for
    anything else, at once: not when all has arrived that was announced.
    """
    if len(buffer) < 8:
        return None
    (length,) = struct.unpack_from("<Q", buffer)
    if length > LONGEST_HEADER:
        if buffer[8:9] == b"{" and length < 2**40:
            raise Garbled(f"its header has {length} bytes, more than {LONGEST_HEADER}")
        raise Garbled(f"standard output holds {bytes(buffer[:40])!r} where a message should start")
    if len(buffer) < 8 + length:
        return None
    try:
        message, entries = _header(bytes(buffer[8 : 8 + length]))
    except RecursionError:
        raise Garbled("not a message: its header is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Garbled(f"not a message: {str(error)[:200]}") from None
    size = _size(entries, room, wanted)
    begin = 8 + length
    if len(buffer) < begin + size:
        return None
    payload = bytes(memoryview(buffer)[begin : begin + size])
    return message, {name: _array(entry, payload) for name, entry in entries.items()}, begin + size


def _header(text: bytes) -> tuple[dict[str, Any], dict[str, _Tensor]]:
    parts = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    if "__metadata__" not in parts:
        raise Garbled("not a message: its header has no __metadata__")
    about = msgspec.json.decode(parts.pop("__metadata__"), type=_About)
    message = msgspec.json.decode(about.message, type=dict[str, Any])
    return message, {name: _tensor(name, raw) for name, raw in parts.items()}


def _tensor(name: str, raw: msgspec.Raw) -> _Tensor:
    try:
        return msgspec.json.decode(raw, type=_Tensor)
    except msgspec.ValidationError as error:
        raise Garbled(f"not a message: the tensor {name[:40]!r}: {str(error)[:200]}") from None


def _size(entries: dict[str, _Tensor], room: int, wanted: Collection[str] | None) -> int:
    """How many bytes the tensors take: one behind the other, as many as their shapes say, and no more than `room`."""
    end = 0
    for name, entry in sorted(entries.items(), key=lambda each: each[1].data_offsets):
        what = f"not a message: the tensor {name[:40]!r}"
        if entry.dtype not in DTYPES:
            raise Garbled(f"{what} has a dtype that nobody knows: {entry.dtype[:40]!r}")
        if math.prod(max(length, 1) for length in entry.shape) > 2**60:
            raise Garbled(f"{what} has shape {list(entry.shape)}, which no array has")
        begin, after = entry.data_offsets
        needed = math.prod(entry.shape) * np.dtype(DTYPES[entry.dtype]).itemsize
        if begin != end or after - begin != needed:
            told = f"{what} has {needed} bytes for shape {list(entry.shape)}, its offsets are {begin} and {after}"
            raise Garbled(told if after - begin != needed else f"{told}, where {end} bytes go before it")
        end = after
        if end > room:
            raise Garbled(f"{what} ends at byte {end}: no answer to this question needs more than {room}")
    if extra := sorted(entries.keys() - set(entries if wanted is None else wanted)):
        raise Garbled(f"the answer carries a tensor {extra[0][:40]!r} that nothing asked for")
    return end


def _array(entry: _Tensor, payload: bytes) -> tuple[str, np.ndarray]:
    begin, _ = entry.data_offsets
    array = np.frombuffer(payload, DTYPES[entry.dtype], math.prod(entry.shape), begin) if payload else np.zeros(0)
    return _DTYPE[entry.dtype], array.astype(DTYPES[entry.dtype], copy=False).reshape(entry.shape)
