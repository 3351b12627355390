/** What an error says, without its kind. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
