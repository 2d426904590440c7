"""Listening tests: stimuli in, a blind page for any browser out; the listeners' results in, a report out."""
