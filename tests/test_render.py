import os
import shutil
import subprocess
import sys
import threading

import numpy as np
import pytest
import soundfile
import torch
from songs import RATE, noise, tone, write, write_song

from diffmst.audio import AudioReader, AudioWriter
from diffmst.console import mix as console_mix
from diffmst.data.song import Song
from diffmst.dsp.loudness import LoudnessMeter
from diffmst.errors import UserError
from diffmst.mastering import Spool
from diffmst.mix import Mix, TrackMix
from diffmst.outputs import OutputFolder, write_text_atomically
from diffmst.progress import SILENT
from diffmst.render import (
    BLOCK_FRAMES,
    Taps,
    block_frames,
    compile_kernels,
    render,
    render_document,
    run_console,
    song_of,
    stem_names,
)
from diffmst.stream import ConsoleStream

SETTINGS = {"fader.gain_db": -6.0, "panner.pan": 0.3, "send.gain_db": -12.0, "compressor.ratio": 4.0}
KERNEL_THREADS = 2  # those that the kernels keep
FLOAT_SUMS = 1e-6  # what another order of float32 sums changes
LARGEST_RENDERING_KB = 300_000  # the whole process, of which numba and LLVM are half


@pytest.fixture
def document(tmp_path):
    """A mix document beside its song."""
    song = Song.open([write_song(tmp_path / "song", 4.0)])
    tracks = tuple(
        TrackMix(
            name=track.name,
            path=f"song/{track.path.name}",
            sha256="0" * 64,
            channels=track.channels,
            settings=SETTINGS,
        )
        for track in song.tracks
    )
    path = tmp_path / "mix.json"
    write_text_atomically(path, Mix(sample_rate=RATE, tracks=tracks).to_json())
    return path


def console_output(mix, song, tmp_path, block_frames):
    """The mix, its parts, and the loudness that the meter heard."""
    parts = {"mix": [], "stems": [], "reverb": []}
    with Spool(tmp_path) as spool, song.reader(block_frames) as blocks:
        meter = run_console(mix, blocks, spool, Taps(**{name: part.append for name, part in parts.items()}))
        spooled = np.concatenate(list(spool), -1)
    return {name: np.concatenate(part, -1) for name, part in parts.items()} | {"spooled": spooled}, meter


def test_blocks_of_any_size_give_what_one_piece_gives(document, tmp_path):
    mix = Mix.read(document)
    song = song_of(mix, tmp_path)
    with song.reader(song.frames) as blocks:
        (audio,) = blocks
    whole = console_mix(torch.from_numpy(audio)[None], RATE, mix.settings, mix.channels)[0].numpy()
    for frames in (65_536, 4_096, 999):
        made, meter = console_output(mix, song, tmp_path, frames)
        np.testing.assert_allclose(made["mix"], whole, atol=FLOAT_SUMS)
        np.testing.assert_array_equal(made["spooled"], made["mix"])
        assert made["stems"].shape == (3, *whole.shape) and made["reverb"].shape == whole.shape
        assert meter.integrated_lufs == pytest.approx(-20, abs=15)


def test_the_same_document_gives_the_same_bytes(document, tmp_path):
    for name in ("a.wav", "b.wav"):
        render_document(document, tmp_path / name, stems=True)
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()
    for name in ("01 bass.wav", "02 hats.wav", "03 keys.wav", "reverb.wav"):
        assert (tmp_path / "a_stems" / name).read_bytes() == (tmp_path / "b_stems" / name).read_bytes()


