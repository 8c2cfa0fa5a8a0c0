#!/usr/bin/env bash
# Any other CI: plan, stop where nobody agreed, apply exactly that plan, look at what visitors get.
#
#     TWILIO_ACCOUNT_SID=... TWILIO_API_KEY=... TWILIO_API_SECRET=... ./deploy.sh production
set -uo pipefail

environment=${1:?which Environment}
plan=site.assetsync-plan.json

assetsync plan -e "$environment" --out "$plan" --detailed-exitcode
code=$?
# 2: changes are pending. 3: a guard refuses, and the plan names the flag that agrees. docs/exit-codes.md has the rest.
if ((code != 2)); then exit "$code"; fi

assetsync apply "$plan" -e "$environment" --events events.ndjson || exit
assetsync verify -e "$environment" --wait 60
