"""A stand-in for REAPER: plays a project by what its documentation says of it, read by a parser that is not ours."""

import numpy as np
import rpp
import soundfile
from eel2 import Script

SINE, LINEAR = 0, 2  # tapers of pan knobs


def load(path):
    with path.open(encoding="utf-8") as file:
        return rpp.load(file)


def play(path):
    """What the master puts out, [2, time]."""
    project = load(path)
    rate = int(project.find("SAMPLERATE")[1])
    tracks = project.findall("TRACK")
    played = [_played(track, path.parent, rate) for track in tracks]
    for number, track in enumerate(tracks):
        for _, source, mode, volume, pan, muted, *_ in track.findall("AUXRECV"):
            assert (mode, pan, muted) == ("0", "0", "0")  # behind the fader
            played[number] = played[number] + float(volume) * _behind_the_fader(
                tracks[int(source)], played[int(source)]
            )
        if track.findall("AUXRECV"):
            played[number] = _effects(track.find("FXCHAIN"), played[number], path.parent, rate)
    mixed = sum(_behind_the_fader(track, audio) for track, audio in zip(tracks, played, strict=True))
    mixed = _effects(project.find("MASTERFXLIST"), mixed, path.parent, rate)
    assert project.find("MASTER_VOLUME")[2] == "0"
    return float(project.find("MASTER_VOLUME")[1]) * mixed


def sliders(chain):
    """The values of the one script of a chain by number."""
    (script,) = chain.findall("JS")
    return {number: float(text) for number, text in enumerate(script.children[0], 1) if text != "-"}


def _played(track, folder, rate):
    """The audio of a track behind its effects; a bus has none yet."""
    item = track.find("ITEM")
    if item is None:
        return np.zeros((2, 1))
    assert item.find("POSITION")[1] == "0"
    audio, found_rate = soundfile.read(folder / item.find("SOURCE").find("FILE")[1], dtype="float32", always_2d=True)
    assert found_rate == rate and len(audio) == round(float(item.find("LENGTH")[1]) * rate)
    audio = np.broadcast_to(audio.T, (2, len(audio)))
    chain = track.find("FXCHAIN")
    return audio if chain is None else _effects(chain, audio, folder, rate)


def _effects(chain, audio, folder, rate):
    name = chain.find("JS").attrib[0]
    assert name.startswith("<Project>/")
    script = folder / "Effects" / name.removeprefix("<Project>/")
    files = {path.name: soundfile.read(path, dtype="float32")[0].reshape(-1) for path in script.parent.glob("*.wav")}
    running = Script(script.read_text(encoding="utf-8"), rate, sliders(chain), files, memory=1 << 22)
    delay = int(running.space.get("v_pdc_delay", 0))
    return running.process(np.pad(audio, ((0, 0), (0, delay))))[:, delay:]


def _behind_the_fader(track, audio):
    volume, position, law = map(float, track.find("VOLPAN")[1:4])
    if track.find("MUTESOLO")[1] != "0":
        volume = 0.0
    if law < 0:  # that of the project, which is 0 dB
        assert position == 0
        return volume * audio
    taper = int(track.find("PANLAWFLAGS")[1])
    if taper == SINE:
        assert abs(law**2 - 0.5) < 1e-12
        angle = (position + 1) * np.pi / 4
        return volume * np.array([[np.cos(angle)], [np.sin(angle)]]) * audio
    assert taper == LINEAR and law == 1
    return volume * np.array([[min(1, 1 - position)], [min(1, 1 + position)]]) * audio