@pytest.fixture
def threads():
    """Sets how many threads torch may use; with more than one, the stages of rendering overlap."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def test_the_number_of_threads_changes_no_bit(document, tmp_path, threads, monkeypatch):
    monkeypatch.setattr("diffmst.render.BLOCK_FRAMES", 8_192)  # so that the song is more than one block
    for count, folder in ((1, "a"), (2, "b")):
        threads(count)
        render_document(document, tmp_path / folder / "mix.wav", stems=True)
    written = [path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.wav")]
    assert len(written) == 5
    for path in written:
        assert (tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes()


STAGES = [
    (AudioReader, "read_into"),
    (ConsoleStream, "to_buses"),
    (ConsoleStream, "to_mix"),
    (Spool, "append"),
    (LoudnessMeter, "add"),
    (AudioWriter, "write"),
]


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize(("owner", "name"), STAGES, ids=lambda value: getattr(value, "__name__", value))
@pytest.mark.parametrize("error", [UserError("the disk is full"), KeyboardInterrupt()], ids=["refused", "interrupted"])
def test_an_error_in_any_stage_ends_all_and_leaves_nothing(
    document, tmp_path, threads, monkeypatch, count, owner, name, error
):
    threads(count)
    monkeypatch.setattr("diffmst.render.BLOCK_FRAMES", 8_192)
    calls, genuine, running = iter(range(1_000_000)), getattr(owner, name), threading.active_count()

    def failing(*arguments):
        if next(calls) == 5:
            raise error
        return genuine(*arguments)

    monkeypatch.setattr(owner, name, failing)
    with pytest.raises(type(error)):
        render_document(document, tmp_path / "out" / "mix.wav", stems=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mix.json", "song"]
    assert threading.active_count() <= running + KERNEL_THREADS


def test_everyone_hears_every_frame(document, tmp_path):
    mix = Mix.read(document)
    heard = {"input": 0, "mix": 0}

    def count(name):
        def add(block):
            heard[name] += block.shape[1]

        return add

    with OutputFolder(tmp_path / "out") as outputs:
        song = song_of(mix, tmp_path)
        output = render(mix, song, outputs, "mix.wav", on_input=count("input"), on_mix=count("mix"))
    assert heard == {"input": 4 * RATE, "mix": 4 * RATE} and output.frames == 4 * RATE


def test_a_missing_stem_is_named_with_its_track(document, tmp_path):
    (tmp_path / "song" / "keys.wav").unlink()
    with pytest.raises(UserError, match=r"keys\.wav: no such file; track 'keys' was made from it"):
        render_document(document, tmp_path / "new" / "mix.wav")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mix.json", "song"]


def test_a_stem_that_lost_a_channel_is_refused(document, tmp_path):
    write(tmp_path / "song" / "keys.wav", tone(440, 4.0))
    with pytest.raises(UserError, match=r"keys\.wav: is mono now, track 'keys' was stereo"):
        render_document(document, tmp_path / "mix.wav")


def test_a_stem_that_won_a_channel_is_mixed_by_its_first(document, tmp_path):
    bass = soundfile.read(tmp_path / "song" / "bass.wav")[0]
    render_document(document, tmp_path / "a.wav")
    write(tmp_path / "song" / "bass.wav", np.stack([bass, noise(4.0)]))
    render_document(document, tmp_path / "b.wav")
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_a_document_moves_with_its_song(document, tmp_path):
    render_document(document, tmp_path / "mix.wav")
    moved = shutil.copytree(tmp_path, tmp_path / "elsewhere" / "far")
    (moved / "mix.wav").unlink()
    render_document(moved / "mix.json", moved / "mix.wav")
    assert (moved / "mix.wav").read_bytes() == (tmp_path / "mix.wav").read_bytes()


def test_names_of_processed_stems_are_safe_and_distinct():
    names = stem_names("song.wav", ["a/b", "a:b", "..", "x" * 300, "طبلة", "CON", "reverb"])
    assert names[:3] == ["song_stems/01 a_b.wav", "song_stems/02 a_b.wav", "song_stems/03 .wav"]
    assert len(set(names)) == 8 and max(len(name.split("/")[1].encode()) for name in names) < 255
    assert names[4] == "song_stems/05 طبلة.wav" and names[-1] == "song_stems/reverb.wav"
    assert stem_names("a.wav", ["x"] * 100)[0] == "a_stems/001 x.wav"


# VmHWM is of the process alone; ru_maxrss begins with what the process that started it held.
PEAK_OF_A_RENDER = """
import re, sys
from pathlib import Path
from diffmst.render import render_document
for name in sys.argv[1:]:
    render_document(Path(name), Path(name).with_suffix(".wav"), force=True)
    print(*re.findall(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text()))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is measured in other units")
