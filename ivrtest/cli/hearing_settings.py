"""`[hearing]`: the speech recogniser that knows prompts by their words, and the models that the user supplies."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from ivrtest.cli.toml_reader import Reader, finding, is_text
from ivrtest.source.finding import Finding, InputError, Severity
from ivrtest.source.text import Source

if TYPE_CHECKING:
    from ivrtest.audio.pcm import Samples
    from ivrtest.audio.transcript import SpeechToTextError
    from ivrtest.audio.word_errors import ErrorRate
    from ivrtest.run.job import Job
    from ivrtest.run.stenographer import HearingOptions, Stenographer
    from ivrtest.run.transcript import Guess

HEARING_KEYS: Final = ("engine", "models", "word_errors")
AN_ENGINE: Final = 'it must be "vosk", "faster-whisper", "pocketsphinx", or the name of a plug-in'
A_MODEL: Final = 'it must be the path of a model, or {env = "VARIABLE"} for an environment variable that holds it'
A_SHARE: Final = "it must be the share of words that come out wrong, above 0 and below 1, or one per language such as {en = 0.1}"
EXAMPLE: Final = 'name one in ivrtest.toml, such as [hearing] engine = "vosk", models = {en = "models/vosk-model-en-us-0.22"}'
RULE: Final = "hearing"


@dataclass(frozen=True, slots=True)
class HearingSettings:
    """What `[hearing]` says."""

    engine: str = ""
    """Empty: there is no recogniser."""
    models: Mapping[str, str] = field(default_factory=dict)
    """Paths by language."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """By language, the environment variable that holds the path."""
    word_errors: Mapping[str, float] = field(default_factory=dict)
    """By language, the share of words that come out wrong, as the user states it; under "" for all others."""
    source: Source = field(default_factory=lambda: Source("ivrtest.toml", ""), repr=False, compare=False)

    def paths(self, languages: Collection[str] | None = None) -> dict[str, Path]:
        """Return the models of languages, or of all. Raises InputError for variables that are not set."""
        wanted = [name for name in (*self.models, *self.variables) if languages is None or name in languages]
        unset = [name for name in wanted if name in self.variables and not os.environ.get(self.variables[name])]
        if unset:
            should = "is not set. it must hold the path of the speech model for"
            raise InputError(tuple(self.blame(f'environment variable "{self.variables[name]}" {should} "{name}"', name) for name in unset))
        return {name: Path(self.models[name] if name in self.models else os.environ[self.variables[name]]) for name in wanted}

    def language_of_model(self, language: str) -> str | None:
        """Return the language whose model serves `language`: itself, or its base."""
        known = {*self.models, *self.variables}
        return next((name for name in (language, language.split("-")[0]) if name in known), None)

    def blame(self, message: str, language: str = "") -> Finding:
        """Return a finding about the recogniser, or about the model of a language."""
        if language and (language in self.models or language in self.variables):
            return finding(self.source, message, "hearing.models", language)
        return finding(self.source, message, "hearing.engine")

    def unusable(self, error: SpeechToTextError) -> InputError:
        """Return what to say of a recogniser that cannot be used."""
        return InputError((self.blame(error.message, error.language),))

    def options(self) -> HearingOptions:
        """Return what recognises, with how often it errs. Raises InputError."""
        from ivrtest.run.hearing_file import read_measured
        from ivrtest.run.stenographer import HearingOptions

        paths = self.paths()
        known = read_measured(self.engine)
        rates = {}
        for language, path in paths.items():
            found = known[language].rate if language in known and known[language].model == str(path) else None
            if (rate := self._rate(language, found)) is not None:
                rates[language] = rate
        return HearingOptions(self.engine, paths, rates)

    def _rate(self, language: str, found: ErrorRate | None) -> ErrorRate | None:
        """Return the rate to reckon with: as it is stated, unless a measurement says that it is worse."""
        from ivrtest.audio.word_errors import stated

        said = self.word_errors.get(language, self.word_errors.get(""))
        if said is None or (found is not None and found.at_least > said):
            return found
        return stated(said)


def read_hearing(reader: Reader, data: Mapping[str, Any]) -> HearingSettings:
    """Take `[hearing]` out of the settings."""
    table = reader.table(data, "hearing", HEARING_KEYS)
    if not table:
        return HearingSettings(source=reader.source)
    engine = reader.value(table, "hearing.engine", is_text, AN_ENGINE, required=True)
    models: dict[str, str] = {}
    variables: dict[str, str] = {}
    for language, value in reader.table(table, "models", within="hearing.").items():
        if is_text(value):
            models[language] = value
        elif isinstance(value, dict) and set(value) == {"env"} and is_text(value["env"]):
            variables[language] = value["env"]
        else:
            reader.complain("hearing.models", f'the speech model for "{language}" is "{value}". {A_MODEL}', at=language)
    if "models" not in table:
        reader.complain(
            "hearing", '"hearing.models" is missing. it must hold the path of a model for each language, such as {en = "models/en"}'
        )
    given = table.get("word_errors", {})
    shares = {"": given} if not isinstance(given, dict) else given
    for language, share in shares.items():
        if not _is_share(share):
            name = f' for "{language}"' if language else ""
            reader.complain("hearing.word_errors", f'"hearing.word_errors"{name} is "{share}". {A_SHARE}', at=language)
    return HearingSettings(
        engine or "", models, variables, {name: float(share) for name, share in shares.items() if _is_share(share)}, reader.source
    )


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1


@dataclass(frozen=True, slots=True)
class Recognition:
    """What recognises speech in a run."""

    settings: HearingSettings
    options: HearingOptions
    needed: bool
    """Whether a step cannot be judged without it. Otherwise it only says what unexpected speech may have been, and is loaded then."""


def check_hearing(settings: HearingSettings, jobs: Sequence[Job]) -> Recognition | None:
    """Return what recognises speech in a run; None where there is nothing, and no step needs it.

    Raises InputError for steps that are known by their words and that nobody could judge.
    """
    from ivrtest.run.job import words_needed

    needed = [(step, language) for job in jobs for step, language in words_needed(job)]
    if not settings.engine:
        if needed:
            message = f"this step is known by its words, and there is no speech recogniser. {EXAMPLE}"
            raise InputError(tuple(Finding(RULE, Severity.ERROR, message, step.span) for step, _ in needed))
        return None
    findings = []
    options = settings.options()
    for language in dict.fromkeys(language for _, language in needed):
        model = settings.language_of_model(language)
        if model is None:
            known = ", ".join(f'"{name}"' for name in options.models)
            findings.append(
                settings.blame(f'there is no speech model for "{language}", in which scenarios expect words. there is one for {known}')
            )
        elif options.rate(language) is None:
            message = (
                f'nobody knows how often "{settings.engine}" errs in "{model}". measure it with "ivrtest prompts transcribe FLOW", '
                'or state it, such as "word_errors = 0.2"'
            )
            findings.append(settings.blame(message, model))
    if findings:
        raise InputError(tuple(findings))
    return Recognition(settings, options, bool(needed))


@asynccontextmanager
async def recognising(recognition: Recognition | None) -> AsyncIterator[Stenographer | None]:
    """Yield who makes out words, with the models loaded if they are needed. Raises InputError for models that cannot be used."""
    if recognition is None:
        yield None
        return
    from ivrtest.audio.transcript import SpeechToTextError
    from ivrtest.run.stenographer import Stenographer

    async with Stenographer(recognition.options) as stenographer:
        try:
            if recognition.needed:
                await stenographer.load()
        except SpeechToTextError as error:
            raise recognition.settings.unusable(error) from error
        yield stenographer


def guessing(settings: HearingSettings, languages: Sequence[str]) -> Guess:
    """Return what guesses at words in the first of some languages that has a model. Raises InputError, and ClickException without one."""
    from ivrtest.audio.recognisers import open_engine
    from ivrtest.audio.transcript import SpeechToTextError
    from ivrtest.audio.word_errors import stated
    from ivrtest.audio.words_heard import WordsHeard

    if not settings.engine:
        raise click.ClickException(f"there is no speech recogniser. {EXAMPLE}")
    served = [model for language in languages if (model := settings.language_of_model(language)) is not None]
    known = (*settings.models, *settings.variables)
    if not served and len(known) != 1:
        raise click.ClickException(f"there is no speech model for {listed(languages)}. there are models for {listed(known)}")
    model = served[0] if served else known[0]
    rate = settings.options().rate(model) or stated(1.0)
    try:
        engine = open_engine(settings.engine, settings.paths({model}))
    except SpeechToTextError as error:
        raise settings.unusable(error) from error

    def guess(samples: Samples) -> WordsHeard:
        try:
            text = engine.transcribe(samples, model).text
        except SpeechToTextError as error:
            raise click.ClickException(error.message) from error
        return WordsHeard(text, "", settings.engine, rate)

    return guess


def listed(languages: Sequence[str]) -> str:
    return ", ".join(f'"{language}"' for language in languages) or "no language"
