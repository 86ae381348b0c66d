"""`python -m ivrtest` is `ivrtest`."""

from ivrtest.cli.main import main

main()
