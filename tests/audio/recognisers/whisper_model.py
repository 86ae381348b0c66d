"""A model for faster-whisper, of weights made by hand: it hears "hello there" in whatever is said. All of the package runs with it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTH, FRAMES, BANDS, PLACES = 16, 1500, 80, 448
"""Of all vectors; of 30 s of sound, in two ways; of all that may be said of it."""
FIRST = 3
"""The place after <|startoftranscript|>, the language and the task, where words begin; the place before it holds their time."""
FRAMES_PER_WORD = 25


def write_whisper_model(folder: Path, *, english_only: bool = False) -> Path:
    """Write a model; one of English only lacks the empty token, by which CTranslate2 tells the two kinds apart."""
    tokenizers = import_module("tokenizers")
    codes = import_module("faster_whisper.tokenizer")._LANGUAGE_CODES[:99]
    before, after = ("endoftext", "startoftranscript"), ("translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps")
    special = [f"<|{name}|>" for name in (*before, *codes, *after)]
    times = [f"<|{step * 0.02:.2f}|>" for step in range(FRAMES + 1)]
    letters = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    tokens = [*letters, "Ġhello", "Ġthere", "unused" if english_only else "", *special, *times]
    folder.mkdir(parents=True, exist_ok=True)
    _write_weights(folder, tokens, codes)
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(vocab={token: at for at, token in enumerate(tokens)}, merges=[]))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    tokenizer.add_special_tokens([tokenizers.AddedToken(token, special=True) for token in special])
    tokenizer.add_tokens([tokenizers.AddedToken(token, special=False) for token in times])
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def _write_weights(folder: Path, tokens: list[str], codes: list[str]) -> None:
    """Nothing depends on the sound: what comes next follows from the place alone, and each place looks at its own frames."""
    spec = import_module("ctranslate2.specs").WhisperSpec(1, 1, 1, 1)
    spec.config.alignment_heads = [(0, 0)]
    spec.config.lang_ids = [tokens.index(f"<|{code}|>") for code in codes]
    spec.config.suppress_ids = spec.config.suppress_ids_begin = []
    encoder, decoder = spec.encoder, spec.decoder
    encoder.conv1.weight, encoder.conv1.bias = zeros(WIDTH, BANDS, 3), zeros(WIDTH)
    encoder.conv2.weight, encoder.conv2.bias = zeros(WIDTH, WIDTH, 3), zeros(WIDTH)
    frames, places = np.arange(FRAMES), np.arange(PLACES)
    encoder.position_encodings.encodings = one_each(np.minimum(FIRST + frames // FRAMES_PER_WORD, WIDTH - 1))
    decoder.position_encodings.encodings = one_each(np.minimum(places, WIDTH - 1))
    decoder.embeddings.weight = zeros(len(tokens), WIDTH)
    said = ["<|0.00|>", "Ġhello", "Ġthere", "<|1.00|>"]
    decoder.projection.weight, decoder.projection.bias = zeros(len(tokens), WIDTH), zeros(len(tokens))
    for place in range(FIRST - 1, WIDTH):
        token = said[place - FIRST + 1] if place - FIRST + 1 < len(said) else "<|endoftext|>"
        decoder.projection.weight[tokens.index(token), place] = 10
    norm(encoder.layer_norm)
    norm(decoder.layer_norm)
    for layer in (*encoder.layer, *decoder.layer):
        attend(layer.self_attention, 3 * WIDTH, WIDTH)
        norm(layer.ffn.layer_norm)
        linear(layer.ffn.linear_0, WIDTH)
        linear(layer.ffn.linear_1, WIDTH)
    across = decoder.layer[0].attention
    attend(across, WIDTH, 2 * WIDTH, WIDTH)
    across.linear[0].weight = 3 * np.eye(WIDTH, dtype=np.float32)
    across.linear[1].weight = np.concatenate([np.eye(WIDTH, dtype=np.float32), zeros(WIDTH, WIDTH)])
    spec.register_vocabulary(tokens)
    spec.validate()
    spec.optimize()
    spec.save(str(folder))


def zeros(*shape: int) -> NDArray[np.float32]:
    return np.zeros(shape, np.float32)


def one_each(at: NDArray[np.int64]) -> NDArray[np.float32]:
    found = zeros(len(at), WIDTH)
    found[np.arange(len(at)), at] = 1
    return found


def norm(spec: Any) -> None:
    spec.gamma, spec.beta = np.ones(WIDTH, np.float32), zeros(WIDTH)


def linear(spec: Any, outputs: int) -> None:
    spec.weight, spec.bias = zeros(outputs, WIDTH), zeros(outputs)


def attend(spec: Any, *outputs: int) -> None:
    norm(spec.layer_norm)
    for each, wide in zip(spec.linear, outputs, strict=True):
        linear(each, wide)
