"""Makes metrics.json: what scikit-learn says of small data sets with ties, weights and extremes.

Run: python test/golden/metrics.py (needs scikit-learn and numpy; the versions used stand in the file).
"""

import json
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn import metrics
from sklearn.calibration import _SigmoidCalibration, calibration_curve
from sklearn.isotonic import isotonic_regression
from sklearn.linear_model import LogisticRegression

warnings.filterwarnings("ignore")
random = np.random.default_rng(42)


def data_set(name, labels, scores, weights=None, threshold=0.5):
    return {
        "name": name,
        "labels": np.asarray(labels, dtype=int),
        "scores": np.asarray(scores, dtype=float),
        "weights": None if weights is None else np.asarray(weights, dtype=float),
        "threshold": threshold,
    }


def beta_scores(labels):
    return np.where(labels == 1, random.beta(3, 2, len(labels)), random.beta(1, 6, len(labels)))


def sampled(labels):
    return np.where(labels == 1, 1.0, 6.84)


few = np.array([1] * 12 + [0] * 228)
half = random.integers(0, 2, 200)
rare = np.array([1] + [0] * 299)

data_sets = [
    data_set("distinct scores", few, beta_scores(few)),
    data_set("forest votes, many ties", few, np.round(beta_scores(few), 1)),
    data_set("votes and weights 6.84", few, np.round(beta_scores(few), 2), sampled(few), 0.3),
    data_set("random weights, some zero", half, np.round(beta_scores(half), 2), np.round(random.exponential(2, 200), 3) * random.integers(0, 4, 200).clip(0, 1)),
    data_set("one fraud", rare, beta_scores(rare), None, 0.2),
    data_set("scores of 0 and 1 only", half, (random.random(200) < 0.5).astype(float)),
    data_set("sure and wrong", [1, 1, 0, 0, 1, 0], [0.0, 1.0, 1.0, 0.0, 1e-300, 1 - 1e-16]),
    data_set("all scores equal", few, np.full(240, 0.25)),
    data_set("separated", few, np.where(few == 1, 0.75, 0.125), sampled(few)),
    data_set("reversed", few, np.where(few == 1, 0.125, 0.75)),
    data_set("nothing alerted", few, beta_scores(few) * 0.4, np.full(240, 0.1)),
    data_set("everything alerted", few, 0.5 + beta_scores(few) / 2),
    data_set("halves that round to even", [0] * 8 + [1] * 8, [1] + [0] * 7 + [1] * 3 + [0] * 5),
    data_set("tiny and huge weights", [0, 1, 0, 1], [0.1, 0.9, 0.8, 0.3], [3e16, 2e-5, 1e16, 1e-5]),
]


def measure(data):
    labels, scores, weights = data["labels"], data["scores"], data["weights"]
    predictions = (scores >= data["threshold"]).astype(int)
    common = {"sample_weight": weights}
    fpr, tpr, roc_thresholds = metrics.roc_curve(labels, scores, drop_intermediate=False, **common)
    # The benchmark's own figure leaves intermediate points out, as roc_curve does unless told.
    dropped_fpr, dropped_tpr, _ = metrics.roc_curve(labels, scores, **common)
    precision, recall, thresholds = metrics.precision_recall_curve(labels, scores, **common)
    tn, fp, fn, tp = metrics.confusion_matrix(labels, predictions, labels=[0, 1], **common).ravel()
    report = {"labels": [0, 1], "sample_weight": weights, "zero_division": 0.0}
    uniform = calibration_curve(labels, scores, n_bins=10, strategy="uniform")
    return {
        "name": data["name"],
        "labels": labels.tolist(),
        "scores": scores.tolist(),
        "weights": None if weights is None else weights.tolist(),
        "threshold": data["threshold"],
        "rocAuc": metrics.roc_auc_score(labels, scores, **common),
        "averagePrecision": metrics.average_precision_score(labels, scores, **common),
        "recallAt1PercentFpr": float(np.interp(0.01, dropped_fpr, dropped_tpr)),
        "recallAt20PercentFpr": float(np.interp(0.2, dropped_fpr, dropped_tpr)),
        "brier": metrics.brier_score_loss(labels, scores, **common),
        "logLoss": metrics.log_loss(labels, scores, **common),
        "confusion": {"tn": float(tn), "fp": float(fp), "fn": float(fn), "tp": float(tp)},
        "roc": {
            "falsePositiveRate": fpr.tolist(),
            "truePositiveRate": tpr.tolist(),
            "thresholds": roc_thresholds[1:].tolist(),
        },
        "precisionRecall": {
            "precision": precision[::-1].tolist(),
            "recall": recall[::-1].tolist(),
            "thresholds": thresholds[::-1].tolist(),
        },
        "calibrationCurve": {"observed": uniform[0].tolist(), "predicted": uniform[1].tolist()},
        "report": metrics.classification_report(labels, predictions, output_dict=True, **report),
        "text2": metrics.classification_report(labels, predictions, **report),
        "text4": metrics.classification_report(labels, predictions, digits=4, **report),
        "text14": metrics.classification_report(labels, predictions, digits=14, **report),
    }


