#!/usr/bin/env bash
# Train on a SLURM cluster: tools/slurm_train.sh PARTITION JOB_NAME CONFIG [arguments of tools/train.py]
# GPUS (8), GPUS_PER_NODE (8), CPUS_PER_TASK (5) and SRUN_ARGS come from the environment.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
if [ $# -lt 3 ]; then
    sed -n '2,3s/^# //p' "${BASH_SOURCE[0]}" >&2
    exit 2
fi
partition=$1 name=$2
shift 2
gpus=${GPUS:-8} per_node=${GPUS_PER_NODE:-8}
# shellcheck disable=SC2086  # SRUN_ARGS is a list of arguments
exec srun -p "$partition" --job-name "$name" --gres "gpu:$per_node" --ntasks "$gpus" \
    --ntasks-per-node "$per_node" --cpus-per-task "${CPUS_PER_TASK:-5}" --kill-on-bad-exit 1 \
    ${SRUN_ARGS:-} python -u "$here/train.py" "$@" --launcher slurm
