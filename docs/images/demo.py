"""Draw docs/images/demo.svg from what ``posture demo`` really prints: ``make picture``."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

_WIDTH = 124
_PICTURE = Path(__file__).with_name("demo.svg")


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-m", "posture", "demo", "--directory", "posture-demo"]
        colours = {"FORCE_COLOR": "1", "COLUMNS": str(_WIDTH), "TERM": "xterm-256color"}
        source = {"PYTHONPATH": str(Path(__file__).parents[2])}
        printed = subprocess.run(
            command, cwd=place, env=os.environ | colours | source, check=True, capture_output=True, text=True
        ).stdout
    console = Console(record=True, width=_WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text("$ make demo", style="bold"))
    console.print(Text.from_ansi(printed))
    drawing = console.export_svg(title="posture", unique_id="posture")
    # The web font that rich names would be fetched by whoever looks at the picture.
    _PICTURE.write_text(re.sub(r"@font-face \{.*?\}", "", drawing, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()
