/**
 * Wrap `run` so that calls never overlap and bursts collapse.
 *
 * A call during a run asks for exactly one more run after it, however many callers ask: each of them
 * then sees a run that began after its call.
 */
export function coalesced(run: () => Promise<void>): () => Promise<void> {
  let current: Promise<void> | undefined;
  let again = false;

  async function drain(): Promise<void> {
    try {
      do {
        again = false;
        await run();
      } while (again);
    } finally {
      current = undefined;
    }
  }

  return () => {
    if (current) {
      again = true;
    } else {
      current = drain();
    }
    return current;
  };
}
