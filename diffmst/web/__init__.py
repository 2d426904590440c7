"""The console in the browser: a server of sessions, their audio and the work on them, and the page that it shows."""
