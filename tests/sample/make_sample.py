#!/usr/bin/env python3
"""Makes the sample interview of `make demo`: three spoken answers over a portrait, and the job that names them.

The voice is espeak-ng's, the picture the public-domain portrait that `interview models pull` fetches; it moves a
little, as a person in front of a camera does. Nothing is made again when nothing has changed.
"""

import argparse
import hashlib
import json
import math
import subprocess
import sys
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path

FRAMES_PER_SECOND = 25
WIDTH, HEIGHT = 1280, 720
TRAILING_SILENCE_S = 0.8
# The portrait's part with head and shoulders, in its 512 x 512 pixels.
CROP = "512:288:0:0"
VOICE = "en-us"


@dataclass
class SampleAnswer:
    """One question with its spoken answer."""

    name: str
    question: str
    answer: str
    # Silence before the answer begins.
    latency_s: float
    words_per_minute: int
    rubric: list


ANSWERS = [
    SampleAnswer(
        name="experience",
        question="Please tell us about a project in which you improved the service for customers.",
        answer=(
            "In my last position I was responsible for the service desk of a regional bank. Customers waited "
            "eleven minutes on average before anybody spoke to them. I looked at two months of records and found "
            "that most calls came in the morning, while most of my colleagues worked in the afternoon. "
            "So I changed the rota together with the team, and I wrote short guides for the five most common "
            "questions. After six weeks the waiting time was below three minutes, and complaints fell by forty "
            "percent. What I learned is that you should measure first, and then talk with the people who do the work."
        ),
        latency_s=1.2,
        words_per_minute=155,
        rubric=[
            ("situation", "Describes the situation and the problem", ["customers waited a long time"], True),
            ("action", "Says what the candidate personally did", ["I changed the rota", "I wrote guides"], True),
            ("result", "Names a measurable result", ["waiting time fell", "complaints fell by forty percent"], True),
            ("lesson", "Says what was learned", ["I learned to measure first"], False),
        ],
    ),
    SampleAnswer(
        name="complaint",
        question="A customer is angry because a transfer has not arrived. What do you do?",
        answer=(
            "First I listen and let the customer finish, because an angry person wants to be heard. Then I apologise "
            "for the trouble and repeat the problem in my own words, so that we both know what it is about. "
            "I check the identity of the customer and look up the transfer in the system. If it is only delayed, "
            "I explain when it will arrive. If something went wrong, I open a case, I give the customer the case "
            "number and I say who will call back and until when. And, um, I always call back myself, even when there "
            "is no news yet."
        ),
        latency_s=2.4,
        words_per_minute=145,
        rubric=[
            ("listen", "Listens and lets the customer finish", ["let the customer speak"], True),
            ("apologise", "Apologises and restates the problem", ["say sorry for the trouble"], True),
            ("check", "Checks the identity and the transfer", ["look up the transaction"], True),
            ("follow-up", "Agrees on a follow-up and keeps it", ["call back the customer"], True),
        ],
    ),
    SampleAnswer(
        name="motivation",
        question="Why do you want to work with us, and what would you like to learn?",
        answer=(
            "I like work where technology and people meet. Your bank is building a new online service, and I would "
            "like to help customers through that change. I know SQL and a little Python, so I can find out for "
            "myself why something happens. What I would like to learn is how a large project is planned, "
            "and how risks are judged before a decision is made. In three years I would be glad to lead a small team."
        ),
        latency_s=0.8,
        words_per_minute=165,
        rubric=[
            ("motive", "Gives a reason that fits the position", ["I want to help customers"], False),
            ("goal", "Names a goal for learning", ["I would like to learn how projects are planned"], False),
        ],
    ),
]


def run(command):
    """Runs a program; shows what it printed when it fails."""
    try:
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        sys.exit(f"{command[0]} is not installed: run `make setup`")
    if finished.returncode != 0:
        sys.exit(f"{command[0]} failed:\n{finished.stdout}{finished.stderr}")
    return finished.stdout


def find_portrait(interview):
    """The portrait in the folder of the models."""
    listing = json.loads(run([interview, "models", "list", "--json"]))
    for model in listing["models"]:
        if model["name"] == "sample-portrait" and model["state"] == "present":
            folder = Path(listing["folder"]) / f"sample-portrait-{model['version']}"
            return folder / model["files"]["picture"]["name"]
    sys.exit("the portrait is missing: run `interview models pull sample-portrait`")


