"""`diffmst listen` from the command line."""

import json

import pytest
from songs import noise, tone, write

from diffmst.cli import main


@pytest.fixture
def mixes(tmp_path):
    for seed, song in enumerate(("one", "two")):
        for system, level in (("reference", 0.1), ("model", 0.2), ("refine", 0.05)):
            audio = tone(220 * (seed + 1), 3.0, 44_100, level) + noise(3.0, seed, 44_100, level / 10)
            write(tmp_path / "mixes" / song / f"{system}.wav", audio, 44_100)
    return tmp_path / "mixes"


def test_a_test_is_made_and_says_where_it_lies(mixes, tmp_path, capsys):
    assert main(["listen", "make", str(mixes), "-o", str(tmp_path / "test"), "--seconds", "2", "--anchors", "low"]) == 0
    page, key = capsys.readouterr().out.splitlines()
    assert page.startswith(str(tmp_path / "test" / "page")) and "MB" in page
    assert key.startswith(str(tmp_path / "test" / "key.json"))
    assert "model" in json.dumps(json.loads((tmp_path / "test" / "key.json").read_text()))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["make", "nowhere"], "nowhere"),
        (["make", ".", "--anchors", "high"], "--anchors high: give low,mid"),
        (["make", ".", "--kind", "abx"], "'abx'"),
        (["report", "nowhere.csv"], "give the folder of the test with --test"),
    ],
)
def test_misuse_is_refused_in_one_line(tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    assert main(["listen", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ") and words in line
    assert not list(tmp_path.iterdir())
