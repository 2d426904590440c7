"""The kinds of stems that songs are made of: names, roles, players and recording; all else is derived from this."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from diffmst.data.instruments.playing import Play
from diffmst.data.song_maker.draws import keys, lines, strings, struck

Capture = Literal["close", "amp", "wire", "voice", "air"]
"""Close microphone, loudspeaker of an amplifier, cable, singer, or microphones at a distance."""


@dataclass(frozen=True)
class Kind:
    """A kind of stem.

    Attributes:
        name: of the instrument, as the sidecar has it.
        role: in a mix, one of `diffmst.roles.ROLES`.
        parts: of the score that it may play, the likeliest first.
        draw: settings drawn from chance; none where a group of players draws its own.
        capture: how it is recorded.
        words: what people name its files, without numbers and sides.
        programs: of General MIDI that sound like it.
        electronic: how much it belongs to electronic music, 0 to 1.
        octaves: by which it plays higher than written.
        doubled: chance that it is played twice, left and right.
    """

    name: str
    role: str
    parts: tuple[str, ...]
    draw: Callable[[np.random.Generator], Play] | None
    capture: Capture
    words: str
    programs: tuple[int, ...] = ()
    electronic: float = 0.5
    octaves: int = 0
    doubled: float = 0.0

    @property
    def names(self) -> tuple[str, ...]:
        """What people name its files."""
        return tuple(word.strip() for word in self.words.split(","))


def _kind(
    name: str, role: str, parts: str, draw: Callable[[np.random.Generator], Play] | None, capture: Capture,
    words: str, programs: tuple[int, ...] = (), electronic: float = 0.5, octaves: int = 0, doubled: float = 0.0,
) -> Kind:  # fmt: skip
    return Kind(name, role, tuple(parts.split()), draw, capture, words, programs, electronic, octaves, doubled)


KINDS: tuple[Kind, ...] = (
    _kind("electric bass", "bass", "bass", strings.draw_electric_bass, "wire", "Bass, Bass Gtr, E-Bass, Bs, Bx, Basse",
          (33, 34, 36, 37), 0.2),
    _kind("upright bass", "bass", "bass", strings.draw_upright_bass, "close", "Upright Bass, Double Bass, Kontrabass",
          (32,), 0.0),
    _kind("synth bass", "bass", "bass", keys.draw_synth_bass, "wire", "Synth Bass, Bass Synth, SyBass, Bassline",
          (38, 39), 1.0),
    _kind("sub bass", "bass", "bass", keys.draw_sub_bass, "wire", "808, Sub, Sub Bass, SubBass", (39,), 0.9),
    _kind("electric guitar", "guitar", "guitar", strings.draw_guitar, "amp",
          "Gtr, Guitar, E-Gtr, Rhythm Gtr, EGtr, Gitarre, Guitare, Dist Gtr", (29, 30), 0.2, doubled=0.5),
    _kind("clean guitar", "guitar", "guitar pluck", strings.draw_clean_guitar, "amp",
          "Clean Gtr, Gtr Clean, Guitar, Strat, Funk Gtr", (26, 27, 28), 0.2, doubled=0.25),
    _kind("direct guitar", "guitar", "guitar", strings.draw_direct_guitar, "wire", "Gtr DI, Guitar DI, EGtr DI", (27,),
          0.2),
    _kind("lead guitar", "guitar", "lead", strings.draw_guitar, "amp", "Lead Gtr, Gtr Solo, Guitar Lead, Solo Guitar",
          (29, 30), 0.1),
    _kind("acoustic guitar", "guitar", "acoustic guitar", strings.draw_acoustic, "close",
          "Acoustic, Ac Gtr, Acoustic Gtr, AGtr, Acoustic Guitar, Nylon Gtr", (24, 25), 0.05, doubled=0.35),
    _kind("small strings", "guitar", "acoustic pluck", strings.draw_small_strings, "close",
          "Banjo, Ukulele, Uke, Mandolin", (105, 106, 15), 0.0, 1),
    _kind("piano", "keys", "keys", strings.draw_piano, "close", "Piano, Pno, Grand Piano, Upright Piano, Klavier",
          (0, 1, 2, 3), 0.3),
    _kind("electric piano", "keys", "keys", keys.draw_electric_piano, "wire", "Rhodes, EP, E Piano, Wurli, Keys",
          (4, 5), 0.4),
    _kind("organ", "keys", "keys pad", keys.draw_organ, "amp", "Organ, Hammond, B3 Organ, Orgel", (16, 17, 18), 0.2),
    _kind("mallets", "keys", "pluck keys", keys.draw_mallets, "close", "Vibes, Marimba, Bells, Mallets, Glock Bells",
          (9, 11, 12, 13, 14), 0.4),
    _kind("synth chords", "keys", "keys", keys.draw_synth, "wire", "Synth, Synth Chords, Stabs, Syn, Keys, Chord Stab",
          (90, 80, 81), 0.9),
    _kind("pluck", "keys", "pluck", keys.draw_pluck, "wire", "Pluck, Arp, Synth Arp, Plucks, Arp Synth", (80, 81, 87),
          1.0),
    _kind("pad", "pad", "pad", keys.draw_pad, "wire", "Pad, Pads, Atmo Pad, Warm Pad, Drone Pad", (88, 89, 91, 95),
          0.7),
    _kind("strings", "pad", "strings pad", keys.draw_string_ensemble, "air", "Strings, Str Ensemble Strings, Violins",
          (48, 49, 50), 0.3),
    _kind("solo strings", "pad", "strings lead", lines.draw_bowed, "close", "Violin, Cello, Viola, Vln", (40, 41, 42),
          0.0),
    _kind("brass section", "brass", "brass", lines.draw_brass_section, "air", "Brass, Horns, Brass Section, Horn Sect",
          (61, 62), 0.3),
    _kind("brass", "brass", "brass lead", lines.draw_brass, "close", "Trumpet, Trombone, Tpt, Tbn, Horn",
          (56, 57, 60), 0.1),
    _kind("reed", "brass", "brass lead", lines.draw_reed, "close", "Sax, Tenor Sax, Alto Sax, Clarinet",
          (64, 65, 66, 71), 0.1),
    _kind("flute", "brass", "brass lead", lines.draw_flute, "close", "Flute", (73, 75), 0.1, 1),
    _kind("synth lead", "lead", "lead", lines.draw_synth_lead, "wire", "Lead, Lead Line, Melody, Lead Melody",
          (80, 81, 84), 0.9),
    _kind("percussion", "percussion", "percussion", struck.draw_percussion, "close",
          "Perc, Percussion, Shaker, Tamb, Congas, Percs", (),
          0.5),
    _kind("effects", "effects", "effects", struck.draw_effects, "wire", "FX, SFX, Risers, Effects", (), 0.8),
)  # fmt: skip
BY_NAME = {kind.name: kind for kind in KINDS}

DRUM_WORDS: dict[str, tuple[str, str]] = {
    "kick": ("kick", "Kick, KD, BD, Kik, Bass Drum, Kick Drum"),
    "kick in": ("kick", "Kick In, KickIn, Kick D112, KD in, BD In"),
    "kick out": ("kick", "Kick Out, KickOut, Kick FET, KD out, BD Out"),
    "kick sub": ("kick", "Kick Sub, SubKick, BD Sub"),
    "snare": ("snare", "Snare, SN, SD, Snr, Clap, Snare Clap"),
    "snare top": ("snare", "Snare Top, Sn Top, SD Up, Snr Top, SnareTop"),
    "snare bottom": ("snare", "Snare Bottom, Sn Btm, SD Dn, Snr Bot, SnareBtm"),
    "hats": ("hats", "Hats, HH, Hi-Hat, HiHat, Hat, Hi Hat"),
    "tom": ("percussion", "Tom, Rack Tom, Floor Tom, T"),
    "toms": ("percussion", "Toms, Tom Fills"),
    "cymbals": ("percussion", "Cymbals, Crash, Ride, Cymbals OH"),
    "overheads": ("percussion", "OH, Overheads, Overhead, Drum OH, OHs"),
    "room": ("percussion", "Room, Drum Room, Rooms, Room Mics"),
    "drums": ("drums", "Drums, Drum Bus, Beat, Drum Loop, Drum Kit, Schlagzeug"),
}
VOICE_WORDS: dict[str, tuple[str, str]] = {
    "lead voice": ("lead", "Lead Vox, Lead Vocal, LV, Vox, Vocal, Lead Voc, Voice, Main Vox, Gesang, Voz"),
    "rap": ("lead", "Rap, Vox, Lead Vox, Vocals, Verse Vox"),
    "double": ("backing", "Lead Vox Dbl, Vox Dbl, Vocal Dbl, LV Dbl"),
    "harmony": ("backing", "Harmony, Harm Harmony Vox, BV Harmony, Vox Harmonies"),
    "choir": ("backing", "Choir, BVs, BV, BGV, Backing Vox, Backing Vocals, Ahs BV, Background Vox"),
    "gang": ("backing", "Gang Vox, Gang, Crowd BV"),
    "chops": ("backing", "Vocal Adlibs, Adlibs, Vox FX BV, Chops BV"),
}
