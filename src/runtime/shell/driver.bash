# shellcheck shell=bash disable=SC2030,SC2031,SC2034,SC2064,SC2154
# The driver, the part of the runtime that runs inside Bash: sources the handler script once, then forks one waiting subshell after
# another, each for one event.
#
# The driver and the script must not disturb each other:
# - Everything from `source` on is ONE compound command. Bash parses it before the script can define an alias.
# - Builtins are called through `builtin`. Every expansion is quoted, because the script may set IFS. Files are opened with `>>`, because
#   the script may set noclobber. Names begin with `__coshell_`, because the script may make other names readonly. No condition needs a
#   command that the script could replace.
# - Nothing is inherited: the pipes and files of the runtime are opened by path where they are needed, and closed again.
# - The subshell is a plain `( … )` with its redirections, and not part of a condition: `( … ) || status=$?` would switch errexit off
#   inside, and a redirection on the handler's call alone would miss the output of its EXIT trap.
#
# The runtime leaves the parts between `#: if NAME` and `#: end` out if the setting NAME is empty, and those after `#: unless NAME` if it is
# not (driver.rs): a handler pays only for what it needs.
#
# Status records, one on each line: V version | A (the script declares the array LAMBDA_EVENT) | B (the driver runs) | H (functions run before the snapshot)
# | P (ready for the snapshot) | M (no such function) | R turn pid (waiting) | S turn (returned 0) | D turn status.
# The event file: turn, event, NAME=value …, and for LAMBDA_EVENT path, value …, count of NAME=value, each ended by a NUL. See status.rs and
# event_file.rs beside this file.

if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 404)); then
  printf 'V %s\n' "$BASH_VERSION" >>"${1#status=}"
  exit 1
fi

# The arguments are NAME=VALUE: paths, names, and flags, which are 1 or empty. The list is in bash.rs.
for __coshell_argument; do declare "__coshell_$__coshell_argument"; done
set --
__coshell_stdouts=("$__coshell_stdout0" "$__coshell_stdout1") __coshell_stderrs=("$__coshell_stderr0" "$__coshell_stderr1")
__coshell_stdins=("$__coshell_stdin0" "$__coshell_stdin1")
__coshell_turn=0 __coshell_code='' __coshell_record=()
# Bash would have sourced BASH_ENV before this line. Programs that the handler starts must still see the variable.
[[ -z $__coshell_bash_env ]] || export BASH_ENV=$__coshell_bash_env
if ((BASH_VERSINFO[0] >= 5)); then BASH_ARGV0=$__coshell_program; fi
printf 'B\n' >>"$__coshell_status"

