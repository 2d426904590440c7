"""A program that plays DAWprojects, as literally as the format is written: the referee for what ours sound like.

It knows the archive and nothing of us: cookbook biquads in scipy, a compressor without knee sample by sample, balances
that turn the far side down evenly, post-fader sends, buses by destination.
"""

import math
import zipfile
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np
import soundfile
from scipy.signal import lfilter

_MINUS_INFINITY_DB = -400.0


class Played(NamedTuple):
    tracks: dict  # name -> audio [2, frames] behind fader and pan, as it reaches the master or a bus
    bus: np.ndarray  # what the master gets
    mix: np.ndarray  # behind the master


def play(path: Path) -> Played:
    with zipfile.ZipFile(path) as archive:
        project = ElementTree.fromstring(archive.read("project.xml"))
        clips = {}
        for lanes in project.find("Arrangement/Lanes").findall("Lanes"):
            with archive.open(lanes.find(".//File").get("path")) as file:
                audio, rate = soundfile.read(file, always_2d=True)
            clips[lanes.get("track")] = audio.T
    frames = max(audio.shape[1] for audio in clips.values())
    inputs, outputs = {}, {}
    for channel in project.iter("Channel"):
        inputs[channel.get("id")] = np.zeros((2, frames))
    names = {track.find("Channel"): track for track in project.iter("Track")}
    # Every channel before those that it feeds: tracks, then submixes and effects, then the master.
    order = {"regular": 0, "submix": 1, "effect": 1, "master": 2}
    for channel in sorted(project.iter("Channel"), key=lambda each: order[each.get("role")]):
        played = inputs[channel.get("id")] + clips.get(names[channel].get("id"), 0)
        played = _strip(channel, played, rate)
        outputs[channel.get("id")] = played
        for send in channel.iter("Send"):
            if _on(send.find("Enable")):
                inputs[send.get("destination")] += played * _value(send.find("Volume"))
        if channel.get("destination"):
            inputs[channel.get("destination")] += played
    (master,) = (channel for channel in project.iter("Channel") if channel.get("role") == "master")
    by_name = {track.get("name"): outputs[channel.get("id")] for channel, track in names.items()}
    return Played(by_name, inputs[master.get("id")], outputs[master.get("id")])


def _strip(channel, x, rate):
    for device in channel.find("Devices") or ():
        if _on(device.find("Enabled")):
            x = {"Equalizer": _equalize, "Compressor": _compress}[device.tag](device, x, rate)
    pan = 2 * _value(channel.find("Pan")) - 1
    sides = np.array([[min(1, 1 - pan)], [min(1, 1 + pan)]])
    return x * sides * _value(channel.find("Volume")) * (not _on(channel.find("Mute")))


def _equalize(device, x, rate):
    x = x * _amplitude(device.find("InputGain")) * _amplitude(device.find("OutputGain"))
    for band in device.findall("Band"):
        gain_db, q = _value(band.find("Gain")), _value(band.find("Q"))
        freq_hz = min(_value(band.find("Freq")), 0.48 * rate)
        x = lfilter(*_biquad(band.get("type"), freq_hz / rate, gain_db, q), x)
    return x


def _biquad(kind, frequency, gain_db, q):
    """The audio equalizer cookbook's peakingEQ, lowShelf and highShelf."""
    a, w = 10 ** (gain_db / 40), 2 * math.pi * frequency
    cos, alpha = math.cos(w), math.sin(w) / (2 * q)
    if kind == "bell":
        return [1 + alpha * a, -2 * cos, 1 - alpha * a], [1 + alpha / a, -2 * cos, 1 - alpha / a]
    sign, slope = (1 if kind == "lowShelf" else -1), 2 * math.sqrt(a) * alpha
    b = [
        a * ((a + 1) - sign * (a - 1) * cos + slope),
        sign * 2 * a * ((a - 1) - sign * (a + 1) * cos),
        a * ((a + 1) - sign * (a - 1) * cos - slope),
    ]
    return b, [
        (a + 1) + sign * (a - 1) * cos + slope,
        -sign * 2 * ((a - 1) + sign * (a + 1) * cos),
        (a + 1) + sign * (a - 1) * cos - slope,
    ]


def _compress(device, x, rate):
    """Peak detector over both channels, gain reduction smoothed in dB by one pole for each direction."""
    threshold_db, amount = _value(device.find("Threshold")), _value(device.find("Ratio")) / 100
    attack, release = (math.exp(-1 / (_value(device.find(name)) * rate)) for name in ("Attack", "Release"))
    x = x * _amplitude(device.find("InputGain"))
    peaks = np.abs(x).max(axis=0)
    levels_db = 20 * np.log10(np.maximum(peaks, 10 ** (_MINUS_INFINITY_DB / 20)))
    wanted_db = -amount * np.maximum(levels_db - threshold_db, 0)
    reduction_db, reductions_db = 0.0, []
    for target_db in wanted_db.tolist():
        pole = attack if target_db < reduction_db else release
        reduction_db = target_db + pole * (reduction_db - target_db)
        reductions_db.append(reduction_db)
    return x * 10 ** (np.array(reductions_db) / 20) * _amplitude(device.find("OutputGain"))


def _value(element):
    return float(element.get("value"))


def _amplitude(element):
    assert element.get("unit") == "decibel"
    return 10 ** (_value(element) / 20)


def _on(element):
    return element.get("value") == "true"
