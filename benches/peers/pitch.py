#!/usr/bin/env python3
"""Compares our pitch with Praat's autocorrelation (parselmouth) and with librosa's pYIN on recordings.

usage: pitch.py TRACKER FILE...    TRACKER: the built example `pitch_track` of this package
needs: ffmpeg, and in a virtual environment: praat-parselmouth librosa numpy

Printed per recording and pooled: share of frames on which both agree about voicing, share of gross
differences (more than 20 %) among frames both call voiced, median difference of the rest, medians.
"""
import json
import subprocess
import sys
import time

import numpy as np

RATE, HOP, FLOOR, CEILING = 16000, 160, 65, 600


def praat(samples, times):
    import parselmouth
    sound = parselmouth.Sound(samples.astype(np.float64), RATE)
    pitch = sound.to_pitch_ac(time_step=0.01, pitch_floor=FLOOR, pitch_ceiling=CEILING)
    return np.nan_to_num([pitch.get_value_at_time(t) for t in times])


def pyin(samples, times):
    import librosa
    f0, voiced, _ = librosa.pyin(samples, fmin=FLOOR, fmax=CEILING, sr=RATE, hop_length=HOP, frame_length=1024)
    frames = np.clip(np.round(times * RATE / HOP).astype(int), 0, len(f0) - 1)
    return np.where(voiced, np.nan_to_num(f0), 0.0)[frames]


def compare(ours, theirs):
    both = (ours > 0) & (theirs > 0)
    ratio = np.abs(ours[both] / theirs[both] - 1)
    return {
        "frames": len(ours),
        "voicing_agreed": np.mean((ours > 0) == (theirs > 0)),
        "gross": np.mean(ratio > 0.2) if both.any() else float("nan"),
        "fine_median": np.median(ratio[ratio <= 0.2]) if both.any() else float("nan"),
        "median_ours": np.median(ours[ours > 0]) if (ours > 0).any() else float("nan"),
        "median_theirs": np.median(theirs[theirs > 0]) if (theirs > 0).any() else float("nan"),
    }


def line(name, row):
    print(f"{name:55s} {row['frames']:6d} frames, voicing agreed {row['voicing_agreed']:.3f}, "
          f"gross {row['gross']:.4f}, median difference {row['fine_median']:.5f}, "
          f"median {row['median_ours']:.1f} / {row['median_theirs']:.1f} Hz")


def main():
    tracker, files = sys.argv[1], sys.argv[2:]
    pooled = {"praat": ([], []), "pyin": ([], [])}
    for path in files:
        raw = subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-vn", "-ac", "1", "-ar", str(RATE),
                              "-f", "f32le", "-"], check=True, capture_output=True).stdout
        samples = np.frombuffer(raw, dtype="<f4")
        track = json.loads(subprocess.run([tracker], input=raw, check=True, capture_output=True).stdout)
        ours = np.array([value or 0.0 for value in track["f0_hz"]])
        times = (np.arange(len(ours)) + 0.5) * 0.01
        seconds = len(samples) / RATE
        for name, peer in (("praat", praat), ("pyin", pyin)):
            start = time.perf_counter()
            theirs = peer(samples, times)
            cost = (time.perf_counter() - start) / seconds
            line(f"{path.rsplit('/', 1)[-1]} {name} ({track['real_time_factor']:.4f} / {cost:.4f} x)",
                 compare(ours, theirs))
            pooled[name][0].append(ours)
            pooled[name][1].append(theirs)
    for name, (ours, theirs) in pooled.items():
        line(f"pooled, {name}", compare(np.concatenate(ours), np.concatenate(theirs)))


if __name__ == "__main__":
    main()
