#!/usr/bin/env bash
# Run a tool on a Ray cluster of SLURM nodes: sbatch -N 4 --gres gpu:8 tools/slurm_ray.sh TOOL.py [arguments]
# One Ray node a SLURM node; the tool runs on the first, with --engine ray --address added.
# PYTHON (python), RAY_PORT (6379) and SRUN_ARGS come from the environment.
#SBATCH --job-name=s2d-ray
#SBATCH --ntasks-per-node=1
#SBATCH --exclusive
set -euo pipefail
if [ $# -lt 1 ]; then
    sed -n '2,4s/^# //p' "${BASH_SOURCE[0]}" >&2
    exit 2
fi
if [ -z "${SLURM_JOB_NODELIST:-}" ]; then
    echo "error: expected to run in a SLURM job, found no SLURM_JOB_NODELIST; start it with sbatch" >&2
    exit 2
fi
python=${PYTHON:-python} port=${RAY_PORT:-6379}
mapfile -t nodes < <(scontrol show hostnames "$SLURM_JOB_NODELIST")
head=${nodes[0]}
head_address=$head:$port
gpus=${SLURM_GPUS_ON_NODE:-0} cpus=${SLURM_CPUS_ON_NODE:-$(nproc)}

start_node() { # the options of ray start; the node lives as long as this command
    # shellcheck disable=SC2086  # SRUN_ARGS is a list of arguments
    srun --nodes 1 --ntasks 1 --nodelist "$1" --overlap ${SRUN_ARGS:-} \
        "$python" -m ray.scripts.scripts start "${@:2}" --num-cpus "$cpus" --num-gpus "$gpus" \
        --disable-usage-stats --block &
}

trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
start_node "$head" --head --port "$port"
for node in "${nodes[@]:1}"; do
    sleep "${RAY_START_SECONDS:-10}"
    start_node "$node" --address "$head_address"
done
for _ in $(seq 60); do # until all nodes have joined
    joined=$("$python" - "$head_address" 2>/dev/null <<'EOF' || true
import sys, ray
ray.init(address=sys.argv[1], log_to_driver=False)
print(sum(node['Alive'] for node in ray.nodes()))
EOF
    )
    [ "${joined:-0}" -ge "${#nodes[@]}" ] && break
    sleep 2
done
# shellcheck disable=SC2086
srun --nodes 1 --ntasks 1 --nodelist "$head" --overlap ${SRUN_ARGS:-} \
    "$python" -u "$@" --engine ray --address "$head_address"
