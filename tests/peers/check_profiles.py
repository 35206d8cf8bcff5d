"""Checks the arithmetic of `interview profile` against NumPy, SciPy, scikit-learn and fairlearn.

Everything is computed a second time from the stored features, by code that shares nothing with the program:
scores (curves, weights, missing evidence), rank correlations, norms, effect sizes, corrected p-values, impact
ratios, tuned weights. Run it with `make check-profiles`, or by hand:

    pip install numpy scipy scikit-learn pandas pyarrow fairlearn
    python tests/peers/check_profiles.py target/release/interview
"""

import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as parquet
from fairlearn.metrics import MetricFrame, selection_rate
from scipy import stats
from sklearn.linear_model import LinearRegression

ROOT = Path(__file__).resolve().parents[2]
CODES_NOT_COUNTED = {-11.0, -13.0}  # nothing to compare with, does not apply


def run(program, *arguments):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{arguments}: {done.stderr}")
    return done.stdout


def load_profile(name):
    """A shipped profile laid on its base, as far as these checks need it."""
    folder = ROOT / "pipeline" / "profiles"
    own = tomllib.loads((folder / f"{name}.toml").read_text("utf-8"))
    base = tomllib.loads((folder / f"{own['extends'].split('@')[0]}.toml").read_text("utf-8"))
    competencies = {}
    for key, changes in own["competencies"].items():
        part = dict(base["competencies"][key])
        part["weight"] = changes["weight"]
        competencies[key] = part
    return competencies, base["evidence"]


def points(curve, value):
    (kind, p), = curve.items()
    if kind == "linear":
        share = (value - p["from"]) / (p["to"] - p["from"])
    elif value < p["low_full"]:
        share = (value - p["low_zero"]) / (p["low_full"] - p["low_zero"])
    elif value <= p["high_full"]:
        share = 1.0
    else:
        share = (p["high_zero"] - value) / (p["high_zero"] - p["high_full"])
    return 100 * min(max(share, 0.0), 1.0)


def reading(rows, indicator):
    """Mean weighted by confidence, and the confidence of the whole."""
    feature = indicator["feature"]
    if "scenes" in indicator:
        rows = rows[rows["scene"].isin(indicator["scenes"])]
    value, quality = rows[feature].to_numpy(), rows[f"{feature}:quality"].to_numpy()
    measured = ~np.isnan(value) & (quality > 0)
    counted = measured.sum() + sum(1 for q in quality[~measured] if q <= 0 and q not in CODES_NOT_COUNTED)
    if not measured.any():
        return None
    weights = quality[measured]
    return float(np.average(value[measured], weights=weights)), float(weights.sum() / counted)


def score(rows, competencies, evidence):
    """The total, the confidence and the competency scores of one interview."""
    groups, confidence, parts = {}, 0.0, {}
    for key, part in competencies.items():
        top = bottom = 0.0
        for indicator in part["indicators"].values():
            found = reading(rows, indicator)
            if found is None or found[1] < evidence["indicator_floor"]:
                continue
            confidence += part["weight"] / 100 * indicator["weight"] / 100 * found[1]
            top += indicator["weight"] * points(indicator["curve"], found[0])
            bottom += indicator["weight"]
        group = groups.setdefault(part["group"], [0.0, 0.0, 0.0])
        group[2] += part["weight"]
        parts[key] = top / bottom if bottom else None
        if bottom:
            group[0] += part["weight"] * parts[key]
            group[1] += part["weight"]
    assessed = [(g[0] / g[1], g[2]) for g in groups.values() if g[1] > 0]
    if not assessed or confidence < evidence["floor"]:
        return None, confidence, parts
    total = sum(s * w for s, w in assessed) / sum(w for _, w in assessed)
    for key, part in competencies.items():
        if parts[key] is None:
            group = groups[part["group"]]
            parts[key] = group[0] / group[1] if group[1] else total
    return total, confidence, parts