def test_memory_does_not_grow_with_the_length_of_the_song(tmp_path):
    """Rendered twice first, as caches and pools of memory fill; 210 s more are 37 MB more in the spool alone."""
    documents = []
    for seconds in (30, 240):
        folder = tmp_path / str(seconds)
        write(folder / "a.wav", noise(seconds), subtype="PCM_16")
        write(folder / "b.wav", np.stack([noise(seconds, 1), noise(seconds, 2)]), subtype="PCM_16")
        tracks = tuple(
            TrackMix(name=name, path=f"{name}.wav", sha256="0" * 64, channels=channels, settings=SETTINGS)
            for name, channels in (("a", 1), ("b", 2))
        )
        documents.append(folder / "mix.json")
        write_text_atomically(documents[-1], Mix(sample_rate=RATE, tracks=tracks).to_json())
    compile_kernels(SILENT, gradients=False)  # what compiling takes is not looked at
    command = [sys.executable, "-c", PEAK_OF_A_RENDER, *map(str, documents[:1] * 2 + documents[1:])]
    overlapping = os.environ | {"OMP_NUM_THREADS": "2"}
    printed = subprocess.check_output(command, stderr=subprocess.DEVNULL, env=overlapping)
    _, short_kb, long_kb = map(int, printed.split())
    assert long_kb - short_kb < 16_000
    assert long_kb < LARGEST_RENDERING_KB, (short_kb, long_kb)


LOADED_BY_A_RENDER = """
import sys
from diffmst.cli import main
assert main(["render", sys.argv[1], "--out", sys.argv[2], "--stems"]) == 0
from diffmst.dsp.kernels import cpu_strip
print(len(cpu_strip.forward.signatures), len(cpu_strip.backward.signatures), *sys.modules)
"""


def test_rendering_loads_nothing_that_only_matching_needs(document, tmp_path):
    command = [sys.executable, "-c", LOADED_BY_A_RENDER, str(document), str(tmp_path / "mix.wav")]
    forward, backward, *loaded = subprocess.check_output(command, text=True).splitlines()[-1].split()
    only_for_matching = {"torch", "av", "jinja2", "scipy.signal", "diffmst.data.survey", "diffmst.profile"}
    assert not only_for_matching & set(loaded)
    assert (forward, backward) == ("1", "0")  # kernels compiled, or loaded from disk


def test_numba_is_not_loaded_before_there_is_something_to_render():
    command = [sys.executable, "-c", "import sys, diffmst.cli, diffmst.render, diffmst.advice; print(*sys.modules)"]
    assert not {"numba", "llvmlite", "torch", "scipy"} & set(subprocess.check_output(command, text=True).split())


def test_a_block_of_many_rows_is_shorter():
    assert [block_frames(rows) for rows in (1, 64, 65, 300)] == [BLOCK_FRAMES, BLOCK_FRAMES, 32_768, 8_192]


def test_a_silent_song_renders_to_silence(tmp_path):
    write(tmp_path / "a.wav", np.zeros(RATE))
    track = TrackMix(name="a", path="a.wav", sha256="0" * 64, channels=1, mute=True)
    write_text_atomically(tmp_path / "mix.json", Mix(sample_rate=RATE, tracks=(track,)).to_json())
    output = render_document(tmp_path / "mix.json", tmp_path / "mix.wav")
    assert output.loudness_lufs == -np.inf and not soundfile.read(tmp_path / "mix.wav")[0].any()


def test_neutral_settings_leave_a_stereo_track_as_it_is(tmp_path):
    audio = np.stack([tone(300, 2.0), tone(500, 2.0)])
    write(tmp_path / "a.wav", audio)
    track = TrackMix(name="a", path="a.wav", sha256="0" * 64, channels=2)
    write_text_atomically(tmp_path / "mix.json", Mix(sample_rate=RATE, tracks=(track,)).to_json())
    render_document(tmp_path / "mix.json", tmp_path / "mix.wav")
    np.testing.assert_allclose(soundfile.read(tmp_path / "mix.wav")[0].T, audio, atol=2**-22)
