"""Reading a file to a matrix of floats: Kindling beside Polars, pandas and pyarrow, in one table.

    cargo build --release -p dataset --example reading
    python benches/rivals/reading.py                       (needs polars, pandas, pyarrow)
    python benches/rivals/reading.py --rows 200000 --repeats 3 --rivals kindling,polars

Three tables are made once, in --folder: `numbers.csv` (28 columns of numbers), `mixed.csv` (numbers
beside texts of 4, 100 and 10,000 levels) and `numbers.parquet` (the same numbers, row groups of
Polars' own size, snappy). The end of every read is a row-major matrix of float64, texts as the codes
of their levels; `columns` is the library's own table, before it. Each library runs in a process of
its own, and the fastest of the repeats counts. Use a quiet machine.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RIVALS = ["kindling", "polars", "pandas", "pyarrow"]
TABLES = ["numbers.csv", "mixed.csv", "numbers.parquet"]
COLUMNS = 28
SEED = 20_260_101


def make(folder, rows):
    """Writes the tables that are not there yet."""
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(SEED)
    numbers = pl.DataFrame({f"x{j}": rng.standard_normal(rows) for j in range(COLUMNS)})
    texts = {
        f"text{levels}": rng.choice([f"level {i}" for i in range(levels)], rows)
        for levels in [4, 100, 10_000]
    }
    mixed = pl.concat([numbers[:, :4], pl.DataFrame(texts)], how="horizontal")
    folder.mkdir(parents=True, exist_ok=True)
    numbers.write_csv(folder / "numbers.csv")
    mixed.write_csv(folder / "mixed.csv")
    numbers.write_parquet(folder / "numbers.parquet", compression="snappy")


def polars_reader(path):
    import polars as pl

    read = pl.read_parquet if path.endswith(".parquet") else pl.read_csv

    def columns():
        return read(path)

    def matrix(frame):
        codes = pl.col(pl.String).cast(pl.Categorical).to_physical()
        return frame.with_columns(codes).to_numpy(order="c")

    return pl.__version__, columns, matrix


def pandas_reader(path):
    import numpy as np
    import pandas as pd

    read = pd.read_parquet if path.endswith(".parquet") else pd.read_csv

    def matrix(frame):
        for name in frame.columns:
            if not pd.api.types.is_numeric_dtype(frame[name]):
                frame[name] = frame[name].astype("category").cat.codes
        return np.ascontiguousarray(frame.to_numpy(dtype="float64"))

    return pd.__version__, lambda: read(path), matrix


def pyarrow_reader(path):
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    read = pa.parquet.read_table if path.endswith(".parquet") else pa.csv.read_csv

    def matrix(table):
        out = np.empty((table.num_rows, table.num_columns))
        for position, column in enumerate(table.columns):
            if not pa.types.is_floating(column.type) and not pa.types.is_integer(column.type):
                column = column.combine_chunks().dictionary_encode().indices
            out[:, position] = column.to_numpy()
        return out

    return pa.__version__, lambda: read(path), matrix


def read(rival, path, repeats):
    """What this process is started for: one library, one file."""
    version, columns, matrix = globals()[f"{rival}_reader"](path)
    tables, seconds = [], []
    for _ in range(repeats):
        start = time.perf_counter()
        table = columns()
        tables.append(time.perf_counter() - start)
        values = matrix(table)
        seconds.append(time.perf_counter() - start)
        shape = values.shape
        del table, values
    return {
        "version": f"{rival} {version}",
        "seconds": seconds,
        "table": tables,
        "rows": shape[0],
        "columns": shape[1],
    }


def run(rival, path, arguments):
    """Starts a library's own process and takes its reply."""
    if rival == "kindling":
        command = [arguments.kindling, path, str(arguments.repeats)]
    else:
        command = [sys.executable, __file__, "--child", rival, path, str(arguments.repeats)]
    environment = {**os.environ, "RAYON_NUM_THREADS": str(arguments.threads),
                   "POLARS_MAX_THREADS": str(arguments.threads),
                   "OMP_NUM_THREADS": str(arguments.threads)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        return {"error": (done.stderr.strip().splitlines() or ["no reply"])[-1]}
    return json.loads(done.stdout.strip().splitlines()[-1])


def main():
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps(read(sys.argv[2], sys.argv[3], int(sys.argv[4]))))
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=ROOT / "target/rivals/reading")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rivals", default=",".join(RIVALS))
    parser.add_argument("--tables", default=",".join(TABLES))
    parser.add_argument("--kindling", default=str(ROOT / "target/release/examples/reading"))
    arguments = parser.parse_args()
    folder = arguments.folder / str(arguments.rows)
    if not all((folder / name).exists() for name in TABLES):
        make(folder, arguments.rows)
    print("| file | library | columns, s | matrix, s | of polars |\n|---|---|---|---|---|")
    for name in arguments.tables.split(","):
        replies = {rival: run(rival, str(folder / name), arguments)
                   for rival in arguments.rivals.split(",")}
        yardstick = replies.get("polars", {}).get("seconds")
        megabytes = (folder / name).stat().st_size / 1e6
        for reply_of, reply in replies.items():
            if "error" in reply:
                print(f"| {name} | {reply_of} | {reply['error']} | | |")
                continue
            best = min(reply["seconds"])
            ratio = f"{best / min(yardstick):.2f}" if yardstick else ""
            print(f"| {name} ({megabytes:.0f} MB) | {reply['version']} | {min(reply['table']):.3f} "
                  f"| {best:.3f} | {ratio} |", flush=True)


main()
