/** One event of a server-sent stream. */
export interface ServerSentEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: string;
}

const LONGEST = 1 << 20;

/**
 * Reads `text/event-stream` (WHATWG HTML, section 9.2) as it comes in, in pieces cut anywhere. An event that the stream ends within is dropped.
 * Returns false when a line grows beyond all measure.
 */
export function createSseParser(onEvent: (event: ServerSentEvent) => void): (chunk: string) => boolean {
  let held = '';
  let event = '';
  let id: string | undefined;
  let data: string[] = [];
  const line = (text: string) => {
    if (text === '') {
      if (data.length > 0) onEvent({ event: event === '' ? 'message' : event, id, data: data.join('\n') });
      event = '';
      data = [];
      return;
    }
    if (text.startsWith(':')) return;
    const colon = text.indexOf(':');
    const field = colon === -1 ? text : text.slice(0, colon);
    const value = colon === -1 ? '' : text.slice(text[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'event') event = value;
    else if (field === 'data') data.push(value);
    else if (field === 'id') id = value;
  };
  return (chunk) => {
    held += chunk;
    // A \r at the end may be half of \r\n: it waits for what follows.
    for (let match = /\r\n|\n|\r(?!$)/.exec(held); match !== null; match = /\r\n|\n|\r(?!$)/.exec(held)) {
      line(held.slice(0, match.index));
      held = held.slice(match.index + match[0].length);
    }
    return held.length <= LONGEST;
  };
}
