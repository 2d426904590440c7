"""A format of sessions for the tests, which takes next to no time to write, and what a musician does to one."""

import json
from contextlib import contextmanager

import pytest

from diffmst.daw import exporting, read_back
from diffmst.daw.formats import SessionValues
from diffmst.daw.merging import values_of
from diffmst.daw.translation import Translation, console_effects


class Notebook:
    """All values in JSON, but for those that it cannot say; times it knows to full tenths only."""

    name, title, suffix = "notebook", "Notebook", ".notebook"
    parts = frozenset({"sources"})
    translations = dict.fromkeys(console_effects(), Translation("exact", "JSON"))
    saves, caches = ("*.notebook", "*.notebook.bak"), ("*.ink",)
    not_in_paths = ""

    def write(self, mix, folder, advance):
        values = values_of(mix.document)._asdict() | {"ignored": ["a plugin “Sparkle”: has no place in the console"]}
        for controls in values["tracks"].values():
            controls["compressor.attack_ms"] = round(controls["compressor.attack_ms"], 1)
            controls["fader.gain_db"] = controls.get("fader.gain_db", 0.0)
            del controls["compressor.knee_db"]
        del values["fx"]
        (folder / f"{mix.title}.notebook").write_text(json.dumps(values))
        return ()

    def read(self, path):
        return SessionValues(**json.loads(path.read_text()))


@contextmanager
def only_notebooks():
    """While it lasts, there is no other format."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(read_back, "all_formats", lambda: (Notebook(),))
        for module in (exporting, read_back):
            patched.setattr(module, "format_named", lambda name: Notebook())
        yield


def edit(session, track=None, **controls):
    """Changes controls in the session, of a track by its key or of the master; `__` stands for a dot."""
    data = json.loads(session.read_text())
    part = data["tracks"][track] if track else data["master"]
    part |= {name.replace("__", "."): value for name, value in controls.items()}
    session.write_text(json.dumps(data))


def edit_all(session, **parts):
    """Replaces whole parts of the session."""
    session.write_text(json.dumps(json.loads(session.read_text()) | parts))
