# Reports as JSON what the execution environment is like: the first thing to run on a platform that is new to you.
# Needs nothing but Bash, never fails, and names the environment's variables without their values. README.md explains the report.
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

# text VARIABLE: its value as a JSON string, null if it is not set. Only for variables without secrets.
text() {
  if [[ -v $1 ]]; then string "${!1}"; else printf null; fi
}

# set_names VARIABLE...: the names of those that are set, as a JSON array.
set_names() {
  local name
  local -a names=()
  for name; do
    [[ ! -v $name ]] || names+=("$name")
  done
  strings "${names[@]}"
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

# limit PROCESS NAME: the soft and the hard limit in /proc/PROCESS/limits, such as `Max open files`.
limit() {
  local line gap='[[:space:]]+' soft='' hard=''
  { while IFS= read -r line; do
      if [[ $line =~ ^$2$gap([^[:space:]]+)$gap([^[:space:]]+) ]]; then
        soft=${BASH_REMATCH[1]} hard=${BASH_REMATCH[2]}
        break
      fi
    done <"/proc/$1/limits"; } 2>/dev/null || :
  printf '{"soft":%s,"hard":%s}' "$(number "$soft")" "$(number "$hard")"
}

# process PROCESS: its program and its arguments; null where this user may not see them.
process() {
  local word program=''
  local -a words=()
  { while IFS= read -r -d '' word; do words+=("$word"); done <"/proc/$1/cmdline"; } 2>/dev/null || :
  program=$(readlink "/proc/$1/exe" 2>/dev/null) || program=''
  printf '{"pid":%s,"program":' "$1"
  if [[ -n $program ]]; then string "$program"; else printf null; fi
  printf ',"arguments":%s}' "$(strings "${words[@]}")"
}

# How many descriptors the runtime has open; null where this user may not see them.
open_descriptors() {
  local -a files=("/proc/$PPID/fd/"*)
  if [[ -e ${files[0]} || -L ${files[0]} ]]; then printf '%s' "${#files[@]}"; else printf null; fi
}

# The places where Lambda looks for a bootstrap: what is there, and whether it is the program that runs this script.
bootstraps() {
  local file comma='' is
  printf '{'
  for file in /var/runtime/bootstrap /var/task/bootstrap /opt/bootstrap; do
    is=absent
    if [[ $file -ef /proc/$PPID/exe ]]; then
      is=runs
    elif [[ -x $file ]]; then
      is=executable
    elif [[ -e $file ]]; then
      is='not executable'
    fi
    printf '%s"%s":"%s"' "$comma" "$file" "$is"
    comma=,
  done
  printf '}'
}

# How long this event may still take.
milliseconds_left() {
  local now=${EPOCHREALTIME-}
  if [[ -z ${LAMBDA_RUNTIME_DEADLINE_MS-} ]]; then
    printf null
    return
  fi
  if [[ -n $now ]]; then
    now=${now//[.,]/}
    now=$((now / 1000))
  else
    printf -v now '%(%s000)T' -1
  fi
  printf '%s' "$((LAMBDA_RUNTIME_DEADLINE_MS - now))"
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
  printf ',"limits":{"openFiles":%s,"openFilesHard":%s,"processes":%s,"processesHard":%s' \
    "$(number "$(ulimit -n)")" "$(number "$(ulimit -Hn)")" "$(number "$(ulimit -u)")" "$(number "$(ulimit -Hu)")"
  printf ',"addressSpaceKiB":%s,"stackKiB":%s,"coreBlocks":%s}' "$(number "$(ulimit -v)")" \
    "$(number "$(ulimit -s)")" "$(number "$(ulimit -c)")"
  printf ',"lambda":{"initializationType":%s,"maxConcurrency":%s,"handler":%s,"runtimeDir":%s,"executionEnvironment":%s' \
    "$(text AWS_LAMBDA_INITIALIZATION_TYPE)" "$(number "${AWS_LAMBDA_MAX_CONCURRENCY-}")" "$(text _HANDLER)" \
    "$(text LAMBDA_RUNTIME_DIR)" "$(text AWS_EXECUTION_ENV)"
  printf ',"logFormat":%s,"logLevel":%s,"logNames":%s,"telemetry":%s,"metadata":%s,"tenant":%s,"millisecondsLeft":%s' \
    "$(text AWS_LAMBDA_LOG_FORMAT)" "$(text AWS_LAMBDA_LOG_LEVEL)" \
    "$(set_names AWS_LAMBDA_LOG_GROUP_NAME AWS_LAMBDA_LOG_STREAM_NAME)" \
    "$(set_names _LAMBDA_TELEMETRY_LOG_FD _LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET)" \
    "$(set_names AWS_LAMBDA_METADATA_API AWS_LAMBDA_METADATA_TOKEN)" "$(holds test -v LAMBDA_RUNTIME_AWS_TENANT_ID)" \
    "$(milliseconds_left)"
  printf ',"credentials":%s}' "$(set_names AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN \
    AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_CONTAINER_CREDENTIALS_RELATIVE_URI AWS_CONTAINER_AUTHORIZATION_TOKEN)"
  printf ',"runtime":{"bootstraps":%s,"process":%s,"firstProcess":%s,"openFiles":%s,"processes":%s,"openDescriptors":%s}' \
    "$(bootstraps)" "$(process "$PPID")" "$(process 1)" "$(limit "$PPID" 'Max open files')" \
    "$(limit "$PPID" 'Max processes')" "$(open_descriptors)"
  printf ',"memory":{"functionMB":%s,"totalKiB":%s,"availableKiB":%s,"cgroupBytes":%s,"cgroupCpu":%s}' \
    "$(number "${AWS_LAMBDA_FUNCTION_MEMORY_SIZE-}")" "$(number "$(value_in /proc/meminfo MemTotal)")" \
    "$(number "$(value_in /proc/meminfo MemAvailable)")" \
    "$(number "$(first_line /sys/fs/cgroup/memory.max)")" "$(string "$(first_line /sys/fs/cgroup/cpu.max)")"
  printf ',"commands":%s' "$(commands)"
  # shellcheck disable=SC2086 # split on purpose: a variable's name holds no space
  printf ',"variables":%s}\n' "$(strings $names)"
}
