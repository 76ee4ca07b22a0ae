# shellcheck shell=bash
# What the findings share. Each finding sources this file.
#
# A finding ends with status 0 (the behaviour is as described), 1 (the behaviour has changed) or 77 (the finding could not run here).
# Nothing is installed: packages are unpacked below $TEMP, a temporary folder that is removed at the end.
set -euo pipefail
shopt -s inherit_errexit

TEMP=$(mktemp -d)
SERVERS=()

# Ends the servers that the finding started, then removes the temporary folder.
clean_up() {
  local server
  for server in "${SERVERS[@]}"; do
    { kill -- "-$server" && wait "$server"; } 2>/dev/null || :
  done
  rm -rf -- "$TEMP"
}
trap clean_up EXIT

# Settings and credentials of the user must not change a result, and no call may leave this machine.
export HOME=$TEMP LC_ALL=C.UTF-8 AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=secret AWS_DEFAULT_REGION=us-west-2
export AWS_PAGER='' AWS_EC2_METADATA_DISABLED=true AWS_MAX_ATTEMPTS=1 PIP_DISABLE_PIP_VERSION_CHECK=1
unset PYTHONDONTWRITEBYTECODE BASH_ENV POSIXLY_CORRECT AWS_PROFILE AWS_SESSION_TOKEN AWS_DATA_PATH TMOUT

say() { printf '%s\n' "$*"; }

# give_up SENTENCE: the finding cannot run here.
give_up() {
  say "could not run: $*"
  exit 77
}

# expect WHAT EXPECTED ACTUAL: prints the behaviour, and ends the finding if it is another one.
expect() {
  if [[ $2 == "$3" ]]; then
    printf '%s: %s\n' "$1" "${3:-(nothing)}"
  else
    printf 'changed: %s\n  expected: %s\n  seen:     %s\n' "$1" "$2" "$3"
    exit 1
  fi
}

# need COMMAND...: the finding cannot run without these commands of the machine.
need() {
  local command
  for command in "$@"; do
    command -v "$command" >/dev/null || give_up "the command \`$command\` is missing"
  done
}

# python_packages NAME==VERSION...: unpacks packages of PyPI into $TEMP/python, and makes their modules and commands available.
python_packages() {
  need python3
  python3 -m pip install --quiet --no-compile --only-binary :all: --no-warn-script-location --target "$TEMP/python" "$@" \
    >"$TEMP/pip.log" 2>&1 ||
    give_up "pip could not download $*: $(tail -n 1 "$TEMP/pip.log")"
  export PYTHONPATH=$TEMP/python PATH=$TEMP/python/bin:$PATH
}

