"""From stems and a mix of them, back to its settings."""

import json

import numpy as np
import pytest
import soundfile
import torch
from songs import RATE, noise, tone, write

from diffmst.cli import main
from diffmst.console import mix as mix_by_console
from diffmst.errors import UserError
from diffmst.layout import DEFAULT
from diffmst.mix import Mix
from diffmst.recall.explain import Explained, Explainer, likely_reasons
from diffmst.recall.find import without_idle_sends
from diffmst.recall.paired_distance import PairedDistance
from diffmst.recall.recall import RecallOptions, recall

LEVELS_DB = {"bass": -2.0, "hats": -9.0, "pad": -5.0}
PANS = {"bass": 0.0, "hats": 0.5, "pad": -0.3}
LEVEL_DB = 0.1  # what the brief of a recall allows where nothing but levels and pans was done
SECONDS = 8.0
CUT_S = 2.0
SAME_DB = 1.0  # of what is left where one thing is left, noise
NOISE_SHARE = 0.05


def gated(x, seed):
    """Notes, so that no two moments are alike."""
    steps = np.random.default_rng(seed).uniform(0.2, 1, int(4 * SECONDS))
    return x * np.repeat(steps, -(-len(x) // len(steps)))[: len(x)]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("recall")
    stems = {
        "bass": gated(tone(60, SECONDS) + 0.2 * noise(SECONDS, 1), 1),
        "hats": gated(np.diff(noise(SECONDS, 2), prepend=0), 2),
        "pad": gated(noise(SECONDS, 3), 3),
    }
    for name, audio in stems.items():
        write(home / "stems" / f"{name}.wav", audio)
    settings = DEFAULT.defaults(3)
    columns = list(DEFAULT.track.params)
    for track, name in enumerate(stems):
        settings.tracks[0, track, columns.index("fader.gain_db")] = LEVELS_DB[name]
        settings.tracks[0, track, columns.index("panner.pan")] = PANS[name]
    rows = torch.from_numpy(np.stack(list(stems.values()))).float()[None]
    mixed = 0.5 * mix_by_console(rows, RATE, settings, (1, 1, 1))[0].numpy()
    write(home / "mix.wav", np.pad(mixed, ((0, 0), (1234, 500))))
    return home


@pytest.fixture(scope="module")
def recalled(home):
    return recall([home / "stems"], home / "mix.wav", home / "out", RecallOptions(steps=0, residual=True))


def test_levels_and_pans_are_found_again(recalled):
    settings = {track.name: track.settings for track in recalled.mix.tracks}
    found_db = {name: of["input.gain_db"] + of["fader.gain_db"] for name, of in settings.items()}
    offsets = [found_db[name] - LEVELS_DB[name] for name in LEVELS_DB]
    assert np.ptp(offsets) < LEVEL_DB
    for name, pan in PANS.items():
        assert settings[name]["panner.pan"] == pytest.approx(pan, abs=0.01)


def test_the_mix_made_again_is_the_mix(recalled, home):
    assert recalled.alignment.offset_samples == 1234
    assert recalled.explained.si_sdr_db > 30 and recalled.explained.share > 0.999
    residual, _ = soundfile.read(home / "out" / "residual.wav")
    original, _ = soundfile.read(home / "out" / "original.wav")
    made, _ = soundfile.read(home / "out" / "mix.wav")
    np.testing.assert_allclose(original - made, residual, atol=1e-6)


def test_the_document_and_the_page_say_it(recalled, home):
    assert Mix.read(home / "out" / "mix.json") == recalled.mix
    page = (home / "out" / "report.html").read_text()
    assert "of the power of the mix is explained" in page and "<script" not in page
    assert page.count('<tr><th scope="row" dir="auto">bass</th>') >= 1


@pytest.fixture(scope="module")
def noisy(home):
    """A mix with a sound that is in no stem, so that there is something not to explain."""
    mixed = soundfile.read(home / "mix.wav")[0].T
    level = NOISE_SHARE * np.sqrt(np.mean(mixed**2))
    return mixed + level * np.random.default_rng(5).standard_normal(mixed.shape)


@pytest.mark.parametrize("seconds", [slice(2, None), slice(0, 6)], ids=["without its beginning", "without its end"])
def test_a_cut_mix_is_judged_by_what_is_there(home, noisy, tmp_path, seconds):
    begins, ends = 1234 + seconds.start * RATE, 1234 + (seconds.stop or int(SECONDS)) * RATE
    write(tmp_path / "whole.wav", noisy)
    write(tmp_path / "cut.wav", noisy[:, begins:ends])
    options = RecallOptions(steps=0, residual=True)
    whole = recall([home / "stems"], tmp_path / "whole.wav", tmp_path / "whole", options)
    cut = recall([home / "stems"], tmp_path / "cut.wav", tmp_path / "cut", options)
    assert cut.alignment.offset_samples == 1234 - begins
    over_time_db = cut.explained.over_time_db
    np.testing.assert_array_equal(np.isfinite(over_time_db), [place in range(8)[seconds] for place in range(8)])
    np.testing.assert_allclose(over_time_db[seconds], whole.explained.over_time_db[seconds], atol=SAME_DB)
    np.testing.assert_allclose(cut.explained.bands_db, whole.explained.bands_db, atol=2 * SAME_DB)
    assert cut.explained.share == pytest.approx(whole.explained.share, abs=NOISE_SHARE**2 / 4)
    assert cut.explained.si_sdr_db == pytest.approx(whole.explained.si_sdr_db, abs=SAME_DB)
    assert "nothing else is judged" in " ".join(cut.notes) and "nothing else is judged" not in " ".join(whole.notes)
    residual, _ = soundfile.read(tmp_path / "cut" / "residual.wav")
    lacks = np.ones(len(residual), bool)
    lacks[slice(begins - 1234, ends - 1234)] = False
    assert not residual[lacks].any()


def test_a_cut_mix_is_made_again_as_loud_as_it_is(home, tmp_path):
    mixed = soundfile.read(home / "mix.wav")[0].T
    mixed[:, : 1234 + 4 * RATE] *= 0.1  # so that its parts are not equally loud
    stems = tmp_path / "stems"
    for name in LEVELS_DB:
        audio = soundfile.read(home / "stems" / f"{name}.wav")[0]
        audio[: 4 * RATE] *= 0.1
        write(stems / f"{name}.wav", audio)
    write(tmp_path / "cut.wav", mixed[:, 1234 : 1234 + 5 * RATE])
    found = recall([stems], tmp_path / "cut.wav", tmp_path / "out", RecallOptions(steps=0))
    assert found.explained.share > 0.999


def test_a_stem_that_does_not_play_where_the_mix_does_is_left_in(home, tmp_path):
    for name in LEVELS_DB:
        write(tmp_path / "stems" / f"{name}.wav", soundfile.read(home / "stems" / f"{name}.wav")[0])
    late = 0.1 * noise(SECONDS, 6)
    late[: 6 * RATE] = 0
    write(tmp_path / "stems" / "late.wav", late)
    write(tmp_path / "cut.wav", soundfile.read(home / "mix.wav")[0].T[:, : 1234 + 5 * RATE])
    found = recall([tmp_path / "stems"], tmp_path / "cut.wav", tmp_path / "out", RecallOptions(steps=0))
    faders_db = {track.name: track.settings["fader.gain_db"] for track in found.mix.tracks}
    assert "guessed" in next(track.note for track in found.mix.tracks if track.name == "late")
    assert faders_db.pop("late") == pytest.approx(np.mean(list(faders_db.values())), abs=0.01)
    assert not any("Not in the mix" in text for text in found.notes)


def test_a_mix_that_is_not_there_is_refused_before_stems_are_heard(home, tmp_path):
    class Nothing:
        def phase(self, description, total):
            raise AssertionError(f"{description} began")

    with pytest.raises(UserError, match=r"gone\.wav"):
        recall([home / "stems"], tmp_path / "gone.wav", tmp_path / "out", progress=Nothing())


def test_a_search_that_ran_out_of_time_says_so_and_suspects_no_faders(home, noisy, tmp_path):
    moved = noisy.copy()
    moved[:, 3 * RATE : 4 * RATE] *= 3
    write(tmp_path / "mix.wav", moved)
    found = recall([home / "stems"], tmp_path / "mix.wav", tmp_path / "out", RecallOptions(time_s=0))
    said = " ".join(found.notes)
    assert "The time limit ended the search" in said and "faders" not in said
    assert "The time limit ended the search" in (tmp_path / "out" / "report.html").read_text()


def test_sends_that_are_faint_or_never_moved_are_off():
    settings, layout = DEFAULT.defaults(4), DEFAULT
    column = layout.track.column("send.gain_db")
    settings.tracks[0, :, column] = torch.tensor([-30.0, -31.0, -46.0, -12.0], dtype=settings.tracks.dtype)
    off = layout.track.params["send.gain_db"].low
    assert without_idle_sends(settings, layout).tracks[0, :, column].tolist() == [off, -31.0, off, -12.0]


def test_descent_comes_nearer(home, tmp_path):
    write(tmp_path / "mix.wav", np.diff(soundfile.read(home / "mix.wav")[0].T, prepend=0))  # brighter by far
    found = recall([home / "stems"], tmp_path / "mix.wav", tmp_path / "out", RecallOptions(steps=0.1)).mix
    distance = found.comparison
    assert sum(distance.distance_after.values()) < sum(distance.distance_before.values()) - 0.1
    off = DEFAULT.track.params["send.gain_db"].low  # as there is no reverb in it
    assert {track.settings["send.gain_db"] for track in found.tracks} == {off}


def test_the_command_refuses_the_mix_of_another_song(home, tmp_path, capsys):
    write(tmp_path / "other.wav", gated(noise(SECONDS, 77), 78))
    code = main(["recall", str(home / "stems"), "--mix", str(tmp_path / "other.wav"), "-o", str(tmp_path / "out")])
    assert code == 2 and "other.wav: is no mix of these stems" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_command_reports_what_is_explained(home, tmp_path, capsys):
    arguments = ["recall", home / "stems", "--mix", home / "mix.wav", "-o", tmp_path / "out", "--effort", "0"]
    assert main([*map(str, arguments)]) == 0
    captured = capsys.readouterr()
    assert "is explained; what the console cannot explain" in captured.out and "mix.json" in captured.out
    assert "the mix begins 56.0 ms before the stems" in captured.out
    assert json.loads((tmp_path / "out" / "mix.json").read_text())["references"][0]["path"].endswith("mix.wav")


def test_the_distance_to_itself_is_least_and_falls_with_the_residual():
    wanted = torch.randn(2, 2, RATE, generator=torch.Generator().manual_seed(0))
    noise = torch.randn(2, 2, RATE, generator=torch.Generator().manual_seed(1))
    distance = PairedDistance(wanted, RATE)
    sums = [float(sum(distance(wanted + share * noise).values())) for share in (0.0, 0.01, 0.1, 1.0)]
    assert sums == sorted(sums)
    residual = [float(distance(wanted + share * noise)["residual"]) for share in (0.1, 1.0)]
    assert residual[1] - residual[0] == pytest.approx(np.log(100), abs=0.1)  # 20 dB, but for floors


def explained(**changes):
    usual = {"si_sdr_db": 20.0, "share": 0.99, "edges_hz": np.geomspace(20, 20_000, 5), "bands_db": np.full(4, -30.0)}
    return Explained(**usual | {"over_time_db": np.full(60, -30.0)} | changes)


def test_an_explained_mix_needs_no_reasons():
    assert likely_reasons(explained(), [], 0.0) == []


@pytest.mark.parametrize(
    ("changes", "lacking", "drift_ppm", "words"),
    [
        ({"over_time_db": np.where(np.arange(60) == 42, -5.0, -30.0)}, [], 0.0, "worst at 0:42"),
        ({"over_time_db": np.full(60, -8.0)}, [], 0.0, "an effect that the console lacks"),
        ({"bands_db": np.array([-30.0, -5.0, -30.0, -30.0])}, [], 0.0, "worst from 110 to 630 Hz"),
        ({}, ["“Vox”"], 0.0, "Not in the mix, as far as can be told: “Vox”"),
        ({}, [], -31.0, "31 ppm shorter"),
    ],
)
def test_a_residual_suggests_its_reason(changes, lacking, drift_ppm, words):
    assert words in " ".join(likely_reasons(explained(**changes), lacking, drift_ppm))


def test_what_is_explained_is_measured_second_by_second():
    explainer = Explainer(RATE)
    rng = np.random.default_rng(0)
    original, other = 0.1 * rng.standard_normal((2, 2, 3 * RATE)).astype(np.float32)
    for second, share in enumerate((0.01, 0.1, 0.5)):
        part = slice(second * RATE, (second + 1) * RATE)
        explainer.add(original[:, part], original[:, part] + share * other[:, part])
    found = explainer.explained()
    np.testing.assert_allclose(found.over_time_db, [-40, -20, -6.02], atol=0.3)
    assert found.share == pytest.approx(1 - (1e-4 + 1e-2 + 0.25) / 3, abs=0.003)
