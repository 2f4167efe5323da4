#!/usr/bin/env bash
# Publishes the program as the image has it, compiled ahead of time, and lets every fault happen to it twenty times.
# Options go to the bench: bench/faults.sh --help
set -euo pipefail
cd "$(dirname "$0")/.."
program=$(mktemp -d)
trap 'rm -rf "$program"' EXIT
dotnet publish src/Cli -c Release -o "$program" -p:UseCurrentRuntimeIdentifier=true -p:PublishReadyToRun=true
dotnet run --project bench/Faults -c Release -- --program "$program/stockpile.dll" "$@"