def indicator_points(rows, competencies, evidence):
    """Points of every assessed indicator of one interview, by `competency / indicator`."""
    found = {}
    for key, part in competencies.items():
        for name, indicator in part["indicators"].items():
            value = reading(rows, indicator)
            if value is not None and value[1] >= evidence["indicator_floor"]:
                found[f"{key} / {name}"] = points(indicator["curve"], value[0])
    return found


def hedges_g(a, b):
    n, m = len(a), len(b)
    pooled = np.sqrt(((n - 1) * a.var() + (m - 1) * b.var()) / (n + m - 2))
    return (a.mean() - b.mean()) / pooled * (1 - 3 / (4 * (n + m) - 9))


def close(name, ours, theirs, tolerance):
    worst = float(np.max(np.abs(np.asarray(ours, float) - np.asarray(theirs, float))))
    verdict = "ok" if worst <= tolerance else "DIFFERS"
    print(f"{verdict:8} {name}: largest difference {worst:.2e} (allowed {tolerance:.0e})")
    return verdict == "ok"


def main(program):
    good = []
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        run(program, "profile", "simulate", "--interviews", 5000, "--seed", 1, "--profile", "sales", "--plant",
            "communication=20,product-knowledge=20,stress-resistance=60", "--effect", 0.8, "--bias", 0.6, "--out", folder)
        table = parquet.read_table(folder / "features.parquet").to_pandas()
        table = table[~table["test"]]
        competencies, evidence = load_profile("sales")
        interviews = dict(iter(table.groupby("interview")))
        mine = {key: score(rows, competencies, evidence) for key, rows in interviews.items()}
        by_indicator = pd.DataFrame.from_dict(
            {key: indicator_points(rows, competencies, evidence) for key, rows in interviews.items()}, orient="index")

        replay = json.loads(run(program, "profile", "replay", folder / "features.parquet", "--profile", "sales",
                                "--baseline", "general", "--json", "--csv", folder / "replay.csv"))
        theirs = pd.read_csv(folder / "replay.csv").set_index("interview")
        scored = [key for key, (total, _, _) in mine.items() if total is not None]
        missing = set(mine) - set(scored)
        good.append(close("scores", theirs.loc[scored, "score"], [mine[key][0] for key in scored], 1e-6))
        good.append(close("interviews without a score", [theirs.loc[list(missing), "score"].notna().sum()], [0], 0))
        both = theirs.dropna(subset=["score", "baseline_score"])
        good.append(close("Kendall tau-b (scipy)", replay["kendall_tau_b"],
                          stats.kendalltau(both["baseline_score"], both["score"]).statistic, 1e-12))
        good.append(close("Spearman (scipy)", replay["spearman"],
                          stats.spearmanr(both["baseline_score"], both["score"]).statistic, 1e-12))
        good.append(close("quantiles (numpy)", replay["new"]["quantiles"],
                          np.quantile(theirs["score"].dropna(), [0.05, 0.25, 0.5, 0.75, 0.95]), 1e-6))

        groups = pd.read_csv(folder / "groups.csv", keep_default_na=False).set_index("interview").loc[list(mine)]
        audit = json.loads(run(program, "profile", "audit", folder / "features.parquet", "--profile", "sales",
                               "--groups", folder / "groups.csv", "--selected", "considered", "--json"))
        chosen = theirs["grade"].isin(["recommended", "consider"])
        above = theirs["score"] > theirs["score"].median()
        for category in audit["categories"]:
            columns = category["category"].split(" × ")
            known = groups[(groups[columns] != "").all(axis=1)]
            label = known[columns].agg(" × ".join, axis=1)
            frame = MetricFrame(metrics=selection_rate, y_true=np.zeros(len(known)),
                                y_pred=chosen.loc[known.index].astype(int), sensitive_features=label)
            ratio = frame.by_group / frame.by_group.max()
            names = [group["group"] for group in category["groups"]]
            ours = [group["selection"]["impact_ratio"] for group in category["groups"]]
            good.append(close(f"selection impact ratios by {category['category']} (fairlearn)", ours, ratio[names], 1e-6))
            if len(columns) == 1 and len(names) == 2:
                good.append(close(f"smallest ratio by {category['category']} (fairlearn, between groups)", min(ours),
                                  frame.ratio(method="between_groups"), 1e-6))
            with_score = known.index[theirs.loc[known.index, "score"].notna()]
            rates = above.loc[with_score].groupby(label.loc[with_score]).mean()
            ours = [group["scoring"]["impact_ratio"] for group in category["groups"]]
            good.append(close(f"scoring impact ratios by {category['category']} (pandas)", ours, (rates / rates.max())[names], 1e-6))
            good.append(close(f"unknown by {category['category']}", [category["unknown"]], [len(groups) - len(known)], 0))
            differences, score_points = [], []
            for one in category["culprits"]:
                part, name = one["indicator"].split(" / ")
                weight = competencies[part]["weight"] / 100 * competencies[part]["indicators"][name]["weight"] / 100
                values = by_indicator[one["indicator"]].loc[known.index].dropna()
                own = label.loc[values.index] == one["group"]
                differences.append(hedges_g(values[own], values[~own]))
                score_points.append(weight * (values[own].mean() - values[~own].mean()))
            good.append(close(f"differences of points by {category['category']}",
                              [one["difference"]["value"] for one in category["culprits"]], differences, 1e-5))
            good.append(close(f"points of the score by {category['category']}",
                              [one["score_points"] for one in category["culprits"]], score_points, 1e-5))

        outcomes = pd.read_csv(folder / "outcomes.csv").set_index("interview")
        means = {}
        for feature in [name for name in table.columns if f"{name}:quality" in table.columns]:
            rows = table[table[feature].notna() & (table[f"{feature}:quality"] > 0)]
            weights = rows[f"{feature}:quality"]
            sums = (rows[feature] * weights).groupby(rows["interview"]).sum()
            means[feature] = sums / weights.groupby(rows["interview"]).sum()
        run(program, "profile", "norms", "build", folder / "features.parquet", "--name", "check", "--out",
            folder / "check@1.toml")
        norms = tomllib.loads((folder / "check@1.toml").read_text("utf-8"))
        for feature in ["content.relevance", "voice.steadiness"]:
            good.append(close(f"norms of {feature} (numpy)", norms["features"][feature]["percentiles"],
                              np.quantile(means[feature], np.linspace(0, 1, 101)), 1e-5))

        traits = json.loads(run(program, "profile", "traits", folder / "features.parquet", "--outcomes",
                                folder / "outcomes.csv", "--by", "performance", "--top", "20%", "--json"))
        performance = outcomes["performance"].loc[[key for key in outcomes.index if key in mine]]
        strong = performance >= np.quantile(performance, 0.8)
        effects, p_values = [], []
        for one in traits["traits"]:
            values = means[one["feature"]]
            values = values.loc[values.index.intersection(performance.index)]
            a, b = values[strong.loc[values.index]], values[~strong.loc[values.index]]
            effects.append(hedges_g(a, b))
            p_values.append(stats.ttest_ind(a, b, equal_var=False).pvalue)
        good.append(close("Hedges' g", [one["effect"]["value"] for one in traits["traits"]], effects, 1e-6))
        good.append(close("corrected p-values (scipy)", [one["q"] for one in traits["traits"]],
                          stats.false_discovery_control(p_values), 1e-6))

        tuning = json.loads(run(program, "profile", "tune", folder / "features.parquet", "--profile", "sales",
                                "--outcomes", folder / "outcomes.csv", "--by", "performance", "--json"))
        rows = [key for key in scored if key in outcomes.index]
        names = [weight["competency"] for weight in tuning["weights"]]
        x = np.array([[mine[key][2][name] for name in names] for key in rows])
        fit = LinearRegression(positive=True).fit(x, outcomes.loc[rows, "performance"])
        good.append(close("tuned weights (scikit-learn)", [weight["tuned"] for weight in tuning["weights"]],
                          100 * fit.coef_ / fit.coef_.sum(), 0.1))
        print(f"         planted 20, 20, 60; tuned {[weight['tuned'] for weight in tuning['weights']]}")
    print(f"{sum(good)} of {len(good)} checks agree")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "target" / "release" / "interview")))
