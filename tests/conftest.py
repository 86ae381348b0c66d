"""How all tests run: property tests without a deadline, since machines are shared; and with the same examples every time in CI."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("shared-machine", deadline=None, derandomize=bool(os.environ.get("CI")), print_blob=True)
settings.load_profile("shared-machine")
