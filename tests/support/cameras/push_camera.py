"""A camera that nobody asks: it pushes what the scene films to 127.0.0.1:PORT, and tries again for ever.

    push_camera.py --by post|websocket|udp --socket /path/of/socket --port 8080

post, websocket: JPEGs to the gateway's /ingest/front, as a phone or an ESP32 does; the newest one, when the one before is answered. udp: the
records' bytes (MPEG-TS) as datagrams. Prints "pushing" at once, and on stderr what was refused.
"""
import argparse
import http.client
import os
import socket
import struct
import sys
import threading
import time

from records import Feed, records

TARGET = "/ingest/front"
DATAGRAM = 7 * 188  # whole packets of MPEG-TS, below any MTU
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Newest:
    """The record that came last; each is taken once."""

    def __init__(self, path):
        self._changed = threading.Condition()
        self._record = None
        Feed(path).add(self._put)

    def _put(self, record):
        with self._changed:
            self._record = record
            self._changed.notify()

    def take(self):
        with self._changed:
            self._changed.wait_for(lambda: self._record is not None)
            record, self._record = self._record, None
            return record


class Post:
    def __init__(self, port):
        self._connection = http.client.HTTPConnection("127.0.0.1", port)

    def push(self, jpeg):
        self._connection.request("POST", TARGET, jpeg, {"Content-Type": "image/jpeg"})
        answer = self._connection.getresponse()
        text = answer.read().decode()
        return None if answer.status == 202 else text

    def close(self):
        self._connection.close()


class WebSocket:
    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._file = self._socket.makefile("rb")
        self._socket.sendall(f"GET {TARGET} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode())
        status = self._file.readline()
        if b" 101 " not in status:
            raise OSError(status)
        while self._file.readline().strip():
            pass

    def push(self, jpeg):
        self._send(BINARY, jpeg)
        while True:
            opcode, payload = self._receive()
            if opcode == PING:
                self._send(PONG, payload)
            elif opcode == CLOSE:
                raise OSError("closed")
            elif opcode == TEXT:
                return None if b"frame_id" in payload else payload.decode()

    def _send(self, opcode, payload):
        mask = os.urandom(4)
        if len(payload) < 126:
            head = struct.pack("!BB", 0x80 | opcode, 0x80 | len(payload))
        elif len(payload) < 65536:
            head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, len(payload))
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, len(payload))
        repeated = (mask * (len(payload) // 4 + 1))[:len(payload)]
        masked = int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")
        self._socket.sendall(head + mask + masked.to_bytes(len(payload), "big"))

    def _read(self, count):
        data = self._file.read(count)
        if len(data) < count:
            raise OSError("the other end is gone")
        return data

    def _receive(self):
        first, size = self._read(2)
        if size == 126:
            size, = struct.unpack("!H", self._read(2))
        return first & 15, self._read(size)

    def close(self):
        self._socket.close()


def push_pictures(connect, path, port):
    newest = Newest(path)
    while True:
        gateway = None
        try:
            gateway = connect(port)
            while True:
                if refused := gateway.push(newest.take().data):
                    print("refused:", refused, file=sys.stderr, flush=True)
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
        finally:
            if gateway:
                gateway.close()


def push_datagrams(path, port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        for record in records(path):
            for begin in range(0, len(record.data), DATAGRAM):
                out.sendto(record.data[begin:begin + DATAGRAM], ("127.0.0.1", port))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--by", choices=["post", "websocket", "udp"], required=True)
    parser.add_argument("--socket", required=True)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    print("pushing", flush=True)
    if options.by == "udp":
        push_datagrams(options.socket, options.port)
    push_pictures(Post if options.by == "post" else WebSocket, options.socket, options.port)


main()