# The code of the traps is text that `eval` runs, and not a function: a handler that lists or removes functions only finds its own. The
# text is parsed after the script has defined its aliases, so commands in the text begin with a backslash. Each trap first saves the state
# that it sees.
# shellcheck disable=SC2016 # expanded when it runs
{
  # If the script uses `set -x`, it shows only these first lines of the traps. Each has the prefix `__coshell`, so driver_text.rs can remove
  # it from the log.
  __coshell_saw='__coshell_ended=$? __coshell_command=${BASH_COMMAND-} __coshell_line=${LINENO-} __coshell_pipeline=("${PIPESTATUS[@]-}")
    case __coshell:$- in *x*) { __coshell_flags=x; \builtin set +x; } 2>/dev/null ;; *) __coshell_flags= ;; esac; '

  # Writes one stack record: the number of its fields, then the fields, each ended by a NUL (stack.rs reads them). Always run as `eval … ||
  # :`, because a failing command in this text would otherwise end the shell with its own status. Under `set +e`, a failed command ends
  # nothing: only the last failure is remembered, in case its status becomes the status of the handler. A failure in a `$( )` cannot be
  # remembered here, and is written at once. A script may unset any variable, even those of Bash.
  __coshell_trace='
    case $__coshell_kind in exited) \builtin eval "$__coshell_print" ;; esac
    case $__coshell_kind:$__coshell_ended:$__coshell_command:${#BASH_SOURCE[@]} in
    "${__coshell_record[0]-}:${__coshell_record[2]-}:${__coshell_record[5]-}:1") ;; # the status of the handler as a whole
    *)
      __coshell_statuses=
      for __coshell_i in "${__coshell_pipeline[@]-}"; do __coshell_statuses+="$__coshell_i "; done
      __coshell_record=("$__coshell_kind" "$__coshell_turn" "$__coshell_ended" "${BASH_SUBSHELL-0}" "${__coshell_code-}"
        "${__coshell_command:0:2000}" "$__coshell_statuses")
      for ((__coshell_i = 0; __coshell_i < ${#BASH_SOURCE[@]} && __coshell_i < 63; __coshell_i++)); do
        __coshell_record+=("${FUNCNAME[__coshell_i]-source}" "${BASH_SOURCE[__coshell_i]-}" "$__coshell_line")
        __coshell_line=${BASH_LINENO[__coshell_i]-}
      done
      case $__coshell_kind$-:${BASH_SUBSHELL-0} in [!f]* | failed*e*:* | *:[!01]*) \builtin eval "$__coshell_print" ;; esac
      ;;
    esac
    case $__coshell_flags in x) \builtin set -x ;; esac'
  __coshell_print='
    case ${#__coshell_record[@]} in
    0) ;;
    *)
      \builtin printf "%s\0" "${#__coshell_record[@]}" "${__coshell_record[@]}" >>"$__coshell_trace_file"
      __coshell_record=()
      ;;
    esac'

  # The ERR trap. If BASH_COMMAND is not the command that failed, PIPESTATUS usually shows that.
  __coshell_on_error="$__coshell_saw __coshell_kind=failed"'; \builtin eval "$__coshell_trace" || \builtin :'

  # The subshell's trap for the signal that says that its time is up. It records the command that hangs. The line is only known in a DEBUG
  # trap, which runs before the next command, after the runtime has killed the process that the subshell waits for.
  __coshell_on_timeout="$__coshell_saw __coshell_kind=timeout"'; \builtin eval "$__coshell_trace" || \builtin :
    \builtin trap "$__coshell_on_next" DEBUG'
  __coshell_on_next="$__coshell_saw __coshell_kind=stopped"'; \builtin eval "$__coshell_trace" || \builtin :
    \builtin trap - DEBUG
    \builtin exit 124'

  # The subshell's EXIT trap. If the handler returned 0 and set no EXIT trap, the answer need not wait for the end of the subshell. So the
  # trap closes stdout, writes an S record, and waits until the runtime has answered, or has found another process that holds stdout. The
  # runtime wakes on the same processor, and would otherwise have to wait for the teardown of the subshell.
  #
  # `__coshell_code` is only set after the handler's call, so it shows that the handler has returned. A fatal signal runs this trap as well,
  # with any value of $?.
  #
  # Plain exec keeps its redirections, unlike `builtin exec`, but a function of the handler comes before plain exec, and is removed. If that
  # function is readonly, or if no descriptor is left, the subshell just ends. The status pipe replaces stdout, which closes stdout. The
  # wake-up pipe is opened first; otherwise the release could come before there is a reader. The exit status 47 tells the shell below that
  # an S record was written. Bash 5.1 gives a failed exec the status 0; an exec that succeeds never comes here.
  #
  # A child that Bash has forked for a pipeline or a background job, and that dies before its command runs, runs this EXIT trap as well. The
  # trap must do nothing there: its first simple command would wait for a process that is no child of that child, and Bash would report that
  # on stderr ("wait_for: No record of process").
  __coshell_exit_trap='case __coshell:${BASHPID:-0}:$?:${__coshell_code-} in
    __coshell:"$__coshell_pid":0:0)
      \builtin unset -f exec || \builtin exit 0
      \exec 9<"$__coshell_wake" >>"$__coshell_status" || \builtin exit 0
      \builtin printf "S %s\n" "$__coshell_turn"
      \builtin read -r -N 1 -u 9 __coshell_byte || \builtin :
      \builtin exit 47
      ;;
    __coshell:"$__coshell_pid":*)
      '"$__coshell_saw"'
      \builtin eval "$__coshell_on_exit"
      ;;
    esac'
  __coshell_on_exit='
    __coshell_kind=exited
    case $__coshell_ended:${__coshell_code-}:$__coshell_command in 0::"exec "*) __coshell_ended=127 ;; esac
    \builtin eval "$__coshell_trace" || \builtin :
    case $__coshell_ended:${__coshell_code-}:$__coshell_command in 127::"exec "*) \builtin exit 127 ;; esac'

  #: if stateful
  # With COSHELL_STATE=keep, an earlier event has made a variable readonly that this event must set.
  __coshell_give_up='
    \builtin echo "an earlier event has made a variable readonly that the runtime sets for each event; with COSHELL_STATE=keep it must stay writable" >&2
    \builtin exit 1'
  #: end

  # A large event is handed over in the C locale, unquoted, with an empty IFS and without pathname expansion: Bash copies it in less than half
  # of the time. This DEBUG trap, which runs before the first command of the handler, restores all of that. The runtime allows it (the byte
  # is an l) only for events without the bytes 1 and 127, which Bash uses as marks.
  __coshell_on_large='case ${FUNCNAME-} in ?*)
    \builtin set +fT
    case $__coshell_ifs in x*) IFS=${__coshell_ifs#x} ;; *) \builtin unset -v IFS ;; esac
    case $__coshell_locale in x*) LC_ALL=${__coshell_locale#x} ;; *) \builtin unset -v LC_ALL ;; esac
    \builtin trap - DEBUG
    ;;
  esac'

  #: if stateful
  # With COSHELL_STATE=keep, xtrace and a DEBUG trap stay as the handler left them.
  __coshell_save_tracing='
    __coshell_x=+x
    [[ -o xtrace ]] && __coshell_x=-x
    __coshell_debug=$(\builtin trap -p DEBUG)'
  #: end

  #: if exit_traps
  # The RETURN trap of functions that set an EXIT trap. Such a trap often uses a variable that is local to the function, as in `local dir;
  # dir=$(mktemp -d); trap "rm -rf \"$dir\"" EXIT`, and runs after the function has returned and the variable is gone. So the driver saves
  # the values of variables that the trap, or a function that the trap calls, uses as `$name`, `${name}` or `${name[1]}`. A variable that is
  # unset when the handler has returned gets its value back. Forms such as `${name-}` work with an unset variable, and are ignored here.
  __coshell_on_return='case $__coshell_trappers in *" ${FUNCNAME-} "*) \builtin eval "$__coshell_keep" || \builtin : ;; esac'
  __coshell_keep='
    __coshell_rest=$(\builtin trap -p EXIT)
    case $__coshell_rest in
    "" | *__coshell_on_exit*) ;;
    *)
      \builtin eval "__coshell_words=(${__coshell_rest#trap -- })"
      __coshell_rest="$__coshell_words $(\builtin declare -f -- $__coshell_words || \builtin :)"
      while [[ $__coshell_rest == *\$* ]]; do
        __coshell_rest=${__coshell_rest#*\$}
        __coshell_name=${__coshell_rest#\{} __coshell_name=${__coshell_name#\#} __coshell_name=${__coshell_name%%[!A-Za-z_0-9]*}
        case $__coshell_rest in
        "{$__coshell_name["[@*]"]}"*) continue ;;
        "{$__coshell_name}"* | "{$__coshell_name["* | "{#$__coshell_name"[]}[]* | [!{]*) ;;
        *) continue ;;
        esac
        case $__coshell_name in "" | [0-9]*) continue ;; esac
        [[ -v $__coshell_name ]] || continue
        case ${BASH_SUBSHELL-} in
        1) __coshell_kept[__coshell_kept_count++]=$(\builtin declare -p "$__coshell_name") ;;
        *) \builtin declare -g "$__coshell_name=${!__coshell_name}" ;; # the trap runs at the end of this subshell
        esac
      done
      ;;
    esac'
  #: end
}

