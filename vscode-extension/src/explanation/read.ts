import type { Against, Category, Edit, Explanation, Stability, Token, Trust } from "./explanation";

type Json = Readonly<Record<string, unknown>>;

/**
 * Read what `linewise explain --json` writes (docs/json.md), where lines and columns count from 1.
 *
 * Keys that are missing leave their part of the page out: an older server knew less.
 */
export function readExplanation(answer: unknown): Explanation {
  const json = objectOf(answer) ?? {};
  const line = numberOf(json.line);
  if (line === undefined) {
    throw new Error("The server's answer names no line.");
  }
  return {
    line: line - 1,
    unit: textOf(json.unit),
    target: textOf(json.target),
    method: textOf(json.method),
    weightUnit: textOf(json.weight_unit),
    note: textOf(json.note) || undefined,
    edit: editOf(objectOf(json.edit)),
    tokens: listOf(json.tokens).map(tokenOf),
    categories: listOf(json.categories).map(categoryOf),
    withoutCategories: textOf(json.without_categories) || undefined,
    trust: trustOf(json),
    stability: stabilityOf(json),
    reachedArgmax: typeof json.reached_argmax === "boolean" ? json.reached_argmax : undefined,
  };
}

function editOf(json: Json | undefined): Edit | undefined {
  const probability = numberOf(json?.probability);
  if (!json || probability === undefined) {
    return undefined;
  }
  const logit = objectOf(json.logit);
  const [facts, head] = [logit?.facts, logit?.head].map(numberOf);
  return {
    probability,
    baseRate: numberOf(json.base_rate) ?? 0,
    calibrated: json.calibrated !== false,
    rank: numberOf(json.rank) ?? 0,
    codeLines: numberOf(json.code_lines) ?? 0,
    logit: facts === undefined || head === undefined ? undefined : { facts, head },
    problems: listOf(json.problems).map(({ message }) => textOf(message)),
  };
}

function tokenOf(json: Json, index: number): Token {
  return {
    text: textOf(json.text),
    line: (numberOf(json.line) ?? 1) - 1,
    column: (numberOf(json.column) ?? 1) - 1,
    weight: numberOf(json.weight) ?? 0,
    group: numberOf(json.group) ?? index,
    category: textOf(json.category),
  };
}

function categoryOf(json: Json): Category {
  return {
    name: textOf(json.name),
    share: numberOf(json.share) ?? 0,
    weight: numberOf(json.weight) ?? 0,
    tokens: numberOf(json.tokens) ?? 0,
  };
}

function trustOf(json: Json): Trust | undefined {
  const test = objectOf(json.faithfulness);
  const reason = textOf(test?.reason) || undefined;
  const sufficiency = againstOf(json.sufficiency);
  const comprehensiveness = againstOf(json.comprehensiveness);
  return sufficiency || comprehensiveness || reason
    ? { sufficiency, comprehensiveness, draws: numberOf(test?.draws) ?? 0, reason }
    : undefined;
}

function againstOf(value: unknown): Against | undefined {
  const json = objectOf(value);
  const [figure, random, beaten] = [json?.value, json?.random, json?.beaten].map(numberOf);
  return figure === undefined || random === undefined || beaten === undefined
    ? undefined
    : { value: figure, random, beaten };
}

function stabilityOf(json: Json): Stability | undefined {
  const stability = objectOf(json.stability);
  const snr = numberOf(json.snr);
  const reason = textOf(stability?.reason) || undefined;
  return snr === undefined && reason === undefined
    ? undefined
    : { snr, repetitions: numberOf(stability?.repetitions) ?? 0, reason };
}

function objectOf(value: unknown): Json | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Json)
    : undefined;
}

function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(objectOf).filter((each) => each !== undefined) : [];
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
