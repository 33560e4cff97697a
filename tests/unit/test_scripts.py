"""What all scripts of the workflow keep to."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"

# Runs the imports at the top of each script, and says after which one a library that computes is loaded.
CHECK = """
import ast, sys
from pathlib import Path

for file in map(Path, sys.argv[1:]):
    top = [n for n in ast.parse(file.read_text()).body if isinstance(n, (ast.Import, ast.ImportFrom))]
    exec(compile(ast.Module(top, []), file, "exec"), {})
    loaded = sorted({"torch", "numpy", "cv2"} & set(sys.modules))
    sys.exit(f"{file.name} imports {', '.join(loaded)}") if loaded else print(file.name)
"""


def test_the_job_sets_threads_before_anything_that_computes_is_imported():
    """Libraries read the number of their threads when they are imported (``wsss.arithmetic.fix_threads``)."""
    scripts = sorted(SCRIPTS.glob("*.py"))
    path = {"PYTHONPATH": f"{ROOT / 'src'}:{SCRIPTS}"}
    run = subprocess.run([sys.executable, "-c", CHECK, *scripts], env=path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == [s.name for s in scripts]
