"""From a mix document and its stems to what a format needs to write a session."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from diffmst.data.song import Song, song_title
from diffmst.daw.console_mix import ConsoleMix, Strip
from diffmst.daw.formats import Part
from diffmst.daw.naming import MASTER_NAME, RETURN_NAME, audio_names, plain_name, session_title, shown_names, track_keys
from diffmst.daw.printed import Printed, print_audio
from diffmst.mix import Mix
from diffmst.progress import SILENT, Progress
from diffmst.render import compile_kernels, noted_changes, song_of

MASTER_KEY = "master"


def build_console_mix(document: Path, folder: Path, parts: Collection[Part], progress: Progress = SILENT) -> ConsoleMix:
    """All of a mix as formats take it, with its audio printed.

    Args:
        document: a mix.json; its stems lie where it says.
        folder: for the audio.
        parts: audio that is wanted besides the reverb return.
        progress: told how far it is.

    Raises:
        UserError: the document or a stem cannot be used, or the audio not written.
    """
    mix = Mix.read(document)
    song = song_of(mix, document.parent)
    compile_kernels(progress, gradients=False)
    names = shown_names(track.name for track in mix.tracks)
    with noted_changes(mix, song, progress):
        printed = print_audio(mix, song, folder, audio_names([*names, RETURN_NAME]), parts, progress)
    return _console_mix(mix, document, song, names, printed)


def _console_mix(mix: Mix, document: Path, song: Song, names: Sequence[str], printed: Printed) -> ConsoleMix:
    layout, settings = mix.console_layout, mix.settings
    return ConsoleMix(
        title=session_title(song_title(song.tracks[0].path)),
        sample_rate=mix.sample_rate,
        frames=printed.reverb_return.frames,
        tracks=_strips(mix, names, printed),
        reverb_return=printed.reverb_return,
        reverb_name=RETURN_NAME,
        fx=layout.fx.named(settings.fx[0]),
        master=Strip(MASTER_KEY, MASTER_NAME, None, None, layout.master.named(settings.master[0])),
        layout=layout,
        document=mix,
        document_path=document,
        loudness_lufs=printed.meter.integrated_lufs,
        true_peak_dbtp=printed.meter.true_peak_dbtp,
    )


def _strips(mix: Mix, names: Sequence[str], printed: Printed) -> tuple[Strip, ...]:
    keys, settings = track_keys([track.path for track in mix.tracks]), mix.settings.tracks[0]
    rows = zip(mix.tracks, keys, names, printed.sources, printed.processed, settings, strict=True)
    return tuple(
        Strip(
            key,
            name,
            source,
            processed,
            mix.console_layout.track.named(values),
            muted=track.mute,
            group=plain_name(track.group) or None,
            role=track.role or None,
        )
        for track, key, name, source, processed, values in rows
    )
