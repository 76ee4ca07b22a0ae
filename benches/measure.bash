# Measures commands: time, processor time and page faults of a call, as medians of several rounds. Sourced by benches/subshell-cost and
# benches/tool-cost, which set ROUNDS and TIMES, the number of calls in a round.
# shellcheck shell=bash

# Sets `faults` and `ticks` (of 10 ms): the page faults and the processor time of this shell and its children up to now.
usage() {
  local fields
  read -r -a fields </proc/$$/stat
  faults=$((fields[9] + fields[10])) ticks=$((fields[13] + fields[14] + fields[15] + fields[16]))
}

# measure NAME COMMAND...: prints time, processor time and page faults of one call.
measure() {
  local name=$1 round i begin end faults ticks faults_before ticks_before walls=() cpus=()
  shift
  for ((round = 0; round < ROUNDS; round++)); do
    usage
    faults_before=$faults ticks_before=$ticks begin=${EPOCHREALTIME/[.,]/}
    for ((i = 0; i < TIMES; i++)); do "$@"; done
    end=${EPOCHREALTIME/[.,]/}
    usage
    walls+=($(((end - begin) / TIMES))) cpus+=($(((ticks - ticks_before) * 10000 / TIMES)))
  done
  mapfile -t walls < <(printf '%s\n' "${walls[@]}" | sort -n)
  mapfile -t cpus < <(printf '%s\n' "${cpus[@]}" | sort -n)
  printf '%-48s %6d us  %6d us of processor  %4d page faults\n' "$name" "${walls[ROUNDS / 2]}" "${cpus[ROUNDS / 2]}" \
    "$(((faults - faults_before) / TIMES))"
}
