#!/usr/bin/env bash
# Keep one comment on the pull request up to date: it is found by a hidden marker, made once, and changed in place.
# Whatever goes wrong here is a warning; the plan is not to blame.
#
# INPUT_TOKEN, INPUT_AUTHOR  who writes
# FOLDER, KEY, SITE_URL      outputs of run.sh: where its Markdown is, what the marker says, what a preview serves at
set -uo pipefail

warn() {
  echo "::warning::assetsync: $1"
  exit 0
}

# api METHOD URL [curl's arguments]: prints the status, 000 where the answer did not come whole; answer and headers lie in
# the folder.
# The token comes by standard input: a list of processes shows arguments to everybody.
api() {
  local method=$1 url=$2 status
  shift 2
  status=$(printf 'Authorization: Bearer %s\n' "$INPUT_TOKEN" |
    curl --silent --show-error --max-time 60 --request "$method" --header @- \
      --header 'Accept: application/vnd.github+json' --header 'X-GitHub-Api-Version: 2022-11-28' \
      --output "$FOLDER/answer" --dump-header "$FOLDER/headers" --write-out '%{http_code}' "$@" "$url") || status=000
  echo "$status"
}

check() {
  case $1 in
    200 | 201) ;;
    401 | 403 | 404) warn "no comment was written (HTTP $1): the token needs pull-requests: write, which pull requests from forks never have. The summary of the job has all of it" ;;
    *) warn "no comment was written (HTTP $1). The summary of the job has all of it" ;;
  esac
}

number=$(jq -r '.pull_request.number // empty | numbers' "$GITHUB_EVENT_PATH")
if [[ -z $number ]]; then
  echo "This is no run of a pull request: there is nothing to comment on."
  exit 0
fi
repository=$GITHUB_API_URL/repos/$GITHUB_REPOSITORY
comments=$repository/issues/$number/comments
marker="<!-- assetsync:$KEY -->"

{
  echo "$marker"
  cat "$FOLDER/summary.md"
  if [[ $SITE_URL =~ ^https?://[A-Za-z0-9.:-]+$ ]]; then printf '\n%s/\n' "$SITE_URL"; fi
} >"$FOLDER/body.md"
jq -n --rawfile body "$FOLDER/body.md" '{body: $body}' >"$FOLDER/body.json"

# Only a comment of our own counts: anybody can write the marker, and would be given our words to change.
mine='first(.[] | select(.user.login == $author and (.body // "" | startswith($marker))) | .id) // empty'
found=
for ((page = 1; page <= 1000; page++)); do
  check "$(api GET "$comments?per_page=100&page=$page")"
  found=$(jq -r --arg author "$INPUT_AUTHOR" --arg marker "$marker" "$mine" "$FOLDER/answer") ||
    warn "no comment was written: the list of comments cannot be read. The summary of the job has all of it"
  if [[ -n $found ]] || ! grep -qi '^link:.*rel="next"' "$FOLDER/headers"; then break; fi
done

if [[ -n $found ]]; then
  status=$(api PATCH "$repository/issues/comments/$found" --data-binary "@$FOLDER/body.json")
  if [[ $status != 404 ]]; then
    check "$status"
    echo "The comment on pull request $number is up to date."
    exit 0
  fi
  echo "The comment was deleted meanwhile."
fi
check "$(api POST "$comments" --data-binary "@$FOLDER/body.json")"
echo "Commented on pull request $number."
