"""A web server for webhooks: web_server.py LOG PLAN

PLAN: what it answers, one word a request: a status (200), 503:2 (with Retry-After: 2), drop (closes without an answer), mute (never answers). After the last
word it is 200. Each request becomes a line of JSON in LOG: path, headers, body (as Latin-1), time. Prints its port.
"""
import http.server
import json
import sys
import time

LOG, PLAN = sys.argv[1], sys.argv[2].split()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with open(LOG, "a", encoding="utf-8") as log:
            request = {"path": self.path, "headers": dict(self.headers), "body": body.decode("latin-1"), "time": time.monotonic()}
            log.write(json.dumps(request) + "\n")
        word = PLAN.pop(0) if PLAN else "200"
        if word == "mute":
            time.sleep(600)
        if word == "drop":
            self.close_connection = True
            return
        status, _, after = word.partition(":")
        self.send_response(int(status))
        if after:
            self.send_header("Retry-After", after)
        self.send_header("Content-Length", "0")
        self.end_headers()


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
