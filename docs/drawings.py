"""Drawings of the operator for documents, as SVG: `python docs/drawings.py` writes those of the specification.

`axis` draws what each element of the input stamps along one axis, what padding crops and what output padding adds;
`permutation` draws how a kernel's axes are exchanged between two layouts. A test compares what is written.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "pictures"
STYLE = (
    "<style>text{font:12px system-ui,sans-serif;fill:#1f2328}.s{fill:#54aeff;stroke:#0969da}"
    ".x{fill:#d0d7de;stroke:#8c959f}.y{fill:#aceebb;stroke:#1a7f37}.o{fill:#ffdfb6;stroke:#bc4c00;stroke-dasharray:3 2}"
    ".c{stroke:#8c959f;fill:none}"
    ".l{stroke:#8c959f;fill:none}.m{text-anchor:middle}.q{fill:#656d76}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.q{fill:#9198a1}.s{fill:#1158a6;stroke:#4493f8}"
    ".x{fill:#3d444d;stroke:#9198a1}.y{fill:#196c2e;stroke:#3fb950}.o{fill:#762d0a;stroke:#db6d28}}</style>"
)
CELL, LEFT, ROW = 26, 96, 24


def axis(input: int, kernel: int, stride: int, dilation: int, lo: int, hi: int, output_padding: int) -> str:
    """One axis: a line for each element of the input with the taps that it stamps, and the output below."""
    extent = (kernel - 1) * dilation + 1
    full = (input - 1) * stride + extent if input and kernel else 0
    first, last = lo, full - hi + output_padding  # of the full length; the output is what lies between
    begin, end = min(0, first), max(full, last)
    width = LEFT + (end - begin) * CELL + 16
    parts = []

    def place(position: int) -> int:
        return LEFT + (position - begin) * CELL

    for i in range(input):
        y = 8 + i * ROW
        parts.append(f'<text class="q" x="8" y="{y + 15}">x[{i}] stamps</text>')
        at = place(i * stride)
        if extent > 1:
            parts.append(f'<path class="l" d="M{at + 4} {y + 10}H{place(i * stride + extent - 1) + 18}"/>')
        for k in range(kernel):
            left = place(i * stride + k * dilation)
            parts.append(f'<rect class="s" x="{left + 1}" y="{y}" width="{CELL - 2}" height="20" rx="3"/>')
            parts.append(f'<text class="m" x="{left + CELL / 2:g}" y="{y + 14}">w{k}</text>')
    y = 8 + input * ROW + 8
    for position in range(begin, end):
        left, kept = place(position), first <= position < last
        kind = "x" if not kept else "o" if position >= last - output_padding else "y"
        parts.append(f'<rect class="{kind}" x="{left + 1}" y="{y}" width="{CELL - 2}" height="20" rx="3"/>')
        if kept:
            parts.append(f'<text class="m" x="{left + CELL / 2:g}" y="{y + 14}">{position - first}</text>')
        else:
            parts.append(f'<path class="c" d="M{left + 6} {y + 4}l14 12m0 -12l-14 12"/>')
    parts.append(f'<text class="q" x="8" y="{y + 15}">output</text>')
    words = [f"I {input}, K {kernel}, s {stride}, e {dilation}"]
    words += [f"crossed: cropped by padding ({lo}, {hi})"] if lo > 0 or hi > 0 else []
    words += [f"orange: output padding {output_padding}"] if output_padding else []
    height = y + 30 + 18 * len(words)
    parts += [f'<text class="q" x="8" y="{y + 40 + 18 * at}">{escape(text)}</text>' for at, text in enumerate(words)]
    width = max(width, 8 + 7 * max(map(len, words)))
    title = f"One axis: input {input}, kernel {kernel}, stride {stride}, dilation {dilation}"
    return _svg(width, height, title, parts)


def permutation(source: str, target: str, flipped: bool = False) -> str:
    """The axes of a kernel in two layouts, joined where they are the same; `flipped`: space is turned round."""
    parts = []
    for letters, y, label in ((source, 8, "stored"), (target, 92, "read as")):
        parts.append(f'<text class="q" x="8" y="{y + 18}">{label}</text>')
        for at, letter in enumerate(letters):
            kind = "y" if letter in "IO" else "s"
            parts.append(f'<rect class="{kind}" x="{70 + at * 52}" y="{y}" width="44" height="26" rx="4"/>')
            parts.append(f'<text class="m" x="{92 + at * 52}" y="{y + 18}">{letter}</text>')
    for at, letter in enumerate(source):
        to = target.index(letter)
        parts.append(f'<path class="l" d="M{92 + at * 52} 36C{92 + at * 52} 64 {92 + to * 52} 64 {92 + to * 52} 90"/>')
        if flipped and letter not in "IO":
            parts.append(f'<text class="m" x="{92 + to * 52}" y="134">turned</text>')
    axes = ", ".join(str(source.index(letter)) for letter in target)
    parts.append(f'<text class="q" x="8" y="{158 if flipped else 140}">transpose(w, ({axes}))</text>')
    return _svg(70 + 52 * len(source) + 8, 168 if flipped else 150, f"A kernel from {source} to {target}", parts)


def _svg(width: float, height: int, title: str, parts: list[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return f'{head} role="img">\n<title>{escape(title)}</title>{STYLE}\n' + "\n".join(parts) + "\n</svg>\n"


#: Name → drawing, of those that stand in the specification.
DRAWN = {
    "stamps": axis(3, 3, 2, 1, 0, 0, 0),
    "crops": axis(3, 3, 2, 1, 1, 0, 0),
    "output-padding": axis(3, 3, 2, 1, 1, 1, 1),
    "dilation": axis(3, 2, 2, 3, 0, 0, 0),
    "uncovered": axis(3, 1, 3, 1, 0, 0, 2),
    "iohw-hwoi": permutation("IOHW", "HWOI"),
    "iohw-hwio": permutation("IOHW", "HWIO", flipped=True),
}


def main() -> None:
    for name, drawing in DRAWN.items():
        (FOLDER / f"{name}.svg").write_text(drawing, encoding="utf-8")


if __name__ == "__main__":
    main()
