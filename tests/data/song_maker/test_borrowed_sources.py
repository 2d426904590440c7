"""Songs from files of the user: real stems, MIDI files and SoundFonts."""

import struct

import numpy as np
import pytest
import soundfile

from diffmst.data.composition.theory import Key
from diffmst.data.instruments.playing import Stage, Tone
from diffmst.data.song_maker import donors, midi, soundfonts
from diffmst.data.song_maker.players import Studio
from diffmst.data.song_maker.session import draw_session
from diffmst.data.song_maker.song import Sources, make_song
from diffmst.errors import UserError
from diffmst.roles import BY_NAME, role_of

RATE = 22_050


def strokes(tempo_bpm, first_s, seconds):
    """Clicks on the beats, every fourth louder."""
    x = np.zeros(int(seconds * RATE), np.float32)
    decay = np.exp(-np.arange(800) / 150) * np.random.default_rng(1).standard_normal(800)
    for beat in range(int((seconds - first_s - 0.1) * tempo_bpm / 60)):
        start = round((first_s + beat * 60 / tempo_bpm) * RATE)
        x[start : start + 800] += (0.9 if beat % 4 == 0 else 0.5) * decay
    return x


def triads(pitches, seconds):
    time_s = np.arange(int(seconds * RATE)) / RATE
    return sum(np.sin(2 * np.pi * 440 * 2 ** ((p - 69) / 12) * time_s) for p in pitches).astype(np.float32) * 0.1


@pytest.fixture
def real_song(tmp_path):
    song = tmp_path / "real" / "Some Song"
    song.mkdir(parents=True)
    for name, audio in {"Kick": strokes(120, 0.2, 20), "Keys": triads((60, 64, 67, 65, 69), 20)}.items():
        soundfile.write(song / f"{name}.wav", audio, RATE)
    return tmp_path / "real"


@pytest.mark.parametrize(("tempo_bpm", "first_s"), [(96.0, 0.31), (120.0, 0.05), (141.0, 0.2)])
def test_tempo_and_beat_of_strokes_are_found(tempo_bpm, first_s):
    found_bpm, beat_s = donors.beats(strokes(tempo_bpm, first_s, 20), RATE)
    # The envelope has 100 values a second, and eight beats are measured at once.
    assert found_bpm == pytest.approx(tempo_bpm, rel=0.005)
    off = (beat_s - first_s) * tempo_bpm / 60
    assert abs(off - round(off)) < 0.06


def test_the_key_of_a_scale_is_found():
    c_major = triads((48, 55, 60, 64, 67, 62, 65, 69, 71), 4)
    assert donors.key_of(c_major, RATE) == Key(0, "major")


def test_real_stems_are_taken_over_and_the_band_leaves_their_parts(real_song):
    found = donors.find_donors(real_song)
    assert [donor.name for donor in found] == ["Some Song"]
    songs = [make_song(4, number, seconds=8, sample_rate=RATE, sources=Sources(donors=found)) for number in range(6)]
    around = [song for song in songs if song.facts.source == "composed around Some Song"]
    assert 0 < len(around) < 6
    stems = list(around[0].stems)
    recorded = [stem for stem in stems if stem.kind == "recorded"]
    assert recorded and {stem.role for stem in recorded} <= {"kick", "keys"}
    assert not [stem for stem in stems if stem.kind != "recorded" and stem.role in {r.role for r in recorded}]


def test_a_graft_is_as_long_as_the_song_and_nearly_at_the_tempo_of_the_donor(real_song):
    session = draw_session(np.random.default_rng(1))
    studio = Studio(session, 10 * RATE, RATE)
    grafts = [donors.graft(donors.find_donors(real_song)[0], studio, np.random.default_rng(n)) for n in range(4)]
    for graft in grafts:
        assert {take.audio.shape[1] for take in graft.takes} == {10 * RATE}
    tempi = [graft.tempo_bpm for graft in grafts if any(take.role == "kick" for take in graft.takes)]
    assert tempi and all(0.9 * 120 < tempo < 1.11 * 120 for tempo in tempi)


