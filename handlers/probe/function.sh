# Reports as JSON what the place it runs in is like: the first thing to run on a platform that is new to you.
# Needs nothing but Bash, never fails, and names the environment's variables without their values.
# shellcheck shell=bash

# The commands looked for on PATH: handlers use them, and no image has them all.
PROBE_COMMANDS=(aws awk base64 bc brotli bzip2 cat cp curl cut date df diff dig file find getent git grep
  gzip head hostname iconv jaq jq ldd less ls make mktemp node openssl perl ps psql python3 rsync sed
  seq sha256sum sort split ssh strace stat tail tar tee timeout top tr uname unshare unzip uuidgen vi
  wget which xargs xxd xz yq zip zstd)

# string TEXT: the text as a JSON string; control characters become spaces.
string() {
  local LC_ALL=C text=$1
  text=${text//[[:cntrl:]]/ }
  text=${text//\\/"\\\\"}
  text=${text//\"/"\\\""}
  printf '"%s"' "$text"
}

# strings TEXT...: a JSON array of strings.
strings() {
  local comma='' text
  printf '['
  for text; do
    printf '%s' "$comma"
    string "$text"
    comma=,
  done
  printf ']'
}

# number TEXT: the text if it is a number, "unlimited" and the like as a string, null if it is empty.
number() {
  if [[ $1 =~ ^(0|-?[1-9][0-9]*)$ ]]; then
    printf '%s' "$1"
  elif [[ -n $1 ]]; then
    string "$1"
  else
    printf null
  fi
}

# holds COMMAND...: true or false, as the command succeeds or not.
holds() {
  if "$@" >/dev/null 2>&1; then printf true; else printf false; fi
}

# first_line FILE: its first line, or nothing. Lines of /proc are read to their end whatever the status.
first_line() {
  local line=''
  { IFS= read -r line <"$1"; } 2>/dev/null || :
  printf '%s' "$line"
}

# value_in FILE KEY: what follows `KEY:` or `KEY=` in the file, without quotes and a unit.
value_in() {
  local line
  { while IFS= read -r line; do
      if [[ $line =~ ^$2[:=][[:space:]]*\"?([^\"]*) ]]; then
        printf '%s' "${BASH_REMATCH[1]% kB}"
        break
      fi
    done <"$1"; } 2>/dev/null || :
}

user_name() {
  local name id
  { while IFS=: read -r name _ id _; do
      if [[ $id == "$UID" ]]; then
        printf '%s' "$name"
        break
      fi
    done </etc/passwd; } 2>/dev/null || :
}

processors() {
  local line count=0
  { while IFS= read -r line; do
      [[ $line != processor* ]] || count=$((count + 1))
    done </proc/cpuinfo; } 2>/dev/null || :
  printf '%s' "$count"
}

# In a string for eval: where Bash itself cannot parse it, that must not stop this script.
process_substitution() {
  local word=''
  eval 'read -r word < <(echo works)' && [[ $word == works ]]
}

# space FOLDER: size and free space in KiB, which only `df` can tell; null without it.
space() {
  local answer gap='[[:space:]]+' size='' free=''
  answer=$(df -Pk "$1" 2>/dev/null) || :
  if [[ ${answer##*$'\n'} =~ ^[^[:space:]]+${gap}([0-9]+)${gap}[0-9]+${gap}([0-9]+) ]]; then
    size=${BASH_REMATCH[1]} free=${BASH_REMATCH[2]}
  fi
  printf '{"sizeKiB":%s,"freeKiB":%s}' "$(number "$size")" "$(number "$free")"
}

commands() {
  local name comma='' path
  printf '{'
  for name in "${PROBE_COMMANDS[@]}"; do
    path=$(type -P "$name") || path=''
    printf '%s"%s":' "$comma" "$name"
    if [[ -n $path ]]; then string "$path"; else printf null; fi
    comma=,
  done
  printf '}'
}

handler() {
  local names
  names=$(compgen -e) || names=''

  printf '{"bash":{"version":%s,"path":%s,"options":%s,"shopt":%s}' \
    "$(string "$BASH_VERSION")" "$(string "$BASH")" "$(string "$SHELLOPTS")" "$(string "$BASHOPTS")"
  printf ',"system":{"name":%s,"kernel":%s,"machine":%s,"processors":%s,"locale":%s}' \
    "$(string "$(value_in /etc/os-release PRETTY_NAME)")" \
    "$(string "$(first_line /proc/sys/kernel/osrelease)")" "$(string "$HOSTTYPE")" \
    "$(number "$(processors)")" "$(string "${LC_ALL:-${LC_CTYPE:-${LANG-}}}")"
  printf ',"user":{"name":%s,"uid":%s,"effectiveUid":%s,"groups":%s,"capabilities":%s,"seccomp":%s}' \
    "$(string "$(user_name)")" "$UID" "$EUID" "$(strings "${GROUPS[@]}")" \
    "$(string "$(value_in /proc/self/status CapEff)")" \
    "$(number "$(value_in /proc/self/status Seccomp)")"
  printf ',"home":{"path":%s,"isFolder":%s,"writable":%s}' \
    "$(string "${HOME-}")" "$(holds test -d "${HOME-}")" "$(holds test -w "${HOME-}")"
  printf ',"folders":{"current":%s,"taskRoot":%s,"taskRootWritable":%s,"rootWritable":%s,"tmpWritable":%s,"tmp":%s}' \
    "$(string "$PWD")" "$(string "${LAMBDA_TASK_ROOT-}")" "$(holds test -w "${LAMBDA_TASK_ROOT-}")" \
    "$(holds test -w /)" "$(holds test -w /tmp)" "$(space /tmp)"
  printf ',"devices":{"procSelfFd":%s,"parentFd":%s,"devFd":%s,"devShm":%s,"devNull":%s,"terminal":%s}' \
    "$(holds test -d /proc/self/fd)" "$(holds test -r "/proc/$PPID/fd/2")" "$(holds test -d /dev/fd)" \
    "$(holds test -w /dev/shm)" "$(holds test -w /dev/null)" "$(holds eval '(: </dev/tty)')"
  printf ',"streams":{"inputIsDevNull":%s,"processSubstitution":%s}' \
    "$(holds test /proc/self/fd/0 -ef /dev/null)" "$(holds process_substitution)"
  printf ',"limits":{"openFiles":%s,"processes":%s,"addressSpaceKiB":%s,"stackKiB":%s,"coreBlocks":%s}' \
    "$(number "$(ulimit -n)")" "$(number "$(ulimit -u)")" "$(number "$(ulimit -v)")" \
    "$(number "$(ulimit -s)")" "$(number "$(ulimit -c)")"
  printf ',"memory":{"functionMB":%s,"totalKiB":%s,"availableKiB":%s,"cgroupBytes":%s,"cgroupCpu":%s}' \
    "$(number "${AWS_LAMBDA_FUNCTION_MEMORY_SIZE-}")" "$(number "$(value_in /proc/meminfo MemTotal)")" \
    "$(number "$(value_in /proc/meminfo MemAvailable)")" \
    "$(number "$(first_line /sys/fs/cgroup/memory.max)")" "$(string "$(first_line /sys/fs/cgroup/cpu.max)")"
  printf ',"commands":%s' "$(commands)"
  # shellcheck disable=SC2086 # split on purpose: a variable's name holds no space
  printf ',"variables":%s}\n' "$(strings $names)"
}
