import pytest

from diffmst.errors import UserError
from diffmst.training.configuration import CONFIGURATIONS, merged, packaged, read_configuration


def test_what_a_configuration_says_replaces_what_it_includes_at_any_depth(tmp_path):
    (tmp_path / "below.yaml").write_text("a: {b: 1, c: [1, 2]}\nd: 3\n")
    (tmp_path / "above.yaml").write_text("include: below.yaml\na: {c: [4]}\n")
    assert read_configuration(tmp_path / "above.yaml") == {"a": {"b": 1, "c": [4]}, "d": 3}


def test_a_file_is_found_before_the_packaged_configuration_of_its_name(tmp_path, monkeypatch):
    (tmp_path / "paper.yaml").write_text("own: true\n")
    assert "model" in read_configuration("paper")
    monkeypatch.chdir(tmp_path)
    assert read_configuration("paper") == {"own": True}


def test_another_class_takes_none_of_the_arguments_of_the_one_it_replaces():
    below = {"optimizer": {"class_path": "Adam", "init_args": {"amsgrad": True}}}
    assert merged(below, {"optimizer": {"class_path": "SGD"}}) == {"optimizer": {"class_path": "SGD"}}
    assert merged(below, {"optimizer": {"class_path": "Adam", "init_args": {"lr": 1}}}) == {
        "optimizer": {"class_path": "Adam", "init_args": {"amsgrad": True, "lr": 1}}
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("include: bad.yaml\n", "includes itself"),
        ("include: nowhere\n", "nowhere: there is no such file, nor such a packaged configuration: default"),
        ("a: [\n", "is no readable YAML"),
        ("- a\n", "must hold a mapping"),
        ("a: \x00\n", "is no readable YAML"),
    ],
)
def test_a_bad_configuration_is_refused_in_one_line(tmp_path, text, said):
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(UserError, match=said) as refused:
        read_configuration(tmp_path / "bad.yaml")
    assert "\n" not in str(refused.value)


def test_every_packaged_configuration_is_short_and_includes_base():
    for name in packaged():
        path = CONFIGURATIONS / f"{name}.yaml"
        assert len(path.read_text().splitlines()) <= 45
        assert read_configuration(name)["seed_everything"] == 0
