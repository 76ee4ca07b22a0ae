#!/usr/bin/env bash
# Guess: `curl --aws-sigv4` signs a URL that is percent-encoded as AWS asks for, so that any such request is accepted.
# So:    what `%2B`, an encoded plus, is signed as depends on the version. libcurl 8.12.1 signs it wrongly in a path (encoded once, where
#        every service but S3 encodes the path twice), 8.16.0 wrongly in a query (as a space), 8.19.0 and 8.23.0 rightly in both. A
#        Base64 text in a query, such as a token for the next page, has a plus now and then: only some requests of a script are then
#        refused.
# Seen:  libcurl inside the wheels of pycurl 7.45.6, 7.45.7, 7.46.0 and 7.49.0, compared with botocore 1.43.62. Debian 13's curl 8.14.1 does
#        what 8.16.0 does.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.bash" || exit 77

python_packages botocore==1.43.62

# The server signs each request again, by botocore, and answers whether the two signatures are the same.
cat >"$TEMP/server.py" <<'PYTHON'
import http.server, sys
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        request = AWSRequest("GET", "http://" + self.headers["Host"] + self.path)
        request.headers["X-Amz-Date"] = request.context["timestamp"] = self.headers["X-Amz-Date"]
        signer = SigV4Auth(Credentials("AKIDEXAMPLE", "secret"), "execute-api", "us-west-2")
        signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"right" if self.headers["Authorization"].endswith("Signature=" + signature) else b"wrong")

http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Server).serve_forever()
PYTHON
cat >"$TEMP/client.py" <<'PYTHON'
import io, pycurl, sys
for url in sys.argv[1:]:
    answer, client = io.BytesIO(), pycurl.Curl()
    client.setopt(client.URL, url)
    client.setopt(client.WRITEDATA, answer)
    client.setopt(client.USERPWD, "AKIDEXAMPLE:secret")
    client.setopt(client.AWS_SIGV4, "aws:amz:us-west-2:execute-api")
    client.perform()
    print(answer.getvalue().decode(), end=" ")
PYTHON
port=$(free_port)
serve "$port" python3 "$TEMP/server.py" "$port"

# signed_by PYCURL: how its libcurl signs a query with a space, a path with a plus and a query with a plus.
signed_by() {
  python3 -m pip install --quiet --no-deps --only-binary :all: --target "$TEMP/pycurl-$1" "pycurl==$1" 2>"$TEMP/pip.log" ||
    give_up "pip could not download pycurl $1"
  PYTHONPATH=$TEMP/pycurl-$1:$PYTHONPATH python3 "$TEMP/client.py" "http://127.0.0.1:$port/"{'a?b=c%20d','a%2Bb','a?b=c%2Bd'}
}

say "space in the query, plus in the path, plus in the query:"
expect "libcurl 8.12.1" "right wrong right " "$(signed_by 7.45.6)"
expect "libcurl 8.16.0" "right right wrong " "$(signed_by 7.45.7)"
expect "libcurl 8.19.0" "right right right " "$(signed_by 7.46.0)"
expect "libcurl 8.23.0" "right right right " "$(signed_by 7.49.0)"