# POSIX mode, in which the tutorial's bootstrap runs, turns all four options on.
shopt -s checkhash expand_aliases inherit_errexit shift_verbose
{
  # shellcheck disable=SC2086 # several words: the convention's options
  set $__coshell_options
  case $__coshell_own_err in
  1) ;; # the script has its own ERR trap or errtrace: our trap would change when that trap runs
  *)
    set -E
    trap "$__coshell_on_error" ERR
    ;;
  esac
  __coshell_pid=${BASHPID:-0}
  case $__coshell_aliased in 1) ;; *) trap "$__coshell_exit_trap" EXIT ;; esac
  case $__coshell_script:$__coshell_snap_start in
  ?*:)
    builtin source "$__coshell_script"
    ;;
  #: if snap_start
  *:1) # SnapStart: the functions that the script has registered run before the snapshot (the last one first) and after the restore
    case $__coshell_script in ?*) builtin source "$__coshell_script" ;; esac
    case $?:$__coshell_must_source in 0:* | *:) ;; *) builtin exit "$?" ;; esac
    builtin printf 'H\n' >>"$__coshell_status"
    __coshell_hooks=()
    case ${LAMBDA_BEFORE_SNAPSHOT[*]+x} in x) __coshell_hooks=("${LAMBDA_BEFORE_SNAPSHOT[@]}") ;; esac
    for ((__coshell_i = ${#__coshell_hooks[@]} - 1; __coshell_i >= 0; __coshell_i--)); do
      "${__coshell_hooks[__coshell_i]}"
      case $? in 0) ;; *) builtin exit "$?" ;; esac
    done
    # The wake-up pipe is opened first: before, nobody could write to it. The wait may last weeks, whatever TMOUT says; a q ends the process.
    {
      builtin printf 'P\n' >>"$__coshell_status"
      builtin read -r -N 1 -u 9 -t 999999999 __coshell_byte || builtin exit 0
    } 9<"$__coshell_wake"
    case $__coshell_byte in q) builtin exit 0 ;; esac
    # All environments that are restored from one snapshot would have the same random numbers.
    case ${RANDOM@a} in *r*) ;; *) RANDOM=${SRANDOM-${EPOCHSECONDS-$BASHPID}} ;; esac
    __coshell_hooks=()
    case ${LAMBDA_AFTER_RESTORE[*]+x} in x) __coshell_hooks=("${LAMBDA_AFTER_RESTORE[@]}") ;; esac
    for ((__coshell_i = 0; __coshell_i < ${#__coshell_hooks[@]}; __coshell_i++)); do
      "${__coshell_hooks[__coshell_i]}"
      case $? in 0) ;; *) builtin exit "$?" ;; esac
    done
    ;;
  #: end
  esac

  # Save the state that the script left: its options, and its DEBUG, ERR and EXIT traps (they must not run for commands of the driver).
  {
    __coshell_code=$? __coshell_options=$-
    #: if own_builtin
    # In POSIX mode no function comes before `unset`.
    [[ -o posix ]] && __coshell_posix=1
    POSIXLY_CORRECT=1
    \unset -f builtin
    [[ ${__coshell_posix-} ]] || builtin unset -v POSIXLY_CORRECT
    builtin shopt -s expand_aliases inherit_errexit
    #: end
    builtin set +aex
    builtin export -n __coshell_code __coshell_options
    builtin trap -p DEBUG >|"$__coshell_trace_file"
    builtin trap - DEBUG
    {
      builtin printf '\0'
      builtin trap -p ERR
      builtin printf '\0'
      builtin trap -p EXIT
      builtin printf '\0'
      case $__coshell_sources$__coshell_exit_traps in *1*) builtin declare -f ;; esac
      builtin printf '\0'
      builtin trap -p TERM
      builtin printf '\0'
      case $__coshell_coprocs in 1) builtin compgen -A arrayvar ;; esac
      builtin printf '\0'
      case $__coshell_event_array in 1) builtin declare -p LAMBDA_EVENT ;; esac
      builtin printf '\0'
    } >>"$__coshell_trace_file"
    builtin mapfile -d '' -t __coshell_own <"$__coshell_trace_file"
    __coshell_debug='' __coshell_err='' __coshell_functions=${__coshell_own[3]-}
    # This option would make `case` confuse the letters of options.
    builtin shopt -q nocasematch && __coshell_nocasematch=1 && builtin shopt -u nocasematch
    case $__coshell_options in *T*) __coshell_debug=${__coshell_own[0]-} ;; esac
    case $__coshell_own_err in
    1) # without errtrace a subshell does not inherit an ERR trap
      case $__coshell_options in *E*) __coshell_err=${__coshell_own[1]-} ;; esac
      ;;
    *)
      case ${__coshell_own[1]-} in *__coshell_kind=failed*) ;; ?*) __coshell_own_err=1 ;; esac
      ;;
    esac
    builtin trap - ERR
    #: if coprocs
    # Bash closes the descriptors of a coprocess in a subshell, so copies are made. A coprocess NAME has a variable NAME_PID.
    __coshell_names=${__coshell_own[5]-}
    while [[ $__coshell_names ]]; do
      __coshell_name=${__coshell_names%%$'\n'*} __coshell_names=${__coshell_names#*$'\n'}
      builtin declare -n __coshell_pair=$__coshell_name __coshell_pid=${__coshell_name}_PID
      case ${__coshell_pid-}:${__coshell_pair[1]-} in :* | *: | *[!0-9:]*) continue ;; esac
      exec {__coshell_in}<&"${__coshell_pair[0]}" {__coshell_out}>&"${__coshell_pair[1]}"
      __coshell_pair=("$__coshell_in" "$__coshell_out")
    done
    builtin unset -n __coshell_pair __coshell_pid
    #: end
    # Without this trap, a Bash that ends by SIGTERM would run the script's EXIT trap in the loop below, without output.
    case ${__coshell_own[2]-}:${__coshell_own[4]-} in
    *__coshell_on_exit*) builtin trap - EXIT ;;
    ?*:) builtin trap 'builtin exit 143' TERM ;;
    esac
    #: if event_array
    # A readonly array cannot be filled. An array of integers would evaluate the text of an event.
    case ${__coshell_own[6]-} in
    'declare -'*' LAMBDA_EVENT'*)
      __coshell_name=${__coshell_own[6]#declare -}
      case ${__coshell_name%% *} in
      *[rin]*) __coshell_event_array='' ;;
      *A*)
        __coshell_event_array=${__coshell_name%% *} # the attributes of the array
        builtin printf 'A\n' >>"$__coshell_status"
        ;;
      *) __coshell_event_array='' ;;
      esac
      ;;
    *) __coshell_event_array='' ;;
    esac
    #: end
    case $__coshell_functions in *[!A-Za-z0-9_]ERR[!A-Za-z0-9_]* | *errtrace*) __coshell_own_err=1 ;; esac
    case $__coshell_functions in *[!A-Za-z0-9_]DEBUG* | *xtrace* | *"set -"*x*) __coshell_noisy=1 ;; esac
    __coshell_trappers='' __coshell_traced=''
    #: if exit_traps
    # Functions run a RETURN trap only with functrace, and then they run a DEBUG trap as well.
    case $__coshell_noisy in
    '')
      __coshell_names=$__coshell_functions
      while [[ $__coshell_names ]]; do
        __coshell_name=${__coshell_names%%$'\n'*} __coshell_names=${__coshell_names#*$'\n'}
        case $__coshell_name in
        [!\ {}]*' () ') __coshell_traced=${__coshell_name% () } ;;
        *EXIT* | *trap*[\ \'\"]0*) __coshell_trappers+=" $__coshell_traced " ;;
        esac
      done
      ;;
    esac
    #: end
    # Readonly variables of the script keep their values.
    case ${EVENT_DATA+${EVENT_DATA@a}} in *r*) __coshell_globals=${__coshell_globals/EVENT_DATA/} ;; esac
    case ${REQUEST_ID+${REQUEST_ID@a}} in *r*) __coshell_globals=${__coshell_globals/REQUEST_ID/} ;; esac
    case ${HEADERS+${HEADERS@a}} in *r*) __coshell_headers='' ;; esac
    case ${__coshell_nocasematch-} in 1) __coshell_debug="builtin shopt -s nocasematch; $__coshell_debug" ;; esac
    case $__coshell_options:$__coshell_debug$__coshell_xtrace in *[vx]*:* | *:?*) __coshell_noisy=1 ;; esac
    __coshell_a=+a __coshell_e=+e __coshell_x=+x
    case $__coshell_options in *a*) __coshell_a=-a ;; esac
    case $__coshell_options in *e*) __coshell_e=-e ;; esac
    case $__coshell_options in *x*) __coshell_x=-x ;; esac
    # Whether a large event may be handed over as above.
    __coshell_quick=''
    case $__coshell_in_if$__coshell_noisy$__coshell_trappers$__coshell_aliased:$__coshell_options:$__coshell_pass:${IFS+${IFS@a}}${LC_ALL+${LC_ALL@a}} in
    :*[afT]*:* | :*:*r*) ;;
    :*:1:*) __coshell_quick=1 ;;
    esac
    __coshell_context=(_X_AMZN_TRACE_ID LAMBDA_RUNTIME_AWS_REQUEST_ID LAMBDA_RUNTIME_DEADLINE_MS
      LAMBDA_RUNTIME_INVOKED_FUNCTION_ARN LAMBDA_RUNTIME_TRACE_ID LAMBDA_RUNTIME_CLIENT_CONTEXT
      LAMBDA_RUNTIME_COGNITO_IDENTITY LAMBDA_RUNTIME_AWS_TENANT_ID)
    builtin unset -v __coshell_own __coshell_functions __coshell_options "${__coshell_context[@]}"
    # Without errexit, this line is reached even if the script could not be sourced.
    case $__coshell_code:$__coshell_must_source in 0:*) ;; *:1) builtin exit "$__coshell_code" ;; esac
    [[ -z $__coshell_script ]] || builtin declare -F -- "$__coshell_function" || {
      case $__coshell_code in 0) ;; *) builtin exit "$__coshell_code" ;; esac
      builtin declare -F >>"$__coshell_trace_file"
      builtin printf 'M\n' >>"$__coshell_status"
      builtin exit 1
    }
  } >/dev/null 2>&1

  __coshell_turn=$__coshell_first_turn
  while ((__coshell_turn += 1)); do
    {
      (
        __coshell_pid=${BASHPID:-0} __coshell_code=''
        case $__coshell_own_err in
        1) builtin eval "$__coshell_err" ;;
        *) builtin trap "$__coshell_on_error" ERR ;; # errtrace is on
        esac
        # If the script lists traps or sends signals, the driver sets no EXIT trap: Bash loses a signal to a child that has not begun its
        # command yet. Then less is known about an `exit`. The same applies if an alias replaces a word of the trap.
        #: unless own_exit
        builtin trap "$__coshell_exit_trap" EXIT
        #: end
        #: if timed
        builtin trap "$__coshell_on_timeout" STKFLT
        #: end
        #: if stateful
        # (After `set -n` of the handler Bash runs nothing more, and takes any condition for true.)
        __coshell_report="R $__coshell_turn $__coshell_pid"
        # shellcheck disable=SC2078
        until [[ '' ]]; do
          __coshell_code=''
          #: end
          #: if exit_traps
          case $__coshell_trappers in
          ?*)
            __coshell_kept=() __coshell_kept_count=0
            builtin set -T
            builtin trap "$__coshell_on_return" RETURN
            ;;
          esac
          #: end
          {
            #: if stateful
            builtin printf '%s\n' "$__coshell_report" >>"$__coshell_status" || builtin exit 1
            #: end
            #: unless stateful
            builtin printf 'R %s %s\n' "$__coshell_turn" "$__coshell_pid" >>"$__coshell_status" || builtin exit 1
            #: end
            builtin read -r -N 1 -u 9 __coshell_byte || builtin :
            case ${__coshell_byte-} in
            l) # A handler may have changed these variables. `unset` would lose the attributes of a variable without a value.
              {
                case $__coshell_quick:${IFS+${IFS@a}}${LC_ALL+${LC_ALL@a}} in :* | *r*) __coshell_byte=e ;; esac
                [[ -v IFS ]] || ! builtin declare -p IFS || __coshell_byte=e
                [[ -v LC_ALL ]] || ! builtin declare -p LC_ALL || __coshell_byte=e
              } >/dev/null 2>&1
              case $__coshell_byte in
              l)
                __coshell_locale=${LC_ALL+x$LC_ALL}
                LC_ALL=C
                builtin mapfile -d '' -t -n 2 -u 8 __coshell_event
                case $__coshell_locale in x*) LC_ALL=${__coshell_locale#x} ;; *) builtin unset -v LC_ALL ;; esac
                ;;
              *) builtin mapfile -d '' -t -n 2 -u 8 __coshell_event ;;
              esac
              ;;
            *) builtin mapfile -d '' -t -n 2 -u 8 __coshell_event ;;
            esac
            builtin mapfile -d '' -t -u 8 __coshell_variables # an array of its own: Bash copies all of an array to take a part of it
            # A byte for a dead subshell does not count: the event must be for this turn. If `read` fails with a status over 128, the script's
            # TMOUT has passed. Any other failure means that the runtime has ended; a q means that the subshell must end.
            # An x replaces a kept subshell that uses too much memory.
            while [[ ${__coshell_event[0]-} != "$__coshell_turn" ]]; do
              case ${__coshell_byte-} in x) builtin exit 0 ;; esac
              [[ ${__coshell_byte-} != q ]] && builtin read -r -N 1 -u 9 __coshell_byte || (($? > 128)) || {
                # The shell below must end too. This signal tells it so (status 128 + 30), together with a q in place of the event, because a
                # handler may also exit with status 158.
                builtin trap - ERR EXIT
                builtin printf q >|"$__coshell_event_file"
                builtin kill -PWR "${BASHPID-}"
                builtin exit 0
              }
              {
                builtin mapfile -d '' -t -n 2 __coshell_event
                builtin mapfile -d '' -t __coshell_variables
              } <"$__coshell_event_file"
            done
          } 8<"$__coshell_event_file" 9<"$__coshell_wake" || builtin exit 1 # no descriptor is left
          #: if stateful
          case $__coshell_report in
          S*) # a kept subshell: its next output goes to the event, which has context variables of its own
            \exec >&"$__coshell_fd1" 2>&"$__coshell_fd2" {__coshell_fd1}>&- {__coshell_fd2}>&-
            __coshell_record=()
            builtin unset -v "${__coshell_exported[@]%%=*}" "${__coshell_context[@]}" || builtin :
            # An event before may have unset the array, or made another kind of variable of it.
            case $__coshell_event_array in
            ?*) { builtin unset -v LAMBDA_EVENT && builtin declare "-g$__coshell_event_array" LAMBDA_EVENT; } || builtin eval "$__coshell_give_up" ;;
            esac
            ;;
          esac
          #: end
          #: if event_array
          case $__coshell_event_array in
          ?*)
            LAMBDA_EVENT=()
            __coshell_count=${__coshell_variables[${#__coshell_variables[@]} - 1]}
            for ((__coshell_i = __coshell_count; __coshell_i < ${#__coshell_variables[@]} - 1; __coshell_i += 2)); do
              LAMBDA_EVENT[${__coshell_variables[__coshell_i]}]=${__coshell_variables[__coshell_i + 1]}
            done
            __coshell_variables=("${__coshell_variables[@]:0:__coshell_count}")
            ;;
          esac
          #: end
          #: if stateful
          builtin export "${__coshell_variables[@]}" || case $__coshell_report in S*) builtin eval "$__coshell_give_up" ;; esac
          __coshell_exported=("${__coshell_variables[@]}")
          #: end
          #: unless stateful
          builtin export "${__coshell_variables[@]}"
          #: end
          #: if globals
          case $__coshell_globals in *EVENT_DATA*) EVENT_DATA=${__coshell_event[1]} ;; esac
          case $__coshell_globals in *REQUEST_ID*) REQUEST_ID=$LAMBDA_RUNTIME_AWS_REQUEST_ID ;; esac
          #: end
          #: if headers
          case $__coshell_headers in ?*) HEADERS=$__coshell_headers$__coshell_turn ;; esac
          #: end
          #: if xtrace
          exec {BASH_XTRACEFD}>>"$__coshell_xtrace"
          PS4=$'+\x1f${__coshell_turn}\x1f${EPOCHREALTIME-}\x1f${LINENO}\x1f${BASHPID-}\x1f${!-}\x1f${BASH_SUBSHELL-}\x1f'
          PS4+=$'${FUNCNAME[@]-}\x1f${BASH_SOURCE[@]/%/\x1e}\x1f${BASH_LINENO[@]-}\x1f'
          __coshell_x=-x
          #: end
          #: unless in_if
          # If the script mentions xtrace or DEBUG traps, the commands after the handler's call are muted; otherwise no muting is needed.
          case $__coshell_noisy:$__coshell_byte:$- in
          1:*)
            builtin eval "builtin set $__coshell_a $__coshell_e $__coshell_x; $__coshell_debug"
            "$__coshell_function" ${__coshell_pass:+"${__coshell_event[1]}"}
            {
              __coshell_code=$?
              case $__coshell_stateful in 1) builtin eval "$__coshell_save_tracing" ;; esac
              builtin set +vx
              builtin trap - DEBUG
            } >/dev/null 2>&1
            ;;
          :l:*[fT]* | :[!l]*)
            builtin set "$__coshell_a" "$__coshell_e"
            "$__coshell_function" ${__coshell_pass:+"${__coshell_event[1]}"}
            __coshell_code=$?
            ;;
          *)
            __coshell_locale=${LC_ALL+x$LC_ALL} __coshell_ifs=${IFS+x$IFS}
            LC_ALL=C IFS=
            builtin set -fT
            builtin trap "$__coshell_on_large" DEBUG
            builtin set "$__coshell_a" "$__coshell_e"
            # shellcheck disable=SC2086 # one word
            "$__coshell_function" ${__coshell_event[1]}
            __coshell_code=$?
            ;;
          esac
          #: end
          #: if in_if
          # In an `if`, for the convention: errexit has no effect in the handler, even if the handler sets it.
          builtin eval "builtin set $__coshell_a $__coshell_e $__coshell_x; $__coshell_debug"
          if "$__coshell_function" ${__coshell_pass:+"${__coshell_event[1]}"}; then
            { __coshell_code=0; } 2>/dev/null
          else
            { __coshell_code=$?; } 2>/dev/null
          fi
          {
            case $__coshell_stateful in 1) builtin eval "$__coshell_save_tracing" ;; esac
            builtin set +vx
            builtin trap - DEBUG
          } >/dev/null 2>&1
          #: end
          #: if exit_traps
          case $__coshell_trappers in
          ?*)
            builtin trap - RETURN
            while ((__coshell_kept_count > 0)); do # the last value first
              __coshell_rest=${__coshell_kept[--__coshell_kept_count]} __coshell_name=${__coshell_rest#declare * }
              [[ -v ${__coshell_name%%=*} ]] || builtin eval "$__coshell_rest"
            done
            ;;
          esac
          #: end
          #: if stateful
          # COSHELL_STATE=keep: this subshell takes the next event, too. It leaves the output pipes of this event, which gives the runtime the
          # end of the output, and opens those of the next event. What traps write in between goes nowhere.
          case $__coshell_code in
          0)
            __coshell_a=+a __coshell_e=+e
            [[ -o allexport ]] && __coshell_a=-a
            [[ -o errexit ]] && __coshell_e=-e
            builtin set +ae
            __coshell_report="S $__coshell_turn"
            ((__coshell_turn += 1)) || builtin exit 1
            # shellcheck disable=SC2015 # both must succeed
            builtin unset -f exec && \exec <"${__coshell_stdins[__coshell_turn & 1]}" {__coshell_fd1}>>"${__coshell_stdouts[__coshell_turn & 1]}" \
              {__coshell_fd2}>>"${__coshell_stderrs[__coshell_turn & 1]}" >/dev/null 2>&1 || {
              __coshell_code='' # without a descriptor for the next event, this one ends as after `exit 0`
              builtin exit 0
            }
            builtin continue
            ;;
          esac
          #: end
          # The handler returned 0. If the handler has no EXIT trap pending, the work of our EXIT trap is done here, in code that is already
          # parsed.
          #: if may_trap
          case $__coshell_code:$__coshell_own_exit in
          0:1) case $(builtin trap -p EXIT) in ?*) builtin exit 0 ;; esac ;;
          *) builtin exit "$__coshell_code" ;;
          esac
          #: end
          case $__coshell_code in
          0)
            builtin trap - EXIT
            builtin unset -f exec || builtin exit 0
            \exec 9<"$__coshell_wake" >>"$__coshell_status" || builtin exit 0
            builtin printf 'S %s\n' "$__coshell_turn"
            builtin read -r -N 1 -u 9 __coshell_byte || builtin :
            builtin exit 47
            ;;
          esac
          builtin exit "$__coshell_code"
        #: if stateful
        done
        #: end
      ) <"${__coshell_stdins[__coshell_turn & 1]}" >>"${__coshell_stdouts[__coshell_turn & 1]}" 2>>"${__coshell_stderrs[__coshell_turn & 1]}"
    } 2>/dev/null
    # After an S record, no D record follows. If the status pipe is gone, the runtime is gone, and Bash exits.
    __coshell_code=$?
    #: if stateful
    # Which turn was the last one, only the event file says.
    { IFS= builtin read -r -d '' __coshell_byte <"$__coshell_event_file"; } 2>/dev/null
    case $__coshell_byte in '' | *[!0-9]*) ;; *) ((__coshell_byte <= __coshell_turn)) || __coshell_turn=$__coshell_byte ;; esac
    #: end
    case $__coshell_code in
    47) continue ;;
    158)
      __coshell_byte=q
      { builtin read -r -N 1 __coshell_byte <"$__coshell_event_file"; } 2>/dev/null
      case $__coshell_byte in q | '') builtin exit 0 ;; esac
      ;;
    esac
    builtin printf 'D %s %s\n' "$__coshell_turn" "$__coshell_code" >>"$__coshell_status" || builtin exit 0
  done
}
