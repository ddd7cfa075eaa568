"""From a file to a matrix of floats: Kindling beside Polars, pandas and pyarrow, in one table.

    cargo xtask bench rivals --only reading                (this script, with all that it needs)
    python benches/rivals/reading.py --kindling target/release/examples/reading
    python benches/rivals/reading.py --rows 200000 --repeats 3 --rivals kindling,polars

The tables are made once, in --folder: `numbers` (28 columns of numbers with all their digits), `short`
(the same with six decimals) and `mixed` (numbers, integers, texts of 4, 100 and 10,000 levels, dates,
missing cells), as CSV and as Parquet (Polars' own row groups, snappy). The end of every read is a
row-major matrix of float64: dates as seconds, texts as the codes of their levels, NaN where a cell is
missing; `columns` is the library's own table, before it. Each library runs in a process of its own, and
the fastest of the repeats counts; the first, which has no memory of repeats before it to use again, is
shown beside it.

The last matrix of each library is compared with the numbers that the file was made from
(codes up to their order): `differ` counts the cells that are not exactly the same. Where Kindling's differ, the
exit status is 1. Use a quiet machine.
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
TABLES = ["numbers.csv", "short.csv", "mixed.csv", "numbers.parquet", "mixed.parquet"]
COLUMNS = 28
LEVELS = [4, 100, 10_000]
DATES = ["day", "stamp"]
DAY = 86_400
SEED = 20_260_101


def make(folder, rows):
    """Writes the tables, and beside them the numbers that must come out."""
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(SEED)
    folder.mkdir(parents=True, exist_ok=True)
    numbers = pl.DataFrame({f"x{j}": rng.standard_normal(rows) for j in range(COLUMNS)})
    write(folder, "numbers", numbers, numbers)
    short = numbers.select(pl.all().round(6))
    write(folder, "short", short, short)

    x = [rng.standard_normal(rows) for _ in range(4)]
    gaps = rng.random(rows) < 0.05
    x[3][gaps] = np.nan
    whole = {"count": rng.integers(0, 100, rows), "amount": rng.integers(-(10**9), 10**9, rows)}
    codes = {f"text{levels}": rng.integers(0, levels, rows) for levels in LEVELS}
    codes["text4"][rng.random(rows) < 0.05] = -1
    days = rng.integers(0, 20_000, rows)
    seconds = rng.integers(0, 20_000 * DAY, rows)
    columns = {f"x{j}": pl.Series(values).fill_nan(None) for j, values in enumerate(x)}
    columns |= whole
    columns |= {name: level_names(pl, values) for name, values in codes.items()}
    columns["day"] = pl.Series(days).cast(pl.Int32).cast(pl.Date)
    columns["stamp"] = pl.Series(seconds * 1000).cast(pl.Datetime("ms"))
    truth = {f"x{j}": values for j, values in enumerate(x)} | whole
    truth |= {name: np.where(values < 0, np.nan, values) for name, values in codes.items()}
    truth |= {"day": days * DAY, "stamp": seconds}
    write(folder, "mixed", pl.DataFrame(columns), pl.DataFrame(truth))
    (folder / "made").write_text(made(rows))


def made(rows):
    """What tells that the tables in a folder are those of this script."""
    return f"{rows} rows, seed {SEED}, {' '.join(TABLES)}"


def level_names(pl, codes):
    """The texts of codes; none for -1."""
    names = pl.Series([f"level {code}" for code in range(codes.max() + 1)])
    return names.gather(pl.Series(codes).replace(-1, None))


def write(folder, name, frame, truth):
    import numpy as np
    import polars as pl

    frame.write_csv(folder / f"{name}.csv", datetime_format="%Y-%m-%dT%H:%M:%S")
    frame.write_parquet(folder / f"{name}.parquet", compression="snappy")
    values = truth.select(pl.all().cast(pl.Float64)).to_numpy(order="c")
    np.save(folder / f"{name}.npy", values)


def polars_reader(path):
    import polars as pl

    def columns():
        if path.endswith(".parquet"):
            return pl.read_parquet(path)
        return pl.read_csv(path, try_parse_dates=True)

    def matrix(frame):
        codes = pl.col(pl.String).cast(pl.Categorical).to_physical()
        frame = frame.with_columns(codes, pl.col(pl.Date, pl.Datetime).dt.epoch("s"))
        return frame.to_numpy(order="c").astype("float64", copy=False)

    return pl.__version__, columns, matrix


def pandas_reader(path):
    import numpy as np
    import pandas as pd

    dates = [name for name in DATES if "mixed" in path]

    def columns():
        if path.endswith(".parquet"):
            return pd.read_parquet(path)
        return pd.read_csv(path, parse_dates=dates, date_format="ISO8601")

    def matrix(frame):
        for name in frame.columns:
            if name in dates:
                stamps = pd.to_datetime(frame[name]).astype("datetime64[s]")
                frame[name] = stamps.astype("int64")
            elif not pd.api.types.is_numeric_dtype(frame[name]):
                codes = frame[name].astype("category").cat.codes
                frame[name] = codes.where(codes >= 0)
        return np.ascontiguousarray(frame.to_numpy(dtype="float64"))

    return pd.__version__, columns, matrix


def pyarrow_reader(path):
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    def columns():
        if path.endswith(".parquet"):
            return pa.parquet.read_table(path)
        options = pa.csv.ConvertOptions(strings_can_be_null=True)
        return pa.csv.read_csv(path, convert_options=options)

    def matrix(table):
        out = np.empty((table.num_rows, table.num_columns))
        for position, column in enumerate(table.columns):
            if pa.types.is_date32(column.type):
                column = column.cast(pa.timestamp("s")).cast(pa.int64())
            elif pa.types.is_timestamp(column.type):
                column = column.cast(pa.timestamp("s")).cast(pa.int64())
            elif not pa.types.is_floating(column.type) and not pa.types.is_integer(column.type):
                column = column.combine_chunks().dictionary_encode().indices
            out[:, position] = column.to_numpy(zero_copy_only=False)
        return out

    return pa.__version__, columns, matrix


def read(rival, path, repeats, answer):
    """What this process is started for: one library, one file."""
    version, columns, matrix = globals()[f"{rival}_reader"](path)
    tables, seconds = [], []
    for _ in range(repeats):
        values = None
        start = time.perf_counter()
        table = columns()
        tables.append(time.perf_counter() - start)
        values = matrix(table)
        seconds.append(time.perf_counter() - start)
        del table
    values.tofile(answer)
    return {
        "version": f"{rival} {version}",
        "seconds": seconds,
        "table": tables,
        "rows": values.shape[0],
        "columns": values.shape[1],
    }


def differing(truth_path, answer_path, shape):
    """The cells of an answer that are not exactly those of the truth; codes up to their order."""
    import numpy as np

    truth = np.load(truth_path, mmap_mode="r")
    if tuple(shape) != truth.shape:
        return truth.size
    answer = np.fromfile(answer_path).reshape(truth.shape)
    count = 0
    for position in range(truth.shape[1]):
        mine, other = truth[:, position], answer[:, position]
        if "mixed" in truth_path.name and 6 <= position < 6 + len(LEVELS):
            other = relabelled(mine, other)
        same = (mine == other) | (np.isnan(mine) & np.isnan(other))
        count += int(np.count_nonzero(~same))
    return count


def relabelled(truth, codes):
    """Codes as those of the truth, if one code stands for each level."""
    import numpy as np

    missing = np.isnan(codes)
    _, first, inverse = np.unique(codes[~missing], return_index=True, return_inverse=True)
    out = np.full(len(codes), np.nan)
    out[~missing] = truth[~missing][first][inverse]
    # Two codes of one level would pass otherwise.
    return out if len(np.unique(out[~missing])) == len(first) else np.full(len(codes), -1.0)


def run(rival, path, arguments):
    """Starts a library's own process, takes its reply and judges its answer."""
    answer = path.parent / "answer.f64"
    if rival == "kindling":
        command = [arguments.kindling, path, str(arguments.repeats), answer]
    else:
        command = [sys.executable, "-B", __file__, "--child", rival, path,
                   str(arguments.repeats), answer]
    environment = {**os.environ, "RAYON_NUM_THREADS": str(arguments.threads),
                   "POLARS_MAX_THREADS": str(arguments.threads),
                   "OMP_NUM_THREADS": str(arguments.threads)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        return {"error": (done.stderr.strip().splitlines() or ["no reply"])[-1]}
    reply = json.loads(done.stdout.strip().splitlines()[-1])
    shape = reply["rows"], reply["columns"]
    reply["differ"] = differing(path.with_suffix(".npy"), answer, shape)
    answer.unlink()
    return reply


def lines(name, megabytes, replies):
    """The rows of the table for one file."""
    polars = replies.get("polars", {})

    def of(seconds, key):
        return f"{seconds / min(polars[key]):.2f}" if key in polars else ""

    for rival, reply in replies.items():
        if "error" in reply:
            yield f"| {name} | {rival} | | | | | | {reply['error'][:80]} |"
            continue
        table, best = min(reply["table"]), min(reply["seconds"])
        library = reply["version"].replace("kindling", "Kindling")
        yield (f"| {name} ({megabytes:.0f} MB) | {library} | {table:.3f} | {best:.3f} "
               f"| {reply['seconds'][0]:.3f} | {of(best, 'seconds')} | {of(best, 'table')} | {reply['differ']:,} |")


def main():
    if sys.argv[1:2] == ["--child"]:
        rival, path, repeats, answer = sys.argv[2:]
        print(json.dumps(read(rival, path, int(repeats), answer)))
        return 0
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=ROOT / "target/rivals/reading")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rivals", default=",".join(RIVALS))
    parser.add_argument("--tables", default=",".join(TABLES))
    parser.add_argument("--kindling", default=str(ROOT / "target/release/examples/reading"))
    parser.add_argument("--json", type=Path, help="where all times go, unrounded")
    arguments = parser.parse_args()
    folder = arguments.folder / str(arguments.rows)
    marker = folder / "made"
    if not marker.exists() or marker.read_text() != made(arguments.rows):
        make(folder, arguments.rows)
    print("| file | library | columns, s | matrix, s | first, s | of Polars' matrix | of Polars' columns "
          "| cells that differ |\n|---|---|--:|--:|--:|--:|--:|--:|", flush=True)
    everything = {}
    for name in arguments.tables.split(","):
        path = folder / name
        replies = {rival: run(rival, path, arguments) for rival in arguments.rivals.split(",")}
        everything[name] = replies
        for line in lines(name, path.stat().st_size / 1e6, replies):
            print(line, flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(everything, indent=1))
    own = [replies["kindling"] for replies in everything.values() if "kindling" in replies]
    return int(any("error" in reply or reply["differ"] for reply in own))


if __name__ == "__main__":
    sys.exit(main())