def make_video(answer, portrait, number, video):
    """Speaks the answer and puts it under the moving portrait."""
    with tempfile.TemporaryDirectory() as folder:
        speech = Path(folder) / "speech.wav"
        run(["espeak-ng", "-v", VOICE, "-s", str(answer.words_per_minute), "-w", str(speech), answer.answer])
        with wave.open(str(speech)) as recording:
            speech_s = recording.getnframes() / recording.getframerate()
        duration_s = answer.latency_s + speech_s + TRAILING_SILENCE_S
        frames = math.ceil(duration_s * FRAMES_PER_SECOND)
        # Twice the size first: the slow movement then has steps of half a pixel. One picture goes in, `frames` come
        # out.
        movement = (
            f"crop={CROP},scale={2 * WIDTH}:{2 * HEIGHT}:flags=bicubic,"
            f"zoompan=d={frames}:fps={FRAMES_PER_SECOND}:s={WIDTH}x{HEIGHT}"
            f":z='1.06+0.03*sin(on/{61 + 7 * number})'"
            f":x='(iw-iw/zoom)/2*(1+0.5*sin(on/{47 + 5 * number}))'"
            f":y='(ih-ih/zoom)/2*(1+0.4*sin(on/{37 + 3 * number}))',format=yuv420p"
        )
        delay_ms = round(answer.latency_s * 1000)
        run(
            ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-y"]
            + ["-i", str(portrait), "-i", str(speech)]
            + ["-filter_complex", f"[0:v]{movement}[v];[1:a]adelay={delay_ms}:all=1,apad[a]"]
            + ["-map", "[v]", "-map", "[a]", "-t", f"{frames / FRAMES_PER_SECOND}"]
            + ["-c:v", "libx264", "-preset", "veryfast", "-crf", "23"]
            + ["-c:a", "aac", "-b:a", "96k", "-ac", "1", "-ar", "44100", "-movflags", "+faststart"]
            + [str(video)]
        )


def make_job(videos):
    """The job as an HR system would send it."""
    questions, answers = [], []
    for number, (answer, video) in enumerate(zip(ANSWERS, videos), start=1):
        points = [
            {"id": point, "text": text, "wordings": wordings, "must": must}
            for point, text, wordings, must in answer.rubric
        ]
        question = {"id": f"q{number}", "text": answer.question, "rubric": points}
        if answer.name == "complaint":
            question |= {"kind": "situational", "scene": "complaint"}
        questions.append(question)
        answers.append(
            {
                "kind": "video",
                "id": f"a{number}",
                "question": f"q{number}",
                "media": {"uri": video.name, "bytes": video.stat().st_size, "sha256": sha256(video.read_bytes())},
                "question_end_s": 0.0,
            }
        )
    return {
        "schema_version": "1",
        "job_id": "sample-interview",
        "candidate": {"reference": "sample-candidate", "branch": "sample-branch"},
        "test_candidate": True,
        "submitted_at": "2026-01-15T09:30:00Z",
        "position": {
            "id": "customer-adviser",
            "title": "Customer adviser",
            "requirements": [
                {"text": "customer service", "synonyms": ["service desk", "helping customers"], "must": True},
                {"text": "teamwork", "synonyms": ["team", "colleagues"]},
                {"text": "data analysis", "synonyms": ["SQL", "records", "measure"]},
                {"text": "Python"},
            ],
            "vocabulary": ["SQL", "Python", "service desk"],
        },
        "policy": "cn",
        "consent": ["ai-analysis", "video-analysis", "facial-expression", "sentiment"],
        "language": "en",
        "questions": questions,
        "answers": answers,
    }


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--interview", default="interview", help="the program, which knows where the portrait is")
    parser.add_argument("--out", type=Path, required=True, help="folder of the sample interview")
    arguments = parser.parse_args()

    portrait = find_portrait(arguments.interview)
    made_from = sha256(Path(__file__).read_bytes() + portrait.read_bytes())
    stamp = arguments.out / ".made-from"
    if stamp.is_file() and stamp.read_text() == made_from:
        return
    arguments.out.mkdir(parents=True, exist_ok=True)
    videos = []
    for number, answer in enumerate(ANSWERS, start=1):
        print(f"sample: answer {number} of {len(ANSWERS)}, {answer.name}", flush=True)
        videos.append(arguments.out / f"{number}-{answer.name}.mp4")
        make_video(answer, portrait, number, videos[-1])
    job = json.dumps(make_job(videos), indent=2, ensure_ascii=False)
    (arguments.out / "job.json").write_text(job + "\n")
    stamp.write_text(made_from)


if __name__ == "__main__":
    main()
