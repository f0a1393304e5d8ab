#!/usr/bin/env python3
"""Watches a camera through the gateway, with nothing but Python: watch_gateway.py HOST:PORT CAMERA [TOKEN]. Each picture is written to
CAMERA.jpg; what is seen on it is printed."""
import base64, json, os, socket, struct, sys

def messages(host, camera, token):  # (is it binary, payload): a WebSocket as RFC 6455 has it
    connection = socket.create_connection(host.rsplit(":", 1))
    stream = connection.makefile("rb")
    connection.sendall(f"GET /ws/{camera} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                       f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    status = stream.readline().decode()
    if " 101 " not in status: sys.exit(status.strip() or "no answer")
    while stream.readline().strip(): pass  # the rest of the head
    while start := stream.read(2):
        kind, length = start[0] & 15, start[1]
        if length > 125: length = int.from_bytes(stream.read(2 if length == 126 else 8), "big")
        payload = stream.read(length)
        if kind == 8: return  # goodbye
        if kind == 9: connection.sendall(bytes([0x8A, 0x80 | length, 0, 0, 0, 0]) + payload)  # are you there? yes
        if kind < 3: yield kind == 2, payload

for binary, payload in messages(sys.argv[1], sys.argv[2], (sys.argv[3:] or [""])[0]):
    if binary:
        size, = struct.unpack_from("<I", payload)
        header = json.loads(payload[4:4 + size])
        with open(sys.argv[2] + ".jpg", "wb") as file: file.write(payload[4 + size:])
        print("picture", header["frame_id"], f"{header['width']}x{header['height']}", flush=True)
    elif (message := json.loads(payload))["type"] == "detections":
        print("on", message["frame_id"], [f"{box['class']} {box['score']:.2f}" for box in message["boxes"]], flush=True)
