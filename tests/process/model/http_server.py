"""A web server that is as good or as bad as a test wants it to be: http_server.py FOLDER LOG

The first part of a path says how: /ok/NAME serves FOLDER/NAME with ranges and an ETag, /old/NAME ranges and a Last-Modified, /bare/NAME ranges
and neither, /norange/NAME no ranges, /cut/NAME closes the connection after 100,000 bytes of each answer, /slow/NAME the same but stays silent
instead, /short/NAME says two thirds of the length, /more/NAME sends the file twice, /wrongpart/NAME answers ranges with another one,
/mute/NAME never answers, /nothing/NAME closes before any answer, /changed/NAME cuts the first answer and then has a new file (FOLDER/NAME.new), /redirect/PATH leads to
/PATH, /loop leads to itself, /status/NNN answers NNN. A proxy request (an absolute URL) is answered as its path. Each request goes to LOG as
"PATH RANGE|-". Prints its port.
"""
import http.server
import os
import re
import sys
import time

FOLDER, LOG = sys.argv[1:]
CUT = 100_000
changed = set()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        path = re.sub(r"^https?://[^/]*", "", self.path)
        with open(LOG, "a", encoding="utf-8") as log:
            log.write(f"{path} {self.headers.get('Range', '-')}\n")
        how, _, name = path.lstrip("/").partition("/")
        if how == "redirect":
            return self.answer(302, b"go on", {"Location": "/" + name})
        if how == "loop":
            return self.answer(302, b"", {"Location": self.path})
        if how == "status":
            return self.answer(int(name), b"an error's page", {})
        if how == "mute":
            time.sleep(600)
        if how == "nothing":
            self.close_connection = True
            return None
        if how == "changed" and name in changed:
            name += ".new"
        try:
            with open(os.path.join(FOLDER, name), "rb") as file:
                data = file.read()
        except OSError:
            return self.answer(404, b"not here", {})
        return self.serve(how, name, data)

    def serve(self, how, name, data):
        validators = {"old": {"Last-Modified": "Wed, 26 Nov 2025 07:00:00 GMT"}, "bare": {}}
        headers = validators.get(how, {"ETag": f'"{name}-{len(data)}"'})
        status, start = 200, 0
        wanted = re.match(r"bytes=(\d+)-$", self.headers.get("Range", ""))
        same = self.headers.get("If-Range") in (None, headers.get("ETag"), headers.get("Last-Modified"))
        if wanted and same and how != "norange":
            start = int(wanted[1])
            if start >= len(data):
                return self.answer(416, b"", {"Content-Range": f"bytes */{len(data)}"})
            if how == "wrongpart":
                start = 0
            status = 206
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        body = data[start:]
        if how == "short":
            body = body[:len(body) * 2 // 3]
        if how == "more":
            body += body
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()
        if how in ("cut", "slow", "changed") and len(body) > CUT and name not in changed:
            if how == "changed":
                changed.add(name)
            self.wfile.write(body[:CUT])
            self.wfile.flush()
            if how == "slow":
                time.sleep(600)
            self.close_connection = True
            return None
        self.wfile.write(body)
        return None

    def answer(self, status, body, headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True


with Server(("127.0.0.1", 0), Handler) as server:
    print(server.server_port, flush=True)
    server.serve_forever()
