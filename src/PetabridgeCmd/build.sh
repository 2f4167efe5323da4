#!/bin/sh
# Builds src/Cli with Petabridge.Cmd where its packages can be had, and without it otherwise. From the repository root:
#   sh src/PetabridgeCmd/build.sh restore         needs the project files alone
#   sh src/PetabridgeCmd/build.sh publish FOLDER  needs the sources, after a restore
# PETABRIDGE_CMD=auto (the default) falls back with one line, no never tries, yes fails where the others fall back.
set -eu
mode=${PETABRIDGE_CMD:-auto}
found=src/PetabridgeCmd/obj/found
with=-p:PetabridgeCmd=true

say() { echo "pbm: $1"; }

# What is told of a failed attempt: the first sentence of the first error, without the path before it.
reason() { grep -m 1 -o 'error .*' "$1" | sed 's/\. .*//' | cut -c 1-160; }

fall_back() {
  rm -f "$found"
  if [ "$mode" = yes ]; then
    say "Petabridge.Cmd was asked for and cannot be had: $1" >&2
    exit 1
  fi
  say "served by the built-in inspector; without Petabridge.Cmd: $1"
}

case "$mode" in auto | no | yes) ;; *) say "PETABRIDGE_CMD is '$mode'; allowed: auto, no, yes" >&2; exit 2 ;; esac
mkdir -p "$(dirname "$found")"
log=$(mktemp)
trap 'rm -f "$log"' EXIT

case "${1:-}" in
  restore)
    rm -f "$found"
    if [ "$mode" = no ]; then
      fall_back 'it was not asked for'
    elif dotnet restore src/Cli "$with" >"$log" 2>&1; then
      touch "$found"
      say 'the packages of Petabridge.Cmd are restored'
    else
      fall_back "$(reason "$log")"
    fi
    [ -e "$found" ] || dotnet restore src/Cli
    ;;
  publish)
    if [ -e "$found" ]; then
      # The adapter was never compiled against the real packages, so this may fail too; the image is built all the same.
      if dotnet publish src/Cli -c Release -o "$2" --no-restore "$with" >"$log" 2>&1; then
        say 'served by Petabridge.Cmd'
        exit 0
      fi
      fall_back "$(reason "$log")"
      dotnet restore src/Cli
    fi
    dotnet publish src/Cli -c Release -o "$2" --no-restore
    ;;
  *)
    say "build.sh restore, or build.sh publish FOLDER" >&2
    exit 2
    ;;
esac
