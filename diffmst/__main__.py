"""`python -m diffmst`, and the console script."""

import sys

_INTERRUPTED = 130


def run() -> None:
    """Runs the command line; Ctrl-C while it is still being loaded ends it without a traceback too."""
    try:
        from diffmst import cli
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    cli.run()


if __name__ == "__main__":
    run()
