# The handlers that the benches call: one script for every peer that runs Bash. benches/peers/rust does the same in Rust.
# shellcheck shell=bash

# The usual event: one line for the log, one for the answer.
echo_event() {
  local event=$1
  printf '%s\n' "$event" >&2
  printf "Echoing request: '%s'\n" "$event"
}

# A large event.
measure_event() {
  printf '%s' "${#1}"
}

# A large event that nobody reads.
ignore_event() {
  printf 'ignored'
}

# A large response: the event is a file's name in quotes.
send_file() {
  local file=${1//\"/}
  cat -- "$file"
}

# A large log, of a file too.
log_file() {
  local file=${1//\"/}
  cat -- "$file" >&2
  printf 'logged\n'
}

# What handlers really do: take a value out of the event, and ask a service with it.
look_up() {
  local city
  city=$(jq -r .city <<<"$1")
  curl -sS "$BENCH_SERVICE/weather?city=$city"
}

# A streamed response: the moment at which it is written, and then work.
stream_time() {
  printf '%s\n' "$EPOCHREALTIME"
  sleep 0.01
}

# A large streamed response: the event is its size.
stream_zeros() {
  head -c "$1" /dev/zero
}

# A handler that waits for something else than the processor.
wait_20_ms() {
  sleep 0.02
}

# What benches/handlers/fields.sh does, with one jq that reads and one that writes.
greet() {
  local fields method path name
  fields=$(jq -r '.requestContext.http.method, .rawPath, .queryStringParameters.name' <<<"$1")
  { read -r method && read -r path && read -r name; } <<<"$fields"
  jq -nc --arg method "$method" --arg path "$path" --arg name "$name" '{statusCode: 200,
    headers: {"content-type": "application/json"}, body: ({message: "Hello, \($name)", $method, $path} | tojson)}'
}

# The same with one jq for all of it.
greet_once() {
  jq -c '{statusCode: 200, headers: {"content-type": "application/json"}, body: ({message:
    "Hello, \(.queryStringParameters.name)", method: .requestContext.http.method, path: .rawPath} | tojson)}' <<<"$1"
}

# Takes a value out of the event, and keeps the event in S3.
store_order() {
  local PATH=$BENCH_TOOLS id
  id=$(jq -r .order.id <<<"$1")
  aws s3 cp - "s3://bench/orders/$id.json" --quiet <<<"$1"
  printf 'stored %s\n' "$id"
}
