"""The mix that is wanted, from a document, an audio file or a folder of processed stems."""

import json
import shutil

import numpy as np
import pytest
from songs import write
from stem_signals import (
    BASS,
    KEYS,
    LEAD,
    RATE,
    SNARE,
    hear,
    neutral,
    pair_of,
    processed,
    stems,
    turned,
    write_document,
    write_stems,
)

from diffmst.audio import read
from diffmst.errors import UserError
from diffmst.evaluation.metrics import read_truth
from diffmst.evaluation.metrics.processed_stems import console_stems, levels_lu
from diffmst.evaluation.metrics.recovery import recovery_figures
from diffmst.layout import DEFAULT
from diffmst.render import render_document

ALL = [True] * 4


@pytest.fixture(scope="module")
def heard(tmp_path_factory):
    return hear(write_stems(tmp_path_factory.mktemp("truth") / "song", stems()))


@pytest.fixture(scope="module")
def wanted():
    """Settings of every kind of change."""
    settings = turned(neutral(), BASS, fader_gain_db=-3.0, compressor_ratio=4.0, compressor_threshold_db=-30.0)
    settings = turned(settings, LEAD, panner_pan=0.4, eq_peak_3_gain_db=6.0)
    return turned(settings, SNARE, fader_gain_db=5.0, panner_pan=-0.7)


def errors(stems, others):
    return recovery_figures(stems, others, ALL)


def test_nothing_known_is_no_truth(heard):
    assert read_truth(pair_of(heard), heard) is None


def test_a_document_is_the_mix_that_render_makes_and_the_stems_of_its_settings(heard, wanted, tmp_path):
    path = write_document(tmp_path / "mix.json", heard, wanted, loudness_lufs=-10.0)
    truth = read_truth(pair_of(heard, truth=path), heard)
    render_document(path, tmp_path / "mix.wav")
    np.testing.assert_allclose(truth.mix[0], read(tmp_path / "mix.wav"), atol=2**-23)  # which has 24 bits
    found = console_stems(heard.song, wanted, DEFAULT, [False] * 4)
    assert max(errors(found, truth.stems).values()) == pytest.approx(0, abs=1e-3)  # the document is rounded


def test_a_stem_stands_where_it_is_heard_in_a_mix_that_its_master_narrows(heard):
    """Half of the side is left: 1 on the left and 0 on the right become 0.75 and 0.25."""
    settings = turned(neutral(), LEAD, panner_pan=-1.0)
    narrow = settings._replace(master=settings.master.clone())
    narrow.master[0, DEFAULT.master.column("image.width")] = 0.5
    (wide_lead, lead) = (console_stems(heard.song, one, DEFAULT, [False] * 4)[LEAD] for one in (settings, narrow))
    assert wide_lead.sides_db > 20 and lead.sides_db == pytest.approx(20 * np.log10(3), abs=0.01)


def test_tracks_of_a_document_are_found_by_file_whatever_their_order_and_name(heard, wanted, tmp_path):
    path = write_document(tmp_path / "mix.json", heard, wanted)
    document = json.loads(path.read_text())
    document["tracks"] = [track | {"name": f"renamed {index}"} for index, track in enumerate(document["tracks"][::-1])]
    path.write_text(json.dumps(document))
    truth = read_truth(pair_of(heard, truth=path), heard)
    found = console_stems(heard.song, wanted, DEFAULT, [False] * 4)
    assert errors(found, truth.stems)["level_error_lu"] < 1e-3


def test_tracks_are_found_by_content_where_files_have_moved(heard, wanted, tmp_path):
    path = write_document(tmp_path / "mix.json", heard, wanted)
    document = json.loads(path.read_text())
    for track in document["tracks"]:
        track["path"] = f"elsewhere/{track['name']}.wav"
    path.write_text(json.dumps(document))
    assert read_truth(pair_of(heard, truth=path), heard).stems


def test_a_stem_that_the_document_mutes_is_silent(heard, wanted, tmp_path):
    path = write_document(tmp_path / "mix.json", heard, wanted, muted=[KEYS])
    truth = read_truth(pair_of(heard, truth=path), heard)
    assert [stem.sounds for stem in truth.stems] == [True, False, True, True]


def test_a_document_of_other_stems_is_refused(heard, wanted, tmp_path):
    path = write_document(tmp_path / "mix.json", heard, wanted)
    document = json.loads(path.read_text())
    fewer, others = dict(document, tracks=document["tracks"][1:]), json.loads(path.read_text())
    others["tracks"].append(others["tracks"][0] | {"name": "cowbell"})
    for wrong, words in ((fewer, "does not mix stem 'bass'"), (others, "also mixes 'cowbell', which is no stem")):
        path.write_text(json.dumps(wrong))
        with pytest.raises(UserError, match=words):
            read_truth(pair_of(heard, truth=path), heard)


def test_a_mono_stem_that_was_stereo_is_refused(heard, wanted, tmp_path):
    path = write_document(tmp_path / "mix.json", heard, wanted)
    document = json.loads(path.read_text())
    document["tracks"][BASS]["channels"] = 2
    path.write_text(json.dumps(document))
    with pytest.raises(UserError, match=r"track 'bass' was stereo, .*bass.wav is mono"):
        read_truth(pair_of(heard, truth=path), heard)


