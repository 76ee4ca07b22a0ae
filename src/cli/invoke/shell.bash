# shellcheck shell=bash disable=SC2004,SC2034,SC2154
# Prepares the Bash of `coshell invoke --shell` before Bash reads commands: sources the script with the same options as driver.bash, and
# then sets the event and its variables. shell.rs sets the variables that begin with __coshell_.

unset -v BASH_ENV ENV HISTFILE
[[ -z $__coshell_bash_env ]] || export BASH_ENV=$__coshell_bash_env
[[ -z $__coshell_posix ]] || export POSIXLY_CORRECT=$__coshell_posix
[[ -d ${HOME-} && -x ${HOME-} ]] || export HOME=/tmp
[[ -z $__coshell_posix_mode ]] || set -o posix
mapfile -d '' -t __coshell_given <"/proc/self/fd/$__coshell_given_fd"
exec {__coshell_given_fd}<&- {__coshell_rc_fd}<&-
PS1='coshell:\W\$ '

set --
shopt -s expand_aliases inherit_errexit
trap 'printf "coshell: sourcing %s ended the shell with status %s\n" "$__coshell_script" "$?" >&2' EXIT
# shellcheck disable=SC2086 # several words: the convention's options
set $__coshell_options
# shellcheck disable=SC1090
source "$__coshell_script"
{ set +e; } 2>/dev/null
case $(trap -p EXIT) in *'coshell: sourcing '*) trap - EXIT ;; esac

EVENT=${__coshell_given[0]}
__coshell_count=${__coshell_given[${#__coshell_given[@]} - 1]}
export "${__coshell_given[@]:1:__coshell_count}"
case $(declare -p LAMBDA_EVENT 2>/dev/null) in
'declare -A'*)
  for ((__coshell_i = 1 + __coshell_count; __coshell_i < ${#__coshell_given[@]} - 1; __coshell_i += 2)); do
    LAMBDA_EVENT[${__coshell_given[__coshell_i]}]=${__coshell_given[__coshell_i + 1]}
  done
  ;;
esac
declare -F -- "$__coshell_function" >/dev/null ||
  printf 'coshell: %s defines no function %s\n' "$__coshell_script" "$__coshell_function" >&2
[[ -z $__coshell_hint ]] || printf '%s\n' "$__coshell_hint" >&2
case $- in
*i*) ;;
*) unset -v PS1 ;;
esac
unset -v "${!__coshell_@}"
