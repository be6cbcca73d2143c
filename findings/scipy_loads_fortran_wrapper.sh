#!/usr/bin/env bash
# Importing almost any part of SciPy loads NumPy's Fortran wrapper, its test helpers and unittest.
#
# Versions: scipy 1.17.1, numpy 2.4.6, Python 3.11.
# Input: one import statement in a fresh process; modules of sys.modules are counted before and after.
# Seen (see EXPECTED below): numpy and scipy themselves leave numpy.f2py, numpy.testing and unittest alone, since NumPy
# loads them when they are first asked for. scipy.sparse, scipy.special and scipy.linalg have all three: SciPy's copy of
# array_api_compat copies every public name of numpy into a module of its own, and asking for each is the first asking.
# They take 0.07 of the 0.26 s of processor time of `import scipy.sparse`.
# One guesses that importing a sparse matrix has nothing to do with Fortran, and that a lazy submodule stays lazy.
# What keeps it lazy: three NumPy arrays in place of a csr_array where few rows are asked for. Names put into
# sys.modules beforehand would do, too, but hide the modules from everybody else in the process.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet scipy==1.17.1 numpy==2.4.6
cd "$folder"
cat > look.py <<'PY'
import subprocess
import sys

LAZY = ("numpy.f2py", "numpy.testing", "unittest")
for name in ("numpy", "scipy", "scipy.sparse", "scipy.special", "scipy.linalg"):
    code = f"import sys, {name}; print(*[one for one in {LAZY} if one in sys.modules])"
    found = subprocess.run([sys.executable, "-I", "-c", code], check=True, capture_output=True, text=True).stdout
    print(f"{name}: {found.strip() or '-'}")
PY
"$folder/env/bin/python" look.py > seen
cat > EXPECTED <<'SEEN'
numpy: -
scipy: -
scipy.sparse: numpy.f2py numpy.testing unittest
scipy.special: numpy.f2py numpy.testing unittest
scipy.linalg: numpy.f2py numpy.testing unittest
SEEN
diff EXPECTED seen && echo "as described"
