"""The peers' side of comparisons of configurations: scikit-learn, LightGBM, XGBoost and CatBoost.

train_configurations.py TRAIN TEST SCORES CONFIGURATIONS SEEDS   (.npy files; CONFIGURATIONS and SEEDS: JSON)

Writes a column of the later rows' scores for each configuration and seed, the seeds of one beside each other.
"""

import json
import os
import sys

import numpy as np
from catboost import CatBoostClassifier
from lightgbm import LGBMClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from xgboost import XGBClassifier

from tables import read_table

# As many as there are cores for this process: threads that wait for each other on one are slower than one.
THREADS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def without_class_weight(make):
    return lambda class_weight=None, **options: make(**options)


ESTIMATORS = {
    "RandomForestClassifier": lambda **options: RandomForestClassifier(n_jobs=THREADS, **options),
    "HistGradientBoostingClassifier": HistGradientBoostingClassifier,
    "LGBMClassifier": lambda **options: LGBMClassifier(n_jobs=THREADS, verbosity=-1, **options),
    "XGBClassifier": without_class_weight(lambda **options: XGBClassifier(n_jobs=THREADS, **options)),
    "CatBoostClassifier": without_class_weight(
        lambda **options: CatBoostClassifier(
            thread_count=THREADS, verbose=False, allow_writing_files=False, **options
        )
    ),
}


def fit(x, y, weight, seed, estimator, weigh_rows=False, class_weight=None, **options):
    # JSON's keys are text, and a class is a number.
    if isinstance(class_weight, dict):
        class_weight = {int(label): share for label, share in class_weight.items()}
    model = ESTIMATORS[estimator](random_state=seed, class_weight=class_weight, **options)
    return model.fit(x, y, sample_weight=weight if weigh_rows else None)


_, train_path, test_path, scores_path, configurations, seeds = sys.argv
_, train_x, train_y, train_weight = read_table(train_path)
_, test_x, _, _ = read_table(test_path)
scores = []
for configuration in json.loads(configurations):
    for seed in json.loads(seeds):
        model = fit(train_x, train_y, train_weight, seed, **configuration)
        scores.append(model.predict_proba(test_x)[:, 1])
        print(".", end="", file=sys.stderr, flush=True)
print(file=sys.stderr)
np.save(scores_path, np.asfortranarray(np.array(scores).T))
