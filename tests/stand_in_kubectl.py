"""A stand-in for kubectl: relays a local port to a real server, and dies in the middle of an answer a few times.

STAND_IN_TARGETS is JSON: the port of the server behind each Service, by name or namespace/name.
STAND_IN_SERVICES is a file with the Services that `get services` lists. STAND_IN_DEATHS is the file that counts how
often it has still to die.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
from pathlib import Path

DEATHS = Path(os.environ.get("STAND_IN_DEATHS", "/nowhere"))
TARGETS: dict[str, int] = json.loads(os.environ["STAND_IN_TARGETS"])
LOCK = threading.Lock()


def main() -> None:
    options = dict(each.split("=", 1) for each in sys.argv if each.startswith("--") and "=" in each)
    namespace = options.get("--namespace", "")
    if "services" in sys.argv:
        items = json.loads(Path(os.environ["STAND_IN_SERVICES"]).read_text("utf-8"))
        if namespace:
            items = [item for item in items if item["metadata"]["namespace"] == namespace]
        print(json.dumps({"kind": "List", "items": items}))
        return
    name = sys.argv[-2].removeprefix("svc/")
    target = TARGETS.get(f"{namespace}/{name}", TARGETS.get(name))
    if target is None:
        print(f'Error from server (NotFound): services "{name}" not found', file=sys.stderr)
        sys.exit(1)
    local = int(sys.argv[-1].partition(":")[0])
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", local))
        listener.listen()
        print(f"Forwarding from 127.0.0.1:{local} -> 9090", flush=True)
        while True:
            client, _ = listener.accept()
            threading.Thread(target=relay, args=(client, target), daemon=True).start()


def relay(client: socket.socket, target: int) -> None:
    server = socket.create_connection(("127.0.0.1", target))
    threading.Thread(target=pump, args=(client, server), daemon=True).start()
    while data := server.recv(65536):
        die_perhaps(client, data)
        client.sendall(data)
    client.close()


def pump(source: socket.socket, sink: socket.socket) -> None:
    while data := source.recv(65536):
        sink.sendall(data)


def die_perhaps(client: socket.socket, data: bytes) -> None:
    """Send half of an answer and end, as often as the file says."""
    if not DEATHS.exists():
        return
    with LOCK:
        left = int(DEATHS.read_text())
        if left > 0:
            DEATHS.write_text(str(left - 1))
            client.sendall(data[: len(data) // 2])
            os._exit(1)


if __name__ == "__main__":
    main()
