// Loaded with --require: `import … from "vscode"` finds the double beside this file, so that the tests
// run in plain Node. Everything else, the language client included, is the real thing.
import Module from "node:module";
import { join } from "node:path";

type Resolve = (request: string, ...rest: unknown[]) => string;
const internals = Module as unknown as { _resolveFilename: Resolve };
const resolve = internals._resolveFilename;

internals._resolveFilename = function (this: unknown, request, ...rest) {
  return request === "vscode" ? join(__dirname, "vscode.js") : resolve.call(this, request, ...rest);
};
