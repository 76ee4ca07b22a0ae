# shellcheck shell=bash disable=SC2016,SC2059,SC2154
# lambda_json [-v VARIABLE] NAME=STRING NAME:=JSON …: prints an object in one line, or assigns it to VARIABLE.
# lambda_json [-v VARIABLE] -a =STRING :=JSON …: the same for an array.
# A `=`, `:` or `\` in NAME is written `\=`, `\:` or `\\`. Strings are escaped; of JSON only the outside is checked.
# No process is started, and a plain string costs one pattern. Like the driver, the function works whatever options the script sets.
lambda_json() {
  case __coshell:$- in *x*) { builtin local -; builtin set +x; } 2>/dev/null ;; esac
  builtin local __coshell_variable='' __coshell_ends='{}' __coshell_syntax='NAME=STRING or NAME:=JSON' __coshell_json=''
  builtin local __coshell_pair __coshell_name __coshell_value __coshell_kind __coshell_text __coshell_part __coshell_rest
  builtin local __coshell_i __coshell_byte __coshell_code __coshell_all __coshell_done
  builtin local "__coshell_b=["$'\x80-\xbf'"]" # a byte that continues a character
  while :; do
    case ${1-}:${2-} in
    -v:?*)
      __coshell_variable=$2
      builtin shift 2
      ;;
    -a:*)
      __coshell_ends='[]' __coshell_syntax='=STRING or :=JSON'
      builtin shift
      ;;
    *) builtin break ;;
    esac
  done

  for __coshell_pair; do
    __coshell_name=${__coshell_pair%%=*} __coshell_value=${__coshell_pair#*=} __coshell_kind=string
    case $__coshell_name in
    *\\*) # an escape: the first `=` may belong to the name
      __coshell_name='' __coshell_rest=$__coshell_pair __coshell_kind=''
      while [[ $__coshell_rest ]]; do
        case $__coshell_rest in
        \\[=:\\]*) __coshell_rest=${__coshell_rest:1} ;;
        :=*) __coshell_kind=json __coshell_value=${__coshell_rest:2} ;;
        =*) __coshell_kind=string __coshell_value=${__coshell_rest:1} ;;
        esac
        [[ -z $__coshell_kind ]] || builtin break
        __coshell_name+=${__coshell_rest:0:1} __coshell_rest=${__coshell_rest:1}
      done
      ;;
    "$__coshell_pair") __coshell_kind='' ;; # there is no `=`
    *:) __coshell_kind=json __coshell_name=${__coshell_name%:} ;;
    esac
    case $__coshell_ends:$__coshell_kind:$__coshell_name in
    '{}':?*:* | '[]':?*:) ;;
    *)
      builtin printf 'lambda_json: `%s` is not %s\n' "$__coshell_pair" "$__coshell_syntax" >&2
      builtin return 1
      ;;
    esac

    case $__coshell_kind in
    json)
      __coshell_value=${__coshell_value//[$'\n\r']/ }
      __coshell_value=${__coshell_value#"${__coshell_value%%[![:space:]]*}"}
      __coshell_value=${__coshell_value%"${__coshell_value##*[![:space:]]}"}
      case $__coshell_value in
      '{'*'}' | '['*']' | '"'*'"') ;;
      *) # unlike `[[`, `test` looks at capitals whatever nocasematch says
        builtin test "$__coshell_value" = true || builtin test "$__coshell_value" = false || builtin test "$__coshell_value" = null ||
          [[ $__coshell_value =~ ^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$ ]] || {
          builtin printf 'lambda_json: the value of `%s` is not JSON; a string is written NAME=STRING\n' "$__coshell_pair" >&2
          builtin return 1
        }
        ;;
      esac
      ;;
    esac

    for __coshell_part in name "$__coshell_kind"; do
      case $__coshell_part in
      name) __coshell_text=$__coshell_name ;;
      string) __coshell_text=$__coshell_value ;;
      json) builtin continue ;;
      esac
      case $__coshell_text in
      *[\"\\[:cntrl:]]* | *[![:ascii:]]*)
        builtin local LC_ALL=C # bytes from here on
        __coshell_all=$__coshell_text __coshell_done=''
        # Piece by piece: Bash needs the square of a text's length to replace parts of it. No character of UTF-8 is cut.
        while [[ $__coshell_all ]]; do
          __coshell_text=${__coshell_all:0:4096} __coshell_all=${__coshell_all:4096}
          for __coshell_i in 1 2 3; do
            case $__coshell_all in
            $__coshell_b*) __coshell_text+=${__coshell_all:0:1} __coshell_all=${__coshell_all:1} ;;
            esac
          done
          __coshell_text=${__coshell_text//\\/\\\\}
          __coshell_text=${__coshell_text//\"/\\\"}
          case $__coshell_text in
          *[[:cntrl:]]*)
            __coshell_text=${__coshell_text//$'\n'/\\n}
            __coshell_text=${__coshell_text//$'\r'/\\r}
            __coshell_text=${__coshell_text//$'\t'/\\t}
            for ((__coshell_i = 1; __coshell_i < 32; __coshell_i++)); do
              case $__coshell_text in *[[:cntrl:]]*) ;; *) builtin break ;; esac
              builtin printf -v __coshell_byte '\\x%02x' "$__coshell_i"
              builtin printf -v __coshell_byte "$__coshell_byte"
              builtin printf -v __coshell_code '\\u%04x' "$__coshell_i"
              __coshell_text=${__coshell_text//"$__coshell_byte"/"$__coshell_code"}
            done
            ;;
          esac
          # Without its valid UTF-8, the piece is ASCII unless it also has bytes that are no UTF-8: each becomes U+FFFD. A space takes
          # the place of each character, or bytes that are not neighbors would meet.
          __coshell_rest=${__coshell_text//[$'\xc2'-$'\xdf']$__coshell_b/ }
          __coshell_rest=${__coshell_rest//[$'\xe1'-$'\xec\xee\xef']$__coshell_b$__coshell_b/ }
          case $__coshell_rest in
          *[![:ascii:]]*)
            __coshell_rest=${__coshell_rest//$'\xe0'[$'\xa0'-$'\xbf']$__coshell_b/ }
            __coshell_rest=${__coshell_rest//$'\xed'[$'\x80'-$'\x9f']$__coshell_b/ }
            __coshell_rest=${__coshell_rest//$'\xf0'[$'\x90'-$'\xbf']$__coshell_b$__coshell_b/ }
            __coshell_rest=${__coshell_rest//[$'\xf1'-$'\xf3']$__coshell_b$__coshell_b$__coshell_b/ }
            __coshell_rest=${__coshell_rest//$'\xf4'[$'\x80'-$'\x8f']$__coshell_b$__coshell_b/ }
            ;;
          esac
          case $__coshell_rest in
          *[![:ascii:]]*)
            __coshell_rest=$__coshell_text __coshell_text=''
            while [[ $__coshell_rest ]]; do
              case $__coshell_rest in
              [[:ascii:]]*)
                __coshell_byte=${__coshell_rest%%[![:ascii:]]*}
                __coshell_i=${#__coshell_byte}
                ;;
              [$'\xc2'-$'\xdf']$__coshell_b*) __coshell_i=2 ;;
              $'\xe0'[$'\xa0'-$'\xbf']$__coshell_b*) __coshell_i=3 ;;
              $'\xed'[$'\x80'-$'\x9f']$__coshell_b*) __coshell_i=3 ;;
              [$'\xe1'-$'\xec\xee\xef']$__coshell_b$__coshell_b*) __coshell_i=3 ;;
              $'\xf0'[$'\x90'-$'\xbf']$__coshell_b$__coshell_b*) __coshell_i=4 ;;
              [$'\xf1'-$'\xf3']$__coshell_b$__coshell_b$__coshell_b*) __coshell_i=4 ;;
              $'\xf4'[$'\x80'-$'\x8f']$__coshell_b$__coshell_b*) __coshell_i=4 ;;
              *)
                __coshell_text+=$'\xef\xbf\xbd' __coshell_rest=${__coshell_rest:1}
                builtin continue
                ;;
              esac
              __coshell_text+=${__coshell_rest:0:__coshell_i} __coshell_rest=${__coshell_rest:__coshell_i}
            done
            ;;
          esac
          __coshell_done+=$__coshell_text
        done
        __coshell_text=$__coshell_done
        ;;
      esac
      case $__coshell_part in
      name) __coshell_name=$__coshell_text ;;
      *) __coshell_value=$__coshell_text ;;
      esac
    done

    case $__coshell_ends in '{}') __coshell_json+=,\"$__coshell_name\": ;; *) __coshell_json+=, ;; esac
    case $__coshell_kind in
    json) __coshell_json+=$__coshell_value ;;
    *) __coshell_json+=\"$__coshell_value\" ;;
    esac
  done

  __coshell_json=${__coshell_ends%?}${__coshell_json#,}${__coshell_ends#?}
  case $__coshell_variable in
  '') builtin printf '%s\n' "$__coshell_json" ;;
  *) builtin printf -v "$__coshell_variable" %s "$__coshell_json" || builtin return 1 ;;
  esac
}
