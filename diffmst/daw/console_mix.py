"""A mix as any DAW understands one: tracks with their audio and settings, a reverb return, a master."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from diffmst.daw.tempo import Tempo
from diffmst.dsp.stereo import SEND_OFF_DB
from diffmst.layout import Layout
from diffmst.mix import Mix
from diffmst.outputs import write_errors


class Audio(NamedTuple):
    """A file of a session: 32-bit float WAV at the rate of the session, from 0:00, as long as all the others.

    Attributes:
        path: where it lies until the session is complete; its name is safe on every system, and no other has it.
        channels: 1 or 2.
        frames: samples per channel.
    """

    path: Path
    channels: int
    frames: int

    def place(self, target: Path) -> None:
        """Puts the file where a session wants it; without a copy the first time, where the file system knows how.

        Args:
            target: path of a file that does not exist; its folder is made.

        Raises:
            UserError: it cannot be written.
        """
        with write_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            if self.path.stat().st_nlink == 1:  # two sessions that share a file would change each other's audio
                try:
                    os.link(self.path, target)
                except OSError:
                    pass  # this file system has no links
                else:
                    return
            shutil.copyfile(self.path, target)


class Strip(NamedTuple):
    """A channel strip and what plays on it.

    Attributes:
        key: tells the track again when the session comes back, whatever it is called by then: letters, digits and
            `%-._~/` alone. A format writes it wherever its programs keep it.
        name: to show; no other strip of the session has it, not in other letter case either. One line, no control
            characters, at most `naming.LONGEST_NAME` characters; quotes, slashes and emoji it may have.
        audio: the stem as it was recorded; none for the master, and where the format did not ask for it.
        processed: the same behind its fader and pan, stereo, as the mix is the sum of; only for a format that asks for
            it, and none for what is muted.
        values: every control of the section by its dotted name, `eq.low_shelf.freq_hz`, in physical units. A layout may
            lack an effect (the tracks of `paper` have no fader), and a send at `stereo.SEND_OFF_DB` is off.
        muted: whether nothing of it is heard.
        group: tracks of one source share its name, such as the mics of a snare.
        role: what it is, such as `snare`.
    """

    key: str
    name: str
    audio: Audio | None
    processed: Audio | None
    values: Mapping[str, float]
    muted: bool = False
    group: str | None = None
    role: str | None = None


class ConsoleMix(NamedTuple):
    """All of a mix, before delivery: without what `diffmst render` does for loudness and true peak behind the master.

    Attributes:
        title: of the song, safe as the name of a file on every system.
        sample_rate: of the session and all its audio, Hz.
        frames: length of all its audio, in samples.
        tracks: in the order of the document.
        reverb_return: what comes back from the reverb, stereo, for all sends together as they are.
        reverb_name: name for it, which no strip has.
        fx: controls of the reverb.
        master: the last strip; without audio.
        layout: declares the controls: their ranges, units and defaults.
        document: the mix itself.
        document_path: of its file.
        loudness_lufs: integrated loudness of the mix behind the master.
        true_peak_dbtp: its highest true peak.
        tempo: of the grid that a session shows; the audio does not follow it.
    """

    title: str
    sample_rate: int
    frames: int
    tracks: tuple[Strip, ...]
    reverb_return: Audio
    reverb_name: str
    fx: Mapping[str, float]
    master: Strip
    layout: Layout
    document: Mix
    document_path: Path
    loudness_lufs: float
    true_peak_dbtp: float
    tempo: Tempo = Tempo()

    def has_sends(self) -> bool:
        """Whether any track sends to the reverb, muted or not."""
        return any(map(_sends, self.tracks))

    def has_reverb(self) -> bool:
        """Whether anything is heard of the reverb."""
        return any(_sends(strip) for strip in self.tracks if not strip.muted)

    def stated_level(self) -> str:
        """How loud it is, for people, and what to do where that is too much; empty where it is silent."""
        if not math.isfinite(self.true_peak_dbtp):
            return ""
        over = ", over full scale: put a limiter last or turn the master down" if self.true_peak_dbtp > 0 else ""
        return f"{self.loudness_lufs:.1f} LUFS and {self.true_peak_dbtp:.1f} dBTP{over}"


def _sends(strip: Strip) -> bool:
    return strip.values.get("send.gain_db", SEND_OFF_DB) > SEND_OFF_DB
