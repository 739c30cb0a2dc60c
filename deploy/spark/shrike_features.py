"""Computes a detector's features of a table on a Spark cluster: the rows that `shrike features` writes on one machine.

Each feature reads the history of one key. So for each key the table is repartitioned by that key's column, `shrike features
--part KEY` runs on each partition, and the parts are joined by the id. `shrike` has to be on each worker, and so has the
detector's file (`spark-submit --files`).

    spark-submit shrike_features.py --table 's3a://bucket/transactions/*.csv' --detector cards.yaml --id transaction_id \
        --keys customer=customer_id,terminal=terminal_id --partitions 64 --out s3a://bucket/rows
"""

import argparse
import csv
import os
import shlex
import subprocess
import tempfile

from pyspark.sql import Row, SparkSession


def features_of(rows, columns, command, detector, flags):
    """Runs the command on the rows of one partition; yields what it writes, a dictionary a row."""
    with tempfile.TemporaryDirectory(prefix="shrike-part-") as folder:
        table, out = os.path.join(folder, "rows.csv"), os.path.join(folder, "features.csv")
        count = 0
        with open(table, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            for count, row in enumerate(rows, 1):
                writer.writerow(["" if cell is None else cell for cell in row])
        if count == 0:
            return
        done = subprocess.run(
            [*command, "features", table, "--detector", detector, "--out", out, *flags], capture_output=True, text=True
        )
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        with open(out, newline="", encoding="utf-8") as file:
            # All cells are text, so the first row tells Spark their types.
            yield from (Row(**row) for row in csv.DictReader(file))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", required=True, help="CSV with a header; more than one by a pattern")
    parser.add_argument("--detector", required=True, help="the path on the workers")
    parser.add_argument("--id", required=True, help="the column of the detector's id")
    parser.add_argument("--keys", required=True, help="KEY=COLUMN,...: each key that features are by")
    parser.add_argument("--partitions", type=int, default=64, help="as many as fit a worker's memory, for each key")
    parser.add_argument("--command", default="shrike", help="how workers call it")
    parser.add_argument("--out", required=True, help="a folder for CSV")
    given = parser.parse_args()

    spark = SparkSession.builder.appName("shrike features").getOrCreate()
    # Cells stay as they are written: the detector says what they are.
    table = spark.read.csv(given.table, header=True, inferSchema=False)
    command = shlex.split(given.command)
    joined = table
    for key, column in (pair.split("=") for pair in given.keys.split(",")):
        columns, detector, flags = table.columns, given.detector, ["--part", key]
        parted = table.repartition(given.partitions, column).rdd.mapPartitions(
            lambda rows, columns=columns, flags=flags: features_of(rows, columns, command, detector, flags)
        )
        part = parted.toDF().withColumnRenamed("id", given.id)
        joined = joined.join(part, on=given.id, how="left")
    columns, detector = joined.columns, given.detector
    whole = joined.rdd.mapPartitions(lambda rows: features_of(rows, columns, command, detector, ["--joined"]))
    whole.toDF().write.csv(given.out, header=True, mode="error", emptyValue="", nullValue="")
    spark.stop()


if __name__ == "__main__":
    main()
