import base64
import io
import json
import re

import numpy as np
import pytest
import soundfile
import yaml
from html_checks import Page
from listening_sources import RATE, SECONDS, SONGS, SYSTEMS, write_mixes

from diffmst.audio.flac import flac_bytes
from diffmst.errors import UserError
from diffmst.listening_test.key import read_key
from diffmst.listening_test.make import Options, make_test

MIB = 2**20
NASTY = Options(title="Ears & <Minds>", instructions="First.\n\nSecond </script>.", seconds=SECONDS, webmushra=True)


@pytest.fixture(scope="module")
def mixes(tmp_path_factory):
    return write_mixes(tmp_path_factory.mktemp("mixes") / "secret project")


@pytest.fixture(scope="module")
def made(mixes, tmp_path_factory):
    options = Options(
        title="Ears & <Minds>", instructions="First.\n\nSecond </script>.", seconds=SECONDS, webmushra=True
    )
    return make_test(mixes, tmp_path_factory.mktemp("made") / "test", options)


@pytest.fixture(scope="module")
def preference(mixes, tmp_path_factory):
    options = Options(kind="preference", question="style", seconds=SECONDS)
    return make_test(mixes, tmp_path_factory.mktemp("made") / "test", options)


def listeners_files(made):
    return [path for path in made.page.parent.rglob("*") if path.is_file()]


def sounds_of(made, trial):
    text = (made.page.parent / "trials" / f"{trial}.js").read_text()
    data = json.loads(re.fullmatch(r"listeningTest\.receive\((.*)\);\n", text)[1])
    return data, {
        name: soundfile.read(io.BytesIO(base64.b64decode(flac)), dtype="int16") for name, flac in data["sounds"].items()
    }


def test_nothing_that_listeners_get_names_a_system_or_a_file(made, preference):
    words = [*SYSTEMS, *SONGS, "secret project", "anchor 3.5 kHz", "anchor 7 kHz", "anchor", "key.json"]
    for test in (made, preference):
        for path in listeners_files(test):
            text = path.read_text(encoding="utf-8") + path.name
            assert not [word for word in words if word in text]
            assert not re.search(r"\.(wav|flac)\b", text)


def test_only_the_key_tells_the_systems(made):
    key = read_key(made.page.parents[1])
    assert key == made.key
    assert {stimulus.system for stimulus in key.trials[0].stimuli if stimulus.role == "system"} == set(SYSTEMS)
    names = [stimulus.id for trial in key.trials for stimulus in trial.stimuli]
    assert len(names) == len(set(names))


def test_names_stand_in_no_order_of_the_systems(made):
    """Sorted by name, the systems come in another order on every page."""
    orders = {
        tuple(stimulus.system for stimulus in sorted(trial.stimuli, key=lambda x: x.id)) for trial in made.key.trials
    }
    assert len(orders) == len(SONGS)


def test_page_is_well_formed_and_loads_nothing_from_outside(made):
    html = made.page.read_text(encoding="utf-8")
    page = Page(html)
    assert {tag for tag, _ in page.tags} >= {"html", "main", "script", "style", "noscript"}
    assert not [attrs for tag, attrs in page.tags if {"src", "href"} & attrs.keys()]
    assert not re.findall(r"https?:(?!//www\.w3\.org/2000/svg)", html)
    assert "connect-src 'none'" in html


def test_texts_cannot_become_markup_or_program(made):
    html = made.page.read_text(encoding="utf-8")
    assert "<Minds>" not in html and "Ears &amp; &lt;Minds&gt;" in html
    assert html.count("</script>") == 1


def test_every_sound_is_in_its_page_at_one_length(made):
    for trial in made.key.trials:
        data, sounds = sounds_of(made, trial.id)
        assert data["id"] == trial.id
        assert sounds.keys() == {stimulus.id for stimulus in trial.stimuli} | {"reference"}
        for samples, rate in sounds.values():
            assert rate == RATE and samples.shape == (round(SECONDS * RATE), 2)
        assert max(data["envelope"]) == 99 and min(data["envelope"]) >= 0


def test_hidden_reference_sounds_like_the_open_one_but_has_other_bytes(made):
    trial = made.key.trials[0]
    _, sounds = sounds_of(made, trial.id)
    hidden = next(stimulus.id for stimulus in trial.stimuli if stimulus.role == "reference")
    difference = sounds["reference"][0].astype(int) - sounds[hidden][0]
    assert difference.any()
    assert np.abs(difference).max() <= 4  # two roundings of at most half a step, two dithers of at most one and a half


def test_preference_test_hides_no_reference_and_repeats_a_page(preference):
    assert set(preference.key.conditions) == set(SYSTEMS)
    assert preference.key.repeats == 1
    assert "reference" in sounds_of(preference, "01")[1]


def test_the_same_again_is_the_same_to_the_byte(mixes, made):
    options = Options(
        title="Ears & <Minds>", instructions="First.\n\nSecond </script>.", seconds=SECONDS, webmushra=True
    )
    again = make_test(mixes, made.page.parents[1].parent / "again", options)
    assert again.key == made.key
    for path in listeners_files(made):
        assert (again.page.parent / path.relative_to(made.page.parent)).read_bytes() == path.read_bytes()


