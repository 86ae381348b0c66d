"""Mistakes that a person who edits a flow might make: each function yields the places where it can be made, and how."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from ivrtest.check.announcements import announcements

Data = dict[str, Any]
"""A flow file as plain data."""
Change = tuple[str, Callable[[Data], None]]
"""What is broken, and how."""

ONWARD: tuple[str, ...] = (
    "goto",
    "exhausted",
    "otherwise",
    "open",
    "closed",
    "failed",
    "timed_out",
    "busy",
    "no_answer",
    "overflow",
    "no_agents",
)
ONWARD += ("recorded", "empty", "sent", "done", "accepted", "declined")
"""Fields that hold one target."""
MORE = {"en": " For jobs, press 7.", "es": " Para empleos, oprima 7.", "de": " Für Stellen drücken Sie die 7."}


def nodes(data: Data, *kinds: str) -> Iterator[tuple[str, str, Data]]:
    for name, node in data["nodes"].items():
        [(kind, fields)] = node.items()
        if not kinds or kind in kinds:
            yield name, kind, fields or {}


def at(data: Data, *path: str | int) -> Any:
    found: Any = data
    for step in path:
        found = found[step]
    return found


def put(value: object, *path: str | int) -> Callable[[Data], None]:
    def change(data: Data) -> None:
        at(data, *path[:-1])[path[-1]] = value

    return change


def drop(*path: str | int) -> Callable[[Data], None]:
    def change(data: Data) -> None:
        del at(data, *path[:-1])[path[-1]]

    return change


def keys(data: Data) -> Iterator[tuple[str, tuple[str, ...], str, object]]:
    """Yield node, path of the target, key and target."""
    for name, kind, fields in nodes(data, "menu", "collect", "queue"):
        where = "zero_out" if kind == "queue" else "keys"
        for key, target in fields.get(where, {}).items():
            yield name, ("nodes", name, kind, where, key), key, target


def _goes(target: object, data: Data) -> str | None:
    where = target.get("goto") if isinstance(target, dict) else target
    return str(where) if where in data["nodes"] else None


def _redirected(target: object, to: str) -> object:
    return {**target, "goto": to} if isinstance(target, dict) else to


def _targets(data: Data) -> Iterator[tuple[str, tuple[str, ...], object]]:
    """Yield every target: node, path, and what stands there."""
    for name, path, _, target in keys(data):
        yield name, path, target
    for name, kind, fields in nodes(data):
        for field in ONWARD:
            if field in fields:
                yield name, ("nodes", name, kind, field), fields[field]
        for field in ("no_input", "no_match"):
            if "then" in fields.get(field, {}):
                yield name, ("nodes", name, kind, field, "then"), fields[field]["then"]
        for outcome, target in fields.get("outcomes", {}).items():
            yield name, ("nodes", name, kind, "outcomes", outcome), target


def said(path: tuple[str | int, ...]) -> str:
    return ".".join(str(step) for step in path[1:])


def target_misspelt(data: Data) -> Iterator[Change]:
    for _, path, target in _targets(data):
        if (to := _goes(target, data)) is not None:
            yield said(path), put(_redirected(target, f"{to}x"), *path)


def target_dropped(data: Data) -> Iterator[Change]:
    for _, path, _ in _targets(data):
        if path[3] not in ("keys", "zero_out") and not (path[2] == "lookup" and path[3] == "outcomes"):
            yield said(path), drop(*path)


def key_to_its_own_menu(data: Data) -> Iterator[Change]:
    for name, path, _, _ in keys(data):
        if path[2] == "menu":
            yield said(path), put(name, *path)


def key_to_another_target(data: Data) -> Iterator[Change]:
    for name, path, key, target in keys(data):
        for other, _, other_key, instead in keys(data):
            if other == name and key != other_key and _goes(instead, data) != _goes(target, data):
                yield f"{said(path)} like {other_key}", put(instead, *path)


def key_dropped(data: Data) -> Iterator[Change]:
    for _, path, _, _ in keys(data):
        yield said(path), drop(*path)
    for name, _, fields in nodes(data, "menu"):
        if "repeat" in fields:
            yield f"{name}.menu.repeat", drop("nodes", name, "menu", "repeat")


def silence_to_the_same_question(data: Data) -> Iterator[Change]:
    for name, kind, fields in nodes(data, "menu", "collect", "callback", "survey"):
        if "exhausted" in fields:
            yield f"{name}.exhausted", put(name, "nodes", name, kind, "exhausted")
        if "then" in fields.get("no_input", {}):
            yield f"{name}.no_input", put(name, "nodes", name, kind, "no_input", "then")


def failure_to_the_same_try(data: Data) -> Iterator[Change]:
    for name, kind, fields in nodes(data, "lookup", "transfer"):
        for field in ("failed", "timed_out", "busy", "no_answer"):
            if field in fields:
                yield f"{name}.{field}", put(name, "nodes", name, kind, field)


def announcement_to_itself(data: Data) -> Iterator[Change]:
    for name, kind, fields in nodes(data, "announce", "set"):
        if "goto" in fields:
            yield name, put(name, "nodes", name, kind, "goto")


def _choices(data: Data) -> Iterator[tuple[str, tuple[str, ...], str, Data]]:
    for name, path, key, target in keys(data):
        if isinstance(target, dict) and "language" in target.get("set", {}):
            yield name, path, key, target


def language_option_loops(data: Data) -> Iterator[Change]:
    for name, path, _, _ in _choices(data):
        yield said(path), put(name, *path)


def language_option_swapped(data: Data) -> Iterator[Change]:
    for _, path, _, target in _choices(data):
        for language in data["languages"]:
            if language != target["set"]["language"]:
                yield f"{said(path)} sets {language}", put({**target, "set": {"language": language}}, *path)


def language_option_sets_nothing(data: Data) -> Iterator[Change]:
    for _, path, _, target in _choices(data):
        if target["set"]["language"] != data["languages"][0]:
            yield said(path), put(target["goto"], *path)


def language_misspelt(data: Data) -> Iterator[Change]:
    for _, path, _, target in _choices(data):
        yield said(path), put({**target, "set": {"language": "xx"}}, *path)


def language_lost_on_the_way(data: Data) -> Iterator[Change]:
    if not any(_choices(data)):
        return
    after = {target["goto"] for _, _, _, target in _choices(data)}
    for name, kind, fields in nodes(data, "announce"):
        if name not in after and isinstance(fields.get("goto"), str) and fields["goto"] in data["nodes"]:
            target = {"set": {"language": data["languages"][0]}, "goto": fields["goto"]}
            yield name, put(target, "nodes", name, kind, "goto")


def words_swapped(data: Data) -> Iterator[Change]:
    for name, words in data["prompts"].items():
        if isinstance(words, dict) and len(words) == 2:
            first, second = words
            yield name, put({first: words[second], second: words[first]}, "prompts", name)


def translation_dropped(data: Data) -> Iterator[Change]:
    for name, words in data["prompts"].items():
        for language in words if isinstance(words, dict) else ():
            yield f"{name}.{language}", drop("prompts", name, language)


def _menu_words(data: Data) -> Iterator[tuple[str, str, str]]:
    for _, _, fields in nodes(data, "menu"):
        words = data["prompts"][fields["prompt"]]
        for language, text in words.items() if isinstance(words, dict) else ():
            yield fields["prompt"], language, text


def key_announced_that_is_none(data: Data) -> Iterator[Change]:
    for prompt, language, text in _menu_words(data):
        yield f"{prompt}.{language}", put(text + MORE[language], "prompts", prompt, language)


def key_no_longer_announced(data: Data) -> Iterator[Change]:
    for prompt, language, text in _menu_words(data):
        parts = re.findall(r"[^.]+\.\s*", text)
        for part in parts if len(parts) > 1 else ():
            keys = [told.key for told in announcements(part, language)]
            if len(keys) == 1:
                yield f"{prompt}.{language} {keys[0]}", put(text.replace(part, ""), "prompts", prompt, language)


def condition_constant(data: Data) -> Iterator[Change]:
    for name, _, fields in nodes(data, "branch"):
        for number in range(len(fields["cases"])):
            for constant in ("1 == 1", "1 == 2"):
                yield f"{name}.{number} {constant}", put(constant, "nodes", name, "branch", "cases", number, "when")


def counting_dropped(data: Data) -> Iterator[Change]:
    for _, path, target in _targets(data):
        sets = target.get("set", {}) if isinstance(target, dict) else {}
        if any(str(value).startswith("=") for value in sets.values()) and isinstance(target, dict):
            yield said(path), put({name: value for name, value in target.items() if name != "set"}, *path)
    for name, _, fields in nodes(data, "set"):
        if any(str(value).startswith("=") for value in fields["values"].values()):
            yield name, put(dict.fromkeys(fields["values"], 0), "nodes", name, "set", "values")


def secret_mark_dropped(data: Data) -> Iterator[Change]:
    for name, _, fields in nodes(data, "collect"):
        if fields.get("secret"):
            yield name, drop("nodes", name, "collect", "secret")


def secret_spoken(data: Data) -> Iterator[Change]:
    secrets = [fields["into"] for _, _, fields in nodes(data, "collect") if fields.get("secret")]
    for secret in secrets:
        for name, kind, fields in nodes(data, "announce"):
            if isinstance(fields["prompt"], str):
                yield f"{name} says {secret}", put([fields["prompt"], {"digits": secret}], "nodes", name, kind, "prompt")


def flow_calls_itself(data: Data) -> Iterator[Change]:
    for name, _, _ in nodes(data, "call_flow"):
        yield name, put(data["name"], "nodes", name, "call_flow", "flow")


def flow_misspelt(data: Data) -> Iterator[Change]:
    for name, _, fields in nodes(data, "call_flow"):
        yield name, put(fields["flow"] + "x", "nodes", name, "call_flow", "flow")


def farewell_dropped(data: Data) -> Iterator[Change]:
    for name, _, fields in nodes(data, "hang_up"):
        if "prompt" in fields:
            yield name, drop("nodes", name, "hang_up", "prompt")


def prompt_misspelt(data: Data) -> Iterator[Change]:
    for name, kind, fields in nodes(data):
        for field in ("prompt", "greeting", "offer"):
            if isinstance(fields.get(field), str):
                yield f"{name}.{field}", put(fields[field] + "x", "nodes", name, kind, field)


def prompt_dropped(data: Data) -> Iterator[Change]:
    for name, kind, fields in nodes(data, "lookup", "queue", "transfer", "voicemail"):
        for field in ("prompt", "greeting", "comfort", "position", "music"):
            if field in fields:
                yield f"{name}.{field}", drop("nodes", name, kind, field)


def variable_misspelt(data: Data) -> Iterator[Change]:
    for name, _, fields in nodes(data, "collect"):
        yield name, put(fields["into"] + "x", "nodes", name, "collect", "into")
    for name, _, fields in nodes(data, "lookup"):
        for argument, variable in fields.get("with", {}).items():
            yield f"{name}.{argument}", put(variable + "x", "nodes", name, "lookup", "with", argument)


def digit_leads_out_of_a_number(data: Data) -> Iterator[Change]:
    for name, _, fields in nodes(data, "collect"):
        out = {**fields.get("keys", {}), "1": data["entry"]}
        yield name, put(out, "nodes", name, "collect", "keys")


def terminator_dropped(data: Data) -> Iterator[Change]:
    for name, _, fields in nodes(data, "collect"):
        if fields.get("min", 1) != fields.get("max") and fields.get("terminator") != "none":
            yield name, put("none", "nodes", name, "collect", "terminator")


def zero_to_words(data: Data) -> Iterator[Change]:
    spoken = [name for name, _, fields in nodes(data, "hang_up")]
    for name, path, key, _ in keys(data):
        if path[2] == "menu" and key == "0":
            for other in spoken:
                yield f"{name} to {other}", put(other, *path)


def entry_moved(data: Data) -> Iterator[Change]:
    for name, _, _ in nodes(data):
        if name != data["entry"]:
            yield name, put(name, "entry")
