#!/usr/bin/env bash
# Run the command that the inputs name, and leave with its exit code. What it did is in the log, in the summary of the
# step and, for comment.sh, in a folder that is an output of the step.
#
# INPUT_...  the inputs in action.yml
set -euo pipefail

fail() {
  echo "::error::assetsync: $1"
  echo "exit_code=64" >>"$GITHUB_OUTPUT"
  exit 64
}

# Of a text that anybody may have written: fit for a line of Markdown or of outputs, and for a comment in HTML.
plain() {
  printf '%s' "$1" | LC_ALL=C tr -c 'A-Za-z0-9._:/-' '-' | cut -c 1-100
}

event() {
  jq -r "$1" "$GITHUB_EVENT_PATH"
}

command=$INPUT_COMMAND
environment=$INPUT_ENVIRONMENT
number=$(event '.pull_request.number // empty | numbers') || fail "GITHUB_EVENT_PATH names no event that can be read"
read -r -d '' -a more <<<"$INPUT_ARGUMENTS" || true

if [[ $command == preview ]]; then
  [[ -n $environment || -n $number ]] || fail "a preview needs a pull request, or the input environment"
  environment=${environment:-pr-$number}
  # Issues and others are closed too. What apply takes (--allow-deletes=41, --no-retain), destroy does not know.
  if [[ -n $number && $(event '.action // empty') == closed ]]; then command=destroy more=(); fi
fi

case $command in
  plan) set -- plan ${INPUT_PLAN_FILE:+"--out=$INPUT_PLAN_FILE"} ;;
  apply) set -- apply --yes ;;
  preview) set -- apply --yes --create-environment "--ttl=$INPUT_TTL" ;;
  destroy) set -- destroy --yes ;;
  expire) set -- previews --expire --yes ;;
  *) fail "the input command is none of plan, apply, preview, destroy, expire" ;;
esac
set -- "$@" ${INPUT_MANIFEST:+"--manifest=$INPUT_MANIFEST"}
if [[ $command != expire ]]; then set -- "$@" ${environment:+"--environment=$environment"}; fi
set -- "$@" ${more[@]+"${more[@]}"}
if [[ $command == apply ]]; then set -- "$@" ${INPUT_PLAN_FILE:+-- "$INPUT_PLAN_FILE"}; fi

place=${INPUT_WORKING_DIRECTORY:-.}
[[ -d $place ]] || fail "the input working-directory is no folder"
cd -- "$place"
manifest=${INPUT_MANIFEST:-${ASSETSYNC_MANIFEST:-assetsync.yaml}}
if [[ $place != . ]]; then manifest=$place/$manifest; fi
folder=$(mktemp -d "$RUNNER_TEMP/assetsync.XXXXXX")
key=$(plain "${INPUT_KEY:-$manifest:${environment:-${ASSETSYNC_ENVIRONMENT:-}}}")
printf 'folder=%s\nkey=%s\n' "$folder" "$key" >>"$GITHUB_OUTPUT"

# Names of files are printed now: whatever they are, the runner is not to take them for its commands.
quiet=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
echo "::stop-commands::$quiet"
# A run that is cancelled: the runner sends SIGINT to this shell alone, SIGTERM 7.5 s later, and kills what is left in the
# end. What runs beside a shell is born deaf to SIGINT. A signal ends this shell's `wait` as the command's end does, so that
# what the command left with is read from a shell that gets none.
trap 'until [[ -s $folder/pid ]]; do :; done; kill -s TERM "$(<"$folder/pid")" 2>/dev/null || true' INT TERM
{
  GITHUB_STEP_SUMMARY=$folder/summary.md "$RUNNER_TEMP/assetsync-venv/bin/assetsync" "$@" &
  echo "$!" >"$folder/pid"
  code=0
  wait "$!" || code=$?
  echo "$code" >"$folder/code"
} &
until wait "$!" || [[ -s $folder/code ]] || ! kill -s 0 "$!" 2>/dev/null; do :; done
trap '' INT TERM
code=143 # somebody killed both
if [[ -s $folder/code ]]; then code=$(<"$folder/code"); fi
echo "::$quiet::"

set +e # the step leaves with what the command left with, whatever becomes of the rest
if [[ $command == destroy ]]; then
  said="is gone."
  if ((code)); then said="could not be destroyed; the log says why."; fi
  # shellcheck disable=SC2016 # these backticks are Markdown's
  printf '### assetsync: `%s`\n\nThe Environment %s\n' "$(plain "$environment")" "$said" >"$folder/summary.md"
elif [[ ! -s $folder/summary.md ]]; then
  printf '### assetsync %s\n\nIt left with %d; the log says more.\n' "$command" "$code" >"$folder/summary.md"
fi
printf 'exit_code=%d\n' "$code" >>"$GITHUB_OUTPUT"
cat "$folder/summary.md" >>"$GITHUB_STEP_SUMMARY" || echo "::warning::assetsync: the job's summary cannot be written"
exit "$code"
