/** Lets so many run at once; the others wait in line. */
export function createGate(width: number): (work: () => Promise<void>) => Promise<void> {
  const line: (() => void)[] = [];
  let inside = 0;
  return async (work) => {
    if (inside >= width) await new Promise<void>((resolve) => line.push(resolve));
    else inside += 1;
    try {
      await work();
    } finally {
      // Whoever is next takes this place; else it is free.
      const next = line.shift();
      if (next === undefined) inside -= 1;
      else next();
    }
  };
}
