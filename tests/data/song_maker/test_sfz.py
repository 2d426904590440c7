"""SFZ instruments: their text, what they play, and the songs they are played in."""

import json

import numpy as np
import pytest
import soundfile

from diffmst.cli import main
from diffmst.data.datasets.folders import SIDECAR
from diffmst.data.instruments.playing import Stage, Tone
from diffmst.data.song_maker import instrument_files, sfz, sfz_files, sfz_process, sfz_text
from diffmst.data.song_maker.instrument_files import InstrumentFiles
from diffmst.data.song_maker.sfz import Sfz
from diffmst.errors import UserError

RATE = 44_100
ROOT_HZ = 441.0
SEMITONE_ROOT = 69
"""The sample sounds at 441 Hz on this key, which is 440 Hz of right: 4 cents more than the pitch."""


def write_sine(path, amplitude=0.5, seconds=1.0, hz=ROOT_HZ):
    """A sine as a WAV file, of whole periods in a second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, amplitude * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE), RATE)


TWO_LAYERS = """// A comment, with sample=never.wav
<control> default_path=Samples\\
<global> loop_mode=loop_continuous loop_start=0 loop_end=44099 ampeg_release=0.1
<group> lokey=40 hikey=80 pitch_keycenter=69 amp_veltrack=0
<region> sample=loud sine.wav lovel=64
<region> sample=soft.wav hivel=63
"""


@pytest.fixture
def library():
    """Skips where the library is not installed."""
    return pytest.importorskip("pysfizz")


@pytest.fixture
def bass(tmp_path, library):
    """A looped sine with a loud and a soft layer, on the keys 40 to 80."""
    folder = tmp_path / "instruments"
    write_sine(folder / "Samples" / "loud sine.wav", 0.5)
    write_sine(folder / "Samples" / "soft.wav", 0.05)
    path = folder / "Finger Bass.sfz"
    path.write_text(TWO_LAYERS)
    return path


def never(tones, stage):
    raise AssertionError("the other instrument was asked to play")


def other(tones, stage):
    return np.full((1, stage.samples), 0.25, np.float32)


def played(path, tones, seconds=2.0, otherwise=never):
    """What an instrument plays, as its file is now."""
    sfz.described.cache_clear()
    (found,) = sfz_files.find_sfz([path])
    stage = Stage(round(seconds * RATE), RATE, np.random.default_rng(1))
    return sfz.instrument(found, otherwise)(tones, stage)


def peak(x, start_s, end_s):
    return float(np.abs(x[0, round(start_s * RATE) : round(end_s * RATE)]).max())


def frequency_hz(x, start_s):
    """Of the loudest partial in half a second, in steps of 0.1 Hz."""
    part = x[0, round(start_s * RATE) :][: RATE // 2]
    return float(np.argmax(np.abs(np.fft.rfft(part * np.hanning(part.size), 10 * RATE)))) / 10


@pytest.mark.parametrize(("pitch", "start_s"), [(69, 0.0), (62, 0.5), (76, 0.3217)])
def test_tones_have_their_pitch_and_begin_in_time(bass, pitch, start_s):
    x = played(bass, [Tone(start_s, 1.0, pitch, 0.8)])
    # The sine begins at zero, and the engine ramps it up: half of it is there within a period of the lowest.
    onset = np.flatnonzero(np.abs(x[0]) > 0.25 * np.abs(x).max())[0] / RATE
    assert start_s <= onset < start_s + 0.004
    assert not x[0, : round(start_s * RATE)].any()
    assert frequency_hz(x, start_s + 0.2) == pytest.approx(ROOT_HZ * 2 ** ((pitch - SEMITONE_ROOT) / 12), rel=5e-4)


def test_what_sounds_the_same_on_both_sides_is_one_channel(bass, tmp_path):
    assert played(bass, [Tone(0.0, 1.0, 60, 0.8)]).shape == (1, 2 * RATE)
    bass.write_text(TWO_LAYERS.replace("<group>", "<group> pan=50"))
    assert played(bass, [Tone(0.0, 1.0, 60, 0.8)]).shape == (2, 2 * RATE)


def test_the_velocity_chooses_the_layer(bass):
    x = played(bass, [Tone(0.0, 0.4, 60, 0.4), Tone(1.0, 0.4, 60, 0.6)])
    # Layers are 20 dB apart, and the instrument follows the velocity in nothing else.
    assert peak(x, 1.1, 1.3) / peak(x, 0.1, 0.3) == pytest.approx(10, rel=0.01)


def test_a_tone_is_held_by_its_loop_and_dies_in_its_release(bass):
    x = played(bass, [Tone(0.0, 3.0, 60, 0.8)], seconds=4.0)
    held = peak(x, 0.1, 0.3)
    # The sample has a second only.
    assert peak(x, 2.7, 2.95) == pytest.approx(held, rel=0.01)
    assert 0 < peak(x, 3.02, 3.04) < held
    assert peak(x, 3.15, 4.0) < 1e-3 * held


def test_transposed_samples_have_no_images_that_are_heard(bass):
    write_sine(bass.parent / "Samples" / "loud sine.wav", hz=9000.0)
    x = played(bass, [Tone(0.0, 1.5, 71, 0.8)], seconds=1.5)[0, RATE // 4 : RATE * 5 // 4]
    power = np.abs(np.fft.rfft(x * np.blackman(RATE))) ** 2
    tone_hz = int(power.argmax())
    assert tone_hz == pytest.approx(9000 * 2 ** (2 / 12), abs=2)
    # A quality less, and images are at -30 dB.
    rest = power.sum() - power[tone_hz - 5 : tone_hz + 6].sum()
    assert 10 * np.log10(rest / power.sum()) < -55


def test_tones_sound_together_and_each_ends_by_itself(bass):
    low, high = Tone(0.0, 2.0, 57, 0.8), Tone(0.5, 0.5, 64, 0.8)
    together = played(bass, [high, low], seconds=3.0)
    alone = played(bass, [low], seconds=3.0) + played(bass, [high], seconds=3.0)
    # Voices add up but for the rounding of single precision.
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_a_key_struck_again_while_it_is_down_sounds_to_the_end_of_the_second_stroke(bass):
    x = played(bass, [Tone(0.0, 1.0, 60, 0.8), Tone(0.5, 1.0, 60, 0.8)])
    assert peak(x, 1.2, 1.45) > 0.5 * peak(x, 0.1, 0.4)
    assert peak(x, 1.7, 2.0) < 1e-3


def test_every_tone_is_whole_however_busy_the_machine_is(bass):
    # The library would read the rest of a sample while it plays the first 8192: of forty tones, others would be cut.
    tones = [Tone(0.05 * n, 0.9, 60 + n % 12, 0.8) for n in range(40)]
    first = played(bass, tones, seconds=3.0)
    for _ in range(3):
        assert played(bass, tones, seconds=3.0).tobytes() == first.tobytes()


def test_chance_in_an_instrument_is_the_same_every_time(bass):
    bass.write_text(TWO_LAYERS.replace("<group>", "<group> amp_random=12 pitch_random=40"))
    tones = [Tone(0.3 * n, 0.2, 60, 0.8) for n in range(5)]
    first = played(bass, tones)
    assert len({round(peak(first, 0.3 * n, 0.3 * n + 0.2), 4) for n in range(5)}) == 5
    assert played(bass, tones).tobytes() == first.tobytes()


def test_tones_out_of_reach_are_moved_by_octaves(bass):
    x = played(bass, [Tone(0.0, 1.0, 33, 0.8)])
    assert frequency_hz(x, 0.2) == pytest.approx(ROOT_HZ * 2 ** ((45 - SEMITONE_ROOT) / 12), rel=5e-4)


def test_what_an_instrument_has_no_keys_for_or_is_silent_in_is_played_by_the_other(bass):
    bass.write_text(TWO_LAYERS.replace("hikey=80", "hikey=44"))
    assert (played(bass, [Tone(0.0, 1.0, 40, 0.8), Tone(0.0, 1.0, 57, 0.8)], otherwise=other) == 0.25).all()
    bass.write_text(TWO_LAYERS.replace("hivel=63", "hivel=63 volume=-100"))
    played(bass, [Tone(0.0, 1.0, 60, 0.8)])
    assert (played(bass, [Tone(0.0, 1.0, 60, 0.2)], otherwise=other) == 0.25).all()
    assert not played(bass, []).any()


def test_whole_parts_are_moved_rather_than_single_tones():
    assert sfz.fitted([30, 33, 36, 41], range(40, 81)) == [42, 45, 48, 53]
    assert sfz.fitted([45, 47], range(40, 81)) == [45, 47]
    # A span of two octaves does not fit: most of it stays as it is moved, the rest is moved again.
    assert sfz.fitted([30, 32, 54], range(40, 61)) == [42, 44, 54]
    assert sfz.fitted([45, 46], [45]) is None


@pytest.fixture
def kit(tmp_path, library):
    """A kit with a kick at 220.5 Hz, closed hats at 4410 and a ride at 8820 Hz, each on its key."""
    folder = tmp_path / "Drums"
    text = ""
    for key, hz in ((36, 220.5), (42, 4410.0), (51, 8820.0)):
        write_sine(folder / f"{key}.wav", 0.5, 0.3, hz)
        text += f"<region> sample={key}.wav key={key}\n"
    (folder / "Kit1.sfz").write_text(text)
    return folder / "Kit1.sfz"


def struck(path, name, tones, otherwise=never):
    (found,) = sfz_files.find_sfz([path])
    return sfz.piece(found, name, otherwise)(tones, Stage(RATE, RATE, np.random.default_rng(1)))


@pytest.mark.parametrize(
    ("name", "symbol", "hz"),
    [("kick", "x", 220.5), ("hats", "o", 4410.0), ("hats", "x", 4410.0), ("cymbals", "r", 8820.0)],
)
def test_pieces_of_a_kit_are_on_the_keys_of_general_midi(kit, name, symbol, hz):
    x = struck(kit, name, [Tone(0.1, 0.01, 0, 0.8, symbol)])
    # A stroke rings on to the end of its sample, which is 0.3 s long, though the tone is short.
    assert peak(x, 0.3, 0.39) == pytest.approx(peak(x, 0.15, 0.25), rel=0.01)
    assert frequency_hz(x, 0.1) == pytest.approx(hz, abs=0.5)


def test_a_piece_that_a_kit_lacks_is_played_by_the_other(kit):
    assert (struck(kit, "snare", [Tone(0.0, 0.1, 0, 0.8)], other) == 0.25).all()


def test_a_single_drum_is_played_on_whatever_key_it_has(kit):
    single = kit.parent / "Snare.sfz"
    single.write_text("<region> sample=36.wav key=60")
    x = struck(single, "snare", [Tone(0.1, 0.01, 0, 0.8)])
    assert frequency_hz(x, 0.1) == pytest.approx(220.5, abs=0.5)


def test_percussion_is_struck_on_whatever_key_it_has(kit):
    shaker = kit.parent / "Shaker.sfz"
    shaker.write_text("<region> sample=42.wav key=60")
    x = played(shaker, [Tone(0.1, 0.01, 0, 0.8, symbol) for symbol in "stihl"])
    assert frequency_hz(x, 0.1) == pytest.approx(4410.0, abs=0.5)


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("VSCO-2/Cello Section", "pad"), ("Bass/Rickenbacker/4001", "bass"), ("Drums/Kit1", "drums"),
        ("Salamander Grand Piano", "keys"), ("Bass/Shaker", "percussion"), ("Nylon Guitar", "guitar"),
        ("Flute/Vibrato", "brass"), ("Choir Aahs", "backing"), ("Kick 22", "kick"),
    ],
)  # fmt: skip
def test_names_of_files_and_folders_tell_what_is_played(tmp_path, name, role):
    assert sfz_files.placed(tmp_path / f"{name}.sfz") == role


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "Bass",
            "<region> sample=gone.wav\n<region> sample=lost.wav",
            r"Bass.sfz: needs samples that are not there; .* \(gone.wav, lost.wav\)$",
        ),
        (
            "Bass",
            '#include "gone.txt"',
            r"Bass.sfz: cannot be read as a whole \(.*gone.txt: No such file or directory\)",
        ),
        (
            "Bass",
            '#include "Bass.sfz"',
            r"Bass.sfz: cannot be read .*Bass.sfz: more than 32 files include one another\)",
        ),
        ("Bass", "Dear Sir or Madam", r"Bass.sfz: is no SFZ instrument"),
        ("Bass", "<region> sample=broken.wav", r"Bass.sfz: is silent on every key"),
        ("Thing", "<region> sample=*sine", r"Thing.sfz: its name does not tell what it plays; name it"),
        ("Riser", "<region> sample=*sine", r"Riser.sfz: its name says effects, which no instrument plays; name it"),
    ],
)
def test_files_that_cannot_be_used_are_refused_by_name(tmp_path, library, capfd, name, text, message):
    (tmp_path / "broken.wav").write_text("no audio")
    path = tmp_path / f"{name}.sfz"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        sfz_files.find_sfz([path])
    assert capfd.readouterr() == ("", "")


def test_what_is_no_sfz_file_is_refused(tmp_path, library):
    with pytest.raises(UserError, match=r"gone.sfz: no such file"):
        sfz_files.find_sfz([tmp_path / "gone.sfz"])
    (tmp_path / "bass.wav").write_text("")
    with pytest.raises(UserError, match=r"bass.wav: is no SFZ instrument \(.sfz\)"):
        sfz_files.find_sfz([tmp_path / "bass.wav"])
    with pytest.raises(UserError, match=r"holds no SFZ instruments that can be used$"):
        sfz_files.find_sfz([tmp_path])


def test_without_the_library_the_user_is_told_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pysfizz", None)
    assert sfz_files.find_sfz([]) == ()
    with pytest.raises(UserError, match=r"pip install 'diffmst\[songs\]'"):
        sfz_files.find_sfz([tmp_path])


def test_a_process_that_breaks_down_is_told_by_the_file(bass, monkeypatch):
    (found,) = sfz_files.find_sfz([bass])
    sfz.described.cache_clear()
    monkeypatch.setattr(sfz.sys, "executable", "false")
    with pytest.raises(UserError, match=r"Bass.sfz: pysfizz breaks down over it \(exit status 1\)"):
        sfz_files.find_sfz([bass])
    with pytest.raises(
        UserError, match=r"Bass.sfz: can no longer be played: pysfizz breaks down over it \(exit status 1\)"
    ):
        sfz.instrument(found, never)([Tone(0.0, 1.0, 60, 0.8)], Stage(RATE, RATE, np.random.default_rng(1)))


@pytest.fixture
def hanging(bass, tmp_path, monkeypatch):
    """An instrument whose process never ends, with limits that a test can wait for."""
    (found,) = sfz_files.find_sfz([bass])
    sfz.described.cache_clear()
    program = tmp_path / "hang"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o700)
    monkeypatch.setattr(sfz.sys, "executable", str(program))
    monkeypatch.setattr(sfz, "START_LIMIT_S", 1.0)
    return found


def test_a_process_that_hangs_is_ended_and_told_by_the_file(hanging):
    with pytest.raises(UserError, match=r"Bass.sfz: pysfizz did not end in time \(1 s\)$"):
        sfz_files.find_sfz([hanging.path])


def test_what_takes_longer_to_play_may_take_longer(hanging, monkeypatch):
    monkeypatch.setattr(sfz, "described", lambda path: sfz.Description((), True))
    monkeypatch.setattr(sfz, "LIMIT_S_PER_S", 0.5)
    with pytest.raises(UserError, match=r"Bass.sfz: can no longer be played: pysfizz .* \(2 s\); leave it out$"):
        sfz.instrument(hanging, never)([Tone(0.0, 1.0, 60, 0.8)], Stage(2 * RATE, RATE, np.random.default_rng(1)))


def test_what_is_there_is_played_and_what_is_not_is_told_once(bass, caplog):
    lost = "".join(f"<region> sample=lost {n}.wav key={90 + n}\n" for n in range(5))
    bass.write_text(f"{TWO_LAYERS}{lost}")
    x = played(bass, [Tone(0.0, 1.0, 60, 0.8)])
    assert peak(x, 0.2, 0.9) > 0.1
    (record,) = caplog.records
    assert record.message == (
        f"played without the samples that are not there (1): "
        f"{bass} (Samples/lost 0.wav, Samples/lost 1.wav, Samples/lost 2.wav and 2 more)"
    )
    (found,) = sfz_files.find_sfz([bass])
    assert found.keys == tuple(range(40, 81))


def test_of_a_folder_the_usable_are_taken_and_the_rest_is_named(bass, kit, caplog):
    (bass.parent / "Piano.sfz").write_text("<region> sample=gone.wav")
    (bass.parent / "Organ.sfz").write_text("<region> sample=lost.wav")
    found = sfz_files.find_sfz([bass.parent.parent, bass])
    assert [(one.path.name, one.role) for one in found] == [("Kit1.sfz", "drums"), ("Finger Bass.sfz", "bass")]
    assert found[0].keys == (36, 42, 51) and found[1].keys == tuple(range(40, 81))
    (record,) = caplog.records
    assert "left out: needs samples that are not there" in record.message
    assert "(2): " in record.message and "Piano.sfz (gone.wav)" in record.message
    bass.unlink()
    with pytest.raises(UserError, match=r"holds no SFZ instruments that can be used: needs samples"):
        sfz_files.find_sfz([bass.parent])


def test_the_case_of_letters_in_the_names_of_samples_does_not_matter(bass):
    bass.write_text(TWO_LAYERS.replace("loud sine.wav", "LOUD Sine.wav"))
    assert peak(played(bass, [Tone(0.0, 1.0, 60, 0.8)]), 0.2, 0.9) > 0.01


def test_texts_are_expanded_as_they_are_read(tmp_path):
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "hit.txt").write_text("<region> key=$KEY sample=$KEYNAME.wav /* two\nlines */")
    main_text = '#define $KEY 36\n#define $KEYNAME Kick\n#define $IN part\n#include "$IN\\hit.txt"\n'
    (tmp_path / "kit.sfz").write_text(main_text + '#define $KEY 38\n#include "part/hit.txt" // again\n')
    text = sfz_text.expanded(tmp_path / "kit.sfz")
    assert text.split() == ["<region>", "key=36", "sample=Kick.wav", "<region>", "key=38", "sample=Kick.wav"]
    assert sfz_text.samples(text) == ["Kick.wav"]


def test_samples_are_found_with_their_folders_and_spaces():
    text = "<control> default_path=a\\b/ <group> sample=One 1.wav key=3\n<region>sample=two.wav<region> sample=*sine"
    assert sfz_text.samples(text) == ["a/b/One 1.wav", "a/b/two.wav"]
    assert sfz_text.samples(text + "<control>default_path=c_\n<region> sample=../3.wav") == [
        "a/b/One 1.wav", "a/b/two.wav", "c_../3.wav",
    ]  # fmt: skip


def test_a_text_held_in_memory_names_its_samples_from_anywhere_and_leaves_out_those_not_needed(tmp_path):
    text = "<control> default_path=a/\n<region> sample=One.wav key=3\n<region> sample=two 2.wav\n<region> sample=*sine"
    held = sfz_text.held_in_memory(text, tmp_path, {"a/one.wav"})
    root = tmp_path.as_posix()
    assert [line.strip() for line in held.splitlines()] == [
        "<control> hint_ram_based=1", "<control>", "<region> sample=*silence key=3",
        f"<region> sample={root}/a/two 2.wav", "<region> sample=*sine",
    ]  # fmt: skip


def test_a_key_goes_up_before_it_is_struck_again_and_two_strokes_at_once_are_one():
    notes = [(0.0, 1.0, 60, 90), (0.5, 1.0, 60, 80), (0.5, 0.1, 60, 100), (0.0, 0.2, 40, 70), (-0.1, 0.0, 41, 1)]
    assert list(sfz_process.events_of(notes, 10)) == [
        (0, True, 40, 70), (0, True, 41, 1), (0, True, 60, 90), (1, False, 41, 0), (2, False, 40, 0),
        (5, False, 60, 0), (5, True, 60, 100), (6, False, 60, 0),
    ]  # fmt: skip


def drawn(files, role, programs, draws=400):
    """Names of the instruments that a player of a role is given, the own one as `own`."""
    rng = np.random.default_rng(2)
    given = [instrument_files.draw_instrument(files, role, programs, never, rng) for _ in range(draws)]
    return [one.name or "SoundFont" if one else "own" for one in given]


def test_half_of_the_instruments_come_from_files_that_can_play_the_part(tmp_path):
    bass, piano = (Sfz(tmp_path / f"{name}.sfz", role, (60,)) for name, role in (("B", "bass"), ("P", "keys")))
    files = InstrumentFiles(sfz=(bass, piano))
    assert drawn(files, "bass", (33,)).count("B") == pytest.approx(200, abs=40)
    assert set(drawn(files, "bass", ())) == {"B", "own"}
    assert set(drawn(files, "guitar", (27,))) == {"own"}
    both = drawn(files._replace(soundfonts=(tmp_path / "a.sf2",)), "bass", (33,))
    assert both.count("own") == pytest.approx(200, abs=40)
    assert both.count("B") == pytest.approx(100, abs=35) and both.count("SoundFont") == pytest.approx(100, abs=35)


def test_kits_play_all_pieces_and_single_drums_their_own(tmp_path):
    kit, snare = (Sfz(tmp_path / f"{name}.sfz", name, (38,)) for name in ("drums", "snare"))
    rng = np.random.default_rng(3)
    pieces = dict.fromkeys(("kick", "snare"), never)
    sets = [
        tuple(getattr(play, "keywords", {"sfz": None})["sfz"] for play in drawn.values())
        for drawn in (instrument_files.draw_pieces(InstrumentFiles(sfz=(kit, snare)), pieces, rng) for _ in range(200))
    ]
    assert set(sets) == {(None, None), (None, snare), (kit, kit), (kit, snare)}
    assert sum(kick == kit for kick, _ in sets) == pytest.approx(100, abs=30)


def test_whole_songs_are_made_with_sfz_instruments(bass, kit, tmp_path, capfd):
    arguments = ["data", "make", "--songs", "2", "--seconds", "8", "--seed", "2", "--jobs", "1", "--sfz", str(tmp_path)]
    for out in ("one", "two"):
        assert main([*arguments, "-o", str(tmp_path / out)]) == 0
    printed = capfd.readouterr()
    assert "2 SFZ instruments: 1 bass, 1 drums" in printed.out and "rror" not in printed.err
    documents = [json.loads(path.read_text()) for path in sorted((tmp_path / "one").glob(f"*/{SIDECAR}"))]
    assert [document["made"]["sfz"] for document in documents] == [["Kit1.sfz", "Finger Bass.sfz"]] * 2
    assert {document["licence"] for document in documents} == {"that of the files it was made from"}
    stems = [stem for document in documents for stem in document["stems"]]
    assert {stem["role"] for stem in stems if stem["kind"] == "Finger Bass"} == {"bass"}
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.flac"))
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes(), file
