import numpy as np
import pytest
from scipy import signal

from diffmst.data.composition.arrangement import compose
from diffmst.data.composition.lineup import LINEUPS
from diffmst.data.composition.performance import LARGEST_JITTER
from diffmst.data.composition.score import song_form
from diffmst.data.composition.style import Feel
from diffmst.data.composition.styles import STYLES
from diffmst.data.composition.theory import Key, lead_voices
from diffmst.data.demo_song import HOT_PEAK_DB, QUIET_PEAK_DB, ROLES, SHORTEST_S, make_song

PITCHED = ("bass", "keys", "pad", "guitar", "lead", "backing", "pluck")
SEEDS = range(6)


@pytest.fixture(scope="module", params=sorted(LINEUPS))
def song(request):
    return make_song(5, style=request.param, seconds=13)


@pytest.fixture(scope="module")
def short():
    return make_song(11, style="soul", seconds=SHORTEST_S)


def scores(style):
    return [compose(STYLES[style], 13, np.random.Generator(np.random.PCG64(seed))) for seed in SEEDS]


def stem(song, name):
    return next(stem.audio for stem in song.stems if stem.name == name)


def peak_db(audio):
    return 20 * np.log10(np.abs(audio).max())


def test_song_has_at_least_ten_stems_mono_and_stereo_of_known_roles(song):
    assert len(song.stems) >= 10
    assert len({stem.name for stem in song.stems}) == len(song.stems)
    assert {stem.audio.shape[0] for stem in song.stems} == {1, 2}
    assert {stem.audio.shape[1] for stem in song.stems} == {13 * 44_100}
    assert {stem.role for stem in song.stems} <= set(ROLES)
    assert {"kick", "snare", "hats", "bass", "keys", "pad", "lead", "backing"} <= {stem.role for stem in song.stems}


def test_every_stem_sounds_and_none_clips_or_carries_an_offset(song):
    for item in song.stems:
        assert item.audio.dtype == np.float32
        assert np.isfinite(item.audio).all(), item.name
        assert QUIET_PEAK_DB - 0.5 < peak_db(item.audio) <= 0, item.name
        assert np.abs(item.audio.mean(axis=1)).max() < 2e-3 * item.audio.std(), item.name


def test_stereo_stems_differ_between_left_and_right(song):
    for item in song.stems:
        if item.audio.shape[0] == 2:
            left, right = item.audio
            assert np.abs(left - right).max() > 0.05 * np.abs(item.audio).max(), item.name


def test_one_stem_is_too_hot_and_one_too_quiet(song):
    peaks_db = sorted(peak_db(item.audio) for item in song.stems)
    assert peaks_db[0] == pytest.approx(QUIET_PEAK_DB, abs=0.2)
    assert peaks_db[-1] == pytest.approx(HOT_PEAK_DB, abs=0.2)
    assert peaks_db[-2] < HOT_PEAK_DB - 3


def test_some_stems_enter_with_the_chorus(song):
    chorus = next(section for section in song.sections if section.name == "chorus")
    # Half a second before: a singer breathes in.
    entry = round((song.start_s + chorus.start_beats * 60 / song.tempo_bpm - 0.5) * 44_100)
    late = [s.name for s in song.stems if np.abs(s.audio[:, :entry]).max() < 0.01 * np.abs(s.audio).max()]
    assert late


def test_same_seed_makes_the_same_samples(short):
    again = make_song(11, style="soul", seconds=SHORTEST_S)
    for first, second in zip(short.stems, again.stems, strict=True):
        assert first.audio.tobytes() == second.audio.tobytes(), first.name


def test_another_seed_makes_another_song(short):
    other = make_song(12, style="soul", seconds=SHORTEST_S)
    assert (other.key, other.tempo_bpm) != (short.key, short.tempo_bpm)
    for first, second in zip(short.stems, other.stems, strict=True):
        assert not np.array_equal(first.audio, second.audio), first.name


@pytest.mark.parametrize("sample_rate", [22_050, 48_000, 96_000])
def test_other_sample_rates_play_the_same_notes(short, sample_rate):
    other = make_song(11, style="soul", seconds=SHORTEST_S, sample_rate=sample_rate)
    assert {item.audio.shape[1] for item in other.stems} == {round(SHORTEST_S * sample_rate)}
    assert all(np.isfinite(item.audio).all() and 0 < np.abs(item.audio).max() <= 1 for item in other.stems)
    low = signal.resample_poly(stem(short, "Bass")[0], 1, 49)
    same = signal.resample(stem(other, "Bass")[0], low.size)
    # The same strings, but for the noise of the fingers and of the preamplifier.
    assert np.corrcoef(low, same)[0, 1] > 0.99


def test_kick_falls_on_the_grid(song):
    style = STYLES[song.style]
    kick = stem(song, "Kick")[0]
    # The beater is heard above 2 kHz for a few milliseconds; strokes are at least 100 ms apart.
    click = np.abs(signal.sosfilt(signal.butter(2, 2000, "high", fs=44_100, output="sos"), kick))
    onsets, _ = signal.find_peaks(click, height=0.25 * click.max(), distance=4410)
    beats = (onsets / 44_100 - song.start_s) * song.tempo_bpm / 60
    grid = np.array([style.swung(step / 4) for step in range(4 * 4 * len(song.chords) + 1)])
    strays_ms = np.abs(beats[:, None] - grid).min(axis=1) * 60_000 / song.tempo_bpm
    feel = style.feels.get("kick", Feel())
    assert len(onsets) > 6
    # 4 ms: from the start of the stroke to the summit of its click.
    assert strays_ms.max() < abs(feel.late_ms) + LARGEST_JITTER * feel.jitter_ms + 4


