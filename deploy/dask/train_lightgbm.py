"""Trains gradient boosting of LightGBM on a Dask cluster, on the rows that `shrike features` writes.

Without --scheduler two workers on this machine do it. The model is then imported: `shrike import` calibrates it, chooses its
threshold and measures it on transactions that it did not see.

    python train_lightgbm.py --rows 'rows/*.csv' --labels transactions.csv --id transaction_id --label is_fraud \
        --until 2026-03-01 --time time --out boosting.txt
"""

import argparse

import dask.dataframe as dd
from dask.distributed import Client, LocalCluster
from lightgbm import DaskLGBMClassifier


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", required=True, help="CSV that `shrike features` wrote; more than one by a pattern")
    parser.add_argument("--labels", required=True, help="the transactions themselves, as CSV")
    parser.add_argument("--id", required=True, help="their column with the id")
    parser.add_argument("--label", required=True, help="their column with 1 for fraud")
    parser.add_argument("--time", required=True, help="their column with the time, in ISO 8601")
    parser.add_argument("--until", required=True, help="learn from transactions before this time alone")
    parser.add_argument("--trees", type=int, default=300)
    parser.add_argument("--scheduler", help="the address of a Dask scheduler")
    parser.add_argument("--out", required=True)
    given = parser.parse_args()

    cluster = None if given.scheduler else LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    client = Client(given.scheduler or cluster)
    rows = dd.read_csv(given.rows, dtype={"id": "string"}, assume_missing=True)
    labels = dd.read_csv(given.labels, usecols=[given.id, given.label, given.time], dtype="string")
    labels = labels.rename(columns={given.id: "id", given.label: "the label", given.time: "the time"})
    table = rows.merge(labels, on="id")
    table = table[(table["the time"] < given.until) & table["the label"].isin(["0", "1"])]
    # The same trees in every run: the order of rows is part of it.
    table = table.set_index("id").persist()
    features = [name for name in rows.columns if name != "id"]
    model = DaskLGBMClassifier(
        client=client, n_estimators=given.trees, learning_rate=0.05, num_leaves=31, seed=1, deterministic=True, verbose=-1
    )
    model.fit(table[features].to_dask_array(lengths=True), table["the label"].astype("int32").to_dask_array(lengths=True), feature_name=features)
    model.booster_.save_model(given.out)
    print(f"{model.booster_.num_trees()} trees of {len(table):,} rows: {given.out}")
    client.close()
    if cluster:
        cluster.close()


if __name__ == "__main__":
    main()
