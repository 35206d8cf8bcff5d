"""Our face tracking against native MediaPipe 0.10.21 on the same pictures, in one run, on one processor core.

    python3 -m venv venv && venv/bin/pip install mediapipe==0.10.21
    cargo build --release -p interview-benches --example faces
    venv/bin/python benches/peers/mediapipe_faces.py --models CACHE --library ONNXRUNTIME VIDEO...

Both sides get the same RGB pictures (5 a second, decoded by FFmpeg) and do the same work: find faces, follow them from
picture to picture, 478 points with irises. Both are bound to the same single core and take turns, recording by
recording; what counts is processor time, as threads of MediaPipe still work after its result is there. Prints, per
recording and over all: pictures in which both see as many faces, mean distance of the points in per cent of the face
width, median processor time per picture.
Exit code 1 when a target is missed: 1 % of the face width, 1.3 times the speed.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

os.environ.setdefault("GLOG_minloglevel", "3")
import mediapipe as mp  # noqa: E402
import numpy as np  # noqa: E402


def size_of(path):
    probe = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height", "-of", "csv=p=0", path],
        check=True, capture_output=True, text=True)
    return tuple(int(part) for part in probe.stdout.strip().split(",")[:2])


def pictures(path, width, height):
    command = ["ffmpeg", "-v", "error", "-nostdin", "-i", path, "-vf", "fps=5", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as decoder:
        while len(data := decoder.stdout.read(width * height * 3)) == width * height * 3:
            yield data


def look_ours(path, width, height, options):
    """Faces as arrays of points in pixels, and processor seconds, per picture."""
    command = [options.binary, options.models, options.library, str(width), str(height)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as ours:
        for data in pictures(path, width, height):
            ours.stdin.write(data)
            ours.stdin.flush()
            seen = json.loads(ours.stdout.readline())
            yield [np.array(face)[:, :2] for face in seen["faces"]], seen["cpu_s"]
        ours.stdin.close()


def look_theirs(path, width, height):
    """The same of MediaPipe."""
    with mp.solutions.face_mesh.FaceMesh(static_image_mode=False, refine_landmarks=True, max_num_faces=4) as theirs:
        for data in pictures(path, width, height):
            image = np.frombuffer(data, np.uint8).reshape(height, width, 3)
            started = time.process_time()
            found = theirs.process(image).multi_face_landmarks or []
            # Some of its threads go on after the result is there.
            time.sleep(0.01)
            spent = time.process_time() - started
            yield [np.array([[p.x * width, p.y * height] for p in face.landmark]) for face in found], spent


def compare(path, options):
    width, height = size_of(path)
    ours = list(look_ours(path, width, height, options))
    theirs = list(look_theirs(path, width, height))
    result = {"pictures": len(theirs), "same_count": 0, "distances": [], "ours": [s for _, s in ours], "theirs": [s for _, s in theirs]}
    for (mine, _), (found, _) in zip(ours, theirs, strict=True):
        result["same_count"] += len(found) == len(mine)
        for points in found:
            face_width = np.ptp(points[:468, 0])
            apart = [np.linalg.norm(other - points, axis=1).mean() / face_width for other in mine]
            if apart and min(apart) < 0.5:
                result["distances"].append(min(apart))
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", nargs="+")
    parser.add_argument("--models", required=True, help="cache folder of the models")
    parser.add_argument("--library", required=True, help="ONNX Runtime library")
    parser.add_argument("--binary", default="target/release/examples/faces")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    total = {"pictures": 0, "same_count": 0, "distances": [], "ours": [], "theirs": []}
    for path in options.videos:
        result = compare(path, options)
        report(os.path.basename(path), result)
        for key, value in result.items():
            total[key] += value
    speed, distance = report("all", total)
    missed = [text for text, bad in (("points differ by more than 1 %", distance > 0.01), ("less than 1.3 times as fast", speed < 1.3)) if bad]
    print("; ".join(missed) or "targets met")
    return 1 if missed else 0


def report(name, result):
    # The first pictures hold the start of both sides.
    ours, theirs = (statistics.median(result[key][2:] or result[key] or [float("nan")]) for key in ("ours", "theirs"))
    distance = statistics.mean(result["distances"]) if result["distances"] else float("nan")
    print(f"{name}: {result['pictures']} pictures, same number of faces in {result['same_count']}, points {100 * distance:.2f} % "
          f"of the face width apart, ours {1e3 * ours:.1f} ms, MediaPipe {1e3 * theirs:.1f} ms, {theirs / ours:.2f} times as fast")
    return theirs / ours, distance


if __name__ == "__main__":
    sys.exit(main())
