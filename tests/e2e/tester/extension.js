// Runs the body of a function that a test wrote into a file, where extensions run, and writes down what
// came of it: some of what an extension offers is for other extensions, and has no place in the window.
const { readFile, rename, writeFile } = require("node:fs/promises");
const { join } = require("node:path");
const vscode = require("vscode");

const AsyncFunction = (async () => undefined).constructor;
const folder = process.env.LINEWISE_TESTER;

async function run() {
  const body = await readFile(join(folder, "script.js"), "utf8");
  const answer = await new AsyncFunction("vscode", body)(vscode).then(
    (value) => ({ value }),
    (error) => ({ error: String(error) }),
  );
  await writeFile(join(folder, "answer.part"), JSON.stringify(answer));
  await rename(join(folder, "answer.part"), join(folder, "answer.json"));
}

exports.activate = ({ subscriptions }) =>
  subscriptions.push(vscode.commands.registerCommand("tester.run", run));
