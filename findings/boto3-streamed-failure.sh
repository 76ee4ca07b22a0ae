#!/usr/bin/env bash
# Guess: boto3 raises an exception when a streamed invocation fails or its stream breaks off, as it does for other failed calls.
# So:    a failure in mid-stream is only an event InvokeComplete with ErrorCode, and boto3 raises nothing. A loop that collects the
#        PayloadChunk events takes the part for the whole. When the stream ends without InvokeComplete, boto3 raises nothing either: the
#        loop just ends.
# Seen:  boto3 1.44.8.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.bash" || exit 77

python_packages boto3==1.44.8

cat >"$TEMP/streams.py" <<'PYTHON'
import binascii, boto3, http.server, struct, threading

def event(kind, payload):
    names = {":message-type": "event", ":event-type": kind}
    headers = b"".join(struct.pack("B", len(n)) + n.encode() + b"\7" + struct.pack(">H", len(v)) + v.encode() for n, v in names.items())
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    frame = prelude + struct.pack(">I", binascii.crc32(prelude)) + headers + payload
    return frame + struct.pack(">I", binascii.crc32(frame))

STREAMS = {
    "complete": event("PayloadChunk", b"part") + event("InvokeComplete", b"{}"),
    "failed": event("PayloadChunk", b"part") + event("InvokeComplete", b'{"ErrorCode":"Function.Late","ErrorDetails":"no"}'),
    "without-end": event("PayloadChunk", b"part"),
}

class Server(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.amazon.eventstream")
        self.end_headers()
        self.wfile.write(STREAMS[self.path.split("/")[3]])
    def log_message(self, *_):
        pass

server = http.server.HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = boto3.client("lambda", endpoint_url="http://127.0.0.1:%d" % server.server_port)
for name in STREAMS:
    try:
        body = client.invoke_with_response_stream(FunctionName=name)["EventStream"]
        print(name, b"".join(e["PayloadChunk"]["Payload"] for e in body if "PayloadChunk" in e).decode())
    except Exception as error:
        print(name, type(error).__name__)
PYTHON
python3 "$TEMP/streams.py" >"$TEMP/out"

expect "stream that is complete" "complete part" "$(sed -n 1p "$TEMP/out")"
expect "stream whose function failed" "failed part" "$(sed -n 2p "$TEMP/out")"
expect "stream without InvokeComplete" "without-end part" "$(sed -n 3p "$TEMP/out")"
