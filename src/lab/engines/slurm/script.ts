/** What a job script does. */
export interface JobScript {
  /** File with one folder a line. */
  readonly list: string
  /** The command that does a unit, without its folder and threads. */
  readonly command: readonly string[]
  /** How it was submitted, for readers. */
  readonly submitted: readonly string[]
}

/**
 * The script of a job array: each task does the unit on its line of the list.
 *
 * Slurm sends USR2 before the time limit: the unit stops, and where it has done at least one more epoch the task queues
 * itself again under the same id, so that tasks that depend on it go on waiting.
 */
export const jobScript = ({ list, command, submitted }: JobScript): string => `#!/bin/bash
# Submitted by: ${submitted.map(quoted).join(' ').replaceAll('\n', ' ')}
folder=$(sed -n "\${SLURM_ARRAY_TASK_ID}p" ${quoted(list)})
newest() { ls "$folder/checkpoints" 2>/dev/null | tail -n 1; }
before=$(newest)

${command.map(quoted).join(' ')} "$folder" --threads "$SLURM_CPUS_PER_TASK" &
unit=$!
limit=
trap 'kill -TERM $unit 2>/dev/null' TERM
trap 'limit=1; kill -TERM $unit 2>/dev/null' USR2
# A signal ends the waiting, not the unit.
code=0
while wait $unit; code=$?; kill -0 $unit 2>/dev/null; do :; done

if [ -n "$limit" ] && [ $code -ne 0 ]; then
  if [ "$(newest)" != "$before" ]; then
    echo "The time limit is near: this run goes on when its job is started again."
    # Not by SLURM_JOB_ID: that of one task is also the id of the whole array.
    scontrol requeue "\${SLURM_ARRAY_JOB_ID}_\${SLURM_ARRAY_TASK_ID}" && exit
  else
    echo "The time limit came before one more epoch was done: give more with --time."
  fi
elif [ $code -gt 128 ]; then
  echo "The run was ended by signal $((code - 128))."
fi
exit $code
`

/** A word as the shell reads it back, whatever is in it. */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
