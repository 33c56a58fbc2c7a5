"""Reading labelled folders: names, labels.csv, duplicates, splits."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from edge.errors import BadInput
from training.data.dataset import Dataset, parse_age, read_dataset, split_of


def put(folder: Path, name: str, content: str | None = None) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if content is not None else name, encoding="utf-8")


def only(dataset: Dataset):
    (sample,) = dataset.samples
    return sample


@pytest.mark.parametrize(
    ("name", "age", "gender", "ethnicity"),
    [
        pytest.param("34_1_2_20170112213500903.jpg", (34, 34), 1, "asian", id="cropped set"),
        pytest.param("34_0_0_20170112213500903.jpg.chip.jpg", (34, 34), 0, "white", id="aligned set"),
        pytest.param("1_0_4_20161219200338012.png", (1, 1), 0, "other", id="one-digit age, png"),
        pytest.param("39_1_20170116174525125.jpg.chip.jpg", (39, 39), 1, None, id="no ethnicity"),
        pytest.param("24_0_1_20170116220224657 .jpg.chip.jpg", (24, 24), 0, "black", id="space before the dot"),
        pytest.param("55_0_3_20170116232725357jpg.chip.jpg", (55, 55), 0, "indian", id="dot missing"),
        pytest.param("34_1_2_20170112213500903..jpg", (34, 34), 1, "asian", id="two dots"),
        pytest.param("116_1_0_20170112213001988.jpg", (100, 100), 1, "white", id="older than the scale"),
        pytest.param("PART1/34_1_2_20170112213500903.JPG", (34, 34), 1, "asian", id="in a sub-folder, upper case"),
    ],
)
def test_labels_are_read_from_utkface_names(tmp_path, name, age, gender, ethnicity):
    put(tmp_path, name)
    sample = only(read_dataset(tmp_path))
    assert (sample.age, sample.gender, sample.ethnicity) == (age, gender, ethnicity)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("holiday.jpg", id="no labels"),
        pytest.param("61_3_20150109150557335.jpg", id="no such gender"),
        pytest.param("34_1_7_20170112213500903.jpg", id="no such ethnicity"),
        pytest.param("121_1_0_20170112213500903.jpg", id="no such age"),
        pytest.param("_1_0_20170112213500903.jpg", id="no age"),
        pytest.param("53__0_20170116184028385.jpg", id="gender blank"),
    ],
)
def test_a_name_without_labels_is_left_out_and_named(tmp_path, name):
    put(tmp_path, "34_1_2_20170112213500903.jpg")
    put(tmp_path, name)
    dataset = read_dataset(tmp_path)
    assert only(dataset).age == (34, 34)
    assert dataset.dropped == {"malformed name or label": [name]}
    assert name in dataset.describe()


def test_other_files_do_not_count_as_malformed_images(tmp_path):
    put(tmp_path, "34_1_2_20170112213500903.jpg")
    put(tmp_path, "README.txt")
    put(tmp_path, ".DS_Store")
    put(tmp_path, "__MACOSX/._34_1_2_20170112213500903.jpg")
    assert read_dataset(tmp_path).dropped == {}


@pytest.mark.parametrize(
    ("malformed", "accepted"), [pytest.param(3, True, id="one per cent"), pytest.param(4, False, id="more")]
)
def test_more_than_one_per_cent_of_malformed_names_is_refused(tmp_path, malformed, accepted):
    for index in range(300 - malformed):
        put(tmp_path, f"34_1_2_{20170112213500000 + index}.jpg")
    for index in range(malformed):
        put(tmp_path, f"holiday-{index}.jpg")
    if accepted:
        assert len(read_dataset(tmp_path).dropped["malformed name or label"]) == malformed
    else:
        with pytest.raises(BadInput, match=r"4 malformed entries, more than 1 %: holiday-0\.jpg, holiday-1\.jpg"):
            read_dataset(tmp_path)


LABELS = """file,age,gender,ethnicity
a.jpg,34,female,white
b.jpg, 20-29 ,Male,
c.jpg,70+,,
d.jpg,,1,black
e.jpg,105,M,
"""


def test_labels_csv_may_have_ages_ranges_and_blanks(tmp_path):
    for name in "abcde":
        put(tmp_path, f"{name}.jpg")
    # With the mark that spreadsheet programs put in front.
    (tmp_path / "labels.csv").write_text(LABELS, encoding="utf-8-sig")
    dataset = read_dataset(tmp_path)
    read = {sample.path.name: (sample.age, sample.gender, sample.ethnicity) for sample in dataset.samples}
    assert read == {
        "a.jpg": ((34, 34), 1, "white"),
        "b.jpg": ((20, 29), 0, None),
        "c.jpg": ((70, 100), None, None),
        "d.jpg": (None, 1, "black"),
        "e.jpg": ((100, 100), 0, None),
    }
    assert [sample.age_years for sample in dataset.samples] == [34, 24.5, 85, None, 100]
    assert dataset.layout == "labels.csv"


FAIRFACE = """file,age,gender,race,service_test
train/1.jpg,50-59,Male,East Asian,True
train/2.jpg,3-9,Female,Latino_Hispanic,False
train/3.jpg,more than 70,Female,Middle Eastern,True
val/1.jpg,0-2,Male,Black,False
val/2.jpg,More than 70,Male,Southeast Asian,False
"""


def test_fairfaces_own_columns_and_age_groups_are_read(tmp_path):
    for line in FAIRFACE.splitlines()[1:]:
        put(tmp_path, line.partition(",")[0])
    (tmp_path / "labels.csv").write_text(FAIRFACE, encoding="utf-8")
    dataset = read_dataset(tmp_path)
    assert [(sample.age, sample.gender, sample.ethnicity) for sample in dataset.samples] == [
        ((50, 59), 0, "East Asian"),
        ((3, 9), 1, "Latino_Hispanic"),
        ((70, 100), 1, "Middle Eastern"),
        ((0, 2), 0, "Black"),
        ((70, 100), 0, "Southeast Asian"),
    ]
    assert dataset.dropped == {}


def test_labels_csv_takes_precedence_over_file_names(tmp_path):
    put(tmp_path, "34_1_2_20170112213500903.jpg")
    put(tmp_path, "labels.csv", "file,age,gender\n34_1_2_20170112213500903.jpg,50,male\n")
    assert (only(read_dataset(tmp_path)).age, only(read_dataset(tmp_path)).gender) == ((50, 50), 0)


@pytest.mark.parametrize(
    "row",
    [
        pytest.param("gone.jpg,34,female", id="no such file"),
        pytest.param("x.jpg,young,female", id="age in words"),
        pytest.param("x.jpg,29-20,female", id="range the wrong way round"),
        pytest.param("x.jpg,340,female", id="impossible age"),
        pytest.param("x.jpg,more than 20-29,female", id="more than a range"),
        pytest.param("x.jpg,20-29+,female", id="an open range with an end"),
        pytest.param("x.jpg,34,2", id="unknown gender"),
        pytest.param(",34,female", id="no file"),
    ],
)
def test_a_bad_row_of_labels_csv_is_left_out_and_named(tmp_path, row):
    put(tmp_path, "good.jpg")
    put(tmp_path, "x.jpg")
    put(tmp_path, "labels.csv", f"file,age,gender\ngood.jpg,34,female\n{row}\n")
    dataset = read_dataset(tmp_path)
    assert only(dataset).path.name == "good.jpg"
    assert dataset.dropped == {"malformed name or label": [row.partition(",")[0] or "line 3"]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"file,years,sex\na.jpg,34,f\n", "missing column age, gender", id="columns"),
        pytest.param(b"", "missing column age, file, gender", id="empty"),
        pytest.param("file,age,gender\né.jpg,34,f\n".encode("latin-1"), "not a CSV file in UTF-8", id="encoding"),
        pytest.param(b"file,age,gender\n", "no labelled image", id="no rows"),
    ],
)
def test_a_useless_labels_csv_is_refused(tmp_path, content, message):
    (tmp_path / "labels.csv").write_bytes(content)
    with pytest.raises(BadInput, match=message):
        read_dataset(tmp_path)


def test_a_missing_or_empty_folder_is_refused(tmp_path):
    with pytest.raises(BadInput, match="no such folder"):
        read_dataset(tmp_path / "nowhere")
    with pytest.raises(BadInput, match="no labelled image"):
        read_dataset(tmp_path)


@pytest.mark.parametrize(
    ("text", "age"),
    [
        pytest.param("", None, id="blank"),
        pytest.param("  ", None, id="spaces"),
        pytest.param("0", (0, 0), id="newborn"),
        pytest.param(" 3 - 9 ", (3, 9), id="spaces in a range"),
        pytest.param("70+", (70, 100), id="open"),
        pytest.param("110+", (100, 100), id="open, beyond the scale"),
        pytest.param("90-110", (90, 100), id="cut at the scale's end"),
        pytest.param("more than 70", (70, 100), id="open, in FairFace's words"),
    ],
)
def test_ages_are_read(text, age):
    assert parse_age(text) == age


def test_of_copies_with_the_same_labels_one_is_kept(tmp_path):
    put(tmp_path, "34_1_2_20170112213500903.jpg", "same picture")
    put(tmp_path, "34_1_2_20170113000000000.jpg", "same picture")
    dataset = read_dataset(tmp_path)
    assert only(dataset).path.name == "34_1_2_20170112213500903.jpg"
    assert dataset.dropped == {"copies with the same labels": ["34_1_2_20170113000000000.jpg"]}


def test_copies_whose_labels_disagree_are_all_dropped(tmp_path):
    put(tmp_path, "34_1_2_20170112213500903.jpg", "same picture")
    put(tmp_path, "43_1_2_20170112213500903.jpg", "same picture")
    put(tmp_path, "20_0_0_20170112213500903.jpg", "another")
    dataset = read_dataset(tmp_path)
    assert only(dataset).age == (20, 20)
    assert dataset.dropped == {
        "copies whose labels disagree": ["34_1_2_20170112213500903.jpg", "43_1_2_20170112213500903.jpg"]
    }


def test_what_was_dropped_is_counted_and_named_in_the_log(tmp_path):
    put(tmp_path, "34_1_2_20170112213500903.jpg", "same picture")
    for index in range(7):
        put(tmp_path, f"34_1_2_2017011300000000{index}.jpg", "same picture")
    put(tmp_path, "holiday.jpg")
    lines = read_dataset(tmp_path).describe().splitlines()
    assert lines[0].startswith("1 samples: train ")
    assert lines[1].startswith("dropped 7 (copies with the same labels): 34_1_2_20170113000000000.jpg, ")
    assert lines[1].endswith("34_1_2_20170113000000004.jpg, …")
    assert lines[2:] == ["dropped 1 (malformed name or label): holiday.jpg"]


def test_the_split_depends_only_on_the_content(tmp_path):
    for folder, rename in (("first", "20_0_0_{}.jpg"), ("second/deep", "20_0_0_9{}.jpg")):
        for index in range(80):
            put(tmp_path / folder, rename.format(20170112213500000 + index), f"picture {index}")
    first, second = read_dataset(tmp_path / "first"), read_dataset(tmp_path / "second")
    assert {s.sha256: s.split for s in first.samples} == {s.sha256: s.split for s in second.samples}
    assert first.sha256 == second.sha256
    assert {sample.split for sample in first.samples} == {"train", "validation", "test"}


def test_the_splits_have_eighty_ten_and_ten_per_cent():
    counts = Counter(split_of(f"{value:015x}" + "0" * 49) for value in range(1000))
    assert counts == {"train": 800, "validation": 100, "test": 100}


@pytest.mark.parametrize(
    ("bucket", "split"),
    [(0, "train"), (79, "train"), (80, "validation"), (89, "validation"), (90, "test"), (99, "test")],
)
def test_the_split_boundaries_never_move(bucket, split):
    """Moving one would put test pictures of a shipped model into training."""
    assert split_of(f"{bucket:015x}" + "f" * 49) == split
