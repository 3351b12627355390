// Finds the texts in the sources that go through `l10n.t`.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** Returns `{text: text}` for the first argument of each call of `l10n.t` below a folder. */
export function textsOf(folder) {
  const found = new Set();
  for (const name of readdirSync(folder, { recursive: true }).filter((each) =>
    each.endsWith(".ts"),
  )) {
    const source = readFileSync(join(folder, name), "utf8");
    visit(ts.createSourceFile(name, source, ts.ScriptTarget.Latest), found, name);
  }
  return Object.fromEntries([...found].sort().map((text) => [text, text]));
}

function visit(node, found, name) {
  if (ts.isCallExpression(node) && isTranslation(node.expression)) {
    found.add(literal(node.arguments[0], name));
  }
  ts.forEachChild(node, (child) => visit(child, found, name));
}

function isTranslation(called) {
  return (
    ts.isPropertyAccessExpression(called) &&
    called.name.text === "t" &&
    ts.isIdentifier(called.expression) &&
    called.expression.text === "l10n"
  );
}

/** A text may be written as several literals, so that lines stay short. */
function literal(node, name) {
  if (ts.isStringLiteralLike(node)) {
    return node.text;
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    return literal(node.left, name) + literal(node.right, name);
  }
  throw new Error(`${name}: l10n.t needs a literal text`);
}
