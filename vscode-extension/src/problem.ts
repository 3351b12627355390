/** What the user can press to get on. */
export type Remedy = "createEnvironment" | "openInterpreterSetting" | "restart" | "showLog";

/** A reason why the server is not running, said so that the user knows what to do. */
export class Problem extends Error {
  constructor(
    message: string,
    readonly remedies: readonly Remedy[],
    readonly severity: "error" | "question" = "error",
  ) {
    super(message);
  }
}
