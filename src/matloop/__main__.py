"""`python -m matloop` is `matloop`."""

from matloop.cli.main import main

main()