def test_folders_without_known_stems_are_refused(tmp_path):
    soundfile.write(tmp_path / "abc.wav", np.zeros(100), RATE)
    with pytest.raises(UserError, match="holds no stems whose names tell what they are"):
        donors.find_donors(tmp_path)


def test_names_of_every_role_tell_it():
    for role in set(BY_NAME) - {""}:
        names = donors.names_of(role)
        assert names and np.mean([role_of(name).name == role for name in names]) > 0.9


def test_folders_without_midi_files_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"holds no MIDI files \(.mid\)$"):
        midi.find_midi(tmp_path)
    with pytest.raises(UserError, match=r"nofolder: no such folder$"):
        midi.find_midi(tmp_path / "nofolder")
    (tmp_path / "song.mid").touch()
    with pytest.raises(UserError, match=r"song.mid: is a file; give its folder$"):
        midi.find_midi(tmp_path / "song.mid")


def chunk(name, body):
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def soundfont(path):
    """A SoundFont with one preset, program 0: a sine of 100 samples to the period, looped."""
    sine = (12_000 * np.sin(2 * np.pi * np.arange(1000) / 100)).astype("<i2").tobytes() + bytes(92)
    info = chunk(b"ifil", struct.pack("<HH", 2, 1)) + chunk(b"isng", b"EMU8000\0") + chunk(b"INAM", b"test")
    named = "<20s"
    presets = struct.pack(named + "HHHIII", b"Sine", 0, 0, 0, 0, 0, 0) + struct.pack(
        named + "HHHIII", b"EOP", 0, 0, 1, 0, 0, 0
    )
    bags = struct.pack("<HHHH", 0, 0, 1, 0)
    modulators = bytes(10)
    generators = struct.pack("<HH", 41, 0) + bytes(4)
    instruments = struct.pack(named + "H", b"Sine", 0) + struct.pack(named + "H", b"EOI", 1)
    ibags = struct.pack("<HHHH", 0, 0, 2, 0)
    igenerators = struct.pack("<HHHH", 54, 1, 53, 0) + bytes(4)
    samples = struct.pack(named + "IIIIIBbHH", b"Sine", 0, 1000, 100, 900, 44_100, 69, 0, 0, 1) + struct.pack(
        named + "IIIIIBbHH", b"EOS", 0, 0, 0, 0, 0, 0, 0, 0, 0
    )
    pdta = b"".join(
        chunk(name, body)
        for name, body in (
            (b"phdr", presets), (b"pbag", bags), (b"pmod", modulators), (b"pgen", generators), (b"inst", instruments),
            (b"ibag", ibags), (b"imod", modulators), (b"igen", igenerators), (b"shdr", samples),
        )
    )  # fmt: skip
    lists = [
        chunk(b"LIST", b"INFO" + info),
        chunk(b"LIST", b"sdta" + chunk(b"smpl", sine)),
        chunk(b"LIST", b"pdta" + pdta),
    ]
    path.write_bytes(chunk(b"RIFF", b"sfbk" + b"".join(lists)))
    return path


def silent(tones, stage):
    return np.zeros((1, stage.samples), np.float32)


def test_a_soundfont_plays_its_sample_at_the_pitch_and_time_of_the_tones(tmp_path):
    pytest.importorskip("symusic")
    path = soundfont(tmp_path / "sine.sf2")
    soundfonts.check_soundfont(path)
    stage = Stage(2 * 44_100, 44_100, np.random.default_rng(1))
    x = soundfonts.instrument(path, 0, silent)([Tone(0.5, 1.0, 81, 0.8)], stage)
    assert x.shape == (1, 2 * 44_100) or x.shape == (2, 2 * 44_100)
    assert np.abs(x[:, : int(0.49 * 44_100)]).max() < 1e-3 * np.abs(x).max()
    held = x[0, int(0.7 * 44_100) : int(1.2 * 44_100)]
    # An octave above the root of the sample, 441 Hz: bins of 2 Hz.
    assert np.argmax(np.abs(np.fft.rfft(held))) * 2 == pytest.approx(882, abs=4)


