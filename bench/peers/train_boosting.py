"""Gradient boosting by LightGBM at settings that are given. Prints one line of JSON.

train_boosting.py TRAIN TEST SCORES OPTIONS   (TRAIN and TEST: .npy; OPTIONS: JSON with Shrike's names)
"""

import json
import sys
from time import perf_counter

import numpy as np
from sklearn.metrics import average_precision_score

from lightgbm_training import train
from tables import read_table

_, train_path, test_path, scores_path, options = sys.argv
options = json.loads(options)
_, train_x, train_y, train_weight = read_table(train_path)
_, test_x, test_y, test_weight = read_table(test_path)
start = perf_counter()
model = train(train_x, train_y, options)
seconds = perf_counter() - start
scores = model.predict(test_x)
np.save(scores_path, scores)
precision = average_precision_score(test_y, scores, sample_weight=test_weight)
print(json.dumps({"seconds": seconds, "averagePrecision": precision}))
