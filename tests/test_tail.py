"""A mix that goes on after its stems, for the reverb to die away."""

import json

import numpy as np
import pytest
import soundfile
from songs import RATE, noise, tone, write

from diffmst.advice import output_advice
from diffmst.data.song import Song
from diffmst.errors import UserError
from diffmst.mix import Mix, RenderSettings, TrackMix
from diffmst.outputs import OutputFolder, write_text_atomically
from diffmst.render import BLOCK_FRAMES, render, render_document, rendered_bytes, song_of

SECONDS = 3.5  # the last block is not a whole one
TAIL_S = 4.3  # and ends in none: more than one block of silence
SENDING = {"fader.gain_db": -6.0, "send.gain_db": -12.0, "panner.pan": 0.2, "compressor.ratio": 4.0}
MASTER = {"compressor.threshold_db": -30.0, "compressor.ratio": 4.0, "eq.low_shelf.gain_db": 6.0}
STEMS = ("01 bass.wav", "02 noise.wav")
FLOAT_SUMS = 1e-6  # what another order of float32 sums changes


def write_document(folder, stems, settings=SENDING, **render):
    """A mix of stems, [time] or [channels, time] by name, in a folder of its own."""
    for name, audio in stems.items():
        write(folder / f"{name}.wav", audio, subtype="FLOAT")
    tracks = tuple(
        TrackMix(name=name, path=f"{name}.wav", sha256="0" * 64, channels=np.ndim(audio), settings=settings)
        for name, audio in stems.items()
    )
    mix = Mix(sample_rate=RATE, tracks=tracks, master=MASTER, render=RenderSettings(loudness_lufs=-20, **render))
    path = folder / "mix.json"
    write_text_atomically(path, mix.to_json())
    return path


def stems(silence_s=0.0):
    """Sound up to the end, then silence."""
    silence = np.zeros((2, round(silence_s * RATE)), np.float32)
    sides = np.stack([noise(SECONDS, 1), noise(SECONDS, 2)])
    return {"bass": np.append(tone(60, SECONDS), silence[0]), "noise": np.concatenate([sides, silence], -1)}


@pytest.fixture
def document(tmp_path):
    return write_document(tmp_path / "song", stems())


def sound(path):
    return soundfile.read(path, dtype="float32", always_2d=True)[0].T


def written(document, name="mix.wav", **options):
    """Every file of a mix with its processed stems, by its name in the folder of the mix."""
    render_document(document, document.parent / name, stems=True, **options)
    folder = document.parent / name.replace(".wav", "_stems")
    return {"mix.wav": document.parent / name} | {path.name: path for path in folder.iterdir()}


def test_a_tail_is_as_silence_after_the_stems(document, tmp_path):
    padded = written(write_document(tmp_path / "padded", stems(TAIL_S)))
    tailed = written(document, tail_s=TAIL_S)
    assert sound(tailed["mix.wav"]).shape[1] == round((SECONDS + TAIL_S) * RATE) > 2 * BLOCK_FRAMES
    assert tailed.keys() == padded.keys() == {"mix.wav", "reverb.wav", *STEMS}
    for name in tailed:
        assert tailed[name].read_bytes() == padded[name].read_bytes(), name


def test_without_a_tail_the_sound_is_as_of_a_document_that_knows_none(document):
    data = json.loads(document.read_text())
    assert data["render"].pop("tail_s") == 0
    without = written(document, "without.wav")
    document.write_text(json.dumps(data))
    assert Mix.read(document).render.tail_s == 0
    old = written(document, "old.wav")
    for name in without:
        assert without[name].read_bytes() == old[name].read_bytes(), name
    assert sound(without["mix.wav"]).shape[1] == round(SECONDS * RATE)


