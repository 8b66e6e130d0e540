import { describe, expect, it } from 'vitest';
import { findTemplate } from './find-template.ts';

describe('a template in a sound value', () => {
  it.each([
    ['{{ .Values.host }}', 'spec.hosts[1]'],
    ['x-{{- include "name" . }}', 'spec.hosts[1]'],
    ['{{ $root.Release.Name }}', 'spec.hosts[1]'],
    ['{{ default "a" .b }}', 'spec.hosts[1]'],
  ])('%s is found where it stands', (text, path) => {
    expect(findTemplate({ spec: { hosts: ['a', text] } })).toBe(path);
  });

  it.each([
    ['{{name}}', 'a placeholder of another program, such as a path template'],
    ['/users/{id}', 'a path'],
    ['{{ .Values.a }}\nfunction envoy_on_request(h) end', 'a program of several lines'],
    ['%REQ(:authority)%', 'Envoy’s own format'],
  ])('%j is none: %s', (text) => {
    expect(findTemplate({ a: [{ b: text }] })).toBeUndefined();
  });

  it('is the first of several, in the order of the text', () => {
    expect(findTemplate({ a: 1, b: { c: '{{ .x }}' }, d: '{{ .y }}' })).toBe('b.c');
  });
});