def fitted_pitch(x, pitches):
    """Pitch whose first six harmonics, as sines of any amplitude and phase, leave the least of the sound."""
    time_s = np.arange(x.size) / 44_100

    def unexplained(pitch):
        angle = 2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * np.outer(time_s, np.arange(1, 7))
        basis = np.concatenate([np.sin(angle), np.cos(angle)], axis=1)
        return np.linalg.norm(x - basis @ np.linalg.lstsq(basis, x)[0])

    return min(pitches, key=unexplained)


def test_bass_plays_the_root_of_the_chord_on_the_first_beat(song):
    bass = stem(song, "Bass")[0].astype(np.float64)
    heard = 0
    for bar, chord in enumerate(song.chords):
        # 80 ms: within a sixteenth, after the attack.
        start = round((song.start_s + bar * 240 / song.tempo_bpm + 0.03) * 44_100)
        note = bass[start : start + 3528]
        if note.std() > 0.05 * np.abs(bass).max():
            assert fitted_pitch(note, range(28, 41)) % 12 == chord.root, f"bar {bar}"
            heard += 1
    assert heard >= len(song.chords) - 3


@pytest.mark.parametrize("style", sorted(STYLES))
def test_bass_is_written_with_the_root_on_every_downbeat_it_plays(style):
    for score in scores(style):
        downbeats = [note for note in score.parts["bass"] if note.start_beats % 4 == 0]
        assert all(note.pitch % 12 == score.chord_at(note.start_beats).root for note in downbeats)
        assert downbeats


@pytest.mark.parametrize("style", sorted(STYLES))
def test_all_notes_are_in_the_key(style):
    for score in scores(style):
        for part in PITCHED:
            strange = {note.pitch % 12 for note in score.parts.get(part, [])} - set(score.key.classes)
            assert not strange, (style, part, score.key.name)


@pytest.mark.parametrize("style", sorted(STYLES))
def test_melody_rests_on_the_chords_and_can_be_sung(style):
    for score in scores(style):
        melody = score.parts["lead"]
        on_bars = [note for note in melody if note.start_beats % 4 == 0]
        assert all(note.pitch % 12 in score.chord_at(note.start_beats).classes for note in on_bars)
        pitches = np.array([note.pitch for note in melody])
        assert 5 <= np.ptp(pitches) <= 20
        assert np.mean(np.abs(np.diff(pitches)) <= 5) > 0.75
        sounding = sum(note.length_beats for note in melody)
        assert sounding < 0.85 * (score.sections[-1].end_beats - melody[0].start_beats)


@pytest.mark.parametrize("style", sorted(STYLES))
def test_chorus_is_denser_than_verse(style):
    for score in scores(style):
        density = {
            section.name: sum(
                section.start_beats <= note.start_beats < section.end_beats
                for notes in score.parts.values()
                for note in notes
            )
            / section.bars
            for section in score.sections
        }
        assert density["intro"] < density["verse"] < density["chorus"]


def test_voices_move_little_from_chord_to_chord():
    key = Key(2, "minor")
    chords = [key.chord(degree, 4) for degree in (0, 3, 6, 2, 5, 1, 4, 0)]
    line = np.array(lead_voices(chords, voices=4, low=52, high=76))
    assert np.abs(np.diff(line, axis=0)).mean() < 2.5
    for chord, voicing in zip(chords, line, strict=True):
        assert {int(pitch) % 12 for pitch in voicing} == set(chord.classes)


def test_straight_grid_stays_and_swung_grid_delays_the_second_sixteenth():
    assert STYLES["pop-rock"].swung(1.25) == pytest.approx(1.25)
    soul = STYLES["soul"]
    assert soul.swung(1.5) == pytest.approx(1.5)
    assert soul.swung(1.25) == pytest.approx(1 + soul.swing / 2)


@pytest.mark.parametrize("bars", range(2, 90))
def test_sections_fill_the_song_without_a_gap(bars):
    sections = song_form(bars)
    assert sum(section.bars for section in sections) == bars
    assert all(section.bars > 0 for section in sections)
    ends = [0, *(section.start_bar + section.bars for section in sections)]
    assert [section.start_bar for section in sections] == ends[:-1]
    assert {"verse", "chorus"} <= {section.name for section in sections}


@pytest.mark.parametrize("style", sorted(STYLES))
@pytest.mark.parametrize("bars", [2, 3, 4, 7, 20])
def test_songs_of_any_length_give_every_part_something_to_play(style, bars):
    for seed in SEEDS:
        score = compose(STYLES[style], bars, np.random.Generator(np.random.PCG64(seed)))
        patterns = STYLES[style].patterns
        parts = {part for section in patterns.values() for part in section} | {"cymbals", "effects"}
        parts |= {"toms"} if all("toms" in fill for fill in STYLES[style].fills) else set()
        assert all(score.parts[part] for part in parts)


def test_unknown_style_and_too_short_a_song_are_refused():
    with pytest.raises(ValueError, match="style must be one of pop-rock, soul, electronic, got 'polka'"):
        make_song(1, style="polka")
    with pytest.raises(ValueError, match=r"seconds must be at least 8.0, got 2"):
        make_song(1, seconds=2)