def test_processed_stems_and_reverb_are_as_long_and_add_up(tmp_path):
    document = write_document(tmp_path, stems(), tail_s=TAIL_S)
    mix = Mix.read(document)
    write_text_atomically(
        document, mix.model_copy(update={"master": {}}).to_json()
    )  # the mix is its bus, but for a gain
    files = written(document)
    total, whole = sum(sound(files[name]) for name in (*STEMS, "reverb.wav")), sound(files["mix.wav"])
    gain = np.vdot(whole, total) / np.vdot(total, total)
    np.testing.assert_allclose(whole, gain * total, atol=2**-22 + FLOAT_SUMS)
    reverb = sound(files["reverb.wav"])[:, round(SECONDS * RATE) :]
    assert np.abs(reverb[:, : RATE // 20]).max() > 0.001 and np.abs(reverb[:, -RATE // 20 :]).max() < 1e-7


def test_blocks_of_any_size_have_the_same_tail(tmp_path):
    song = song_of(Mix.read(write_document(tmp_path, stems(), tail_s=TAIL_S)), tmp_path)
    for frames in (999, 8_192, round(SECONDS * RATE), song.frames, BLOCK_FRAMES * 4):
        with song.reader(frames) as reader:
            blocks = list(reader)
        assert all(block.shape[1] == frames for block in blocks[:-1]) and blocks[-1].shape[1]
        whole = np.concatenate(blocks, -1)
        assert whole.shape[1] == song.frames == round((SECONDS + TAIL_S) * RATE)
        assert np.array_equal(whole[1:, : round(SECONDS * RATE)], stems()["noise"])
        assert not whole[:, round(SECONDS * RATE) :].any()


def test_the_disk_must_have_room_for_the_tail_too(document, tmp_path):
    song = Song.open([tmp_path / "song" / "bass.wav"])
    tailed = song.with_tail(song.duration_s)
    assert rendered_bytes(tailed, "PCM_24", stems=True) == 2 * rendered_bytes(song, "PCM_24", stems=True)


def test_reverb_that_is_cut_off_is_told_with_a_tail_that_is_enough(document):
    output = render_document(document, document.parent / "mix.wav")
    (sentence,) = output_advice(output)
    assert output.wanted_tail_s == 1.5
    assert sentence == "The reverb is cut off at the end; with a tail of 1.5 s it dies away."
    longer = render_document(document, document.parent / "a.wav", tail_s=output.wanted_tail_s)
    assert longer.wanted_tail_s == 0 and not list(output_advice(longer))


def test_the_tail_that_is_told_is_counted_from_the_stems_and_no_longer_than_needed(document):
    wanted_s = render_document(document, document.parent / "mix.wav").wanted_tail_s
    short = render_document(document, document.parent / "a.wav", tail_s=wanted_s - 0.5)
    assert short.wanted_tail_s == wanted_s


@pytest.mark.parametrize("rt60_s", [0.3, 6.0])
def test_the_tail_that_is_told_follows_the_decay(document, rt60_s):
    mix = Mix.read(document)
    bands = [name for name in mix.fx if name.endswith("rt60_s")]
    write_text_atomically(document, mix.model_copy(update={"fx": mix.fx | dict.fromkeys(bands, rt60_s)}).to_json())
    told_s = render_document(document, document.parent / "mix.wav").wanted_tail_s
    assert 0.5 <= told_s <= max(0.5, rt60_s)


@pytest.mark.parametrize(
    ("silence_s", "settings"),
    [(2.0, SENDING), (0.0, SENDING | {"send.gain_db": -60.0}), (0.0, {"compressor.ratio": 4.0})],
    ids=["the stems end in silence", "hardly any reverb", "no reverb"],
)
def test_nothing_is_told_where_no_reverb_is_missed(tmp_path, silence_s, settings):
    document = write_document(tmp_path, stems(silence_s), settings)
    output = render_document(document, tmp_path / "mix.wav")
    assert output.wanted_tail_s == 0 and not list(output_advice(output))


def test_silence_misses_no_reverb(tmp_path):
    document = write_document(tmp_path, {"a": np.zeros(RATE, np.float32)})
    assert render_document(document, tmp_path / "mix.wav").wanted_tail_s == 0


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("-1", "should be greater than or equal to 0, got -1"),
        ("31", "should be less than or equal to 30, got 31"),
        ("NaN", "should be a finite number"),
        ('"long"', "should be a valid number"),
        ('"3"', "should be a valid number"),
        ("true", "should be a valid number"),
    ],
)
def test_a_document_with_another_tail_is_refused(document, value, rule):
    document.write_text(document.read_text().replace('"tail_s": 0.0', f'"tail_s": {value}'))
    with pytest.raises(UserError, match=f"render.tail_s: {rule}"):
        Mix.read(document)


