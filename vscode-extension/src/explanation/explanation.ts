/** What the page shows. Lines and columns count from 0; columns count code points. */
export interface Explanation {
  readonly line: number;
  readonly unit: string;
  readonly target: string;
  readonly method: string;
  /** What the weights measure, for instance “log-odds”. */
  readonly weightUnit: string;
  /** What a reader must know before anything else, for instance that this is not Python. */
  readonly note: string | undefined;
  /** Left out where something else than an edit was asked about. */
  readonly edit: Edit | undefined;
  readonly tokens: readonly Token[];
  readonly categories: readonly Category[];
  readonly withoutCategories: string | undefined;
  readonly trust: Trust | undefined;
  readonly stability: Stability | undefined;
  /** Whether every greedy rationale made its token the most probable; undefined for other methods. */
  readonly reachedArgmax: boolean | undefined;
}

/** The line's probability, and what is known of it before the model is asked why. */
export interface Edit {
  readonly probability: number;
  readonly baseRate: number;
  readonly calibrated: boolean;
  readonly rank: number;
  readonly codeLines: number;
  /** By how much facts of the line and the model's reading move the log-odds away from the file's mean. */
  readonly logit: { readonly facts: number; readonly head: number } | undefined;
  /** What is known to be wrong with the line; code stands between backticks. */
  readonly problems: readonly string[];
}

export interface Token {
  readonly text: string;
  readonly line: number;
  readonly column: number;
  readonly weight: number;
  /** Tokens of one group were left out together, and share its weight. */
  readonly group: number;
  readonly category: string;
}

export interface Category {
  readonly name: string;
  readonly share: number;
  readonly weight: number;
  readonly tokens: number;
}

/** A figure beside the mean of random rationales of the same size, and the share of those it beats. */
export interface Against {
  readonly value: number;
  readonly random: number;
  readonly beaten: number;
}

export interface Trust {
  readonly sufficiency: Against | undefined;
  readonly comprehensiveness: Against | undefined;
  /** How many random rationales there were. */
  readonly draws: number;
  readonly reason: string | undefined;
}

export interface Stability {
  readonly snr: number | undefined;
  readonly repetitions: number;
  readonly reason: string | undefined;
}
