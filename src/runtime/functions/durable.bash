# shellcheck shell=bash disable=SC2154
# The function `durable`: asks the runtime for each operation of a durable execution, and runs the commands that the runtime does not
# know from the history. The question goes through a pipe: a number of fields, the context, BASH_SUBSHELL, how many words follow `--`, a
# key, and the words. The answer is in a file, after a byte at another pipe. It ends with the key: an answer to a process that was killed
# meanwhile counts for no other. No wait ends by the script's TMOUT.
durable() {
  case ${__coshell_durable_ask-} in
  '')
    builtin printf '%s\n' "durable: this event does not belong to a durable execution; on your own machine use \`coshell invoke --durable\`" >&2
    builtin return 1
    ;;
  esac
  builtin local __coshell_words __coshell_after='' __coshell_reply __coshell_byte __coshell_status __coshell_input='' __coshell_key __coshell_pid
  __coshell_words=("$@") __coshell_reply=()
  case ${1-} in
  step | until | child | wait-for-callback | parallel | map)
    __coshell_words=()
    while (($# > 0)) && [[ $1 != -- ]]; do
      # All of stdin is read at each replay as well: otherwise its writer would get SIGPIPE, or a loop that shares it another line.
      case $1 in --stdin) IFS= builtin read -r -t 999999999 -d '' __coshell_input || builtin : ;; *) __coshell_words+=("$1") ;; esac
      builtin shift
    done
    if (($# > 0)); then
      builtin shift
      __coshell_after=$#
    fi
    ;;
  esac
  for ((;;)); do
    __coshell_key=${BASHPID-}.$((__coshell_durable_count = ${__coshell_durable_count:-0} + 1))
    {
      builtin printf '%s\0' "$((${#__coshell_words[@]} + 4))" "${__coshell_durable_context-}" "${BASH_SUBSHELL-0}" "$__coshell_after" \
        "$__coshell_key" "${__coshell_words[@]}" >>"$__coshell_durable_ask" || builtin return 1
      for ((;;)); do
        builtin read -r -N 1 -t 999999999 -u 9 __coshell_byte || builtin return 1
        builtin mapfile -d '' -t __coshell_reply <"$__coshell_durable_reply" || builtin return 1
        case ${__coshell_reply[*]: -1} in "$__coshell_key") builtin break ;; esac
      done
    } 9<"$__coshell_durable_answer" || builtin return 1
    __coshell_reply=("${__coshell_reply[@]:0:${#__coshell_reply[@]}-1}")
    case ${__coshell_reply[0]-} in
    run)
      __coshell_status=0
      case $__coshell_input in
      '') builtin eval "$__coshell_durable_command" </dev/null >>"${__coshell_reply[1]}" & ;;
      *) builtin eval "$__coshell_durable_command" <<<"${__coshell_input%$'\n'}" >>"${__coshell_reply[1]}" & ;;
      esac
      builtin eval "$__coshell_durable_wait"
      __coshell_words=(ended "$__coshell_status" "${@:1:9}") __coshell_after=''
      for ((__coshell_pid = 2; __coshell_pid < ${#__coshell_words[@]}; __coshell_pid++)); do
        __coshell_words[__coshell_pid]=${__coshell_words[__coshell_pid]:0:200} # for messages
      done
      ;;
    branch)
      builtin eval "$__coshell_durable_branch" 2>>"${__coshell_reply[4]}" &
      __coshell_words=(branch "$!") __coshell_after=''
      ;;
    say)
      builtin printf '%s\n' "${__coshell_reply[2]-}" >&2
      builtin return "${__coshell_reply[1]}"
      ;;
    *)
      case ${__coshell_reply[2]-} in ?*) builtin printf '%s\n' "${__coshell_reply[2]}" ;; esac
      builtin return "${__coshell_reply[1]-1}"
      ;;
    esac
  done
}

# What the process of a command runs. It is a simple command in the background, so that errexit works in it even if `durable` is part of a
# condition; but Bash then makes 1 of every status, so that the ERR trap ends the process.
# shellcheck disable=SC2016 # expanded when it runs
__coshell_durable_command='__coshell_durable_context=${__coshell_reply[2]}
  case ${#__coshell_reply[@]} in [0-3]) ;; *) \builtin export "${__coshell_reply[@]:3}" ;; esac
  case ${__coshell_own_err-} in
  1)
    __coshell_byte=
    if [[ -o errtrace ]]; then
      \builtin eval "__coshell_words=($(\builtin trap -p ERR))"
      __coshell_byte=${__coshell_words[2]-}
    fi
    \builtin set -E
    \builtin trap '\''case $((__coshell_status = $?)) in *) \builtin eval "$__coshell_byte" ;; esac
      if [[ -o errexit ]]; then \builtin exit "$__coshell_status"; fi'\'' ERR
    ;;
  *) \builtin trap "$__coshell_on_error"'\''; if [[ -o errexit ]]; then \builtin exit "$__coshell_ended"; fi'\'' ERR ;;
  esac
  "$@"'

# Waits for the command. A trap of the handler interrupts `wait` with a status over 128, although the command still runs.
# shellcheck disable=SC2016
__coshell_durable_wait='__coshell_pid=$!
  for ((;;)); do
    __coshell_status=0
    \builtin wait "$__coshell_pid" || __coshell_status=$?
    case $__coshell_status in
    12[89] | 1[3-9]? | 2??)
      { \builtin kill -0 "$__coshell_pid"; } 2>/dev/null && continue
      __coshell_byte=0
      { \builtin wait "$__coshell_pid"; } 2>/dev/null || __coshell_byte=$?
      case $__coshell_byte in 127) ;; *) __coshell_status=$__coshell_byte ;; esac
      ;;
    esac
    \builtin break
  done'

# What the process of a branch runs: the command, as above, and then the report of its end.
# shellcheck disable=SC2016
__coshell_durable_branch='__coshell_status=0 __coshell_trace_file=${__coshell_reply[5]}
  __coshell_durable_ask=${__coshell_reply[6]} __coshell_durable_answer=${__coshell_reply[7]} __coshell_durable_reply=${__coshell_reply[8]}
  case ${__coshell_reply[9]-} in
  "") \builtin set -- \builtin eval "${@:__coshell_reply[1]+1:1}" ;;
  *) \builtin set -- "${__coshell_reply[9]}" "${@:__coshell_reply[1]+1:1}" ;;
  esac
  __coshell_reply=(run "${__coshell_reply[2]}" "${__coshell_reply[3]}" "DURABLE_INDEX=${__coshell_reply[1]}")
  \builtin eval "$__coshell_durable_command" >>"${__coshell_reply[1]}" </dev/null &
  \builtin eval "$__coshell_durable_wait"
  \builtin set -- "${@:1:9}"
  \builtin printf "%s\0" "$(($# + 6))" "${__coshell_durable_context-}" "${BASH_SUBSHELL-0}" "" "" ended "$__coshell_status" "$@" \
    >>"$__coshell_durable_ask"'
