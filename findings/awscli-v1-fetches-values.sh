#!/usr/bin/env bash
# Guess: `aws ssm put-parameter --value URL` stores the URL.
# So:    v1 fetches any option's value that begins with http:// or https:// and stores what the server answered: a parameter that should
#        hold an address holds a web page. v2 stores the address. In both, a value that begins with file:// is read from that file. `aws
#        configure set cli_follow_urlparam false` makes v1 keep the address.
# Seen:  awscli 1.46.3, and 2.23.6 of Debian 13, with moto 5.2.5.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.bash" || exit 77

moto awscli==1.46.3
aws_v2_of_debian

mkdir "$TEMP/web"
printf 'the page' >"$TEMP/web/page"
port=$(free_port)
serve "$port" python3 -m http.server --bind 127.0.0.1 --directory "$TEMP/web" "$port"

# stored AWS VALUE: what a parameter holds after that AWS CLI was given the value.
stored() {
  "$1" ssm put-parameter --overwrite --name /address --type String --value "$2" >/dev/null
  aws ssm get-parameter --name /address --query Parameter.Value --output text
}

url=http://127.0.0.1:$port/page
expect "v1, a URL" "the page" "$(stored aws "$url")"
expect "v2, a URL" "$url" "$(stored aws_v2 "$url")"
expect "v1, file://" "the page" "$(stored aws "file://$TEMP/web/page")"
expect "v2, file://" "the page" "$(stored aws_v2 "file://$TEMP/web/page")"
aws configure set cli_follow_urlparam false
expect "v1, a URL, cli_follow_urlparam false" "$url" "$(stored aws "$url")"
