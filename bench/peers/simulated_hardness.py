"""How hard is a card table for the recipe? Prints one JSON line per file and seed.

The recipe: StandardScaler, RandomOverSampler, RandomForestClassifier(100 trees), trained on the rows before
--test-from (or the first 1 - --test-share of the rows, by Time) and tested on the later ones. Inputs are V1..V28 and
Amount. A column `weight` counts in the evaluation only. To compare a simulated table with the ULB rows:

    shrike simulate --shape creditcard --rows 43023 --frauds 417 --out simulated.csv
    bench/.venv/bin/python bench/peers/simulated_hardness.py ../shared/data/ulb-creditcard-weighted.csv.gz simulated.csv
"""

import argparse
import json
import time

import numpy as np
import pandas as pd
from imblearn.over_sampling import RandomOverSampler
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.preprocessing import StandardScaler


def hardness(path: str, seed: int, test_from: float | None, test_share: float) -> dict:
    table = pd.read_csv(path).sort_values("Time", kind="stable")
    inputs = [f"V{i}" for i in range(1, 29)] + ["Amount"]
    rows, labels = table[inputs].to_numpy(), table["Class"].to_numpy()
    weights = table["weight"].to_numpy() if "weight" in table else np.ones(len(table))
    if test_from is None:
        later = np.arange(len(table)) >= round(len(table) * (1 - test_share))
    else:
        later = table["Time"].to_numpy() >= test_from

    scaler = StandardScaler().fit(rows[~later])
    sampler = RandomOverSampler(random_state=seed)
    drawn, drawn_labels = sampler.fit_resample(scaler.transform(rows[~later]), labels[~later])
    start = time.perf_counter()
    forest = RandomForestClassifier(n_estimators=100, random_state=seed, n_jobs=1).fit(drawn, drawn_labels)
    seconds = time.perf_counter() - start
    scores = forest.predict_proba(scaler.transform(rows[later]))[:, 1]
    return {
        "file": path.split("/")[-1],
        "seed": seed,
        "rows": len(table),
        "frauds": int(labels.sum()),
        "testFrauds": int(labels[later].sum()),
        "averagePrecision": round(average_precision_score(labels[later], scores, sample_weight=weights[later]), 4),
        "rocAuc": round(roc_auc_score(labels[later], scores, sample_weight=weights[later]), 4),
        "recallAtHalf": round(float((scores > 0.5)[labels[later] == 1].mean()), 4),
        "meanDepth": round(float(np.mean([tree.get_depth() for tree in forest.estimators_])), 2),
        "meanLeaves": round(float(np.mean([tree.get_n_leaves() for tree in forest.estimators_])), 1),
        "fitSeconds": round(seconds, 1),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--seeds", type=int, nargs="+", default=[42])
    parser.add_argument("--test-from", type=float, help="test on the rows from this Time on")
    parser.add_argument("--test-share", type=float, default=0.2, help="else on this last share of the rows")
    options = parser.parse_args()
    for path in options.files:
        for seed in options.seeds:
            print(json.dumps(hardness(path, seed, options.test_from, options.test_share)), flush=True)