@pytest.mark.parametrize("tail_s", [-1.0, 31.0, np.nan])
def test_no_other_tail_is_rendered(document, tail_s):
    with pytest.raises(ValueError, match="tail_s"):
        render_document(document, document.parent / "mix.wav", tail_s=tail_s)


@pytest.mark.parametrize("value", ["-1", "31", "nan", "inf"])
@pytest.mark.parametrize("command", [["mix", "song", "-r", "x"], ["render", "mix.json"], ["match", "mix.json"]])
def test_another_tail_is_refused_in_one_line(run, command, value):
    code, out, err = run(*command, "--tail", value)
    assert code == 2 and not out and len(err) == 1 and err[0].startswith("error: Invalid value for '--tail': ")


def test_render_takes_a_tail_and_leaves_the_document_as_it_is(run, document):
    before = document.read_bytes()
    code, _, err = run("render", document)
    assert code == 0 and "note: The reverb is cut off at the end; with a tail of 1.5 s it dies away." in err
    code, _, err = run("render", document, "--tail", 1.5, "-o", document.parent / "longer.wav")
    assert code == 0 and not any("reverb" in line for line in err) and document.read_bytes() == before
    assert sound(document.parent / "longer.wav").shape[1] == round((SECONDS + 1.5) * RATE)


def test_a_tail_stays_with_the_mix(run, song, reference, tmp_path):
    """Once given to `mix`, it is in the document, and what is made from it has it."""
    listening = ("--steps", 1, "--model", "none")
    assert run("mix", song, "-r", reference, "-o", tmp_path / "mix", "--tail", 2, *listening)[0] == 0
    document = tmp_path / "mix" / "mix.json"
    assert run("adjust", document, "--tone", 50, "-o", tmp_path / "adjusted")[0] == 0
    assert run("match", document, "-o", tmp_path / "matched", *listening)[0] == 0
    assert run("match", document, "-o", tmp_path / "other", "--tail", 0.5, *listening)[0] == 0
    for folder, tail_s in (("mix", 2), ("adjusted", 2), ("matched", 2), ("other", 0.5)):
        assert Mix.read(tmp_path / folder / "mix.json").render.tail_s == tail_s
        assert sound(tmp_path / folder / "mix.wav").shape[1] == round((3 + tail_s) * RATE)


def test_the_room_for_a_tail_is_looked_for_before_listening(run, song, reference, tmp_path, nearly_full):
    nearly_full((3 + 2) * RATE * 2 * (3 + 4) - 1)
    code, _, err = run("mix", song, "-r", reference, "-o", tmp_path / "mix", "--tail", 2)
    assert code == 2 and len(err) == 1 and "MB free" in err[0]


def test_what_becomes_of_the_song_is_heard_to_the_end_of_the_tail(tmp_path):
    document = write_document(tmp_path, stems(), tail_s=TAIL_S)
    mix, heard = Mix.read(document), []
    with OutputFolder(tmp_path / "out") as outputs:
        output = render(
            mix, song_of(mix, tmp_path), outputs, "mix.wav", on_mix=lambda block: heard.append(block.shape[1])
        )
    assert sum(heard) == output.frames == round((SECONDS + TAIL_S) * RATE)
