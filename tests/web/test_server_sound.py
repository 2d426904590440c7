"""Decoded audio as the page plays and draws it, and the reverb's response."""

import numpy as np
import pytest
from serving import document_of
from songs import noise, write_song

from diffmst.dsp.reverb import impulse_response
from diffmst.layout import LAYOUTS
from diffmst.web.pcm import BLOCK_FRAMES, HOP_FRAMES, PcmReader, PcmWriter, pcm_path
from diffmst.web.routes import audio as audio_routes

FRAMES = 2 * BLOCK_FRAMES + 1_001
RATE = 48_000


def rows(count=3, frames=FRAMES):
    return np.stack([noise(frames / RATE, seed, RATE) for seed in range(count)])


@pytest.fixture
def folder(store, session_id):
    return store.get(session_id).cache_folder


@pytest.fixture
def cached(folder):
    """A mono and a stereo track in the cache, written in uneven pieces."""
    audio = rows()
    with PcmWriter(folder, "song", (1, 2), RATE, "key") as writer:
        for start in range(0, FRAMES, 7_777):
            writer.write(audio[:, start : start + 7_777])
    return audio


@pytest.fixture
def get(client, session_id):
    """Samples [rows, frames] of an answer, and its headers."""

    def get(source, **query):
        answer = client.get(f"/api/sessions/{session_id}/audio/{source}", params=query)
        assert answer.status_code == 200, answer.text
        told = int(answer.headers["x-rows"]), int(answer.headers["x-frames"])
        return np.frombuffer(answer.content, "<f4").reshape(told), answer.headers

    return get


@pytest.mark.parametrize(
    ("start", "frames"),
    [
        (0, 1),
        (0, BLOCK_FRAMES),
        (BLOCK_FRAMES, BLOCK_FRAMES),
        (5, BLOCK_FRAMES),
        (BLOCK_FRAMES - 1, 2),
        (0, FRAMES),
        (FRAMES - 10, 10),
        (2 * BLOCK_FRAMES, 1001),
    ],
)
def test_any_stretch_is_what_was_written(cached, get, start, frames):
    audio, headers = get("song", start=start, frames=frames)
    assert np.array_equal(audio, cached[:, start : start + frames])
    assert (headers["x-total-frames"], headers["x-sample-rate"]) == (str(FRAMES), str(RATE))
    assert headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize(("start", "count"), [(FRAMES - 3, 3), (FRAMES, 0), (FRAMES + 1_000_000, 0), (1 << 48, 0)])
def test_at_the_end_fewer_come_and_beyond_it_none(cached, get, start, count):
    audio, _ = get("song", start=start, frames=100)
    assert np.array_equal(audio, cached[:, start : start + 100]) and audio.shape == (3, count)


def test_a_stem_is_its_rows_of_the_song(cached, get):
    assert np.array_equal(get("stem-0", frames=100)[0], cached[:1, :100])
    assert np.array_equal(get("stem-1", start=9, frames=20_000)[0], cached[1:, 9:20_009])


@pytest.mark.parametrize(
    "query",
    [
        {"start": -1},
        {"frames": 0},
        {"frames": -5},
        {"frames": 1 << 40},
        {"start": "NaN"},
        {"start": 1 << 70},
        {"start": "1e5"},
    ],
    ids=str,
)
def test_a_stretch_that_is_none_is_refused(cached, client, session_id, query):
    assert client.get(f"/api/sessions/{session_id}/audio/song", params=query).status_code == 422


def test_no_answer_is_larger_than_a_bound(folder, client, session_id):
    with PcmWriter(folder, "song", (2,) * 64, RATE, "") as writer:
        writer.write(np.zeros((128, 10), np.float32))
    answer = client.get(f"/api/sessions/{session_id}/audio/song", params={"frames": 1 << 18})
    assert answer.status_code == 413 and "ask for fewer" in answer.json()["detail"]


@pytest.mark.parametrize("source", ["song", "before", "reference-01234567", "stem-0", "stem-9999"])
@pytest.mark.parametrize("kind", ["audio", "peaks"])
def test_what_is_not_prepared_is_not_found(client, session_id, source, kind):
    assert client.get(f"/api/sessions/{session_id}/{kind}/{source}").status_code == 404


@pytest.mark.parametrize("source", ["stem-", "stem--1", "reference-../../x", "song.pcm", "%2e%2e%2fsong", "stem-1%00"])
def test_a_source_that_is_none_leads_nowhere(cached, client, session_id, source):
    assert client.get(f"/api/sessions/{session_id}/audio/{source}").status_code in (404, 422)


@pytest.mark.parametrize("content", [b"", b"{", b"x" * 5_000, b'{"version": 0}', b'{"version": 1}'])
def test_a_damaged_cache_is_none(folder, client, session_id, content):
    folder.mkdir()
    pcm_path(folder, "song").write_bytes(content)
    assert client.get(f"/api/sessions/{session_id}/audio/song").status_code == 404


def test_so_is_one_that_was_cut_off(cached, folder, client, session_id):
    path = pcm_path(folder, "song")
    path.write_bytes(path.read_bytes()[:-1])
    assert client.get(f"/api/sessions/{session_id}/audio/song").status_code == 404
    assert client.get(f"/api/sessions/{session_id}/peaks/song").status_code == 404


def other_song(folder):
    """The cache as another match leaves it: of one track less."""
    with PcmWriter(folder, "song", (2,), RATE, "another key") as writer:
        writer.write(rows(2))


def test_what_was_opened_is_not_read_from_a_file_that_has_taken_its_place(cached, folder):
    reader = PcmReader.open(folder, "song")
    other_song(folder)
    for read in (lambda: reader.read(0, 100), lambda: reader.peaks(4)):
        with pytest.raises(FileNotFoundError):
            read()


