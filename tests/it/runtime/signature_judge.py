"""Stands in for S3, Parameter Store and Secrets Manager on 127.0.0.1, and checks each request as AWS does: the URL is decoded and encoded
anew, and botocore computes the signature again. Prints its port, and then one JSON object for each request."""

import datetime
import hashlib
import http.server
import json
import re
import sys
import urllib.parse

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

ACCESS_KEY, SECRET_KEY, TOKEN, REGION = sys.argv[1:]
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})"
)
# Every other byte is percent-encoded (SigV4's UriEncode), or a separator.
PATH = re.compile(r"(/|[A-Za-z0-9._~-]|%[0-9A-F]{2})+")
QUERY = re.compile(r"([&=]|[A-Za-z0-9._~-]|%[0-9A-F]{2})*")


def judge(auth_class, signed):
    """botocore's signer, which signs the headers that the client has signed and no others."""

    class Judge(auth_class):
        def headers_to_sign(self, request):
            headers = HTTPHeaders()
            for name in signed:
                headers[name] = request.headers[name]
            return headers

    return Judge


def encoded(text, safe):
    return urllib.parse.quote(urllib.parse.unquote_to_bytes(text), safe=safe)


def canonical(target):
    path, _, query = target.partition("?")
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    return encoded(path, "/"), "&".join(f"{encoded(name, '')}={encoded(value, '')}" for name, _, value in pairs)


def fault(method, target, headers, body):
    """What is wrong with a request; None where AWS would take it."""
    path, _, query = target.partition("?")
    if not PATH.fullmatch(path) or not QUERY.fullmatch(query):
        return "the URL has bytes that are not encoded"
    found = AUTHORIZATION.fullmatch(headers.get("Authorization", ""))
    if not found:
        return "no signature"
    access_key, date, region, service, signed, signature = found.groups()
    signed = signed.split(";")
    if access_key != ACCESS_KEY or region != REGION or headers.get("X-Amz-Security-Token") != TOKEN:
        return "other credentials or another region"
    if len(set(headers.keys())) != len(headers.keys()):
        return "a header came twice"
    needed = [name.lower() for name in headers.keys() if name.lower().startswith("x-amz-")] + ["host", "x-amz-date"]
    missing = sorted(set(needed) - set(signed))
    if missing:
        return f"not signed: {missing}"
    sent = datetime.datetime.strptime(headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    now = datetime.datetime.now(datetime.timezone.utc)
    if abs(now - sent) > datetime.timedelta(minutes=15) or not headers["X-Amz-Date"].startswith(date):
        return "signed at another time"
    payload = headers.get("X-Amz-Content-Sha256")
    hashes = [hashlib.sha256(body).hexdigest(), "UNSIGNED-PAYLOAD" if service == "s3" else None]
    if payload not in hashes:
        return f"x-amz-content-sha256 is {payload}"
    path, query = canonical(target)
    request = AWSRequest(method, f"http://{headers['Host']}{path}?{query}", headers=dict(headers.items()), data=body)
    request.context["timestamp"] = headers["X-Amz-Date"]
    kind = judge(S3SigV4Auth if service == "s3" else SigV4Auth, signed)
    signer = kind(Credentials(ACCESS_KEY, SECRET_KEY, TOKEN), service, region)
    canonical_request = signer.canonical_request(request)
    if signer.signature(signer.string_to_sign(request, canonical_request), request) != signature:
        return f"wrong signature; right is that of {canonical_request}"
    return None


CREDENTIALS_PATH = "/2021-04-23/credentials"
CONTAINER_TOKEN = "container-token"

ANSWERS = {
    "AmazonSSM.GetParameter": {"Parameter": {"Value": "results"}},
    "secretsmanager.GetSecretValue": {"SecretString": "correct horse"},
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == CREDENTIALS_PATH:
            self.give_credentials()
        else:
            self.answer()

    def give_credentials(self):
        """As Lambda gives them to a function with SnapStart."""
        known = self.headers.get("Authorization") == CONTAINER_TOKEN
        credentials = {"AccessKeyId": ACCESS_KEY, "SecretAccessKey": SECRET_KEY.replace("/", "\\/"), "Token": TOKEN}
        text = json.dumps(credentials | {"Expiration": "2030-01-01T00:00:00Z"}).replace("\\\\", "\\") if known else "{}"
        self.send_response(200 if known else 404)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        wrong = fault(self.command, self.path, self.headers, body)
        told = {"method": self.command, "target": self.path, "trace": self.headers.get("X-Amzn-Trace-Id"), "fault": wrong}
        print(json.dumps(told | {"body": body.decode("utf-8", "replace")}), flush=True)
        target = self.headers.get("X-Amz-Target")
        text = wrong or (json.dumps(ANSWERS[target]) if target else "b\na\n" if self.command == "GET" else "")
        self.send_response(403 if wrong else 200)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    do_PUT = do_POST = answer

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
