"""A lab program whose effect cannot be undone: a line in a file, on the disk before the value is printed.

Each effect has a value of its own, so that a result that was guessed, doubled or mixed up is found out. Files beside
it change its temper: `seconds` says how long it works after the effect, `cracks` makes the sample crack.
"""

import json
import os
import sys
import time
from pathlib import Path

request = json.load(sys.stdin)
value = int.from_bytes(os.urandom(4), "little")
line = f"{request['trial']} {request['attempt']} {value}\n"
descriptor = os.open("effects", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
os.write(descriptor, line.encode())
os.fsync(descriptor)
time.sleep(float(Path("seconds").read_text()))
print(json.dumps({"failed": f"cracked {value}"} if Path("cracks").exists() else {"y": value}))
