"""LightGBM at Shrike's settings, which have Shrike's names."""

import lightgbm


def train(x, y, options):
    params = {
        "objective": "binary",
        "learning_rate": options["learningRate"],
        "num_leaves": options["maxLeaves"],
        "lambda_l2": options["regLambda"],
        "min_sum_hessian_in_leaf": options["minChildWeight"],
        "min_data_in_leaf": options["minSamplesLeaf"],
        "max_bin": 255,
        "bagging_fraction": options.get("subsample", 1),
        "bagging_freq": 1,
        "bagging_seed": options.get("seed", 1),
        "num_threads": options["threads"],
        "deterministic": True,
        "verbosity": -1,
    }
    return lightgbm.train(params, lightgbm.Dataset(x, y), options["nEstimators"])
