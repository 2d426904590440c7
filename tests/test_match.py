"""The main job from end to end: stems and a reference in; a mix, its document and a report out."""

import contextlib
import hashlib
import json
import shutil

import numpy as np
import pyloudnorm
import pytest
import soundfile
from scipy.signal import resample_poly
from songs import RATE, noise, tone, write, write_reference, write_song

from diffmst.amount import Amounts
from diffmst.match import Options, match
from diffmst.mix import Mix
from diffmst.passages import Listening
from diffmst.render import render_document

METER_LU = 0.15  # between meters of files this short
FLOAT_SUMS = 1e-5  # what float32 sums of a few tracks may differ by
NEUTRAL_MASTER = {"input.gain_db": -20.0}
ROUNDING_DB = 1e-3  # of gains in a document


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder that holds stems, a reference, and their mix."""
    home = tmp_path_factory.mktemp("home")
    write_song(home / "song", 6.0)
    write(home / "song" / "deep" / "below" / "strings.wav", np.r_[np.zeros(2 * RATE), tone(220, 3.0)])
    write(home / "song" / "click.wav", np.zeros(6 * RATE))
    write_reference(home / "reference.wav", 7.0)
    return home


@pytest.fixture(scope="module")
def matched(home):
    return match([home / "song"], home / "reference.wav", home / "mix", Options(steps=12, stems=True))


@pytest.fixture
def copy(home, matched, tmp_path):
    """All of it at another place, to be changed."""
    return shutil.copytree(home, tmp_path / "moved")


def read(path):
    audio, rate = soundfile.read(path, dtype="float32")
    return audio.T, rate


def loudness_lufs(path):
    audio, rate = soundfile.read(path)
    return pyloudnorm.Meter(rate).integrated_loudness(audio)


def true_peak_dbtp(path):
    return 20 * np.log10(np.abs(resample_poly(soundfile.read(path)[0], 8, 1)).max())


def edited(document, change):
    """The document after a change to its JSON."""
    data = json.loads(document.read_text())
    change(data)
    document.write_text(json.dumps(data))
    return document


def without_gains(mix):
    """Its settings but for those by which mixes of one sound may differ, see `gauge`."""
    gains = "input.gain_db", "fader.gain_db", "compressor.makeup_db"
    parts = [*(track.settings for track in mix.tracks), mix.master]
    return [{name: value for name, value in part.items() if name not in gains} for part in parts]


def test_the_distance_falls(matched):
    before, after = (sum(terms.values()) for terms in (matched.refined.before, matched.refined.after))
    assert after < 0.9 * before


def test_the_document_says_what_was_done(home, matched):
    mix = Mix.read(home / "mix" / "mix.json")
    assert mix == matched.mix
    assert [track.name for track in mix.tracks] == ["bass", "click", "strings", "hats", "keys"]
    assert [track.channels for track in mix.tracks] == [1, 1, 1, 1, 2]
    assert mix.tracks[2].path == "../song/deep/below/strings.wav"
    for track in (*mix.tracks, *mix.references):
        assert track.sha256 == hashlib.sha256((home / "mix" / track.path).read_bytes()).hexdigest()
    assert mix.references[0].loudness_lufs == pytest.approx(loudness_lufs(home / "reference.wav"), abs=METER_LU)
    assert mix.comparison.distance_after == matched.refined.after


def test_the_width_of_the_mix_stays_where_no_model_tells_it_from_the_pans(home, matched):
    mix = Mix.read(home / "mix" / "mix.json")
    assert mix.master["image.width"] == 1 and any(track.settings["panner.pan"] for track in mix.tracks)


def test_a_silent_stem_keeps_its_place_muted(matched):
    assert [track.mute for track in matched.mix.tracks] == [False, True, False, False, False]
    assert "silent" in matched.mix.tracks[1].note


def test_the_mix_has_the_loudness_of_the_reference_and_the_length_of_the_song(home, matched):
    path = home / "mix" / "mix.wav"
    assert loudness_lufs(path) == pytest.approx(loudness_lufs(home / "reference.wav"), abs=METER_LU)
    assert matched.output.loudness_lufs == pytest.approx(loudness_lufs(path), abs=METER_LU)
    assert true_peak_dbtp(path) <= -0.95
    assert (soundfile.info(path).frames, soundfile.info(path).samplerate) == (6 * RATE, RATE)


def test_the_report_names_every_track(home, matched):
    report = (home / "mix" / "report.html").read_text()
    assert all(track.name in report for track in matched.mix.tracks) and "</html>" in report


def test_the_document_renders_the_same_bytes(copy):
    render_document(copy / "mix" / "mix.json", copy / "again.wav")
    assert (copy / "again.wav").read_bytes() == (copy / "mix" / "mix.wav").read_bytes()


def test_the_same_stems_and_reference_give_the_same_mix(home, matched, tmp_path):
    match([home / "song"], home / "reference.wav", home / "again", Options(steps=12))
    assert (home / "again" / "mix.wav").read_bytes() == (home / "mix" / "mix.wav").read_bytes()
    assert (home / "again" / "mix.json").read_bytes() == (home / "mix" / "mix.json").read_bytes()


def test_processed_stems_and_reverb_sum_to_the_mix_before_the_master(copy):
    def neutral_and_wet(data):
        data["master"], data["render"] = NEUTRAL_MASTER, {"ceiling_dbtp": 0, "subtype": "FLOAT"}
        data["tracks"][-1]["settings"]["send.gain_db"] = -6

    document = edited(copy / "mix" / "mix.json", neutral_and_wet)
    output = render_document(document, copy / "neutral.wav", stems=True)
    stems = sorted((copy / "neutral_stems").iterdir())
    assert [path.name for path in stems][-2:] == ["05 keys.wav", "reverb.wav"] and len(stems) == 6
    total = sum(read(path)[0] for path in stems)
    assert output.gain_db == 0 and np.abs(read(copy / "neutral_stems" / "reverb.wav")[0]).max() > 1e-3
    np.testing.assert_allclose(read(copy / "neutral.wav")[0], 0.1 * total, atol=FLOAT_SUMS)


def test_an_edited_gain_changes_the_sound_by_as_much(copy):
    def solo_keys(gain_db):
        def change(data):
            data["master"], data["render"] = NEUTRAL_MASTER, {"ceiling_dbtp": 0, "subtype": "FLOAT"}
            for track in data["tracks"]:
                track["mute"] = track["name"] != "keys"
            data["tracks"][4]["settings"]["fader.gain_db"] = gain_db

        return change

    for gain_db in (-6, 0):
        render_document(edited(copy / "mix" / "mix.json", solo_keys(gain_db)), copy / f"{gain_db}.wav")
    quiet, loud = (read(copy / f"{gain_db}.wav")[0] for gain_db in (-6, 0))
    np.testing.assert_allclose(quiet * 10 ** (6 / 20), loud, atol=FLOAT_SUMS)
    assert np.abs(loud).max() > 1e-3


def test_a_file_changed_since_is_rendered_and_told_of(copy, caplog):
    path = write(copy / "song" / "bass.wav", tone(90, 6.0))
    render_document(copy / "mix" / "mix.json", copy / "again.wav")
    assert caplog.messages == [f"../song/{path.name} has changed since track “bass” was mixed from it"]
    assert (copy / "again.wav").read_bytes() != (copy / "mix" / "mix.wav").read_bytes()


@pytest.mark.parametrize(
    ("options", "loudness", "peak_dbtp"),
    [
        (Options(steps=0, loudness=-18.0), -18.0, -1),
        (Options(steps=0, loudness=-14.0, ceiling_dbtp=-3.0), -14.0, -3),
        (Options(steps=0, loudness=-30.0, subtype="PCM_16"), -30.0, -1),
    ],
)
def test_the_loudness_and_ceiling_that_were_asked_for(home, tmp_path, options, loudness, peak_dbtp):
    match([home / "song"], home / "reference.wav", tmp_path, options)
    assert loudness_lufs(tmp_path / "mix.wav") == pytest.approx(loudness, abs=METER_LU)
    assert true_peak_dbtp(tmp_path / "mix.wav") <= peak_dbtp + 0.05


def test_loudness_may_be_kept(home, tmp_path):
    matched = match([home / "song"], home / "reference.wav", tmp_path, Options(steps=0, loudness="keep"))
    assert matched.mix.render.loudness_lufs is None and matched.output.gain_db == 0


def test_the_distance_is_that_of_the_mix_as_it_leaves(home, tmp_path):
    def terms(loudness):
        options = Options(loudness=loudness, steps=0)
        return match([home / "song"], home / "reference.wav", tmp_path / f"{loudness}", options).refined.after

    kept, quiet, loud = terms("keep"), terms(-35.0), terms(0.0)
    assert "loudness" not in kept
    assert quiet == pytest.approx(kept | {"loudness": 0.0}, rel=1e-3, abs=1e-6)
    assert loud["loudness"] > 0
    assert loud["af.crest_factor_db"] != pytest.approx(kept["af.crest_factor_db"], rel=0.1)


def test_no_steps_leave_the_balanced_mix(home, tmp_path):
    refined = match([home / "song"], home / "reference.wav", tmp_path, Options(steps=0)).refined
    assert refined.before == refined.after and refined.before


def test_no_steps_are_an_amount_of_nothing(tmp_path, reference):
    """Two mono stems that refinement may pan, and begins with on either side."""
    for number in (1, 2):
        write(tmp_path / "song" / f"guitar {number}.wav", noise(3.0, number))
    none, nothing, some = (
        match([tmp_path / "song"], reference, tmp_path / name, options).mix
        for name, options in (
            ("none", Options(steps=0)),
            ("nothing", Options(steps=2, amounts=Amounts(overall=0))),
            ("some", Options(steps=2)),
        )
    )
    assert without_gains(none) == without_gains(nothing)
    faders_db = np.array([[track.settings["fader.gain_db"] for track in mix.tracks] for mix in (none, nothing)])
    np.testing.assert_allclose(np.diff(faders_db[0]), np.diff(faders_db[1]), atol=ROUNDING_DB)
    assert none.comparison.distance_before == some.comparison.distance_before
    assert all(track.settings["panner.pan"] == 0 for track in none.tracks)
    assert all(track.settings["panner.pan"] != 0 for track in some.tracks)


def test_the_user_says_where_to_listen(home, tmp_path):
    where = Listening(start_s=2.5, reference_start_s=1.0, seconds=2.0)
    mix = match([home / "song"], home / "reference.wav", tmp_path, Options(steps=0, where=where)).mix
    assert (mix.comparison.song_windows_at_s, mix.references[0].windows_at_s) == ((2.5,), (1.0,))


class Recorder:
    """Progress that keeps what it was told."""

    def __init__(self):
        self.told = {}

    @contextlib.contextmanager
    def phase(self, description, total):
        done = []
        yield done.append
        self.told[description] = (total, done)


@pytest.mark.parametrize("loudness", [-30.0, -8.0], ids=["by gain", "by limiting"])
def test_progress_reaches_its_total_and_never_goes_back(home, tmp_path, loudness):
    progress = Recorder()
    match([home / "song"], home / "reference.wav", tmp_path, Options(steps=2, loudness=loudness), progress)
    assert list(progress.told) == ["listening", "choosing passages", "matching", "rendering", "finishing", "drawing"]
    for phase in ("listening", "matching", "rendering", "finishing"):
        total, done = progress.told[phase]
        assert sum(done) == pytest.approx(total) and min(done) >= 0, phase


def test_stems_of_mixed_rates_formats_and_channels(tmp_path, reference):
    """Two at 44.1 kHz make that the rate of the song."""
    song = tmp_path / "song"
    write(song / "a.wav", tone(100, 3.0, 44_100), 44_100)
    write(song / "b.flac", np.stack([tone(200, 2.0, 48_000)] * 2), 48_000)
    write(song / "c.ogg", np.stack([noise(2.5, 1, 44_100), noise(2.5, 2, 44_100)]), 44_100, subtype="VORBIS")
    write(song / "d.mp3", np.r_[np.zeros(32_000), tone(400, 1.0, 32_000)], 32_000, subtype="MPEG_LAYER_III")
    write(song / "e.aiff", noise(1.0, rate=22_050), 22_050)
    matched = match([song], reference, tmp_path / "mix", Options(steps=1))
    assert (matched.mix.sample_rate, matched.mix.channels) == (44_100, (1, 1, 2, 1, 1))
    assert soundfile.info(tmp_path / "mix" / "mix.wav").frames == 3 * 44_100
    render_document(tmp_path / "mix" / "mix.json", tmp_path / "again.wav")
    assert (tmp_path / "again.wav").read_bytes() == (tmp_path / "mix" / "mix.wav").read_bytes()


@pytest.mark.parametrize(("rate", "rendered"), [(96_000, 96_000), (8_000, 32_000), (192_000, 192_000)])
def test_a_song_is_rendered_at_its_rate_if_it_is_one_for_music(tmp_path, reference, rate, rendered):
    match([write_song(tmp_path / "song", 1.0, rate)], reference, tmp_path / "mix", Options(steps=1))
    assert soundfile.info(tmp_path / "mix" / "mix.wav").samplerate == rendered


@pytest.mark.parametrize("tracks", [1, 60])
def test_sessions_of_any_size(tmp_path, reference, tracks):
    song = tmp_path / "song"
    for number in range(tracks):
        write(song / f"{number}.wav", tone(60 + 50 * number, 1.5, level=0.1))
    matched = match([song], reference, tmp_path / "mix", Options(steps=1, stems=True))
    assert [track.name for track in matched.mix.tracks] == [str(number) for number in range(tracks)]
    assert len(list((tmp_path / "mix" / "mix_stems").iterdir())) == tracks + 1


def test_leading_silence_shifts_nothing(tmp_path, reference):
    click = np.zeros(4 * RATE)
    click[3 * RATE] = 0.5
    write(tmp_path / "song" / "click.wav", click)
    match([tmp_path / "song"], reference, tmp_path / "mix", Options(steps=0))
    assert np.abs(read(tmp_path / "mix" / "mix.wav")[0]).max(0).argmax() == 3 * RATE
