"""How long jobs are expected to take."""

import numpy as np
import pytest

from diffmst.web.jobs.foreseeing import Size, likely_share, size_of, usual_shares_of, weights_of
from diffmst.web.jobs.options import OPTIONS, MatchOptions
from diffmst.web.session_info import Reference, SessionInfo, Stem

SONG = Size(rows=20, song_min=3.0, references_min=3.0, mixed=True)


def matching(size=SONG, **options):
    return weights_of("match", MatchOptions(**options), size)["matching"]


@pytest.mark.parametrize("kind", OPTIONS)
def test_every_kind_of_job_has_an_idea_of_what_it_takes(kind):
    options = OPTIONS[kind].model_validate({"formats": ["stems"]} if kind == "export" else {})
    assert sum(weights_of(kind, options, SONG).values()) > 0


def test_matching_takes_the_longer_the_more_steps_it_may():
    assert matching(steps=5) < matching() == matching(steps=2000)
    assert matching(time_s=2.0) < matching()
    assert matching(refine=False) == matching(steps=0)


def test_a_longer_song_takes_longer_to_hear_but_not_to_match():
    longer = SONG._replace(song_min=60.0)
    of_song, of_longer = (weights_of("match", MatchOptions(), size) for size in (SONG, longer))
    assert of_longer["listening"] > 10 * of_song["listening"]
    assert of_longer["matching"] == of_song["matching"]


def test_a_song_without_a_mix_has_nothing_to_render_before():
    options = OPTIONS["prepare"]()
    assert "rendering the mix before" in weights_of("prepare", options, SONG)
    assert "rendering the mix before" not in weights_of("prepare", options, SONG._replace(mixed=False))


def test_the_size_of_a_session_is_that_of_its_files():
    def file(kind, **about):
        return kind(id="00000000", name="a", file="a.wav", **about)

    info = SessionInfo(
        title="Song",
        stems=(file(Stem, channels=2, seconds=90), file(Stem, channels=1, seconds=120)),
        references=(file(Reference, seconds=60), file(Reference, seconds=120)),
    )
    assert size_of(info, mixed=False) == Size(3, 2.0, 3.0, mixed=False)
    assert all(size_of(SessionInfo(title="Empty"), mixed=False)[:3])


@pytest.mark.parametrize("usual", [0.3, 0.9, 1.0])
def test_what_is_likely_done_grows_from_nothing_to_all(usual):
    likely = [likely_share(share, usual) for share in np.linspace(0, 1, 101)]
    assert likely[0] == 0 and likely[-1] == 1 and np.all(np.diff(likely) > 0)
    assert np.all(np.array(likely) >= np.linspace(0, 1, 101) - 1e-12)


def test_few_steps_are_mostly_all_taken():
    assert usual_shares_of(MatchOptions(steps=10)) == {}
    assert 0 < usual_shares_of(MatchOptions())["matching"] < 1
