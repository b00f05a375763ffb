#!/usr/bin/env bash
# Make a virtual environment with the tested versions: tools/misc/install.sh [FOLDER]
# Run it again after an interruption. PYTHON=... chooses the interpreter.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
venv=${1:-.venv}
python="$venv/bin/python"
unfinished="$venv/.unfinished"
log="$venv/install.log"
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_PROGRESS_BAR=off

usable() { # prints nothing; true for a Python 3.10 to 3.12 that runs and can make environments
    "$1" -c 'import ensurepip, sys, venv
sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' >/dev/null 2>&1
}

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3.11 python3.12 python3.10 python3}; do
        if usable "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    echo "error: found no usable Python 3.10, 3.11 or 3.12 (tried: ${PYTHON:-python3.11" \
        "python3.12 python3.10 python3}); install one with its venv module, or name one:" \
        "make install PYTHON=/path/to/python3.11" >&2
    exit 1
}

make_venv() {
    if [ ! -e "$unfinished" ] && usable "$python" && "$python" -m pip --version >/dev/null 2>&1
    then
        return
    fi
    local base
    base=$(find_python)
    echo "[1/3] new environment $venv with $("$base" --version)"
    rm -rf "$venv"
    "$base" -m venv "$venv"
}

pip_install() { # shows what pip is at, one short line a package; all it says: install.log
    touch "$unfinished"
    local status=0
    "$python" -m pip install "$@" 2>&1 | tee -a "$log" | while IFS= read -r line; do
        case $line in
            *Downloading\ *) line=${line##*Downloading }; echo "      get ${line##*/}" ;;
            *Using\ cached\ *) line=${line##*Using cached }; echo "      use ${line##*/}" ;;
            Building\ wheels*|Installing\ collected*) echo "      ${line%%:*}" ;;
        esac
    done || status=$?
    rm -f "$unfinished"
    if [ $status -ne 0 ]; then
        echo "error: pip failed; the whole story is in $log, its end:" >&2
        grep -v '^WARNING' "$log" | tail -n 8 >&2
        exit $status
    fi
}

make_venv
: > "$log"
echo "[2/3] packages of requirements/*.txt (a fresh environment takes some minutes)"
pip_install -c requirements/constraints.txt -e '.[all]'

echo "[3/3] check"
if ! message=$("$python" -c 'import cv2' 2>&1); then
    case $message in
        *"cannot open shared object file"*)
            version=$("$python" -m pip list --format=freeze | sed -n 's/^opencv-python==//p')
            echo "      this machine has no graphics library; taking OpenCV without windows"
            "$python" -m pip uninstall -q -y opencv-python opencv-python-headless
            pip_install --force-reinstall --no-deps "opencv-python-headless==$version"
            "$python" -c 'import cv2' ;;
        *)
            echo "$message" >&2
            exit 1 ;;
    esac
fi
echo "ready: $python"
