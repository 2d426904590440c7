"""The console in the browser: what it needs, and how fast it answers; `python -m bench.browser`."""
