"""Our face tracking against native MediaPipe 0.10.21 on the same pictures, in one run, on one processor core.

    python3 -m venv venv && venv/bin/pip install mediapipe==0.10.21 av
    cargo build --release -p interview-benches --example faces
    venv/bin/python benches/peers/mediapipe_faces.py --models CACHE --library ONNXRUNTIME VIDEO...

Both sides get the same pictures (5 a second, decoded by FFmpeg) and do the same work: find faces, follow them from
picture to picture, 478 points with irises. They are compared twice: end to end, from the planes of a decoder to the
points (MediaPipe takes RGB only, so its side converts the picture with PyAV, as its users do; ours crops from the planes),
and from RGB pictures, which leaves out what MediaPipe's users have to do and keeps what ours do not. Both are bound to the same single core and take turns, recording by
recording; what counts is processor time, as threads of MediaPipe still work after its result is there. Prints, per
recording and over all: pictures in which both see as many faces, mean distance of the points in per cent of the face
width, median processor time per picture.
Exit code 1 when a target is missed: 1 % of the face width, 1.3 times the speed end to end.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

os.environ.setdefault("GLOG_minloglevel", "3")
import av  # noqa: E402
import mediapipe as mp  # noqa: E402
import numpy as np  # noqa: E402


def size_of(path):
    probe = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height", "-of", "csv=p=0", path],
        check=True, capture_output=True, text=True)
    return tuple(int(part) for part in probe.stdout.strip().split(",")[:2])


def pictures(path, width, height, layout):
    size = width * height * 3 if layout == "rgb24" else width * height * 3 // 2
    command = ["ffmpeg", "-v", "error", "-nostdin", "-i", path, "-vf", f"crop={width}:{height}:0:0,fps=5", "-f", "rawvideo",
               "-pix_fmt", layout, "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as decoder:
        while len(data := decoder.stdout.read(size)) == size:
            yield data


def look_ours(path, width, height, layout, options):
    """Faces as arrays of points in pixels, and processor seconds, per picture."""
    command = [options.binary, options.models, options.library, str(width), str(height), layout]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as ours:
        for data in pictures(path, width, height, layout):
            ours.stdin.write(data)
            ours.stdin.flush()
            seen = json.loads(ours.stdout.readline())
            yield [np.array(face)[:, :2] for face in seen["faces"]], seen["cpu_s"]
        ours.stdin.close()


def look_theirs(path, width, height, layout):
    """The same of MediaPipe."""
    with mp.solutions.face_mesh.FaceMesh(static_image_mode=False, refine_landmarks=True, max_num_faces=4) as theirs:
        for data in pictures(path, width, height, layout):
            if layout == "rgb24":
                image = np.frombuffer(data, np.uint8).reshape(height, width, 3)
                started = time.process_time()
            else:
                planes = np.frombuffer(data, np.uint8).reshape(height * 3 // 2, width)
                decoded = av.VideoFrame.from_ndarray(planes, format="yuv420p")
                started = time.process_time()
                image = decoded.to_ndarray(format="rgb24")
            found = theirs.process(image).multi_face_landmarks or []
            # Some of its threads go on after the result is there.
            time.sleep(0.01)
            spent = time.process_time() - started
            yield [np.array([[p.x * width, p.y * height] for p in face.landmark]) for face in found], spent


def compare(path, layout, options):
    # Chroma of half a pixel would have to be rounded: an odd last row or column is cut off for both.
    width, height = (size // 2 * 2 for size in size_of(path))
    ours = list(look_ours(path, width, height, layout, options))
    theirs = list(look_theirs(path, width, height, layout))
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
    speeds = {}
    for layout in ("rgb24", "yuv420p"):
        total = {"pictures": 0, "same_count": 0, "distances": [], "ours": [], "theirs": []}
        for path in options.videos:
            result = compare(path, layout, options)
            report(f"{os.path.basename(path)} from {layout}", result)
            for key, value in result.items():
                total[key] += value
        speeds[layout], distance = report(f"all from {layout}", total)
    speed = speeds["yuv420p"]
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
