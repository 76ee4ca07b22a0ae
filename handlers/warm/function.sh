# Does its costly work once, while the script is being sourced; every event finds the result in place.
# An event gets a copy: what it changes is gone with it, and the next one starts from here again.
# shellcheck shell=bash

declare -A rate
while IFS=, read -r currency per_euro; do
  [[ $currency == '#'* ]] || rate[$currency]=$per_euro
done <"$(dirname -- "${BASH_SOURCE[0]}")/rates.csv"
echo "read ${#rate[@]} rates" >&2

handler() {
  local event=$1 code
  if [[ ! $event =~ ^\"([A-Z]{3})\"$ ]]; then
    echo "the event must be a currency such as \"CHF\", not $event" >&2
    return 1
  fi
  code=${BASH_REMATCH[1]}
  if [[ -z ${rate[$code]-} ]]; then
    echo "no rate for $code: known are ${!rate[*]}" >&2
    return 1
  fi
  printf '{"currency":"%s","perEuro":%s}\n' "$code" "${rate[$code]}"
  unset rate # harmless: the next event has it all the same
}
