import type { Token } from "./explanation";

/** Tokens that were weighed together: what they are worth together is what was measured. */
export interface Group {
  readonly tokens: readonly Token[];
  readonly weight: number;
  readonly text: string;
  readonly line: number;
}

export function groupsOf(tokens: readonly Token[]): Map<number, Group> {
  const members = new Map<number, Token[]>();
  for (const token of tokens) {
    const found = members.get(token.group);
    if (found) {
      found.push(token);
    } else {
      members.set(token.group, [token]);
    }
  }
  return new Map([...members].map(([id, each]) => [id, groupOf(each)]));
}

/** The visible groups that weigh most, whatever their sign. */
export function heaviest(groups: Iterable<Group>, count: number): Group[] {
  return [...groups]
    .filter(({ text, weight }) => text.trim() !== "" && weight !== 0)
    .sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight))
    .slice(0, count);
}

function groupOf(tokens: readonly Token[]): Group {
  const first = tokens.find(({ text }) => text.trim() !== "") ?? tokens[0];
  const blank = first ? first.text.slice(0, first.text.search(/\S|$/)) : "";
  return {
    tokens,
    weight: tokens.reduce((sum, { weight }) => sum + weight, 0),
    text: tokens.map(({ text }) => text).join(""),
    line: (first?.line ?? 0) + breaks(blank),
  };
}

function breaks(text: string): number {
  return text.match(/\r\n|\n|\r/g)?.length ?? 0;
}
