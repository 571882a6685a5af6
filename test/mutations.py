"""Bytes as a fault, a bad memory or an enemy would leave them."""

from __future__ import annotations

from hypothesis import strategies as st

TELLING = (0, 1, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)

Edit = tuple[str, float, int, bytes]


def edits() -> st.SearchStrategy[list[Edit]]:
    """What is done to the bytes, one after the other: kind, place (0 to 1), value, more bytes."""
    kinds = st.sampled_from(["bit", "number", "drop", "repeat", "cut", "put"])
    place = st.floats(0, 1)
    value = st.sampled_from(TELLING) | st.integers(0, 2**32 - 1)
    return st.lists(st.tuples(kinds, place, value, st.binary(max_size=16)), min_size=1, max_size=6)


def mutated(data: bytes, done: list[Edit]) -> bytes:
    content = bytearray(data)
    for kind, place, value, more in done:
        at = round(place * len(content))
        if kind == "bit" and content:
            content[at % len(content)] ^= 1 << value % 8
        elif kind == "number":
            content[at : at + 4] = value.to_bytes(4, "little")
        elif kind == "drop":
            del content[at : at + 1 + value % 64]
        elif kind == "repeat":
            content[at:at] = content[at : at + 1 + value % 64]
        elif kind == "cut":
            del content[at:]
        else:
            content[at : at + len(more)] = more
    return bytes(content)
