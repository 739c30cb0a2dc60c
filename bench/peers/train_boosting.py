"""Gradient boosting by LightGBM at settings that are given. Prints one line of JSON.

train_boosting.py TRAIN TEST SCORES OPTIONS   (TRAIN and TEST: .npy; OPTIONS: JSON with Shrike's names)
"""

import json
import sys
from time import perf_counter

import lightgbm
import numpy as np
from sklearn.metrics import average_precision_score

from tables import read_table

_, train_path, test_path, scores_path, options = sys.argv
options = json.loads(options)
_, train_x, train_y, train_weight = read_table(train_path)
_, test_x, test_y, test_weight = read_table(test_path)
params = {
    "objective": "binary",
    "learning_rate": options["learningRate"],
    "num_leaves": options["maxLeaves"],
    "lambda_l2": options["regLambda"],
    "min_sum_hessian_in_leaf": options["minChildWeight"],
    "min_data_in_leaf": options["minSamplesLeaf"],
    "max_bin": 255,
    "bagging_fraction": options["subsample"],
    "bagging_freq": 1,
    "bagging_seed": options["seed"],
    "num_threads": options["threads"],
    "deterministic": True,
    "verbosity": -1,
}
start = perf_counter()
model = lightgbm.train(params, lightgbm.Dataset(train_x, train_y), options["nEstimators"])
seconds = perf_counter() - start
scores = model.predict(test_x)
np.save(scores_path, scores)
precision = average_precision_score(test_y, scores, sample_weight=test_weight)
print(json.dumps({"seconds": seconds, "averagePrecision": precision}))
