"""`python -m diffmst`."""

from diffmst.cli import run

run()
