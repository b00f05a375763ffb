#!/usr/bin/env bash
# A second environment on top of the first: the torchvision that the first has none of, with the
# torch that fits it, and timm. tools/misc/torchvision.sh [--room] [FOLDER] [FIRST]
# --room only says, in a line, whether this machine has the disk for it, and ends with 1 if not.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
room=
if [ "${1:-}" = --room ]; then
    room=yes
    shift
fi
venv=${1:-.venv-torchvision}
first=${2:-.venv}
python="$venv/bin/python"
needed=${S2D_TORCHVISION_GB:-11} # 5.5 GB, and as much while pip is at it

free=$(df -Pk "$(dirname "$venv")" | awk 'NR == 2 { print int($4 / 1048576) }')
if [ ! -e "$venv/.installed" ] && [ "$free" -lt "$needed" ]; then
    echo "torchvision is not tried: its environment takes $needed GB, and $free GB are free"
    exit 1
fi
if [ -n "$room" ]; then
    exit 0
fi

rm -rf "$venv"
"$first/bin/python" -m venv "$venv"
packages() { # of an environment: the folder that imports come from
    "$1" -c 'import sysconfig; print(sysconfig.get_path("purelib"))'
}
# all of the first environment, its start-up files too, behind what is installed here
echo "import site; site.addsitedir('$(packages "$first/bin/python")')" \
    > "$(packages "$python")/first_environment.pth"
grep -v -E '^torch==' requirements/constraints.txt > "$venv/constraints.txt"
mkdir "$venv/tmp"
echo "torchvision, and the torch that fits it, in $venv (some minutes)"
TMPDIR="$(cd "$venv/tmp" && pwd)" "$python" -m pip install -q --disable-pip-version-check --no-cache-dir \
    -c "$venv/constraints.txt" -r requirements/torchvision.txt
rm -rf "$venv/tmp"
"$python" -c 'import torch, torchvision
torchvision.ops.nms(torch.zeros(1, 4), torch.zeros(1), 0.5)
print("ready:", torch.__version__, torchvision.__version__)'
touch "$venv/.installed"
