"""A model folder for pocketsphinx, as a user would make one of what an IVR may say: so few words that it hears them well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import log10
from pathlib import Path


def write_model(folder: Path, sentences: Sequence[str]) -> Path:
    """Write a language model (ARPA, trigrams) of plain English sentences. The dictionary and the acoustics are those of the package."""
    folder.mkdir(parents=True, exist_ok=True)
    grams: list[Counter[tuple[str, ...]]] = [Counter(), Counter(), Counter()]
    for sentence in sentences:
        words = ["<s>", *sentence.split(), "</s>"]
        for order, counted in enumerate(grams, 1):
            counted.update(tuple(words[start : start + order]) for start in range(len(words) - order + 1))
    text = ["\\data\\", *(f"ngram {order}={len(counted)}" for order, counted in enumerate(grams, 1))]
    for order, counted in enumerate(grams, 1):
        text += ["", f"\\{order}-grams:"]
        for gram, count in sorted(counted.items()):
            before = sum(grams[0].values()) if order == 1 else sum(n for other, n in counted.items() if other[:-1] == gram[:-1])
            chance = log10(0.8 * count / before)
            text.append(f"{chance:.4f} {' '.join(gram)}" + (" -1.5000" if order < 3 else ""))
    (folder / "language.lm").write_text("\n".join([*text, "", "\\end\\", ""]), encoding="ascii")
    return folder
