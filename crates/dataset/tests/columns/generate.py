"""Writes one table in every format and compression that programs write it in.

Made with Python 3.11, pyarrow 26.0.1 and polars 2.1.0: `python generate.py` in this folder.
mixed.csv is what the other files must be read as.
"""

import datetime as dt
import decimal
import random

import polars
import pyarrow as pa
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet as pq

ROWS = 60
draw = random.Random(4)
whole = {"i8": 7, "i16": 15, "i32": 31, "i64": 53, "u8": 8, "u16": 16, "u32": 32, "u64": 53}
columns = {}
for name, bits in whole.items():
    low = 0 if name.startswith("u") else -(2**bits)
    kind = getattr(pa, ("u" if name[0] == "u" else "") + "int" + name[1:])()
    columns[name] = pa.array([draw.randint(low, 2**bits - 1) for _ in range(ROWS)], kind)
# Halves, quarters and so on: the same number in every width.
columns["f32"] = pa.array([draw.randint(-999, 999) / 16 for _ in range(ROWS)], pa.float32())
columns["f64"] = pa.array([draw.random() * 10 ** draw.randint(-300, 300) for _ in range(ROWS)])
columns["bool"] = pa.array([draw.random() < 0.5 for _ in range(ROWS)])
columns["text"] = pa.array([draw.choice(["é€", "a,b", 'quo"te', "x y"]) for _ in range(ROWS)])
columns["coded"] = pa.array([draw.choice("abc") for _ in range(ROWS)]).dictionary_encode()
columns["digits"] = pa.array([draw.choice(["007", "8"]) for _ in range(ROWS)])
columns["decimal"] = pa.array(
    [decimal.Decimal(draw.randint(-(10**9), 10**9)).scaleb(-2) for _ in range(ROWS)],
    pa.decimal128(12, 2),
)
columns["long"] = pa.array(
    [decimal.Decimal(draw.randint(-(10**29), 10**29)).scaleb(-25) for _ in range(ROWS)],
    pa.decimal128(38, 25),
)
day = dt.date(1903, 2, 28)
columns["date"] = pa.array([day + dt.timedelta(days=draw.randint(0, 60000)) for _ in range(ROWS)])
instants = [
    dt.datetime(1950, 1, 1) + dt.timedelta(seconds=draw.randint(0, 4 * 10**9)) for _ in range(ROWS)
]
columns["local"] = pa.array(instants, pa.timestamp("us"))
columns["instant"] = pa.array(instants, pa.timestamp("ms", "UTC"))
columns["clock"] = pa.array([moment.time() for moment in instants], pa.time64("us"))

# Every column lacks some cells.
for position, (name, array) in enumerate(columns.items()):
    cells = [None if (row + position) % 7 == 0 else cell for row, cell in enumerate(array)]
    cells = [cell if cell is None else cell.as_py() for cell in cells]
    plain = array.type.value_type if name == "coded" else array.type
    made = pa.array(cells, plain)
    columns[name] = made.dictionary_encode() if name == "coded" else made
table = pa.table(columns)


def cell(name, value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None).isoformat() + ("Z" if name == "instant" else "")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    text = f"{value:f}" if isinstance(value, decimal.Decimal) else str(value)
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"') else text


with open("mixed.csv", "w", encoding="utf-8", newline="") as file:
    file.write(",".join(columns) + "\n")
    for row in table.to_pylist():
        file.write(",".join(cell(name, row[name]) for name in columns) + "\n")

for compression in ["none", "snappy", "gzip", "brotli", "zstd", "lz4"]:
    pq.write_table(table, f"{compression}.parquet", compression=compression, row_group_size=25)
pq.write_table(
    table,
    "version2.parquet",
    use_dictionary=False,
    data_page_version="2.0",
    compression="zstd",
    column_encoding={
        **{name: "DELTA_BINARY_PACKED" for name in ["i32", "i64"]},
        **{name: "BYTE_STREAM_SPLIT" for name in ["f32", "f64"]},
        "text": "DELTA_BYTE_ARRAY",
        "digits": "DELTA_LENGTH_BYTE_ARRAY",
    },
)
pq.write_table(table, "spark.parquet", version="1.0", use_deprecated_int96_timestamps=True)
polars.from_arrow(table).write_parquet("polars.parquet", row_group_size=30)
polars.from_arrow(table).write_ipc("polars.arrow", compression="zstd")
pyarrow.feather.write_feather(table, "lz4.arrow", compression="lz4", chunksize=25)
with pa.ipc.new_stream("stream.arrow", table.schema) as stream:
    stream.write_table(table, max_chunksize=25)