def test_another_seed_is_another_test_with_other_names(mixes, made, tmp_path):
    other = make_test(mixes, tmp_path / "test", Options(seconds=SECONDS, seed=2))
    assert other.key.test != made.key.test
    names, others = ({x.id for trial in key.trials for x in trial.stimuli} for key in (made.key, other.key))
    assert not names & others


def test_size_is_told(made):
    assert made.page_bytes == sum(path.stat().st_size for path in listeners_files(made))
    assert made.page_bytes < 5 * MIB


def test_webmushra_finds_every_sound_it_is_told_of(made):
    folder = made.page.parents[1] / "webmushra"
    text = (folder / "configs" / f"{made.key.test}.yaml").read_text(encoding="utf-8")
    assert not [word for word in (*SYSTEMS, *SONGS) if word in text]
    config = yaml.safe_load(text)
    welcome, volume, (first, *pages), finish = config["pages"]
    assert (welcome["type"], volume["type"], first, finish["type"]) == ("generic", "volume", "random", "finish")
    assert welcome["name"] == "Ears &amp; &lt;Minds&gt;"
    assert len(pages) == len(SONGS)
    for page, trial in zip(pages, made.key.trials, strict=True):
        rated = {stimulus.id for stimulus in trial.stimuli if stimulus.role != "reference"}
        assert page["stimuli"].keys() == rated
        _, sounds = sounds_of(made, trial.id)
        for name, path in {**page["stimuli"], "reference": page["reference"]}.items():
            samples, rate = soundfile.read(folder / path, dtype="int16")
            assert rate == RATE
            np.testing.assert_array_equal(samples, sounds[name][0])


def test_flac_is_lossless():
    samples = np.random.default_rng(0).integers(-(2**15), 2**15, (2, 5000)).astype(np.int16)
    read, rate = soundfile.read(io.BytesIO(flac_bytes(samples, 48_000)), dtype="int16")
    assert rate == 48_000
    np.testing.assert_array_equal(read.T, samples)


def test_notes_tell_what_departs_from_the_standard(mixes, tmp_path):
    options = Options(seconds=20.0, loudness_lufs=-6.0, anchors=())
    notes = " / ".join(make_test(mixes, tmp_path / "test", options).notes)
    for told in ("prefers 12 s", "no low anchor", "excerpts of 2.0 s only", "so that no peak exceeds -1 dBTP"):
        assert told in notes


def test_existing_test_is_kept_unless_forced(mixes, tmp_path):
    options = Options(seconds=SECONDS, anchors=())
    make_test(mixes, tmp_path, options)
    with pytest.raises(UserError, match="already exists"):
        make_test(mixes, tmp_path, options)
    make_test(mixes, tmp_path, options, force=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (Options(seconds=0.5), "--seconds 0.5: must lie in"),
        (Options(start_s=-1), "--start -1: must be 0"),
        (Options(loudness_lufs=3), "--loudness 3: must lie in"),
        (Options(must_hear=2), "--must-hear 2: must lie in"),
        (Options(repeats=9), "--repeats 9: must lie in 0 .. 2"),
        (Options(kind="preference", question="similarity"), "that of a mushra test"),
        (Options(kind="preference", anchors=("low",)), "--anchors"),
        (Options(kind="preference", webmushra=True), "--webmushra"),
    ],
)
def test_options_that_make_no_sense_say_why(mixes, tmp_path, options, message):
    with pytest.raises(UserError, match=re.escape(message)):
        make_test(mixes, tmp_path / "test", options)
    assert not (tmp_path / "test").exists()


def test_questions_need_what_they_ask_about(tmp_path):
    without = write_mixes(tmp_path / "without", reference=False, seconds=0.1)
    for options in (Options(), Options(kind="preference", question="style")):
        with pytest.raises(UserError, match="ballad: has no reference"):
            make_test(without, tmp_path / "test", options)
    single = write_mixes(tmp_path / "single", systems=("alone",), seconds=0.1)
    with pytest.raises(UserError, match="needs two or more"):
        make_test(single, tmp_path / "test", Options(kind="preference"))


@pytest.mark.parametrize("text", ["", "{}", '{"format": "diffmst.mix"}', "[1"])
def test_broken_keys_are_refused_in_one_line(tmp_path, text):
    (tmp_path / "key.json").write_text(text)
    with pytest.raises(UserError, match=r"is no key of a listening test") as caught:
        read_key(tmp_path)
    assert "\n" not in str(caught.value)


def test_missing_key_says_what_to_give(tmp_path):
    with pytest.raises(UserError, match="give the folder that `diffmst listen make` wrote"):
        read_key(tmp_path)
    (tmp_path / "key.json").write_bytes(b"\xff\xff")
    with pytest.raises(UserError, match="cannot be read"):
        read_key(tmp_path)
