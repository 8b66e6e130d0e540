/** Cuts a byte stream into lines. What follows the last line break is kept until more comes, and lost with the stream: half a line is no event. */
export function createLineSplitter(onLine: (line: string) => void, maxBytes = 32 * 1024 * 1024): (chunk: Buffer) => boolean {
  let held: Buffer[] = [];
  let heldBytes = 0;
  /** Returns false when a line exceeds the bound. */
  return (chunk) => {
    let start = 0;
    for (let end = chunk.indexOf(10, start); end !== -1; end = chunk.indexOf(10, start)) {
      const part = chunk.subarray(start, end);
      const line = held.length === 0 ? part.toString('utf8') : Buffer.concat([...held, part]).toString('utf8');
      held = [];
      heldBytes = 0;
      start = end + 1;
      if (line !== '' && line !== '\r') onLine(line);
    }
    if (start < chunk.length) {
      held.push(chunk.subarray(start));
      heldBytes += chunk.length - start;
    }
    return heldBytes <= maxBytes;
  };
}
