"""Who plays in a style: the stems of a song, their roles and their instruments."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from diffmst.data.instruments import drums, effects, keyboards, metals, percussion, strings, synthesizers, voices
from diffmst.data.instruments.playing import Play


@dataclass(frozen=True)
class Channel:
    """A stem before it is recorded.

    Attributes:
        part: part of the score that is played.
        noise_db: level of the noise of microphone and preamplifier below the peak, dB; none for what came by wire.
        bleed_db: by name, stems whose sound leaks into these microphones, and how loud.
    """

    name: str
    role: str
    part: str
    play: Play
    noise_db: float | None = None
    bleed_db: Mapping[str, float] = field(default_factory=dict)


ROCK_KIT = drums.Kit(kick_hz=54, kick_sweep_hz=95, kick_decay_s=0.16, kick_click=0.9, snare_hz=192, snare_decay_s=0.12)
SOUL_KIT = drums.Kit(
    kick_hz=50, kick_sweep_hz=60, kick_decay_s=0.2, kick_click=0.5, snare_hz=172, snare_decay_s=0.1, bite=1.4
)
CLUB_KIT = drums.Kit(
    kick_hz=48,
    kick_sweep_hz=170,
    kick_decay_s=0.17,
    kick_click=0.5,
    snare_hz=205,
    snare_decay_s=0.13,
    clap=0.8,
    bite=1.8,
)


def _kit(kit: drums.Kit, *, clang: float, noise_db: float | None) -> tuple[Channel, ...]:
    def miked(bleed_db: Mapping[str, float]) -> Mapping[str, float]:
        return bleed_db if noise_db is not None else {}

    close = {"Kick": -34.0, "Snare": -30.0}
    room = {"Kick": -18.0, "Snare": -11.0, "Hi-Hat": -15.0, "Toms": -12.0}
    return (
        Channel("Kick", "kick", "kick", lambda t, s: drums.kick(t, s, kit), noise_db, miked({"Snare": -36.0})),
        Channel("Snare", "snare", "snare", lambda t, s: drums.snare(t, s, kit), noise_db, miked({"Hi-Hat": -26.0})),
        Channel(
            "Hi-Hat", "hats", "hats", lambda t, s: metals.hats(t, s, metals.Metal(clang=clang)), noise_db, miked(close)
        ),
        Channel("Toms", "percussion", "toms", lambda t, s: drums.toms(t, s, kit), noise_db, miked(close)),
        Channel("Overheads", "percussion", "cymbals", metals.cymbals, noise_db, miked(room)),
        Channel("Percussion", "percussion", "percussion", percussion.percussion, noise_db),
    )


POP_ROCK = (
    *_kit(ROCK_KIT, clang=0.15, noise_db=-72),
    Channel("Bass", "bass", "bass", lambda t, s: strings.bass(t, s, strings.Bass(thumb=0.15)), -80),
    Channel(
        "Guitar L", "guitar", "guitar", lambda t, s: strings.guitar(t, s, strings.Guitar(drive=7, detune_cents=-3)), -64
    ),
    Channel(
        "Guitar R", "guitar", "guitar", lambda t, s: strings.guitar(t, s, strings.Guitar(drive=5, detune_cents=4)), -66
    ),
    Channel("Piano", "keys", "keys", strings.piano, -76),
    Channel("Organ", "pad", "pad", keyboards.organ, -74),
    Channel("Lead Vocal", "lead", "lead", voices.lead, -70),
    Channel("Backing Vocals", "backing", "backing", voices.choir, -68),
    Channel("Effects", "effects", "effects", effects.effects),
)
SOUL = (
    *_kit(SOUL_KIT, clang=0.3, noise_db=-68),
    Channel("Bass", "bass", "bass", lambda t, s: strings.bass(t, s, strings.Bass(thumb=0.9)), -78),
    Channel("Electric Piano", "keys", "keys", keyboards.electric_piano, -74),
    Channel(
        "Strings", "pad", "pad",
        lambda t, s: keyboards.ensemble(t, s, keyboards.Ensemble(brightness_hz=2400, attack_s=0.22, release_s=0.4)),
        -72,
    ),
    Channel("Guitar", "guitar", "guitar", lambda t, s: strings.guitar(t, s, strings.Guitar(drive=1.2)), -70),
    Channel("Lead Vocal", "lead", "lead", lambda t, s: voices.lead(t, s, voices.Singer(tract=0.95, breath=0.08)), -70),
    Channel("Backing Vocals", "backing", "backing", voices.choir, -68),
    Channel("Effects", "effects", "effects", effects.effects),
)  # fmt: skip
ELECTRONIC = (
    *_kit(CLUB_KIT, clang=0.9, noise_db=None),
    Channel("Bass", "bass", "bass", lambda t, s: synthesizers.synth(t, s, synthesizers.SYNTH_BASS)),
    Channel("Stabs", "keys", "keys", lambda t, s: synthesizers.synth(t, s, synthesizers.STAB)),
    Channel("Pluck", "keys", "pluck", lambda t, s: synthesizers.synth(t, s, synthesizers.PLUCK)),
    Channel(
        "Pad", "pad", "pad",
        lambda t, s: keyboards.ensemble(t, s, keyboards.Ensemble(players=8)),
    ),
    Channel("Lead Synth", "lead", "lead", lambda t, s: synthesizers.synth(t, s, synthesizers.LEAD)),
    Channel("Vocal Chops", "backing", "backing", voices.choir, -70),
    Channel("Effects", "effects", "effects", effects.effects),
)  # fmt: skip
LINEUPS: dict[str, tuple[Channel, ...]] = {"pop-rock": POP_ROCK, "soul": SOUL, "electronic": ELECTRONIC}
