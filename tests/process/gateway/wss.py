"""wss.py CA PORT TARGET: connects by TLS to localhost, upgrades to a WebSocket, prints the header of the first picture."""
import base64
import json
import os
import socket
import ssl
import struct
import sys

ca, port, target = sys.argv[1], int(sys.argv[2]), sys.argv[3]
plain = socket.create_connection(("localhost", port), timeout=30)
stream = ssl.create_default_context(cafile=ca).wrap_socket(plain, server_hostname="localhost")
key = base64.b64encode(os.urandom(16)).decode()
stream.sendall(
    f"GET {target} HTTP/1.1\r\nHost: localhost:{port}\r\nOrigin: https://localhost:{port}\r\nConnection: Upgrade\r\n"
    f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
)
reader = stream.makefile("rb")
status = reader.readline().decode()
if " 101 " not in status:
    sys.exit(status)
while reader.readline().strip():
    pass
while True:
    first, length = reader.read(2)
    if length == 126:
        (length,) = struct.unpack(">H", reader.read(2))
    elif length == 127:
        (length,) = struct.unpack(">Q", reader.read(8))
    payload = reader.read(length)
    if first & 15 == 2:
        (size,) = struct.unpack("<I", payload[:4])
        print(json.dumps(json.loads(payload[4 : 4 + size])))
        break
