import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasReferences, nearlyReferences, splitReferences } from './references.ts';

describe('references in a text', () => {
  it('are found among other text, with their defaults', () => {
    expect(splitReferences('gw.${cluster.region:-eu}.${cluster.labels.example.com/team}.${var.host-name}!')).toEqual([
      'gw.',
      { to: { field: 'region' }, fallback: 'eu', text: '${cluster.region:-eu}' },
      '.',
      { to: { label: 'example.com/team' }, fallback: undefined, text: '${cluster.labels.example.com/team}' },
      '.',
      { to: { variable: 'host-name' }, fallback: undefined, text: '${var.host-name}' },
      '!',
    ]);
  });

  it.each(['${HOME}', '$1', '%{x}', '${cluster}', '${cluster.color}', '${var.}', '${cluster.labels.}', '$$', '${cluster.name', '${ cluster.name }', '%REQ(${x})%'])('leave %s as it is', (text) => {
    expect(splitReferences(text)).toEqual([text]);
    expect(hasReferences(text)).toBe(false);
  });

  it('are written as themselves with a second dollar sign', () => {
    expect(splitReferences('$${cluster.name}')).toEqual(['${cluster.name}']);
    expect(splitReferences('a $${var.x} ${var.x}')).toEqual(['a ${var.x} ', { to: { variable: 'x' }, fallback: undefined, text: '${var.x}' }]);
    expect(hasReferences('$${cluster.name}')).toBe(true);
  });

  it('with an empty default have one', () => {
    expect(splitReferences('${cluster.zone:-}')).toEqual([{ to: { field: 'zone' }, fallback: '', text: '${cluster.zone:-}' }]);
  });

  it('have a default of up to 1024 characters, dollar signs included, that no other reference begins in', () => {
    expect(splitReferences('${var.path:-^/api$}')).toEqual([{ to: { variable: 'path' }, fallback: '^/api$', text: '${var.path:-^/api$}' }]);
    expect(splitReferences(`\${var.a:-${'x'.repeat(1024)}}`)).toMatchObject([{ fallback: 'x'.repeat(1024) }]);
    const long = `\${var.a:-${'x'.repeat(1025)}}`;
    expect(splitReferences(long)).toEqual([long]);
    expect(nearlyReferences(long)).toEqual([long]);
    expect(splitReferences('${var.a:-${cluster.name}}')).toEqual(['${var.a:-', { to: { field: 'name' }, fallback: undefined, text: '${cluster.name}' }, '}']);
  });

  it.each(['${var.a:-', '${cluster.name:-', '${cluster.labels.a', '${var.', '${cluster.labels.a.'])('that begin over and over and end but once are one: %s', (beginning) => {
    // Each beginning that looked for an end as far as the text goes would make this a matter of minutes.
    const text = beginning.repeat((256 * 1024) / beginning.length);
    expect(splitReferences(text)).toEqual([text]);
    expect(nearlyReferences(text)).toEqual([]);
    expect(splitReferences(`${text}\${var.b:-}`)).toEqual([text, { to: { variable: 'b' }, fallback: '', text: '${var.b:-}' }]);
    expect(nearlyReferences(`${text} \${var.}`)).toEqual(['${var.}']);
  });

  it('that are misspelt are noticed', () => {
    expect(nearlyReferences('${cluster.regoin} ${cluster.region} $${cluster.name} ${var.} ${PATH}')).toEqual(['${cluster.regoin}', '${var.}']);
  });

  it('change nothing in texts that have none, and lose nothing of those that have', () => {
    const piece = fc.oneof(fc.string(), fc.constantFrom('$', '${', '}', '${cluster.name}', '${var.a:-b}', '${cluster.', ':-'));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')), (text) => {
        const written = splitReferences(text).map((part) => (typeof part === 'string' ? part : part.text)).join('');
        if (!hasReferences(text)) expect(written).toBe(text);
        // All that goes is one dollar sign of each escape.
        else expect(text.replaceAll('$', '').includes(written.replaceAll('$', '')) && written.length <= text.length).toBe(true);
      }),
    );
  });
});
