"""CSV for the pandas peers: pyarrow's own reader, all cells as text, is the fastest that takes line breaks in fields, and its writer too."""
import pandas as pd, pyarrow as pa, pyarrow.compute as pc, pyarrow.csv as csv


def _options(path, block):
    with open(path, encoding="utf-8") as file:
        header = file.readline().rstrip("\r\n").split(",")
    return {"read_options": csv.ReadOptions(block_size=block), "parse_options": csv.ParseOptions(newlines_in_values=True),
            "convert_options": csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string()), null_values=[""],
                                                  strings_can_be_null=True, quoted_strings_can_be_null=True)}


def text(kind):
    """pandas' own text type, over Arrow."""
    return pd.StringDtype("pyarrow", na_value=float("nan")) if kind == pa.string() else None


def read(path):
    """The whole file."""
    return csv.read_csv(path, **_options(path, 8 << 20)).to_pandas(types_mapper=text, self_destruct=True)


def pieces(path):
    """64 MB at a time, rows numbered on."""
    row = 0
    for batch in csv.open_csv(path, **_options(path, 64 << 20)):
        frame = batch.to_pandas(types_mapper=text)
        frame.index = range(row, row + len(frame))
        row += len(frame)
        yield frame


def write(frame, path):
    """Without the index; moments as ISO 8601 in milliseconds, a few times faster than pandas' own writer."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            moments = pc.strftime(table[place].cast(pa.timestamp("ms"), safe=False), "%Y-%m-%dT%H:%M:%SZ")
            table = table.set_column(place, field.name, moments)
    csv.write_csv(table, path, csv.WriteOptions(quoting_style="needed"))
