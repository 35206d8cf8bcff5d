#!/usr/bin/env python3
"""Figures of docs/profiles.md: are planted weights found, is nothing found in noise?

    make profiles-figures
    python3 tests/peers/profile_figures.py target/release/interview
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

PLANTED = {"communication": 20.0, "product-knowledge": 20.0, "stress-resistance": 60.0}
SEEDS = 20
INTERVIEWS = 5000


def run(program, *arguments):
    done = subprocess.run([program, "profile", *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{arguments}: {done.stderr}")
    return done.stdout


def tuned(program, folder, seed, effect):
    """Tunes today's sales profile on a population whose performance follows the planted weights."""
    plant = ",".join(f"{name}={weight}" for name, weight in PLANTED.items())
    made = ["simulate", "--interviews", INTERVIEWS, "--seed", seed, "--plant", plant, "--effect", effect]
    run(program, *made, "--out", folder)
    outcomes = ["--outcomes", folder / "outcomes.csv", "--by", "performance"]
    return json.loads(run(program, "tune", folder / "features.parquet", "--profile", "sales", *outcomes, "--json"))


def main(program):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for effect in (0.8, 0.6, 0.3):
            errors, adopted = [], 0
            for seed in range(1, SEEDS + 1):
                result = tuned(program, folder, seed, effect)
                adopted += result["adopt"]
                errors.append(max(abs(one["tuned"] - PLANTED[one["competency"]]) for one in result["weights"]))
            errors.sort()
            middle = (errors[SEEDS // 2 - 1] + errors[SEEDS // 2]) / 2
            print(
                f"effect {effect}: {SEEDS} populations of {INTERVIEWS}; largest error of a weight: median {middle:.1f}, "
                f"worst {errors[-1]:.1f} points; proposed {adopted} times"
            )
        adopted = sum(tuned(program, folder, seed, 0.0)["adopt"] for seed in range(1, SEEDS + 1))
        print(f"noise: {SEEDS} populations of {INTERVIEWS}; proposed {adopted} times")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "target/release/interview")
