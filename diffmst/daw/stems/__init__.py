"""Processed stems with a settings sheet: for Logic, Pro Tools, Live, and any other program."""
