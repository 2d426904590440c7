import pytest
import torch

from diffmst.dsp.band_powers import BANDS
from diffmst.ear.network import ROLES, EarConfig, RoleEar
from diffmst.ear.sound import SIDES, Levels

SMALL = EarConfig(members=2, width=16, hidden=16, heads=2)
ROUNDING = 1e-5


def levels(tracks, windows, generator, frames=100):
    sides = torch.rand(tracks, windows, SIDES, generator=generator)
    active = torch.rand(tracks, windows, generator=generator) + 0.1
    return Levels(torch.randn(tracks, windows, frames, BANDS, generator=generator), active, sides)


@pytest.fixture
def ear():
    with torch.random.fork_rng():
        torch.manual_seed(5)
        ear = RoleEar(SMALL)
        for member in ear.members:
            torch.nn.init.normal_(member.among.weight)  # which are zero at first, so that others would not matter
    return ear.eval()


def test_the_order_of_stems_and_windows_does_not_matter(ear, generator):
    song = levels(5, 3, generator)
    stems, windows = torch.randperm(5, generator=generator), torch.tensor([2, 0, 1])
    shuffled = Levels(*(part[stems][:, windows] for part in song))
    torch.testing.assert_close(ear([shuffled]).among, ear([song]).among[:, stems], atol=ROUNDING, rtol=ROUNDING)


def test_songs_beside_each_other_do_not_matter(ear, generator):
    songs = [levels(tracks, windows, generator) for tracks, windows in ((2, 3), (5, 1))]
    together = ear(songs).among
    alone = torch.cat([ear([song]).among for song in songs], 1)
    torch.testing.assert_close(together, alone, atol=ROUNDING, rtol=ROUNDING)


def test_other_stems_of_the_song_matter_among_them_and_not_alone(ear, generator):
    song = levels(4, 2, generator)
    some = Levels(*(part[:3] for part in song))
    torch.testing.assert_close(ear([song]).alone[:, :3], ear([some]).alone, atol=ROUNDING, rtol=ROUNDING)
    assert not torch.allclose(ear([song]).among[:, :3], ear([some]).among, atol=1e-3)


def test_windows_in_which_a_stem_rests_do_not_count(ear, generator):
    song = levels(2, 3, generator)
    resting = song._replace(active=torch.tensor([[0.5, 0.5, 0.0]]).expand(2, -1))
    other = resting._replace(levels=resting.levels.clone())
    other.levels[:, 2] += 1.0
    torch.testing.assert_close(ear([resting]).among, ear([other]).among)


def test_a_stem_that_is_never_heard_may_be_anything(ear, generator):
    song = levels(3, 2, generator)
    song.active[1] = 0
    told = ear.probabilities(song)
    torch.testing.assert_close(told[1], torch.full((ROLES,), 1 / ROLES))
    torch.testing.assert_close(told.sum(-1), torch.ones(3))
    assert not torch.allclose(told[0], told[1])


def test_temperature_changes_confidence_and_no_role(ear, generator):
    song = levels(4, 2, generator)
    sure = ear.probabilities(song)
    ear.temperature.fill_(3.0)
    unsure = ear.probabilities(song)
    assert torch.equal(sure.argmax(-1), unsure.argmax(-1))
    assert (unsure.amax(-1) < sure.amax(-1)).all()
