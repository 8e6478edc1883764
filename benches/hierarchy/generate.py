#!/usr/bin/env python3
"""Accounts with the hierarchies that are hardest to judge, as CSV: `generate.py ROWS FILE`.

Of ROWS rows a fiftieth is one loop, a fifth are chains of 10,000 accounts each, shuffled so that no parent stands near its
child, and the rest are trees: each account hangs under a random earlier one. What must come of it is known: every row of the
loop is rejected, all others are written.
"""

import sys

import numpy as np
import polars as pl

CHAIN = 10_000
CHUNK = 4_000_000


def parents(rows: int) -> np.ndarray:
    """The parent of each account by number, -1 for none."""
    draw = np.random.default_rng(7)
    loop, chained = rows // 50, rows // 5 // CHAIN * CHAIN
    parent = np.full(rows, -1, dtype=np.int64)
    # One loop.
    parent[:loop] = (np.arange(loop) + 1) % loop
    # Chains: the first of each has no parent.
    order = loop + draw.permutation(chained)
    links = order.reshape(-1, CHAIN) if chained else order.reshape(0, CHAIN)
    parent[links[:, 1:].ravel()] = links[:, :-1].ravel()
    # Trees; every hundredth account is the root of one.
    first = loop + chained
    numbers = np.arange(first, rows)
    hangs = numbers % 100 != 0
    under = first + (draw.random(rows - first) * (numbers - first)).astype(np.int64)
    parent[numbers[hangs & (numbers > first)]] = under[hangs & (numbers > first)]
    return parent


def main() -> None:
    rows, path = int(sys.argv[1]), sys.argv[2]
    parent = parents(rows)
    with open(path, "wb") as out:
        out.write(b"Id,Name,Parent\n")
        for start in range(0, rows, CHUNK):
            end = min(rows, start + CHUNK)
            table = pl.DataFrame({"id": np.arange(start, end), "parent": parent[start:end]})
            table = table.select(
                pl.format("A{}", "id"),
                pl.format("Account {}", "id").alias("name"),
                pl.when(pl.col("parent") >= 0).then(pl.format("A{}", "parent")),
            )
            table.write_csv(out, include_header=False)


if __name__ == "__main__":
    main()
