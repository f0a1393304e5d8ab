"""An HTTP camera (and a raw TCP one), fed by the scene.

    http_camera.py --port 8080 --serve mjpeg:/path/of/socket [--boundary frame] [--no-length] [--dashes] [--auth digest …]

mjpeg: multipart/x-mixed-replace at any path, as IP cameras have it. --no-length: parts have no Content-Length. --wrong-length: that of every
tenth part is off by so many bytes. --dashes: the
header's boundary has the two dashes that only the body's lines should have. ts: a stream of MPEG-TS. tcp: the records' bytes alone, to whoever
connects, as a Raspberry Pi's `rpicam-vid --listen` does. Prints "listening" once it does.
"""
import argparse
import base64
import hashlib
import http.server
import queue
import re
import secrets
import socketserver

from records import Feed

REALM = "camera"


class Reader:
    """One client's records: from a keyframe on; what it is too slow for is left out."""

    def __init__(self, feed):
        self._feed = feed
        self._queue = queue.Queue(maxsize=30)
        self._in_step = False
        feed.add(self.push)

    def push(self, record):
        if not (self._in_step or record.keyframe):
            return
        try:
            self._queue.put_nowait(record)
            self._in_step = True
        except queue.Full:
            self._in_step = False

    def __iter__(self):
        try:
            while True:
                yield self._queue.get()
        finally:
            self._feed.remove(self.push)


def digest_response(fields, method, user, password):
    def md5(text):
        return hashlib.md5(text.encode()).hexdigest()

    first = md5(f"{user}:{REALM}:{password}")
    second = md5(f"{method}:{fields.get('uri', '')}")
    return md5(":".join([first, fields.get("nonce", ""), fields.get("nc", ""), fields.get("cnonce", ""), "auth", second]))


def handler_of(options, feed):
    nonce = secrets.token_hex(16)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"
        parts = 0

        def log_message(self, *_):
            pass

        def may_in(self):
            given = self.headers.get("Authorization", "")
            if options.auth == "none":
                return True
            if options.auth == "basic":
                wanted = base64.b64encode(f"{options.user}:{options.password}".encode()).decode()
                return given == "Basic " + wanted
            fields = {key: quoted or bare for key, quoted, bare in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', given)}
            return (given.startswith("Digest ") and fields.get("username") == options.user and fields.get("nonce") == nonce
                    and fields.get("response") == digest_response(fields, self.command, options.user, options.password))

        def refuse(self):
            self.send_response(401)
            basic, digest = f'Basic realm="{REALM}"', f'Digest realm="{REALM}", nonce="{nonce}", qop="auth"'
            self.send_header("WWW-Authenticate", basic if options.auth == "basic" else digest)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self):
            if not self.may_in():
                self.refuse()
                return
            self.send_response(200)
            if options.kind == "ts":
                self.send_header("Content-Type", "video/mp2t")
            else:
                dashes = "--" if options.dashes else ""
                self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={dashes}{options.boundary}")
            self.end_headers()
            try:
                for record in Reader(feed):
                    self.wfile.write(record.data if options.kind == "ts" else self.part(record.data))
                    self.wfile.flush()
            except OSError:
                pass

        def part(self, jpeg):
            self.parts += 1
            wrong = options.wrong_length if self.parts % 10 == 0 else 0
            length = "" if options.no_length else f"Content-Length: {len(jpeg) + wrong}\r\n"
            head = f"--{options.boundary}\r\nContent-Type: image/jpeg\r\n{length}\r\n"
            return head.encode() + jpeg + b"\r\n"

    return Handler


def tcp_handler_of(feed):
    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            try:
                for record in Reader(feed):
                    self.request.sendall(record.data)
            except OSError:
                pass

    return Handler


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--serve", required=True)
    parser.add_argument("--boundary", default="myboundary")
    parser.add_argument("--no-length", action="store_true")
    parser.add_argument("--wrong-length", type=int, default=0)
    parser.add_argument("--dashes", action="store_true")
    parser.add_argument("--auth", choices=["none", "basic", "digest"], default="none")
    parser.add_argument("--user", default="")
    parser.add_argument("--password", default="")
    options = parser.parse_args()
    options.kind, _, socket_path = options.serve.partition(":")
    feed = Feed(socket_path)
    handler = tcp_handler_of(feed) if options.kind == "tcp" else handler_of(options, feed)
    with Server(("127.0.0.1", options.port), handler) as server:
        print("listening", flush=True)
        server.serve_forever()


main()
