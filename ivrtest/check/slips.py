"""A name that nothing bears, and a thing that nobody names: with one slip of the pen between them, one was meant by the other."""

from __future__ import annotations

from collections.abc import Collection

from ivrtest.check.context import CheckContext
from ivrtest.flow.model import Flow
from ivrtest.source.editing import put
from ivrtest.source.fix import Fix
from ivrtest.source.text import Span
from ivrtest.source.words import one_slip

_MOST = 200
"""Things without use that are compared; a file of more is not finished, and says little about what was meant."""


def other_end(name: str, span: Span, known: Collection[str], unused: Collection[str], flow: Flow, context: CheckContext) -> Fix | None:
    """Return the fix for `name` at `span`: the one of `known` that it is one slip away from, if that one is `unused` otherwise.

    A near name alone proves nothing, for what is called so may still have to be written. Two loose ends that fit are proof.
    """
    if len(unused) > _MOST or one_slip(name, unused) is None:
        return None
    meant = one_slip(name, known)
    document = context.document(flow)
    path = document.path_at(span) if document is not None else None
    if meant is None or meant not in unused or document is None or path is None:
        return None
    return put(document, path, meant, f'write "{meant}"')
