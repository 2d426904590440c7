"""Files on disk to arrays and back; the only package that touches audio files."""

from diffmst.audio.discovery import StemFile, find_stems, same_file
from diffmst.audio.reading import AudioInfo, AudioReader, probe, read, resampled_frames
from diffmst.audio.writing import SAMPLE_BYTES, AudioWriter

__all__ = [
    "SAMPLE_BYTES",
    "AudioInfo",
    "AudioReader",
    "AudioWriter",
    "StemFile",
    "find_stems",
    "probe",
    "read",
    "resampled_frames",
    "same_file",
]
