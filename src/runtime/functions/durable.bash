# shellcheck shell=bash disable=SC2154
# The function `durable`: asks the runtime for each operation of a durable execution, and runs the commands that the runtime does not
# know from the history. The question goes through a pipe: a number of fields, the context, BASH_SUBSHELL, how many words follow `--`,
# and the words. The answer is in a file, after a byte at another pipe.
durable() {
  case ${__coshell_durable_ask-} in
  '')
    builtin printf '%s\n' "durable: this event does not belong to a durable execution; on your own machine use \`coshell invoke --durable\`" >&2
    builtin return 1
    ;;
  esac
  builtin local __coshell_words __coshell_after='' __coshell_reply __coshell_byte __coshell_status __coshell_input=''
  __coshell_words=("$@") __coshell_reply=()
  case ${1-} in
  step | until | child | wait-for-callback | parallel | map)
    __coshell_words=()
    while (($# > 0)) && [[ $1 != -- ]]; do
      # All of stdin is read at each replay as well: otherwise its writer would get SIGPIPE, or a loop that shares it another line.
      case $1 in --stdin) IFS= builtin read -r -d '' __coshell_input || builtin : ;; *) __coshell_words+=("$1") ;; esac
      builtin shift
    done
    if (($# > 0)); then
      builtin shift
      __coshell_after=$#
    fi
    ;;
  esac
  for ((;;)); do
    {
      builtin printf '%s\0' "$((${#__coshell_words[@]} + 3))" "${__coshell_durable_context-}" "${BASH_SUBSHELL-0}" "$__coshell_after" \
        "${__coshell_words[@]}" >>"$__coshell_durable_ask" &&
        builtin read -r -N 1 -u 9 __coshell_byte &&
        builtin mapfile -d '' -t __coshell_reply <"$__coshell_durable_reply"
    } 9<"$__coshell_durable_answer" || builtin return 1
    case ${__coshell_reply[0]-} in
    run)
      __coshell_status=0
      case $__coshell_input in
      '') builtin eval "$__coshell_durable_command" </dev/null >>"${__coshell_reply[1]}" & ;;
      *) builtin eval "$__coshell_durable_command" <<<"${__coshell_input%$'\n'}" >>"${__coshell_reply[1]}" & ;;
      esac
      builtin wait "$!" || __coshell_status=$?
      __coshell_words=(ended "$__coshell_status" "$@") __coshell_after=''
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
  case ${__coshell_own_err-}:$- in
  1:*E*) ;;
  1:*)
    \builtin set -E
    \builtin trap '\''__coshell_ended=$?; case $- in *e*) \builtin exit "$__coshell_ended" ;; esac'\'' ERR
    ;;
  *) \builtin trap "$__coshell_on_error"'\''; case $- in *e*) \builtin exit "$__coshell_ended" ;; esac'\'' ERR ;;
  esac
  "$@"'

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
  \builtin wait "$!" || __coshell_status=$?
  \builtin printf "%s\0" "$(($# + 5))" "${__coshell_durable_context-}" "${BASH_SUBSHELL-0}" "" ended "$__coshell_status" "$@" \
    >>"$__coshell_durable_ask"'