@pytest.mark.parametrize("what", ["audio", "peaks"])
def test_a_source_that_is_replaced_meanwhile_is_not_prepared(cached, folder, client, session_id, monkeypatch, what):
    stale = PcmReader.open(folder, "song")
    other_song(folder)
    monkeypatch.setattr(PcmReader, "open", lambda *_: stale)
    answer = client.get(f"/api/sessions/{session_id}/{what}/song")
    assert answer.status_code == 404 and "not prepared yet" in answer.text


def test_a_source_appears_whole_or_not_at_all(tmp_path):
    with pytest.raises(KeyboardInterrupt), PcmWriter(tmp_path, "song", (1,), RATE, "") as writer:
        writer.write(rows(1))
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == [] and PcmReader.open(tmp_path, "song") is None


def test_rows_that_do_not_fit_are_refused(tmp_path):
    with pytest.raises(ValueError, match="2 rows, got 3"), PcmWriter(tmp_path, "song", (2,), RATE, "") as writer:
        writer.write(rows(3))


def test_an_empty_source_is_one(tmp_path):
    with PcmWriter(tmp_path, "song", (2,), RATE, ""):
        pass
    reader = PcmReader.open(tmp_path, "song")
    assert reader.info.frames == 0 and reader.read(0, 10).shape == (2, 0) and reader.peaks(10).shape == (0, 3)


def outline(audio, points):
    """Lowest, highest and root mean square of equal stretches, straight from the samples."""
    return np.array([(x.min(), x.max(), np.sqrt(np.mean(x**2))) for x in np.array_split(audio, points, axis=1)])


def test_the_outline_of_whole_hops_is_that_of_the_samples(tmp_path):
    audio = rows(2, 64 * HOP_FRAMES)
    with PcmWriter(tmp_path, "song", (2,), RATE, "") as writer:
        writer.write(audio)
    found = PcmReader.open(tmp_path, "song").peaks(8)
    np.testing.assert_allclose(found, outline(audio, 8), rtol=1e-5)


@pytest.mark.parametrize("points", [1, 7, 64, 1_000, 4_000])
def test_peaks_of_the_outline_are_those_of_the_song(cached, client, session_id, points):
    told = client.get(f"/api/sessions/{session_id}/peaks/song", params={"points": points}).json()
    assert min(told["low"]) == pytest.approx(cached.min(), abs=1e-5)
    assert max(told["high"]) == pytest.approx(cached.max(), abs=1e-5)
    assert len(told["low"]) == len(told["high"]) == len(told["rms"]) == points
    assert (told["frames"], told["sample_rate"]) == (FRAMES, RATE)


def test_close_up_the_outline_is_exact(cached, client, session_id):
    query = {"points": 50, "start": 20_000, "frames": 200}
    told = client.get(f"/api/sessions/{session_id}/peaks/stem-1", params=query).json()
    wanted = outline(cached[1:, 20_000:20_200], 50)
    np.testing.assert_allclose(np.array([told["low"], told["high"], told["rms"]]).T, wanted, atol=1e-5)


def test_more_points_than_samples_are_as_many_as_samples(cached, client, session_id):
    told = client.get(f"/api/sessions/{session_id}/peaks/song", params={"points": 100, "frames": 7}).json()
    assert len(told["low"]) == 7


def test_beyond_the_end_there_is_no_outline(cached, client, session_id):
    told = client.get(f"/api/sessions/{session_id}/peaks/song", params={"start": FRAMES}).json()
    assert told["low"] == []


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_response_is_that_of_the_console(client, session_id, layout):
    section = LAYOUTS[layout].fx
    name = next(name for name in section.params if name.endswith("gain_db"))
    values = {name: section.params[name].high / 2 + section.params[name].low / 2}
    body = {"values": values, "layout": layout, "sample_rate": 22_050}
    answer = client.post(f"/api/sessions/{session_id}/response", json=body)
    controls = section.controls(section.vector(values)[None], "reverb")
    wanted = impulse_response(22_050, controls["gain_db"], controls["rt60_s"])[0]
    assert answer.headers["x-rows"] == "2" and answer.headers["x-frames"] == str(wanted.shape[1])
    assert np.array_equal(np.frombuffer(answer.content, "<f4").reshape(2, -1), wanted.astype("<f4"))


def test_it_is_made_at_the_rate_of_the_mix(client, store, session_id, tmp_path):
    for path in write_song(tmp_path / "song", seconds=0.1).iterdir():
        client.put(f"/api/sessions/{session_id}/stems/{path.name}", content=path.read_bytes())
    address = f"/api/sessions/{session_id}/response"
    assert client.post(address, json={"values": {}}).status_code == 404
    session = store.get(session_id)
    session.put_document(document_of(session), "match")
    assert client.post(address, json={"values": {}}).headers["x-sample-rate"] == "22050"


@pytest.mark.parametrize(
    "body",
    [
        '{"values": {"reverb.mix": NaN}}',
        '{"values": {"reverb.mix": 2}}',
        '{"values": {"bogus": 0}}',
        '{"values": []}',
        '{"values": {}, "sample_rate": 1e9}',
        '{"values": {}, "layout": "other"}',
        "[" * 100000,
        '{"values": {"reverb.mix": 1e999}}',
    ],
    ids=lambda text: text[:40],
)
def test_settings_that_are_none_have_no_response(client, session_id, body):
    answer = client.post(
        f"/api/sessions/{session_id}/response", content=body, headers={"Content-Type": "application/json"}
    )
    assert 400 <= answer.status_code < 500 and "\n" not in answer.json()["detail"]


def test_the_bound_of_one_answer_lets_a_block_of_every_track_through():
    assert 4 * BLOCK_FRAMES * 2 * 128 <= audio_routes.MOST_BYTES
