from pathlib import Path

import pytest

from diffmst.data.cache_folder import cache_folder


@pytest.mark.parametrize(
    ("platform", "expected"),
    [("linux", "xdg/diffmst"), ("darwin", "home/Library/Caches/diffmst"), ("win32", "local/diffmst")],
)
def test_caches_lie_where_the_platform_keeps_them(monkeypatch, platform, expected):
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setattr(Path, "home", lambda: Path("home"))
    monkeypatch.setenv("XDG_CACHE_HOME", "xdg")
    monkeypatch.setenv("LOCALAPPDATA", "local")
    assert cache_folder() == Path(expected)


def test_without_settings_it_lies_below_the_home_folder(monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_folder() == Path.home() / ".cache" / "diffmst"
