// Writes l10n/bundle.l10n.json: every text in the sources that is shown to people, for translators.
// `npm run l10n`; a test compares.
import { mkdirSync, writeFileSync } from "node:fs";
import { textsOf } from "./texts.mjs";

mkdirSync("l10n", { recursive: true });
writeFileSync("l10n/bundle.l10n.json", `${JSON.stringify(textsOf("src"), null, 2)}\n`);
