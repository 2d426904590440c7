"""The format `dawproject`: one file that Bitwig Studio, Studio One, Cubase and others open."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from diffmst.daw.console_mix import Audio, ConsoleMix
from diffmst.daw.dawproject.archive import METADATA, PROJECT, ArchiveWriter
from diffmst.daw.dawproject.arrangement import audio_path
from diffmst.daw.dawproject.documents import metadata_xml, project_xml
from diffmst.daw.dawproject.plan import plan
from diffmst.daw.dawproject.reading import read_session
from diffmst.daw.dawproject.wording import NOTES_NAME, notes, session_text
from diffmst.daw.formats import Part, SessionValues
from diffmst.daw.translation import Translation
from diffmst.outputs import write_text_atomically
from diffmst.progress import Advance

_TRANSLATIONS = {
    "input": Translation(
        "printed",
        "the audio file of a track; threshold and volume of the master",
        "the input gain of a track is a gain of the equalizer when it is changed",
    ),
    "eq": Translation(
        "approximate", "`Equalizer`, in Hz, dB and Q", "programs differ in what Q is to a shelf, and close to the top"
    ),
    "compressor": Translation(
        "approximate", "`Compressor`", "every program has one of its own, and the format knows no knee"
    ),
    "panner": Translation(
        "approximate",
        "pan of a stereo channel, the level of the near side in the volume",
        "the side panned away from is exact in a linear balance, and up to 1 dB off in others",
    ),
    "image": Translation(
        "absent",
        "a plug-in of the musician's own",
        "the format has no device for it; the comment of the master says how wide it is",
        comes_back=False,
    ),
    "fader": Translation("exact", "volume; what is above +6 dB in the output gain of the compressor"),
    "send": Translation(
        "printed", "post-fader sends to a muted bus, for a reverb of the musician's own", "heard is the printed return"
    ),
    "reverb": Translation("printed", "an audio track", "the format has no reverb", comes_back=False),
}


class DawProject:
    """The format `dawproject`."""

    name = "dawproject"
    title = "DAWproject (Bitwig Studio, Studio One, Cubase)"
    suffix = ".dawproject"
    parts: frozenset[Part] = frozenset({"sources"})
    translations: Mapping[str, Translation] = _TRANSLATIONS
    saves = ("*.dawproject",)
    caches = ()  # programs keep theirs with a project of their own
    not_in_paths = ""

    def write(self, mix: ConsoleMix, folder: Path, advance: Advance) -> tuple[str, ...]:
        """Writes the archive, and beside it a text with the notes and what the tracks are told by."""
        planned = plan(mix)
        text = session_text(mix, planned)
        tracks = [(track.tag, track.gains.before_db) for track in planned.tracks]
        files = [*tracks, (planned.reverb_return, 0.0)]
        share = 1 / max(1, mix.frames * len(files))
        with ArchiveWriter(folder / f"{mix.title}{self.suffix}") as archive:
            archive.add_document(PROJECT, project_xml(mix, planned))
            archive.add_document(METADATA, metadata_xml(mix.title, text))
            for (tag, gain_db), audio in zip(files, _audio(mix), strict=True):
                archive.add_audio(audio_path(tag), audio, gain_db, lambda frames: advance(frames * share))
        write_text_atomically(folder / NOTES_NAME, text)
        return notes(mix, planned)

    def read(self, path: Path) -> SessionValues:
        """Reads a session, whichever program has saved it."""
        return read_session(path, path.with_name(NOTES_NAME))


def _audio(mix: ConsoleMix) -> list[Audio]:
    sources = [track.audio for track in mix.tracks if track.audio is not None]
    return [*sources, mix.reverb_return]


FORMAT = DawProject()
