from dataclasses import replace

import ear_songs_made
import pytest
import torch

from diffmst.ear.learning import Schedule, calibrate, heard_roles, judged, learn
from diffmst.ear.material import levels_of_powers, powers_of
from diffmst.ear.network import ROLES, EarConfig
from diffmst.errors import UserError

SMALL = EarConfig(members=1, width=16, hidden=16, heads=2, dropout=0.0)
SHORT = Schedule(steps=40, songs=3, windows=2, window_s=2.0, learning_rate=5e-3)


@pytest.fixture(scope="module")
def songs():
    numbers = torch.Generator().manual_seed(11)
    return [ear_songs_made.song(numbers, made=number % 2 == 0) for number in range(8)]


def test_it_learns_what_can_be_learnt_and_hears_it_in_other_songs(songs):
    learnt = learn(songs[:6], SHORT, config=SMALL)
    assert sum(learnt.losses[-5:]) < 0.7 * sum(learnt.losses[:5])
    figures = judged(learnt.ear, songs[6:])
    assert figures["real"].stems == figures["made"].stems == 3
    assert figures["real"].exact == figures["made"].exact == 1


def test_the_same_seed_makes_the_same_ear_and_another_another(songs):
    def weights(seed):
        return learn(songs, replace(SHORT, steps=2, seed=seed), config=SMALL).ear.members[0].alone.weight

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


def test_learning_leaves_the_callers_numbers_alone(songs):
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    learn(songs, replace(SHORT, steps=1), config=SMALL)
    assert torch.equal(torch.rand(1), expected)


def test_songs_without_roles_teach_nothing(songs):
    unknown = [replace(song, roles=torch.full_like(song.roles, ROLES)) for song in songs]
    with pytest.raises(UserError, match="no stem of the songs to train on has a known role"):
        learn(unknown, SHORT, config=SMALL)


def test_a_step_in_which_nothing_is_heard_teaches_nothing_and_breaks_nothing(songs):
    silent = [replace(song, levels=torch.zeros_like(song.levels)) for song in songs]
    learnt = learn(silent, replace(SHORT, steps=2), config=SMALL)
    assert learnt.losses == (0.0, 0.0)
    assert all(bool(weight.isfinite().all()) for weight in learnt.ear.state_dict().values())


def test_calibration_surprises_less(songs):
    ear = learn(songs[:6], SHORT, config=SMALL).ear
    for parameter in (
        ear.members[0].alone.weight,
        ear.members[0].alone.bias,
        ear.members[0].among.weight,
        ear.members[0].among.bias,
    ):
        parameter.data.mul_(0.3)  # makes it less sure than it should be
    before = judged(ear, songs)["real"]
    calibrate(ear, songs)
    after = judged(ear, songs)["real"]
    assert after.surprise < before.surprise
    assert after.exact == before.exact
    assert ear.temperature < 1


def test_stems_of_unknown_role_and_silent_ones_are_not_tested(songs):
    levels = songs[0].levels.clone()
    levels[0] = 0
    song = replace(songs[0], roles=torch.tensor([0, ROLES, 2]), levels=levels)
    ear = learn(songs, replace(SHORT, steps=1), config=SMALL).ear
    told, roles = heard_roles(ear, [song])
    assert roles.tolist() == [2]
    assert len(told) == 1


def test_levels_are_kept_to_a_quarter_of_a_decibel(generator):
    power_db = 120 * torch.rand(1000, generator=generator) - 115
    kept_db = 10 * torch.log10(powers_of(levels_of_powers(10 ** (power_db / 10))))
    assert (kept_db - power_db).abs().max() < 0.2501  # half of a step
