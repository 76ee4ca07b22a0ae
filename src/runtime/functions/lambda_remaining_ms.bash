# shellcheck shell=bash
# lambda_remaining_ms [VARIABLE]: prints the milliseconds until the event's deadline, at least 0, or assigns them to VARIABLE.
lambda_remaining_ms() {
  case __coshell:$- in *x*) { builtin local -; builtin set +x; } 2>/dev/null ;; esac
  builtin local "__coshell_now=${EPOCHREALTIME-}" "__coshell_left=${LAMBDA_RUNTIME_DEADLINE_MS-}"
  case $__coshell_left in
  '' | *[!0-9]*)
    builtin printf 'lambda_remaining_ms: there is no deadline: call the function while the handler runs on an event\n' >&2
    builtin return 1
    ;;
  esac
  # The separator of EPOCHREALTIME is the locale's; Bash 4.4 has no EPOCHREALTIME.
  case $__coshell_now in
  '') builtin printf -v __coshell_now '%(%s)T000' -1 ;;
  *) __coshell_now=${__coshell_now/[!0-9]/} __coshell_now=${__coshell_now%???} ;;
  esac
  __coshell_left=$((__coshell_left > __coshell_now ? __coshell_left - __coshell_now : 0))
  case $# in
  0) builtin printf '%s\n' "$__coshell_left" ;;
  *) builtin printf -v "$1" %s "$__coshell_left" || builtin return 1 ;;
  esac
}
