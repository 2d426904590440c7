"""REAPER: a project with our strip and reverb as JSFX beside it, in plain text."""