def quantile_calibration():
    labels, scores = half[:100], beta_scores(half[:100])
    observed, predicted = calibration_curve(labels, scores, n_bins=10, strategy="quantile")
    return {
        "labels": labels.tolist(),
        "scores": scores.tolist(),
        "observed": observed.tolist(),
        "predicted": predicted.tolist(),
    }


def platt(scores, labels, weights, epsilon):
    """Platt's fit with his targets, twice: by scikit-learn's own (to its tolerance), and as a logistic regression on rows
    that are partly fraud, which a row twice with the two parts of its weight is, to the last digits."""
    squeezed = epsilon + (1 - 2 * epsilon) * scores
    log_odds = np.log(squeezed / (1 - squeezed))
    given = np.ones(len(labels)) if weights is None else weights
    frauds, others = given[labels == 1].sum(), given[labels == 0].sum()
    targets = np.where(labels == 1, (frauds + 1) / (frauds + 2), 1 / (others + 2))
    line = LogisticRegression(C=np.inf, tol=1e-14, max_iter=1000, solver="newton-cholesky")
    twice = np.concatenate([log_odds, log_odds])[:, None]
    classes = np.concatenate([np.ones(len(labels)), np.zeros(len(labels))])
    line.fit(twice, classes, sample_weight=np.concatenate([given * targets, given * (1 - targets)]))
    published = _SigmoidCalibration().fit(log_odds, labels.astype(float), sample_weight=weights)
    return {
        "labels": labels.tolist(),
        "scores": scores.tolist(),
        "weights": None if weights is None else weights.tolist(),
        "epsilon": epsilon,
        "slope": float(line.coef_[0, 0]),
        "intercept": float(line.intercept_[0]),
        "published": {"slope": -float(published.a_), "intercept": -float(published.b_)},
    }


def few_frauds():
    """The figures of a table with a handful of frauds, which all rank first in the last."""
    for frauds in [1, 3, 9, 45]:
        labels = np.array([1] * frauds + [0] * (400 - frauds))
        yield platt(np.round(beta_scores(labels), 2), labels, None, 0.005)
    labels = np.array([1] * 4 + [0] * 300)
    yield platt(np.where(labels == 1, 0.9, np.round(beta_scores(labels), 2) * 0.8), labels, sampled(labels), 0.004)


def isotonic():
    position = np.arange(120.0)
    labels = (random.random(120) < position / 150).astype(int)
    weights = np.round(random.exponential(2, 120), 3) + 0.001
    fitted = isotonic_regression(labels.astype(float), sample_weight=weights)
    return {"labels": labels.tolist(), "weights": weights.tolist(), "fitted": fitted.tolist()}


votes = np.round(beta_scores(few), 2)
Path(__file__).with_suffix(".json").write_text(
    json.dumps(
        {
            "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__},
            "dataSets": [measure(data) for data in data_sets],
            "quantileCalibration": quantile_calibration(),
            "platt": [
                platt(votes, few, None, 0.005),
                platt(votes, few, sampled(few), 0.005),
                platt(np.concatenate([beta_scores(half), [1e-5]]), np.append(half, 0), None, 5e-6),
                *few_frauds(),
            ],
            "isotonic": isotonic(),
        }
    )
    + "\n"
)
