#!/usr/bin/env bash
# Install assetsync into an environment of its own: a version from PyPI, or what lies beside this folder.
#
# INPUT_VERSION  such as 1.2.3; empty for what this action is of
set -euo pipefail

fail() {
  echo "::error::assetsync: $1"
  exit 64
}

venv=$RUNNER_TEMP/assetsync-venv
wanted=$GITHUB_ACTION_PATH
if [[ -n $INPUT_VERSION ]]; then
  [[ $INPUT_VERSION =~ ^[0-9][0-9A-Za-z.]*$ ]] || fail "the input version is not one, such as 1.2.3"
  wanted=assetsync==$INPUT_VERSION
fi

# A job may use the action more than once.
if [[ -x $venv/bin/assetsync && -f $venv/wanted && $(<"$venv/wanted") == "$wanted" ]]; then exit 0; fi

# With -I: a pip.py or venv.py in the checkout is data, and no program of ours.
python3 -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  fail "Python 3.11 or newer is needed; use actions/setup-python before this action"
python3 -I -m venv --clear "$venv"
"$venv/bin/python" -I -m pip install --quiet --disable-pip-version-check "$wanted"
printf '%s' "$wanted" >"$venv/wanted"
