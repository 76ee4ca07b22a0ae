# A web form by CGI: the request is in variables and on stdin, and the response is headers, an empty line, and the body. Needs no jq.
#   coshell serve handlers/cgi --url-port 8000 --env COSHELL_CONVENTION=cgi
# shellcheck shell=bash

# field FIELDS NAME: the value of a form's field. FIELDS are NAME=VALUE pairs that are joined by `&`, and encoded.
field() {
  local pair value
  local -a pairs
  IFS='&' read -r -a pairs <<<"$1"
  for pair in "${pairs[@]}"; do
    [[ $pair == "$2="* ]] || continue
    value=${pair#*=}
    value=${value//\\/\\\\}
    value=${value//+/ }
    printf '%b' "${value//%/\\x}"
    return
  done
}

# html TEXT: the text as part of a page, whatever it contains.
html() {
  local text=$1
  text=${text//&/'&amp;'}
  text=${text//</'&lt;'}
  text=${text//>/'&gt;'}
  text=${text//\"/'&quot;'}
  printf '%s' "$text"
}

show_form() {
  local name cookies visits
  name=$(field "$QUERY_STRING" name)
  cookies=${HTTP_COOKIE//; /'&'}
  visits=$(field "$cookies" visits)
  [[ $visits =~ ^[0-9]{1,9}$ ]] || visits=0
  cat <<END
Content-Type: text/html; charset=utf-8
Cache-Control: no-store
Set-Cookie: visits=$((10#$visits + 1)); HttpOnly; SameSite=Lax

<!doctype html>
<title>Hello</title>
<p>Hello, $(html "${name:-world}")!
<form method="post"><input name="name"> <button>Greet</button></form>
END
}

# The form's field goes into the URL as the browser has encoded it: no other letter can get into the header.
redirect() {
  local fields name
  fields=$(head -c 1000)
  name=${fields#name=}
  printf 'Status: 303 See Other\nLocation: %s/?name=%s\n\n' "$SCRIPT_NAME" "${name//[!A-Za-z0-9%+._-]/}"
}

handler() {
  case $REQUEST_METHOD:$PATH_INFO in
    GET:/ | HEAD:/) show_form ;;
    POST:/) redirect ;;
    *:/) printf 'Status: 405 Method Not Allowed\nAllow: GET, HEAD, POST\n\n' ;;
    *) printf 'Status: 404 Not Found\nContent-Type: text/plain\n\nno such page: %s\n' "$PATH_INFO" ;;
  esac
}
