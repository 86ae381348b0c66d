"""Reading a JSON file that a command has kept: held against its schema, and told what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ivrtest.source.finding import Finding, InputError, Severity
from ivrtest.source.system import unread
from ivrtest.source.text import Source


def read_kept(path: Path, schema: Path, *, holds: str, again: str, rule: str) -> Any:
    """Return what a file holds. Raises InputError, with a finding of `rule`, also where there is no such file.

    `holds` is what it should: `calibrated route ("ivrtest/route/1")`; `again` says how to come by such a file.
    """
    # Imported where it is used: most targets were never calibrated, and most recognisers never measured.
    import jsonschema

    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        jsonschema.validate(data, json.loads(schema.read_text(encoding="utf-8")))
    except OSError as error:
        raise unusable_kept(path, f"cannot be read: {unread(error)}", rule) from error
    except ValueError as error:
        raise unusable_kept(path, f"is not JSON in UTF-8: {error}. {again}", rule) from error
    except jsonschema.ValidationError as error:
        place = ".".join(map(str, error.absolute_path)) or "the whole"
        raise unusable_kept(path, f"holds no {holds}: {place}: {error.message}. {again}", rule) from error
    return data


def unusable_kept(path: Path, problem: str, rule: str) -> InputError:
    """Return what to raise for a file of which `problem` is told."""
    return InputError((Finding(rule, Severity.ERROR, f'"{path}" {problem}', Source(str(path), "").whole()),))