def test_an_audio_file_is_the_mix_alone(heard, tmp_path):
    mono = write(tmp_path / "wanted.wav", stems()["bass"], RATE, "FLOAT")
    truth = read_truth(pair_of(heard, truth=mono), heard)
    assert not truth.stems
    np.testing.assert_array_equal(truth.mix[0], np.repeat(stems()["bass"], 2, axis=0))


@pytest.mark.parametrize("what", ["silent.wav", "mix.json"])
def test_a_silent_truth_is_refused(heard, tmp_path, what):
    if what.endswith("json"):
        path = write_document(tmp_path / what, heard, neutral(), muted=range(4))
    else:
        path = write(tmp_path / what, np.zeros((2, 5 * RATE)), RATE)
    with pytest.raises(UserError, match=f"{what}: the mix is silent"):
        read_truth(pair_of(heard, truth=path), heard)


def test_processed_stems_say_the_same_as_the_settings(heard, wanted, tmp_path):
    """Through 24-bit files of another rate: what a foreign engine would hand in."""
    folder = tmp_path / "wet"
    for name, audio in processed(stems(), wanted).items():
        write(folder / f"{name}.wav", 0.1 * audio, RATE, "PCM_24")
    truth = read_truth(pair_of(heard, truth_stems=folder), heard)
    assert truth.mix is None and not truth.notes
    found = console_stems(heard.song, wanted, DEFAULT, [False] * 4)
    # 24 bits at -40 dB leave 100 dB; nothing else differs.
    assert max(errors(found, truth.stems).values()) < 0.01
    off = console_stems(heard.song, neutral(), DEFAULT, [False] * 4)
    by_settings = errors(off, found)
    for name, error in errors(off, truth.stems).items():
        assert error == pytest.approx(by_settings[name], abs=0.01)


def test_processed_stems_say_more_than_a_document(heard, wanted, tmp_path):
    folder = write_stems(tmp_path / "wet", processed(stems(), wanted))
    path = write_document(tmp_path / "mix.json", heard, neutral())
    truth = read_truth(pair_of(heard, truth=path, truth_stems=folder), heard)
    assert truth.mix is not None
    by_wanted = levels_lu(console_stems(heard.song, wanted, DEFAULT, [False] * 4))
    np.testing.assert_allclose(levels_lu(truth.stems), by_wanted, atol=1e-3)


@pytest.fixture
def wet(tmp_path, wanted):
    """A folder of processed stems."""
    return write_stems(tmp_path / "wet", processed(stems(), wanted))


def test_what_belongs_to_no_stem_is_left_out_and_told(heard, wet):
    shutil.copy(wet / "bass.wav", wet / "reverb.wav")
    truth = read_truth(pair_of(heard, truth_stems=wet), heard)
    assert truth.notes == ("reverb.wav belongs to no raw stem and is left out.",)


def test_a_missing_stem_is_refused(heard, wet):
    (wet / "snare.wav").unlink()
    with pytest.raises(UserError, match="has no stem 'snare'"):
        read_truth(pair_of(heard, truth_stems=wet), heard)


@pytest.mark.parametrize(("seconds", "fits"), [(-0.04, True), (-0.2, False), (0.04, True), (0.2, False)])
def test_stems_last_as_long_as_the_raw_ones_within_50_ms(heard, wet, seconds, fits):
    audio = read(wet / "bass.wav")
    change = round(seconds * RATE)
    audio = audio[:, :change] if change < 0 else np.pad(audio, ((0, 0), (0, change)))
    write(wet / "bass.wav", audio, RATE, "FLOAT")
    if fits:
        assert read_truth(pair_of(heard, truth_stems=wet), heard)
    else:
        with pytest.raises(UserError, match=r"bass.wav: lasts .* s, its raw stem 4.00 s"):
            read_truth(pair_of(heard, truth_stems=wet), heard)


def delay(folder, names, late_ms):
    for name in names:
        path, samples = folder / f"{name}.wav", round(late_ms / 1000 * RATE)
        audio = read(path)
        write(path, np.pad(audio, ((0, 0), (samples, 0)))[:, : audio.shape[1]], RATE, "FLOAT")


def test_stems_that_come_late_are_refused(heard, wet):
    delay(wet, ("bass", "keys", "lead vox", "snare"), 12)
    with pytest.raises(UserError, match=r"the stems come \+12 ms after the raw ones"):
        read_truth(pair_of(heard, truth_stems=wet), heard)


def test_a_little_latency_or_a_single_late_stem_is_told(heard, wet):
    delay(wet, ("lead vox",), 30)
    delay(wet, ("snare",), 2)
    notes = read_truth(pair_of(heard, truth_stems=wet), heard).notes
    assert notes == ("lead vox comes +30.0 ms after its raw stem.", "snare comes +2.0 ms after its raw stem.")


def test_a_stem_that_is_silent_when_raw_need_not_be_there(tmp_path, wanted):
    silent = stems() | {"snare": np.zeros((1, 4 * RATE), np.float32)}
    heard = hear(write_stems(tmp_path / "song", silent))
    folder = write_stems(tmp_path / "wet", {name: audio for name, audio in stems().items() if name != "snare"})
    truth = read_truth(pair_of(heard, truth_stems=folder), heard)
    assert [stem.sounds for stem in truth.stems] == [True, True, True, False]
