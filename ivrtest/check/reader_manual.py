"""The manual's pages for what the reader of files finds, before any rule looks. These findings cannot be switched off."""

from __future__ import annotations

from typing import Final

from ivrtest.check.rule import Documented
from ivrtest.source.finding import Severity


class Unreadable(Documented):
    """What it does
        Reports a file that is not there, may not be read, is larger than 5 MB, is no text, or is not written in UTF-8.

    Why it matters
        Nothing is known of what callers hear.

    Example
        a flow saved as UTF-16

    Instead
        the same flow saved as UTF-8
    """

    name = "unreadable"
    severity = Severity.ERROR


class YamlSyntax(Documented):
    """What it does
        Reports the first place at which a file is no YAML, and a file that is empty, or nested too deeply to be written by a person.

    Why it matters
        Nothing after that place can be read, so nothing is known of what callers hear.

    Example
        prompts: {welcome: {en: "Welcome."}

    Instead
        prompts: {welcome: {en: "Welcome."}}
    """

    name = "yaml-syntax"
    severity = Severity.ERROR


class YamlKey(Documented):
    """What it does
        Reports a list or a mapping that stands where a key must.

    Why it matters
        Nobody can tell what was meant by it, so it is left out, and with it what callers were to hear.

    Example
        keys: {[1, 2]: sales}

    Instead
        keys: {1: sales, 2: sales}
    """

    name = "yaml-key"
    severity = Severity.ERROR


class YamlTag(Documented):
    """What it does
        Reports a tag of YAML, such as `!!python/name`, which no flow needs.

    Why it matters
        A text that begins with `!` is read as a tag, and callers hear what is left of it.

    Example
        prompts: {welcome: {en: !Welcome}}

    Instead
        prompts: {welcome: {en: "!Welcome"}}
    """

    name = "yaml-tag"
    severity = Severity.ERROR


class DuplicateKey(Documented):
    """What it does
        Reports a key that stands twice in one mapping. The first one counts.

    Why it matters
        The second is lost. If it is a key of the telephone, callers who press it come to somewhere else than its author meant.

    Example
        keys: {"1": sales, "2": billing, "1": opening_hours}

    Instead
        keys: {"1": sales, "2": billing, "3": opening_hours}

    Fix
        Removes the second where it says the same as the first and no comment goes away with it.
    """

    name = "duplicate-key"
    severity = Severity.ERROR


class MergeKey(Documented):
    """What it does
        Reports the merge key `<<` of YAML 1.1, which YAML 1.2 does not have.

    Why it matters
        What it was to merge is missing, and callers are cut off there.

    Example
        keys: {<<: *usual, "3": sales}

    Instead
        keys: {"0": operator, "9": main, "3": sales}
    """

    name = "merge-key"
    severity = Severity.ERROR


class UnquotedSign(Documented):
    """What it does
        Reports the key `#` without its quotes, which YAML takes for the beginning of a comment.

    Why it matters
        Callers press the pound key as they are told, and hear that it is wrong.

    Example
        terminator: #

    Instead
        terminator: "#"
    """

    name = "unquoted-sign"
    severity = Severity.ERROR


class UnknownKey(Documented):
    """What it does
        Reports a word that a flow does not have at that place: a field, or the type of a node.

    Why it matters
        What it was to say is not known, and callers hear the flow without it.

    Example
        menu: {promt: main_menu, keys: {"1": sales}}

    Instead
        menu: {prompt: main_menu, keys: {"1": sales}}

    Fix
        Writes the word that is one slip away, where there is only one, it has at least four letters, and it is not there yet. The words of
        a flow are known, so nothing else can be meant.
    """

    name = "unknown-key"
    severity = Severity.ERROR


class MissingKey(Documented):
    """What it does
        Reports a field without which nothing can be said of its node, or of the flow.

    Why it matters
        The IVR has nothing to play, or nowhere to go.

    Example
        menu: {keys: {"1": sales}}

    Instead
        menu: {prompt: main_menu, keys: {"1": sales}}
    """

    name = "missing-key"
    severity = Severity.ERROR


class WrongType(Documented):
    """What it does
        Reports a text where a number must stand, a list where a name must, and the like.

    Why it matters
        What was meant is not known. The node is left out, and nothing is known of what callers hear there.

    Example
        barge_in: yes

    Instead
        barge_in: true

    Fix
        Writes `true` for the texts yes, on and true, `false` for no, off and false, and a number for one in quotes.
    """

    name = "wrong-type"
    severity = Severity.ERROR


class WrongValue(Documented):
    """What it does
        Reports a value that cannot stand there: a time of day that there is not, a language that is no language, one thing listed twice.

    Why it matters
        What was meant is not known. The node is left out, and nothing is known of what callers hear there.

    Example
        languages: [en, es, en]

    Instead
        languages: [en, es]

    Fix
        Removes what a list holds a second time.
    """

    name = "wrong-value"
    severity = Severity.ERROR


class FlowValue(Documented):
    """What it does
        Reports a value of the right shape that means nothing: an expression, a pattern, a duration, a time zone that there is not.

    Why it matters
        What was meant is not known. The node is left out, and nothing is known of what callers hear there.

    Example
        when: tries => 3

    Instead
        when: tries >= 3
    """

    name = "flow-value"
    severity = Severity.ERROR


class FlowName(Documented):
    """What it does
        Reports a flow that bears the name of another one in the same folder.

    Why it matters
        Whoever calls a flow by that name comes to one of the two, and nobody can tell to which.

    Example
        name: shop  # in shop.yaml, and in copy_of_shop.yaml

    Instead
        name: shop_in_spain  # in the other file
    """

    name = "flow-name"
    severity = Severity.ERROR


class PathUnusable(Documented):
    """What it does
        Reports a file or a folder of the command line that cannot be used: one without a flow, or that cannot be written.

    Why it matters
        Nothing was looked at there, and that nothing was found means nothing.

    Example
        ivrtest check flow

    Instead
        ivrtest check flows
    """

    name = "path"
    severity = Severity.ERROR


class SettingsUnusable(Documented):
    """What it does
        Reports a mistake in `ivrtest.toml`, or in `[tool.ivrtest]` of `pyproject.toml`.

    Why it matters
        A rule that was to look may not look, and a caller meets what it would have found.

    Example
        ignore = ["dead-ends"]

    Instead
        ignore = ["dead-end"]
    """

    name = "settings"
    severity = Severity.ERROR


class BaselineUnusable(Documented):
    """What it does
        Reports a baseline that is not as `ivrtest check --write-baseline` wrote it.

    Why it matters
        Nobody can tell which findings are known, and a new one could hide among them.

    Example
        {"findings": []}

    Instead
        {"format": "ivrtest/baseline/1", "findings": []}
    """

    name = "baseline"
    severity = Severity.ERROR


class RecordingUnusable(Documented):
    """What it does
        Reports a recording that is no sound that can be read.

    Why it matters
        The caller hears silence where she should be told what to do.

    Example
        a page of HTML that was saved as welcome.wav

    Instead
        the recording of the words, as a WAV file
    """

    name = "recording"
    severity = Severity.ERROR


READER: Final[tuple[type[Documented], ...]] = (
    Unreadable,
    YamlSyntax,
    YamlKey,
    YamlTag,
    DuplicateKey,
    MergeKey,
    UnquotedSign,
    UnknownKey,
    MissingKey,
    WrongType,
    WrongValue,
    FlowValue,
    FlowName,
    PathUnusable,
    SettingsUnusable,
    BaselineUnusable,
    RecordingUnusable,
)
