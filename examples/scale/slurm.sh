#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# One audit as a Slurm job array: each task audits its share of the inputs, the merge follows when all are done.
#
#   INPUT=/data/clips MODEL=/data/model.onnx OUT=/data/audit sbatch --array=1-8 examples/scale/slurm.sh
#   INPUT=... (as above) sbatch --dependency=afterok:JOBID --wrap \
#     "steerlens audit merge $OUT/shard-* -o $OUT/report"
#
# A task that is requeued goes on where it was; `scontrol requeue JOBID_3` runs share 3 alone again.
#SBATCH --job-name=steerlens-audit
#SBATCH --cpus-per-task=4
#SBATCH --mem=4G
#SBATCH --time=04:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
set -eu
: "${INPUT:?folder to audit}" "${MODEL:?classifier}" "${OUT:?folder for the results}"

# Exit status 3 says that some inputs could not be read: the shard is whole, and the merge lists them.
steerlens audit "$INPUT" -m "$MODEL" -o "$OUT/shard-$SLURM_ARRAY_TASK_ID" \
  --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" --jobs "$SLURM_CPUS_PER_TASK" --resume ${FLAGS:-} ||
  [ $? -eq 3 ]
