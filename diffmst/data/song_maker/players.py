"""Players on tape: what they play becomes takes, once or twice, by wire, before an amplifier or microphones."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from diffmst.data.instruments import strings
from diffmst.data.instruments.playing import Stage, Tone
from diffmst.data.song_maker.band import Player
from diffmst.data.song_maker.catalogue import Capture
from diffmst.data.song_maker.session import Session, draw_noise, draw_peak_db, draw_treatment
from diffmst.data.song_maker.takes import Audio, Take

KEEPS_STEREO = 0.6
"""Share of the stereo instruments that are recorded in stereo."""
AMP_TOO, SECOND_MICROPHONE = 0.35, 0.2
"""Shares of the basses by wire that have an amplifier too, and of the amplifiers before which two microphones stand."""

Tones = Callable[[np.random.Generator], Sequence[Tone]]
"""A performance of a part: drawn anew, it is late in other places."""


class Studio(NamedTuple):
    """Where players are recorded."""

    session: Session
    samples: int
    sample_rate: int


def record_player(player: Player, tones: Tones, studio: Studio, number: int, chance: np.random.Generator) -> list[Take]:
    """What one player leaves on tape; nothing where there is nothing to play.

    Args:
        player: who plays.
        tones: performances of the part.
        studio: where.
        number: of the player in the band, which names the group of the takes.
        chance: of the player and of the engineer at that microphone.
    """
    musician, engineer = chance.spawn(2)
    group = f"{player.name} {number}"
    performances = 2 if player.doubled else 1
    heard = [_sound(player, tones(musician), studio, musician) for _ in range(performances)]
    sounds = [sound for sound in heard if sound is not None]
    if len(sounds) < performances:
        return []
    if player.doubled:
        sounds = [sound[:1] for sound in sounds]
        if engineer.random() < 0.25:
            return [_take(player, np.concatenate(sounds), "", "", studio.session, engineer)]
        return [
            _take(player, sound, side, group, studio.session, engineer)
            for sound, side in zip(sounds, "LR", strict=True)
        ]
    return _captured(player, sounds[0], group, studio, engineer)


def _sound(player: Player, tones: Sequence[Tone], studio: Studio, rng: np.random.Generator) -> Audio | None:
    """The dry sound at a peak of 1; nothing for nothing."""
    if not tones:
        return None
    octaves = player.octaves
    if player.centre:
        octaves += round((player.centre - float(np.median([tone.pitch for tone in tones]))) / 12)
    played = [tone._replace(pitch=tone.pitch + 12 * octaves) for tone in tones]
    audio = player.play(played, Stage(studio.samples, studio.sample_rate, rng)).astype(np.float32, copy=False)
    peak = np.abs(audio).max()
    return audio / peak if peak > 0 else None


def _captured(player: Player, sound: Audio, group: str, studio: Studio, rng: np.random.Generator) -> list[Take]:
    """One performance, by one way to tape or by two."""
    session = studio.session
    if len(sound) == 2 and rng.random() > KEEPS_STEREO and player.capture != "air":
        sound = sound[:1]
    if player.capture == "wire" and player.role == "bass" and rng.random() < AMP_TOO:
        box = strings.Guitar(drive=rng.uniform(0.5, 5), box_hz=70, bark_hz=1400, bark_db=4, cut_hz=3800)
        amplified = strings.amplify(sound, studio.sample_rate, box)
        return [
            _take(player, sound, "DI", group, session, rng),
            _take(player, amplified + 0.5 * sound, "Amp", group, session, rng, "amp"),
        ]
    if player.capture == "amp" and rng.random() < SECOND_MICROPHONE:
        return [_take(player, sound, side, group, session, rng) for side in ("1", "2")]
    return [_take(player, sound, "", "", session, rng)]


def _take(
    player: Player, sound: Audio, side: str, group: str, session: Session, rng: np.random.Generator,
    capture: Capture | None = None,
) -> Take:  # fmt: skip
    by = capture or player.capture
    peak_db = draw_peak_db(session, rng)
    treatment = draw_treatment(session, by, rng)
    return Take(
        sound, player.name, player.role, player.names, side, group, treatment, draw_noise(session, by, peak_db, rng),
        peak_db, bool(rng.random() < session.cleaned), len(sound) == 2 and bool(rng.random() < session.split),
        bool(rng.random() < session.as_stereo), by != "wire",
    )  # fmt: skip
