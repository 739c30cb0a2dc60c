"""Writes src/core/digit-values.ts: characters beyond ASCII that are worth a whole number from 0 to 9, but for decimal
digits, which a regular expression knows.

Run: python test/golden/digit-values.py (Python's own tables; their version of Unicode stands in the file).
"""

import textwrap
import unicodedata
from pathlib import Path

runs = []
for code in range(0x80, 0x110000):
    character = chr(code)
    value = unicodedata.numeric(character, -1)
    if value not in range(10) or unicodedata.decimal(character, None) is not None:
        continue
    if runs and code == runs[-1][0] + runs[-1][2] and value == runs[-1][1] + runs[-1][2]:
        runs[-1][2] += 1
    else:
        runs.append([code, int(value), 1])
words = " ".join(f"{code:x}:{value}" + (f"-{value + count - 1}" if count > 1 else "") for code, value, count in runs)
table = textwrap.fill(words, 118, initial_indent="  ", subsequent_indent="  ")
Path(__file__).parents[2].joinpath("src/core/digit-values.ts").write_text(f"""\
// Written by test/golden/digit-values.py from Unicode {unicodedata.unidata_version}: a character's code, and the values of it and those behind it.
const runs = `
{table}
`

/** By code: what a character beyond ASCII is worth that counts from 0 to 9 and is not a decimal digit, as Ethiopic, circled and Chinese ones. */
export const digitValues: ReadonlyMap<number, number> = new Map(runs.trim().split(/\\s+/).flatMap(valuesOf))

function valuesOf(run: string): [number, number][] {{
  const [code, values] = run.split(':')
  const [first, last = first] = values.split('-').map(Number)
  return Array.from({{ length: last - first + 1 }}, (_, i) => [Number.parseInt(code, 16) + i, first + i])
}}
""")