def test_programs_that_a_soundfont_lacks_are_played_by_the_other_instrument(tmp_path):
    pytest.importorskip("symusic")
    path = soundfont(tmp_path / "sine.sf2")
    stage = Stage(1000, 44_100, np.random.default_rng(1))
    other = soundfonts.piece(path, 0, "kick", lambda tones, stage: np.full((1, 1000), 0.25, np.float32))
    assert (other([Tone(0.0, 0.01, 60, 0.8)], stage) == 0.25).all()


def test_files_that_are_no_soundfonts_are_refused(tmp_path):
    pytest.importorskip("symusic")
    (tmp_path / "text.sf2").write_text("no")
    with pytest.raises(UserError, match=r"text.sf2: is no SoundFont"):
        soundfonts.check_soundfont(tmp_path / "text.sf2")
    (tmp_path / "Bass.sfz").write_text("<region> sample=*sine")
    with pytest.raises(UserError, match=r"Bass.sfz: is no SoundFont .*; give it as --sfz"):
        soundfonts.check_soundfont(tmp_path / "Bass.sfz")
    with pytest.raises(UserError, match=r"gone.sf2: no such file"):
        soundfonts.check_soundfont(tmp_path / "gone.sf2")


def test_without_the_library_the_user_is_told_how_to_get_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "symusic", None)
    with pytest.raises(UserError, match=r"pip install 'diffmst\[songs\]'"):
        soundfonts.symusic()


def write_midi(path, seconds):
    """Kick, bass and a melody, at 120 beats per minute."""
    library = pytest.importorskip("symusic")
    score = library.Score(480)
    score.tempos.append(library.Tempo(0, 120.0))
    for program, is_drum, pitch in ((0, True, 36), (33, False, 33), (73, False, 72), (0, False, 60)):
        track = library.Track("", program, is_drum)
        for beat in range(int(2 * seconds)):
            track.notes.append(library.Note(480 * beat, 400, pitch + (0 if is_drum else beat % 3), 100))
        score.tracks.append(track)
    score.dump_midi(str(path))


def test_midi_files_become_parts_with_programs_and_drums(tmp_path):
    write_midi(tmp_path / "song.mid", 30)
    score = midi.read_midi(tmp_path / "song.mid")
    assert score.tempo_bpm == pytest.approx(120, abs=0.01)
    assert {name: part.program for name, part in score.parts.items()} == {
        "kick": -1, "track 2": 33, "track 3": 73, "track 4": 0,
    }  # fmt: skip
    starts = [tone.start_s for tone in score.parts["kick"].tones]
    np.testing.assert_allclose(np.diff(starts), 0.5, atol=1e-3)


def test_songs_are_made_from_midi_files(tmp_path):
    write_midi(tmp_path / "song.mid", 30)
    sources = Sources(midi=midi.find_midi(tmp_path))
    songs = [make_song(6, number, seconds=8, sample_rate=RATE, sources=sources) for number in range(5)]
    from_file = [song for song in songs if song.facts.source == "song.mid"]
    assert 0 < len(from_file) < 5
    roles = {stem.role for stem in from_file[0].stems}
    assert {"bass", "keys"} <= roles


def test_broken_midi_files_are_refused(tmp_path):
    pytest.importorskip("symusic")
    (tmp_path / "bad.mid").write_bytes(b"MThd nonsense")
    with pytest.raises(UserError, match=r"bad.mid: cannot be read as MIDI; leave it out, or write it anew$"):
        midi.read_midi(tmp_path / "bad.mid")
    with pytest.raises(
        UserError, match=r"holds no MIDI files that can be used: cannot be read as MIDI \(1\): .*bad.mid$"
    ):
        midi.find_midi(tmp_path)


def test_broken_midi_files_among_others_are_left_out_with_a_note(tmp_path, caplog):
    write_midi(tmp_path / "song.mid", 2)
    (tmp_path / "bad.mid").write_text("this is a text, and no music")
    (tmp_path / "cut.mid").write_bytes((tmp_path / "song.mid").read_bytes()[:10])
    assert midi.find_midi(tmp_path) == (tmp_path / "song.mid",)
    (record,) = caplog.records
    paths = f"{tmp_path / 'bad.mid'}, {tmp_path / 'cut.mid'}"
    assert record.message == f"{tmp_path}: left out: cannot be read as MIDI (2): {paths}"
