"""Values as JSON."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from ivrtest.source.words import readable

_SURROGATES: Final = re.compile("[\ud800-\udfff]+")


def to_json(data: Any, *, indent: int | None = None) -> str:
    r"""Return data as JSON that any reader takes: a byte of a file name that is no text is written as in `readable`, `"\\xff"`."""
    # Whatever of a surrogate is left by `json` stands in a string, where a backslash is doubled.
    return _SURROGATES.sub(lambda found: readable(found[0]).replace("\\", "\\\\"), json.dumps(data, ensure_ascii=False, indent=indent))
