import pytest
import songs
import torch
from ear_songs_made import RATE, chord, hiss, thump

from diffmst.ear import hear_roles, hear_stems
from diffmst.errors import UserError
from diffmst.excerpts import Excerpts
from diffmst.models.scene import ROLE_NAMES

ROLES = len(ROLE_NAMES) - 1


def excerpts(*rows, channels=None, windows=2, lead=0):
    audio = torch.stack(rows).unflatten(-1, (windows, -1)).transpose(0, 1)
    return Excerpts(audio, channels or (1,) * len(rows), lead, RATE)


def test_every_track_gets_probabilities_of_all_known_roles(generator):
    told = hear_roles(excerpts(thump(6.0), hiss(6.0, generator), chord(6.0), chord(6.0, 300.0), channels=(1, 1, 2)))
    assert told.shape == (3, ROLES)
    torch.testing.assert_close(told.sum(-1), torch.ones(3))
    assert not told.requires_grad


def test_a_kick_and_a_deep_line_are_heard_for_what_they_are(generator):
    line = torch.cat([torch.tanh(3 * chord(1.0, hz)) for hz in (41.0, 41.0, 55.0, 49.0, 41.0, 62.0)])
    line = line * torch.exp(-1.0 * (torch.arange(len(line)) / RATE % 0.5))
    low = torch.nn.functional.avg_pool1d(line[None], 101, 1, 50)[0]
    told = hear_roles(excerpts(thump(6.0), low))
    assert [ROLE_NAMES[int(place)] for place in told.argmax(-1)] == ["kick", "bass"]


def test_loudness_and_what_comes_before_the_windows_do_not_count(generator):
    rows = [thump(6.0), chord(6.0)]
    plain = hear_roles(excerpts(*rows))
    quiet = excerpts(*(0.01 * row for row in rows))
    lead = torch.randn(2, 2, 5000, generator=generator)
    told = hear_roles(quiet._replace(audio=torch.cat([lead, quiet.audio], -1), lead_frames=5000))
    torch.testing.assert_close(told, plain, atol=1e-3, rtol=0)


def test_a_silent_track_may_be_anything(generator):
    told = hear_roles(excerpts(thump(6.0), torch.zeros(6 * RATE)))
    torch.testing.assert_close(told[1], torch.full((ROLES,), 1 / ROLES))


def test_short_windows_are_heard_as_far_as_they_go():
    told = hear_roles(excerpts(thump(0.4), windows=1))
    assert told.isfinite().all()


def test_stems_of_a_folder_are_heard_by_their_sound(tmp_path):
    folder = songs.write_song(tmp_path / "song", seconds=6.0)
    songs.write(folder / "silent.wav", torch.zeros(6 * songs.RATE).numpy())
    heard = {stem.name: stem for stem in hear_stems([folder])}
    assert heard["silent"].role == "" and heard["silent"].confidence == 0
    assert set(heard) == {"bass", "hats", "keys", "silent"}
    assert all(0 < stem.second_confidence <= stem.confidence <= 1 for stem in heard.values() if stem.role)


def test_names_do_not_count(tmp_path):
    one, other = (songs.write_song(tmp_path / name, seconds=6.0) for name in ("one", "other"))
    (other / "bass.wav").rename(other / "01 Vocals.wav")
    heard = [{(stem.role, round(stem.confidence, 4)) for stem in hear_stems([folder])} for folder in (one, other)]
    assert heard[0] == heard[1]


def test_no_stems_are_one_line(tmp_path):
    with pytest.raises(UserError):
        hear_stems([tmp_path / "none"])
