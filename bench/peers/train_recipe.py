"""The recipe's training in scikit-learn and imbalanced-learn. Prints one line of JSON.

train_recipe.py TRAIN TEST [--seed 42] [--save DIR] [--scores scores.npy]   (TRAIN and TEST: .csv or .npy)
"""

import argparse
import json
import resource
import sys
from pathlib import Path
from time import perf_counter

import joblib
import numpy as np
from imblearn.over_sampling import RandomOverSampler
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.preprocessing import StandardScaler

from tables import read_table


def peak_memory_mb():
    # Linux counts kilobytes, macOS bytes.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


def save(directory, names, scaler, model):
    # A scaler that knows the names takes the service's DataFrame without a warning per request. The article's forest
    # has no n_jobs: one row over a pool of threads would only be slower.
    scaler.feature_names_in_ = np.array(names, dtype=object)
    model.n_jobs = None
    directory.mkdir(parents=True, exist_ok=True)
    joblib.dump(scaler, directory / "scaler.joblib")
    joblib.dump(model, directory / "model.joblib")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("train")
    parser.add_argument("test")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--save", type=Path)
    parser.add_argument("--scores", type=Path)
    options = parser.parse_args()
    names, train_x, train_y, _ = read_table(options.train)
    _, test_x, test_y, test_weight = read_table(options.test)
    memory_before = peak_memory_mb()

    start = perf_counter()
    scaler = StandardScaler()
    scaled = scaler.fit_transform(train_x)
    scaled_at = perf_counter()
    drawn_x, drawn_y = RandomOverSampler(random_state=42).fit_resample(scaled, train_y)
    drawn_at = perf_counter()
    model = RandomForestClassifier(n_estimators=100, random_state=options.seed, n_jobs=-1).fit(drawn_x, drawn_y)
    end = perf_counter()
    memory = peak_memory_mb()

    scores = model.predict_proba(scaler.transform(test_x))[:, 1]
    if options.scores:
        np.save(options.scores, scores)
    if options.save:
        save(options.save, names, scaler, model)
    trees = [estimator.tree_ for estimator in model.estimators_]
    print(
        json.dumps(
            {
                "rows": len(train_y),
                "frauds": int(train_y.sum()),
                "scaleSeconds": scaled_at - start,
                "oversampleSeconds": drawn_at - scaled_at,
                "fitSeconds": end - drawn_at,
                "seconds": end - start,
                "peakMemoryMb": memory,
                "memoryBeforeMb": memory_before,
                "averagePrecision": average_precision_score(test_y, scores, sample_weight=test_weight),
                "rocAuc": roc_auc_score(test_y, scores, sample_weight=test_weight),
                "meanDepth": float(np.mean([tree.max_depth for tree in trees])),
                "meanLeaves": float(np.mean([tree.n_leaves for tree in trees])),
            }
        )
    )


main()
