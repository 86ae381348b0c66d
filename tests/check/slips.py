"""Further mistakes that a person who edits a flow might make, in times, numbers and words; as in `mistakes`."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator

from tests.check.mistakes import Change, Data, drop, nodes, put

_AS_IN_ENGLISH = {"Para español, oprima 2.": "For Spanish, press 2.", "Für Deutsch drücken Sie die 2.": "For German, press 2."}


def time_out_removed(data: Data) -> Iterator[Change]:
    for name, _, fields in nodes(data, "queue"):
        if "max_wait" in fields:
            yield name, drop("nodes", name, "queue", "max_wait")


def time_cut_short(data: Data) -> Iterator[Change]:
    for name, kind, fields in nodes(data, "menu", "collect", "callback", "survey"):
        if "first_digit" not in fields:
            yield f"{name}.no_input", put({**fields.get("no_input", {}), "after": "1s"}, "nodes", name, kind, "no_input")
    for name, _, _ in nodes(data, "collect"):
        yield f"{name}.first_digit", put("500ms", "nodes", name, "collect", "first_digit")
        yield f"{name}.inter_digit", put("500ms", "nodes", name, "collect", "inter_digit")
    for name, _, _ in nodes(data, "transfer"):
        yield name, put("5s", "nodes", name, "transfer", "timeout")
    for name, _, _ in nodes(data, "voicemail"):
        yield name, put("3s", "nodes", name, "voicemail", "max")


def attempts_changed(data: Data) -> Iterator[Change]:
    for name, kind, fields in nodes(data, "menu", "collect"):
        for attempts in (1, 9) if "attempts" in fields else ():
            yield f"{name} {attempts}", put(attempts, "nodes", name, kind, "attempts")


def time_zone_dropped(data: Data) -> Iterator[Change]:
    if any(nodes(data, "hours")):
        yield data["name"], drop("time_zone")


def option_copied(data: Data) -> Iterator[Change]:
    """The words were copied for the next option, and the key in them was not changed."""
    for _, _, fields in nodes(data, "menu"):
        prompt = fields["prompt"]
        words = data["prompts"][prompt]
        for language, text in words.items() if isinstance(words, dict) else ():
            keys = re.findall(r"(?:press|oprima) ([0-9])", text)
            for key, before in zip(keys[1:], keys, strict=False):
                copied = re.sub(rf"(press|oprima) {key}", rf"\g<1> {before}", text)
                yield f"{prompt}.{language} {key}", put(copied, "prompts", prompt, language)


def language_offered_in_another(data: Data) -> Iterator[Change]:
    for prompt, words in data["prompts"].items():
        for own, other in _AS_IN_ENGLISH.items():
            if isinstance(words, str) and own in words:
                yield prompt, put(words.replace(own, other), "prompts", prompt)


def number_mistyped(data: Data) -> Iterator[Change]:
    for name, _, fields in nodes(data, "transfer"):
        if isinstance(fields["to"], str) and fields["to"].startswith("+"):
            yield f"{name} too short", put(fields["to"][:-1], "nodes", name, "transfer", "to")
            yield f"{name} too long", put(fields["to"] + "0", "nodes", name, "transfer", "to")


def transferred_to_itself(data: Data) -> Iterator[Change]:
    for name, _, _ in nodes(data, "transfer"):
        for number in data.get("numbers", ()):
            yield f"{name} to {number}", put(number, "nodes", name, "transfer", "to")


def length_mistyped(data: Data) -> Iterator[Change]:
    for name, _, fields in nodes(data, "collect"):
        if fields.get("min") == fields.get("max") is not None:
            for length in (fields["max"] - 1, fields["max"] + 1):
                changed = {**fields, "min": length, "max": length}
                yield f"{name} {length}", put(changed, "nodes", name, "collect")


def node_left_over(data: Data) -> Iterator[Change]:
    for name, _, _ in nodes(data, "announce"):
        yield name, put(copy.deepcopy(data["nodes"][name]), "nodes", f"{name}_old")


def prompt_left_over(data: Data) -> Iterator[Change]:
    for name, words in data["prompts"].items():
        yield name, put(words, "prompts", f"{name}_old")


def announcement_that_loses_keys(data: Data) -> Iterator[Change]:
    """What the first menu says is said before it, too, by something that cannot be interrupted."""
    entry = data["entry"]
    for name, _, fields in nodes(data, "menu"):
        if name == entry:
            before = {"announce": {"prompt": fields["prompt"], "barge_in": False, "goto": entry}}
            yield entry, put({"greeting": before} | data["nodes"], "nodes")
