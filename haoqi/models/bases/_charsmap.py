"""The table of a SentencePiece normaliser: which character becomes which text, as a double-array trie.

`tokenizers` replaces characters by table only in SentencePiece's own binary form: the length of the trie in
bytes, the trie (the units of https://github.com/s-yata/darts-clone, whose search walks one XOR per byte), and
the replacements, each ended by a zero byte. This writes that form.
"""

import struct
from collections.abc import Mapping

# Bits of a unit: its label, whether a value hangs below it, and the jump to its children.
_HAS_VALUE = 1 << 8
_IS_VALUE = 1 << 31
_WIDE_JUMP = 1 << 9
_JUMP = 10

Node = dict[int, "Node | int"]


def charsmap(replacements: Mapping[str, str]) -> bytes:
    """Return the table for `tokenizers.normalizers.Precompiled`.

    Args:
        replacements: what each text becomes; at least one, and neither side may contain the zero character.
    """
    texts = bytearray()
    places: dict[str, int] = {}
    root: Node = {}
    for key, text in sorted(replacements.items()):
        if text not in places:
            places[text] = len(texts)
            texts += text.encode("utf-8") + b"\0"
        node = root
        for byte in key.encode("utf-8"):
            child = node.setdefault(byte, {})
            assert isinstance(child, dict)
            node = child
        node[0] = places[text]  # no label is zero, so the value may sit where that child would
    trie = _lay_out(root)
    return struct.pack("<I", 4 * len(trie)) + struct.pack(f"<{len(trie)}I", *trie) + bytes(texts)


def _lay_out(root: Node) -> list[int]:
    """Return the units of a trie; a node's child with label c lies at the node's place ^ jump ^ c."""
    units: dict[int, int] = {}
    taken = {0}
    free = 1  # no gap below this place is worth trying again
    waiting: list[tuple[int, Node]] = [(0, root)]
    while waiting:
        place, node = waiting.pop()
        while free in taken:
            free += 1
        start = _home(node, taken, free)
        taken.update(start ^ label for label in node)
        units[place] = units.get(place, 0) | _jump(place ^ start) | (_HAS_VALUE if 0 in node else 0)
        for label, child in node.items():
            if isinstance(child, dict):
                units[start ^ label] = label
                waiting.append((start ^ label, child))
            else:
                units[start] = _IS_VALUE | child
    size = (max(taken) | 0xFF) + 1
    return [units.get(place, 0) for place in range(size)]


def _home(node: Node, taken: set[int], free: int) -> int:
    """Return the lowest start whose places for all labels of a node are free."""
    first = min(node)
    candidate = free
    while True:
        start = candidate ^ first
        if start > 0 and candidate not in taken and not any(start ^ label in taken for label in node):
            return start
        candidate += 1


def _jump(distance: int) -> int:
    """Return a jump in the bits of a unit; 29 bits reach far by dropping the lowest eight."""
    if distance < 1 << 21:
        return distance << _JUMP
    assert distance & 0xFF == 0, distance
    return (distance >> 8) << _JUMP | _WIDE_JUMP
