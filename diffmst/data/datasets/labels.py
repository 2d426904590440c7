"""Instrument labels of data sets as roles in a mix."""

from __future__ import annotations

from diffmst.roles import role_of

# The labels of MedleyDB, MoisesDB and Slakh2100 that the words of `role_of` do not tell, or tell wrong (a bass clarinet
# is no bass), by role, with commas. What stands behind a comma or in parentheses in a label does not count.
_LABELS = {
    "kick": "kick drum, bass drum",
    "snare": "snare drum, claps, snaps",
    "hats": "high hat",
    "percussion": "auxiliary percussion, a-tonal percussion, percussive, cymbals, timpani, darbuka, doumbek, tabla, "
    "gong, gu, castanet, rattle, maracas, cabasa, guiro, sleigh bells",
    "drums": "drum set, drum machine, full acoustic drumkit, beatboxing",
    "bass": "bass synthesizer",
    "guitar": "lap steel guitar, slide guitar, lap steel guitar or slide guitar, sitar, oud, liuqin, zhongruan, "
    "other plucked",
    "keys": "synthesizer, electronic organ, harpsichord, accordion, concertina, bandoneon, harmonium, melodica, "
    "xylophone, vibraphone, glockenspiel, chimes, chromatic percussion, pitched percussion, dulcimer, yangqin, harp, "
    "guzheng, other sounds",
    "pad": "synth pad, erhu, dilruba",
    "brass": "alto saxophone, tenor saxophone, baritone saxophone, soprano saxophone, bass clarinet, piccolo, "
    "bamboo flute, flutes, dizi, panpipes, recorder, woodwind section, bassoon, bagpipe, cornet, euphonium, tuba, "
    "harmonica, reeds, reed, pipe, wind, other wind",
    "lead": "male rapper, female rapper, male speaker, female speaker, male screamer, female screamer, vocalists",
    "backing": "human choir, background vocals, crowd",
    "effects": "fx/processed sound, scratch, scratches, sampler, theremin, synth effects",
    "": "main system, click track, ethnic",
}
_ROLE_OF_LABEL = {label: role for role, labels in _LABELS.items() for label in labels.split(", ")}


def role_of_label(label: str) -> str:
    """Name of the role of an instrument label; empty for unknown.

    >>> [role_of_label(label) for label in ("Bass Clarinet", "tuba (bass of brass)", "clean electric guitar", "gong")]
    ['brass', 'brass', 'guitar', 'percussion']
    """
    plain = label.casefold().replace("_", " ").partition("(")[0].partition(",")[0].strip()
    known = _ROLE_OF_LABEL.get(plain)
    return role_of(plain).name if known is None else known
