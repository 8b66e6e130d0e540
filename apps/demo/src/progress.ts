/** Prints what goes on while the demo starts: one line a step, with the time that it took. */
export interface Progress {
  step<T>(what: string, work: () => Promise<T>): Promise<T>;
  say(text: string): void;
}

export function createProgress(out: (text: string) => void = (text) => process.stdout.write(text), now: () => number = performance.now.bind(performance)): Progress {
  return {
    async step(what, work) {
      const from = now();
      try {
        const result = await work();
        out(`  ✓ ${what.padEnd(64)} ${seconds(now() - from)}\n`);
        return result;
      } catch (error) {
        out(`  ✗ ${what.padEnd(64)} ${seconds(now() - from)}\n`);
        throw error;
      }
    },
    say: (text) => {
      out(`${text}\n`);
    },
  };
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2).padStart(6)} s`;
}
