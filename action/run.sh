#!/usr/bin/env bash
# Run the command that the inputs name, and leave with its exit code. What it did is in the log, in the summary of the
# step and, for comment.sh, in a folder that is an output of the step.
#
# INPUT_...  the inputs in action.yml
set -euo pipefail

fail() {
  echo "::error::assetsync: $1"
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
number=$(event '.pull_request.number // empty | numbers')

if [[ $command == preview ]]; then
  [[ -n $environment || -n $number ]] || fail "a preview needs a pull request, or the input environment"
  environment=${environment:-pr-$number}
  if [[ $(event '.action // empty') == closed ]]; then command=destroy; fi
fi

folder=$(mktemp -d "$RUNNER_TEMP/assetsync.XXXXXX")
key=$(plain "${INPUT_KEY:-${INPUT_MANIFEST:-assetsync.yaml}:$environment}")
printf 'folder=%s\nkey=%s\n' "$folder" "$key" >>"$GITHUB_OUTPUT"

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
read -r -d '' -a more <<<"$INPUT_ARGUMENTS" || true
set -- "$@" ${more[@]+"${more[@]}"}
if [[ $command == apply ]]; then set -- "$@" ${INPUT_PLAN_FILE:+-- "$INPUT_PLAN_FILE"}; fi

# Names of files are printed now: whatever they are, the runner is not to take them for its commands.
quiet=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
code=0
echo "::stop-commands::$quiet"
(
  cd -- "$INPUT_WORKING_DIRECTORY"
  GITHUB_STEP_SUMMARY=$folder/summary.md exec "$RUNNER_TEMP/assetsync-venv/bin/assetsync" "$@"
) || code=$?
echo "::$quiet::"

if [[ $command == destroy ]]; then
  said="is gone."
  if ((code)); then said="could not be destroyed; the log says why."; fi
  # shellcheck disable=SC2016 # these backticks are Markdown's
  printf '### assetsync: `%s`\n\nThe Environment %s\n' "$(plain "$environment")" "$said" >"$folder/summary.md"
elif [[ ! -s $folder/summary.md ]]; then
  printf '### assetsync %s\n\nIt left with %d; the log says more.\n' "$command" "$code" >"$folder/summary.md"
fi
cat "$folder/summary.md" >>"$GITHUB_STEP_SUMMARY"
printf 'exit_code=%d\n' "$code" >>"$GITHUB_OUTPUT"
exit "$code"
