"""Text from a directory made harmless for a terminal, a log or a message.

Anyone who may invite a guest or register an application chooses a display name. It can hold terminal escapes,
line breaks, or characters that reverse the direction of the rest of the line.
"""

from __future__ import annotations

import unicodedata

# Cc: control characters, escape among them. Cf: invisible format characters, bidirectional overrides among them.
# Cs: halves of surrogate pairs, which no encoder accepts. Zl, Zp: line and paragraph separators.
_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def printable(text: str, *, longest: int = 200) -> str:
    """Return ``text`` on one line, every harmful character written as its escape, cut at ``longest`` characters.

    An honest name stays as it is, in any script; but for joiners inside a word, which could as well hide in a
    name that imitates another. A cut text ends in "…".
    """
    if text.isascii() and text.isprintable():
        shown = text
    else:
        shown = "".join(_shown(character) for character in text[: longest + 1])
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def _shown(character: str) -> str:
    if unicodedata.category(character) not in _HARMFUL:
        return character
    return f"\\x{ord(character):02x}" if ord(character) < 0x100 else f"\\u{ord(character):04x}"
