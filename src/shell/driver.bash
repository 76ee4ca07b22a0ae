# shellcheck shell=bash
# coshell's half inside Bash: sources the handler script once, then forks one waiting subshell after another, each for one event.
#
# How it stays out of the script's way, and the script out of its own:
# - Everything from `source` on is ONE compound command, parsed before the script can define an alias.
# - Builtins are called through `builtin`, every expansion is quoted (the script may set IFS), files are opened with `>>` (it may
#   set noclobber), names begin with `__coshell_` (it may make others readonly), and no condition needs a command it could replace.
# - Nothing is inherited: the supervisor's pipes and files are opened by path where they are needed, and closed again.
# - The subshell is a plain `( … )` with its redirections, in no condition: `( … ) || status=$?` would switch errexit off inside,
#   and a redirection on the handler's call alone would miss what its EXIT trap writes.
#
# Status records, a line each: V version | M (no such function) | R turn pid (waiting) | S turn (returned 0) | D turn status.
# The event file: turn, event, NAME=value …, each ended by a NUL. See status.rs and event.rs beside this file.

if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 404)); then
  printf 'V %s\n' "$BASH_VERSION" >>"$1"
  exit 1
fi

__coshell_status=$1 __coshell_wake=$2 __coshell_event_file=$3 __coshell_trace_file=$4
__coshell_stdout=("$5" "$6") __coshell_stderr=("$7" "$8")
__coshell_script=$9 __coshell_function=${10} __coshell_err=${11} __coshell_timed=${14} __coshell_xtrace=${15} __coshell_turn=0 __coshell_record=()
# Bash would have sourced BASH_ENV before this line; the handler's own children are to see it all the same.
[[ -z ${13} ]] || export BASH_ENV=${13}
if ((BASH_VERSINFO[0] >= 5)); then BASH_ARGV0=${12}; fi
set --

# One stack record: its number of fields, then the fields, each ended by a NUL (trace.rs reads it). Only ever called as
# `__coshell_trace … || builtin :`, since a failing command in here would otherwise end the shell with its own status.
# Under `set +e` a failed command ends nothing: the last one is only remembered, in case its status becomes the handler's.
__coshell_trace() { # kind status command line [status of each member of the pipeline …]
  builtin local __coshell_i IFS=' '
  case $1 in exited) __coshell_print_record ;; esac
  __coshell_record=("$1" "$__coshell_turn" "$2" "$BASH_SUBSHELL" "${3:0:2000}" "$4" "${*:5}")
  for ((__coshell_i = 1; __coshell_i < ${#FUNCNAME[@]} && __coshell_i < 64; __coshell_i++)); do
    __coshell_record+=("${FUNCNAME[__coshell_i]}" "${BASH_SOURCE[__coshell_i]}" "${BASH_LINENO[__coshell_i - 1]}")
  done
  case $1$- in [!f]* | failed*e*) __coshell_print_record ;; esac
}

__coshell_print_record() {
  case ${#__coshell_record[@]} in 0) return ;; esac
  builtin printf '%s\0' "${#__coshell_record[@]}" "${__coshell_record[@]}" >>"$__coshell_trace_file"
  __coshell_record=()
}

# The subshell's trap for the signal that says its time is up: it names the command that hangs. The line is known only in a DEBUG
# trap, which runs before the next command, when the supervisor has ended the one that is waited for.
__coshell_overdue() { # status command status-of-each-member …
  __coshell_trace overdue "$1" "$2" 0 "${@:3}" || builtin :
  builtin trap '__coshell_trace stopped "$?" "$BASH_COMMAND" "$LINENO" "${PIPESTATUS[@]}" || builtin :; builtin trap - DEBUG; builtin exit 124' DEBUG
}

# The subshell's EXIT trap. If the handler returned 0 and set no EXIT trap of its own, the answer need not wait for the
# subshell's end: close stdout, say so, and stay until the supervisor has answered (or has found somebody else holding stdout).
# In POSIX mode special builtins come before functions, and plain exec, unlike `builtin exec`, keeps what it closes closed.
__coshell_exit() { # status command
  case $__coshell_done in
  "$__coshell_turn")
    POSIXLY_CORRECT=1
    \exec >&-
    {
      builtin printf 'S %s\n' "$__coshell_turn" >>"$__coshell_status"
      builtin read -r -N 1 __coshell_byte
    } <"$__coshell_wake" 2>/dev/null || builtin :
    ;;
  *) __coshell_trace exited "$1" "$2" 0 || builtin : ;;
  esac
}

