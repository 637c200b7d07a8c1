"""Writes width.txt: the assigned characters that are East Asian wide or fullwidth (UAX #11).

One range a line, in hexadecimal, merged across unassigned characters; from Python's unicodedata.
The last line gives the version of Unicode. `--swift` prints the ranges as Swift instead.

    python make_width.py
"""

import pathlib
import sys
import unicodedata

ranges = []
last_assigned_is_wide = False
for code in range(0x110000):
    character = chr(code)
    if unicodedata.category(character) in ("Cn", "Co", "Cs"):
        continue
    wide = unicodedata.east_asian_width(character) in "WF"
    if wide and last_assigned_is_wide:
        ranges[-1][1] = code
    elif wide:
        ranges.append([code, code])
    last_assigned_is_wide = wide

if "--swift" in sys.argv:
    print("".join(f"  0x{a:04X}...0x{b:04X},\n" for a, b in ranges))
else:
    text = "".join(f"{a:04X} {b:04X}\n" for a, b in ranges)
    path = pathlib.Path(__file__).with_name("width.txt")
    path.write_text(text + f"# Unicode {unicodedata.unidata_version}\n")