# python_wheel NAME==VERSION: unpacks one wheel of PyPI, without what it depends on, into $TEMP/wheel.
python_wheel() {
  need python3
  python3 -m pip download --quiet --no-deps --only-binary :all: --dest "$TEMP/wheels" "$1" >"$TEMP/pip.log" 2>&1 ||
    give_up "pip could not download $1: $(tail -n 1 "$TEMP/pip.log")"
  python3 -m zipfile --extract "$TEMP"/wheels/*.whl "$TEMP/wheel"
}

# node_packages NAME@VERSION...: unpacks packages of npm into $TEMP/node/node_modules.
node_packages() {
  need node npm
  npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$TEMP/node" "$@" >"$TEMP/npm.log" 2>&1 ||
    give_up "npm could not download $*: $(tail -n 1 "$TEMP/npm.log")"
  export NODE_PATH=$TEMP/node/node_modules PATH=$TEMP/node/node_modules/.bin:$PATH
}

# apt_of FOLDER ARGUMENT...: apt-get, with a package list and a cache of its own below FOLDER, as on a machine that has no package.
apt_of() {
  local folder=$1
  shift
  timeout --kill-after=10 240 apt-get -qq --yes -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=- \
    -o Dir::Etc::preferencesparts=- -o Dir::Etc::preferences=- -o Dir::State::status="$folder/status" -o Dir::State::lists="$folder/lists" \
    -o Dir::Cache="$folder/cache" -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none -o Acquire::Retries=2 \
    -o Debug::NoLocking=1 "$@"
}

# debian SUITE PACKAGE=VERSION...: unpacks packages of a suite of Debian, and what they depend on, into $TEMP/SUITE.
debian() {
  local suite=$1 folder=$TEMP/$1.apt package from
  shift
  need apt-get dpkg-deb
  # shellcheck disable=SC2016 # apt-get's own variable
  from=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' 'Label: Debian' | sed -n 1p)
  [[ -n $from ]] || give_up "this machine has no mirror of Debian"
  mkdir -p -- "$folder"/{lists,cache/archives/partial} "$TEMP/$suite"
  : >"$folder/status"
  printf 'deb %s %s main\n' "$from" "$suite" >"$folder/sources.list"
  { apt_of "$folder" update && apt_of "$folder" install --no-install-recommends --download-only "$@"; } >"$folder/log" 2>&1 ||
    give_up "apt-get could not download $* of Debian $suite: $(tail -n 1 "$folder/log")"
  for package in "$folder"/cache/archives/*.deb; do dpkg-deb -x "$package" "$TEMP/$suite"; done
  rm -rf -- "$folder"
}

# of SUITE PROGRAM ARGUMENT...: runs a program of `debian SUITE` with that suite's own C library.
of() {
  local root=$TEMP/$1 program=$2
  shift 2
  [[ -e $root/usr/bin/$program ]] && program=usr/bin/$program || program=bin/$program
  "$(find "$root" \( -name 'ld-linux-*.so.*' -o -name 'ld-2.*.so' \) -type f -print -quit)" \
    --library-path "$(find "$root" -name '*-linux-gnu' -path '*lib/*' -type d -printf '%p:')" "$root/$program" "$@"
}

# free_port: prints a port of 127.0.0.1 that nobody listens on.
free_port() {
  python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# serve PORT COMMAND...: starts a server in a process group of its own, and waits until something listens on the port.
serve() {
  local port=$1 _
  shift
  setsid "$@" >>"$TEMP/server.log" 2>&1 </dev/null &
  SERVERS+=("$!")
  for _ in {1..300}; do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then return; fi
    sleep 0.1
  done
  give_up "nothing listens on port $port: $(tail -n 1 "$TEMP/server.log")"
}

# emulator BOOTSTRAP: starts AWS's Runtime Interface Emulator, the one inside aws-sam-cli, on the program BOOTSTRAP. Sets CLIENT, the
# address that a client posts an event to.
emulator() {
  need curl python3
  [[ $(uname -sm) == 'Linux x86_64' ]] || give_up "this emulator is a program for Linux on x86-64"
  local emulator=$TEMP/wheel/samcli/local/rapid/aws-lambda-rie-x86_64 port api
  [[ -e $emulator ]] || python_wheel aws-sam-cli==1.170.0
  chmod +x "$emulator" "$1"
  port=$(free_port)
  api=127.0.0.1:$(free_port)
  # shellcheck disable=SC2034 # the findings read it
  CLIENT=http://127.0.0.1:$port/2015-03-31/functions/function/invocations
  serve "$port" "$emulator" --log-level error --runtime-interface-emulator-address "127.0.0.1:$port" --runtime-api-address "$api" "$1"
}

# aws_v2_of_debian: unpacks the AWS CLI v2 of Debian 13, for aws_v2. PyPI has only v1.
aws_v2_of_debian() { debian trixie 'awscli=2.23.6-*'; }

aws_v2() { PYTHONPATH='' PYTHONHOME=$TEMP/trixie/usr of trixie python3 "$TEMP/trixie/usr/bin/aws" "$@"; }

# moto: starts moto's server, an imitation of AWS on this machine, and lets the AWS clients talk to it.
moto() {
  local port
  python_packages 'moto[server]==5.2.5' "$@"
  port=$(free_port)
  export AWS_ENDPOINT_URL=http://127.0.0.1:$port
  serve "$port" python3 -m moto.server -H 127.0.0.1 -p "$port"
}