shopt -s expand_aliases inherit_errexit
{
  set -euo pipefail
  case $__coshell_err in
  own) ;; # the script has an ERR trap or errtrace of its own: ours would change when it fires
  *)
    set -E
    trap '__coshell_trace failed "$?" "$BASH_COMMAND" "$LINENO" "${PIPESTATUS[@]}" || builtin :' ERR
    ;;
  esac
  trap '__coshell_trace exited "$?" "$BASH_COMMAND" 0 || builtin :' EXIT
  builtin source "$__coshell_script"

  # What the script left: its options, and its DEBUG, ERR and EXIT traps (they must not fire for the driver's own commands).
  {
    __coshell_options=$-
    builtin set +e +x
    builtin trap -p DEBUG >|"$__coshell_trace_file"
    builtin trap - DEBUG
    {
      builtin printf '\0'
      builtin trap -p ERR
      builtin printf '\0'
      builtin trap -p EXIT
      builtin printf '\0'
      case $__coshell_err in ask) builtin declare -f ;; esac
      builtin printf '\0'
    } >>"$__coshell_trace_file"
    builtin mapfile -d '' -t __coshell_own <"$__coshell_trace_file"
    __coshell_debug='' __coshell_own_err=''
    case $__coshell_options in *T*) __coshell_debug=${__coshell_own[0]-} ;; esac
    case $__coshell_err in
    own) # without errtrace a subshell does not inherit an ERR trap
      case $__coshell_options in *E*) __coshell_own_err=${__coshell_own[1]-} ;; esac
      ;;
    *)
      builtin set +E
      case ${__coshell_own[1]-} in *'__coshell_trace failed '*) ;; ?*) __coshell_err=own ;; esac
      ;;
    esac
    builtin trap - ERR
    case ${__coshell_own[2]-} in *'__coshell_trace exited '*) builtin trap - EXIT ;; esac
    case ${__coshell_own[3]-} in
    *[!A-Za-z0-9_]ERR[!A-Za-z0-9_]* | *errtrace*) __coshell_err=own ;;
    esac
    __coshell_e=+e __coshell_x=+x
    case $__coshell_options in *e*) __coshell_e=-e ;; esac
    case $__coshell_options in *x*) __coshell_x=-x ;; esac
    builtin unset -v __coshell_own __coshell_options _X_AMZN_TRACE_ID LAMBDA_RUNTIME_AWS_REQUEST_ID \
      LAMBDA_RUNTIME_DEADLINE_MS LAMBDA_RUNTIME_INVOKED_FUNCTION_ARN LAMBDA_RUNTIME_TRACE_ID \
      LAMBDA_RUNTIME_CLIENT_CONTEXT LAMBDA_RUNTIME_COGNITO_IDENTITY LAMBDA_RUNTIME_AWS_TENANT_ID
    builtin declare -F -- "$__coshell_function" || {
      builtin declare -F >>"$__coshell_trace_file"
      builtin printf 'M\n' >>"$__coshell_status"
      builtin exit 1
    }
  } >/dev/null 2>&1

  while ((__coshell_turn += 1)); do
    {
      (
        __coshell_done=''
        case $__coshell_err in
        own) case $__coshell_own_err in ?*) builtin eval "$__coshell_own_err" ;; esac ;;
        *)
          builtin set -E
          builtin trap '__coshell_trace failed "$?" "$BASH_COMMAND" "$LINENO" "${PIPESTATUS[@]}" || builtin :' ERR
          ;;
        esac
        builtin trap '__coshell_exit "$?" "$BASH_COMMAND"' EXIT
        case $__coshell_timed in 1) builtin trap '__coshell_overdue "$?" "$BASH_COMMAND" "${PIPESTATUS[@]}"' STKFLT ;; esac
        {
          builtin printf 'R %s %s\n' "$__coshell_turn" "$BASHPID" >>"$__coshell_status"
          # A byte left over from a subshell that died does not count: the event must be for this turn. A status over 128 is
          # the script's TMOUT, any other the supervisor's end.
          while [[ ${__coshell_event[0]-} != "$__coshell_turn" ]]; do
            builtin read -r -N 1 __coshell_byte || (($? > 128)) || {
              builtin trap - ERR EXIT
              builtin exit 0
            }
            case $__coshell_byte in e) builtin mapfile -d '' -t __coshell_event <"$__coshell_event_file" ;; esac
          done
        } <"$__coshell_wake"
        builtin export "${__coshell_event[@]:2}"
        case $__coshell_xtrace in
        ?*)
          exec {BASH_XTRACEFD}>>"$__coshell_xtrace"
          PS4=$'+\x1f${__coshell_turn}\x1f${EPOCHREALTIME-}\x1f${BASH_SOURCE[0]-}\x1f${LINENO}\x1f${FUNCNAME[0]-}\x1f'
          __coshell_x=-x
          ;;
        esac
        case $__coshell_debug in
        '')
          builtin set "$__coshell_e" "$__coshell_x"
          "$__coshell_function" "${__coshell_event[1]}"
          ;;
        *)
          builtin set "$__coshell_e" "$__coshell_x"
          builtin eval "$__coshell_debug"
          "$__coshell_function" "${__coshell_event[1]}"
          ;;
        esac
        {
          __coshell_code=$?
          builtin set +x
          builtin trap - DEBUG
          case $__coshell_code in 0) __coshell_done=$__coshell_turn ;; esac
        } >/dev/null 2>&1
        builtin exit "$__coshell_code"
      ) </dev/null >>"${__coshell_stdout[__coshell_turn & 1]}" 2>>"${__coshell_stderr[__coshell_turn & 1]}"
    } 2>/dev/null
    # The supervisor is gone when its pipe is: then so are we.
    builtin printf 'D %s %s\n' "$__coshell_turn" "$?" >>"$__coshell_status" || builtin exit 0
  done
}
