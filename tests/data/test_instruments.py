from functools import partial

import numpy as np
import pytest
from scipy import signal

from diffmst.data.instruments import keyboards, percussion, solo, strings, synthesizers, voices
from diffmst.data.instruments.playing import Stage, Tone, held

RATE = 22_050
SECONDS = 3
SCALE = [Tone(0.3 + 0.5 * step, 0.45, pitch, 0.7) for step, pitch in enumerate((57, 60, 64, 62))]


def stage(seed=1):
    return Stage(SECONDS * RATE, RATE, np.random.default_rng(seed))


PLAYS = {
    "bass": strings.bass,
    "guitar": strings.guitar,
    "direct guitar": partial(strings.guitar, model=strings.Guitar(amplified=False)),
    "acoustic": strings.acoustic,
    "piano": strings.piano,
    "electric piano": keyboards.electric_piano,
    "organ": keyboards.organ,
    "mallets": keyboards.mallets,
    "ensemble": keyboards.ensemble,
    "synth": synthesizers.synth,
    "wide synth": partial(synthesizers.synth, model=synthesizers.STAB),
    "fm synth": partial(synthesizers.synth, model=synthesizers.Synth(fm_index=1.5, octave=0.5)),
    "solo": solo.solo,
    "closed pipe": partial(solo.solo, model=solo.Solo(odd=1.0)),
    "section": solo.section,
    "lead": voices.lead,
    "choir": voices.choir,
    "gang": partial(voices.unison, singer=voices.Singer(), voices=3),
}


def strongest_period_hz(x):
    """The pitch of a sound: the delay at which it is most like itself."""
    spectrum = np.fft.rfft(x - x.mean(), 2 * x.size)
    likeness = np.fft.irfft(np.abs(spectrum) ** 2)[: x.size]
    delays = np.arange(RATE // 700, RATE // 90)
    return RATE / delays[np.argmax(likeness[delays])]


@pytest.mark.parametrize("name", PLAYS)
def test_every_instrument_sounds_where_it_plays_and_is_silent_before(name):
    x = PLAYS[name](SCALE, stage())
    assert x.shape[0] in (1, 2) and x.shape[1] == SECONDS * RATE
    assert np.isfinite(x).all()
    peak = np.abs(x).max()
    assert peak > 0.01
    # Voices breathe before they sing, and all others begin with their note.
    before_s = 0.0 if name in ("lead", "choir", "gang") else 0.24
    assert np.abs(x[:, : int(before_s * RATE)]).max(initial=0.0) < 0.01 * peak
    second = x[:, int(0.8 * RATE) : int(1.25 * RATE)]
    assert np.abs(second).max() > 0.1 * peak


@pytest.mark.parametrize("name", PLAYS)
def test_the_same_chance_plays_the_same_samples(name):
    assert np.array_equal(PLAYS[name](SCALE, stage(5)), PLAYS[name](SCALE, stage(5)))


@pytest.mark.parametrize("name", [name for name in PLAYS if name not in ("mallets", "gang", "organ", "fm synth")])
def test_the_pitch_is_that_of_the_note(name):
    x = PLAYS[name]([Tone(0.2, 1.5, 57, 0.7)], stage()).mean(axis=0).astype(np.float64)
    low = signal.sosfiltfilt(signal.butter(4, 1200, fs=RATE, output="sos"), x)
    heard_hz = strongest_period_hz(low[int(0.8 * RATE) : int(1.5 * RATE)])
    # Within half a semitone: ensembles are out of tune on purpose, and periods are whole samples.
    assert abs(12 * np.log2(heard_hz / 220)) < 0.5


def test_a_closed_pipe_has_odd_harmonics_and_an_open_one_all():
    def even_db(odd):
        x = solo.solo([Tone(0.1, 2.5, 57, 0.8)], stage(), solo.Solo(odd=odd, vibrato_cents=0, breath=0))[0]
        level = np.abs(np.fft.rfft(x[RATE : 2 * RATE] * np.hanning(RATE)))
        around = [level[220 * k - 12 : 220 * k + 13].max() for k in (1, 2, 3)]
        return 20 * np.log10(around[1] / max(around[0], around[2]))

    assert even_db(1.0) < -20 < -10 < even_db(0.0)


def test_a_longer_tract_has_lower_formants():
    def centre_hz(tract):
        tones = [Tone(0.3, 2.0, 52, 0.8)]
        x = voices.lead(tones, stage(), voices.Singer(tract=tract, breath=0, sibilance=0, air=0))[0]
        power = np.abs(np.fft.rfft(x)) ** 2
        bins_hz = np.fft.rfftfreq(x.size, 1 / RATE)
        return (power * bins_hz).sum() / power.sum()

    assert centre_hz(0.82) < 0.9 * centre_hz(1.1)


def test_a_rapper_lets_the_pitch_fall_and_a_singer_holds_it():
    def drift(spoken):
        singer = voices.Singer(vibrato_cents=0, scoop_cents=0, spoken=spoken)
        x = voices.lead([Tone(0.3, 1.6, 57, 0.8)], stage(2), singer)[0].astype(np.float64)
        low = signal.sosfiltfilt(signal.butter(4, 900, fs=RATE, output="sos"), x)
        early, late = (strongest_period_hz(low[int(a * RATE) : int((a + 0.3) * RATE)]) for a in (0.45, 1.1))
        return 12 * np.log2(early / late)

    assert drift(1.0) > 1.0 > abs(drift(0.0))


def test_consonants_are_noise_above_the_voice():
    def high(sibilance):
        singer = voices.Singer(sibilance=sibilance, breath=0, air=0)
        x = voices.lead(SCALE * 1, stage(4), singer)[0]
        return np.sum(signal.sosfilt(signal.butter(4, 6000, "high", fs=RATE, output="sos"), x) ** 2)

    assert high(2.0) > 1.5 * high(0.0)


def test_phrases_end_where_there_is_room_to_breathe_and_overlaps_are_cut():
    tones = [Tone(0.0, 0.7, 60, 0.8), Tone(0.5, 0.4, 62, 0.8), Tone(2.0, 0.4, 64, 0.8)]
    first, second = voices.phrases(tones)
    assert [tone.pitch for tone in first] == [60, 62] and [tone.pitch for tone in second] == [64]
    assert first[0].length_s == pytest.approx(0.5)


def test_held_tones_come_from_one_recording_per_pitch_and_strength():
    asked = []

    def make(tone):
        asked.append(tone)
        return np.ones(int(tone.length_s * RATE))

    play = held(make, stage(), 0.1)
    short, again, longer = (play(Tone(0, length_s, 60, 0.65)) for length_s in (0.3, 0.2, 0.9))
    assert len(asked) == 2
    assert (short.size, again.size, longer.size) == tuple(int(x * RATE) for x in (0.4, 0.30000000000000004, 1.0))
    assert short[-1] < 0.01 and short[0] == 1
    play(Tone(0, 0.3, 62, 0.65)), play(Tone(0, 0.3, 60, 0.9))
    assert len(asked) == 4


def test_every_piece_of_percussion_sounds_and_dies():
    for name, make in percussion.MAKERS.items():
        x = make(stage(), percussion.Percussion(), 0.8)
        assert np.isfinite(x).all() and np.abs(x).max() > 0.02, name
        tail = x[..., -max(1, x.shape[-1] // 50) :]
        assert np.abs(tail).max() < 0.05 * np.abs(x).max(), name
