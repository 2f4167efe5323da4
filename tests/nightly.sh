#!/usr/bin/env bash
# What takes a night: many seeds of the simulation, ten times the fuzz, every fault twenty times. See docs/testing.md.
# Options: the parts to run, sim, fuzz and faults; else all. The sizes are variables: SIM_STEPS, SIM_WEEKS, FUZZ_TIMES,
# FAULT_RUNS; so are the seeds, SIM_FIRST and FUZZ_SEED.
set -uo pipefail
cd "$(dirname "$0")/.."

# Other seeds every night, and the same all night: the days since 1970.
day=$(( $(date +%s) / 86400 ))
sim_first=${SIM_FIRST:-$(( day * 10000 ))}
fuzz_seed=${FUZZ_SEED:-$day}
parts=("$@")
[ "$#" -gt 0 ] || parts=(sim fuzz faults)
full=(-c Release --settings tests/release.runsettings)
failed=()

run() {
  echo "== $1, $(date -u +%H:%M)"
  shift
  "$@" || failed+=("$part")
}

for part in "${parts[@]}"; do
  case $part in
    sim)
      run "simulation from seed $sim_first" env STOCKPILE_SIM_FIRST="$sim_first" \
        STOCKPILE_SIM_STEPS="${SIM_STEPS:-100000000}" STOCKPILE_SIM_WEEKS="${SIM_WEEKS:-1000}" \
        dotnet test tests/Simulation "${full[@]}" \
        --filter 'FullyQualifiedName~.SimulationTests|FullyQualifiedName~.TenantTests' ;;
    fuzz)
      run "fuzz with seed $fuzz_seed" env STOCKPILE_FUZZ_SEED="$fuzz_seed" \
        STOCKPILE_FUZZ_TIMES="${FUZZ_TIMES:-10}" dotnet test tests/Fuzz "${full[@]}" ;;
    faults)
      run "faults" bench/faults.sh --runs "${FAULT_RUNS:-20}" --out "${FAULT_OUT:-TestResults/faults}" ;;
    *)
      echo "nightly.sh: '$part' is none of sim, fuzz, faults" >&2
      exit 2 ;;
  esac
done

[ "${#failed[@]}" -eq 0 ] || { echo "failed: ${failed[*]}"; exit 1; }
echo "all parts passed"
