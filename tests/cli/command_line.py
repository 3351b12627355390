"""How the tests start the command line, and where; and what an editor says to its server."""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINEWISE = [sys.executable, "-m", "linewise"]


def message(method, number=None, **params):
    content = {"jsonrpc": "2.0", "method": method, "params": params}
    if number is not None:
        content["id"] = number
    body = json.dumps(content).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


HELLO = message("initialize", 1, processId=None, rootUri=None, capabilities={})
SESSION = HELLO + message("shutdown", 2) + message("exit")
