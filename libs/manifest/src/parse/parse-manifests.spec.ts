import fc from 'fast-check';
import type { Json } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { parseManifests } from './parse-manifests.ts';

const values = (text: string): Json[] => parseManifests(text).documents.map((document) => document.value);
const problems = (text: string): string[] => parseManifests(text).problems.map(({ code, where }) => `${code} ${where.document} ${where.line}:${where.column}`);

describe('documents', () => {
  it('are told apart wherever --- and ... stand', () => {
    const text = '---\n---\na: 1\n--- # note\nb: 2\n...\n\n# only a comment\n---\n-----\nc: 3\n---   \n--- {d: 4}\n---';
    expect(parseManifests(text).documents.map(({ document, line, value }) => [document, line, value])).toEqual([
      [1, 3, { a: 1 }],
      [2, 5, { b: 2 }],
      [3, 11, { c: 3 }],
      [4, 13, { d: 4 }],
    ]);
  });

  it('come with any line ending, a byte order mark and a YAML directive', () => {
    expect(values('\uFEFFa: 1\r\n---\r\nb:\r\n- 1\r\n')).toEqual([{ a: 1 }, { b: [1] }]);
    expect(values('%YAML 1.1\n---\na: 1\n')).toEqual([{ a: 1 }]);
  });

  it('are not lost when another one is broken', () => {
    const text = 'a: 1\n---\nb: "x\n---\nc: 3\n';
    expect(values(text)).toEqual([{ a: 1 }, { c: 3 }]);
    expect(problems(text)).toEqual(['MANIFEST_NOT_YAML 2 3:5']);
  });

  it('may be none at all', () => {
    for (const text of ['', '\n\n', '# nothing\n---\n', '---', 'null']) expect(parseManifests(text)).toEqual({ documents: [], problems: [] });
  });

  it('point back to the line of each field', () => {
    const [document] = parseManifests('# c\nspec:\n  http:\n  - route:\n    - destination:\n        host: a\n  labels:\n    app.kubernetes.io/name: x\n').documents;
    expect(document?.locate('spec.http[0].route[0].destination.host')).toEqual({ document: 1, line: 6, column: 9 });
    expect(document?.locate('spec.http[0].route[0].destination.subset')).toEqual({ document: 1, line: 5, column: 7 });
    expect(document?.locate('spec.labels.app.kubernetes.io/name').line).toBe(8);
    expect(document?.locate('spec.labels[app.kubernetes.io/name]').line).toBe(8);
  });
});

describe('JSON', () => {
  it('is read alone, in a row and in an array, with tabs', () => {
    expect(values('{\n\t"a": {\n\t\t"b": 1\n\t}\n}')).toEqual([{ a: { b: 1 } }]);
    expect(parseManifests('{"a":1}\n{"b":2}').documents.map(({ document, line }) => [document, line])).toEqual([[1, 1], [2, 2]]);
    expect(parseManifests('[{"a":1},\n {"b":2}]').documents.map(({ document, line, column }) => [document, line, column])).toEqual([[1, 1, 2], [2, 2, 2]]);
  });

  it('may also be the flow style of YAML', () => {
    expect(values('{a: 1, b: [x, {c: d}],}')).toEqual([{ a: 1, b: ['x', { c: 'd' }] }]);
  });

  it('with a key twice is refused with both lines', () => {
    const [problem] = parseManifests('{"a":1,\n"b":{"a":1},\n"a":2}').problems;
    expect(problem?.summary).toBe('The key "a" stands twice, on lines 1 and 3');
  });

  it('of any shape reads the same as with JSON.parse', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        const text = JSON.stringify(object);
        expect(values(text)).toEqual([JSON.parse(text)]);
      }),
    );
  });
});

describe('YAML means what it means to kubectl', () => {
  // Compared with sigs.k8s.io/yaml 1.6.0, which kubectl reads manifests with.
  const cases: [text: string, value: Json][] = [
    ['on', true], ['Off', false], ['yes', true], ['N', false], ['y', true], ['tRUE', 'tRUE'], ['~', null], ['nULL', 'nULL'],
    ['0644', 420], ['089', 89], ['0o17', 15], ['0x1F', 31], ['-0b11', -3], ['0b2', '0b2'], ['1_000', 1000], ['_1', '_1'], ['+5', 5],
    ['1e3', 1000], ['.5', 0.5], ['5.', 5], ['1e400', '1e400'], ['1.2.3', '1.2.3'], ['1:30', '1:30'], ['2001-12-14', '2001-12-14'],
    ['!!str 123', '123'], ['!!int "7"', 7], ['!!binary aGk=', 'hi'], ['"on"', 'on'], ["'1'", '1'], ['a#b', 'a#b'], ['http://a:80/b', 'http://a:80/b'],
    ['[10.0.0.1, fd00::]', ['10.0.0.1', 'fd00::']], ['|\n  x\n  y\n', 'x\ny\n'], ['>-\n  x\n  y\n', 'x y'], ['|\n  x', 'x'],
  ];
  it.each(cases)('%s', (text, value) => {
    expect(values(`v: ${text}`)).toEqual([{ v: value }]);
  });

  it('in keys too', () => {
    expect(values('on: 1\n0644: 2\n1.5: 3\n')).toEqual([{ true: 1, 420: 2, '1.5': 3 }]);
  });

  it('with anchors, aliases and merge keys, where own keys win and then the first source', () => {
    expect(values('x: &x {a: 1, b: 2}\nw: *x\nz:\n  <<: [*x, {b: 8, c: 9}]\n  a: 3\n')).toEqual([{ x: { a: 1, b: 2 }, w: { a: 1, b: 2 }, z: { a: 3, b: 2, c: 9 } }]);
  });

  it('with keys that name JavaScript’s own properties', () => {
    const [value] = values('__proto__: {x: 1}\nconstructor: 2\n');
    expect(Object.keys(value as object)).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });
});

describe('lists', () => {
  it('become their items, typed and nested ones too', () => {
    const text = 'apiVersion: v1\nkind: List\nitems:\n- kind: A\n- apiVersion: g/v1\n  kind: BList\n  items:\n  - metadata: {name: b}\n';
    const { documents } = parseManifests(text);
    expect(documents.map(({ value, line }) => [value, line])).toEqual([
      [{ kind: 'A' }, 4],
      [{ apiVersion: 'g/v1', kind: 'B', metadata: { name: 'b' } }, 8],
    ]);
    expect(documents[1]?.locate('metadata.name')).toEqual({ document: 1, line: 8, column: 16 });
  });
});

describe('what is not a manifest is refused with document and line', () => {
  const cases: [what: string, text: string, problem: string][] = [
    ['tabs', 'a:\n\tb: 1\n', 'MANIFEST_NOT_YAML 1 2:1'],
    ['a key twice', 'a: 1\n---\nb:\n  c: 1\n  d: 2\n  c: 3\n', 'MANIFEST_INVALID 2 6:3'],
    ['a template in a value', 'kind: A\nmetadata:\n  name: {{ .Values.x }}\n', 'MANIFEST_TEMPLATED 1 3:9'],
    ['a template around text', 'a: 1\n---\n{{- if .Values.on }}\nkind: A\n{{- end }}\n', 'MANIFEST_TEMPLATED 2 3:1'],
    ['a template in JSON', '{"a": {{ .Values.b }}}', 'MANIFEST_TEMPLATED 1 1:7'],
    ['an indented separator', 'a: 1\n ---\nb: 2\n', 'MANIFEST_NOT_YAML 1 1:4'],
    ['plain text', 'hello world', 'MANIFEST_INVALID 1 1:1'],
    ['a list', '- a\n- b\n', 'MANIFEST_INVALID 1 1:1'],
    ['an alias of another document', 'a: &x 1\n---\nb: *x\n', 'MANIFEST_NOT_YAML 2 3:4'],
    ['an alias of itself', 'a: &a\n  b: *a\n', 'MANIFEST_NOT_YAML 1 2:6'],
    ['infinity', 'a: .inf\n', 'MANIFEST_INVALID 1 1:4'],
    ['a list as a key', '? [a]\n: b\n', 'MANIFEST_INVALID 1 1:3'],
    ['endless nesting in JSON', `{"a": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'MANIFEST_INVALID 1 1:207'],
    ['endless nesting', `a: ${'['.repeat(300)}${']'.repeat(300)}`, 'MANIFEST_INVALID 1 1:204'],
  ];
  it.each(cases)('%s', (_what, text, expected) => {
    expect(problems(text)).toEqual([expected]);
  });

  it('templates in comments and blocks are nobody’s concern', () => {
    expect(values('# {{ .Values.x }}\na: |\n  {{ .Values.y }}\n')).toEqual([{ a: '{{ .Values.y }}\n' }]);
  });

  it('never with an exception, whatever the text', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', ':', ' ', '\n', '-', '{', '}', '[', ']', '"', "'", '&', '*', '#', '|', '>', '!', '%', '\t', ',', '?', '<', '1', '.', '\r') , maxLength: 60 }), (text) => {
      for (const problem of parseManifests(text).problems) {
        expect(problem.where.line).toBeGreaterThan(0);
        expect(problem.fix).not.toBe('');
      }
    }), { numRuns: 2000 });
  });
});

describe('characters that no database holds', () => {
  it.each([
    ['in a comment', 'a: 1\n---\nb: 1\n# \0\n', '2 4:3'],
    ['as an escape of YAML', 'a: 1\nb:\n  c: "x\\0y"\n', '1 3:3'],
    ['as an escape of JSON', '[{"a":1},\n{"b":"\\u0000"}]', '2 2:2'],
    ['in a key', '{"a":{"\\u0000":1}}', '1 1:2'],
    ['as half of a pair', 'a: 1\nb: "\ud800"\n', '1 2:5'],
    ['as the escape of half a pair', '{"b":"\\ud800"}', '1 1:2'],
    ['in an item of a list', 'kind: List\napiVersion: v1\nitems:\n- a: 1\n- b: "\\0"\n', '1 5:3'],
  ])('are found with document and line: %s', (_what, text, at) => {
    expect(problems(text)).toEqual([`MANIFEST_INVALID ${at}`]);
  });

  it('do not hide a whole pair', () => {
    expect(values('a: "\u{1F600}"\n')).toEqual([{ a: '\u{1F600}' }]);
  });
});

describe('sizes', () => {
  it('refuse an object that no etcd would take, and name it', () => {
    const text = `a: 1\n---\ndata: ${'x'.repeat(1_500_000)}\n`;
    expect(problems(text)).toEqual(['MANIFEST_TOO_LARGE 2 3:1']);
    expect(values(text)).toEqual([{ a: 1 }]);
  });

  it('refuse a text that is too long to be one object, without saying that the object is', () => {
    const [problem] = parseManifests(`# ${'x'.repeat(6_000_001)}\na: 1\n`).problems;
    expect(problem).toMatchObject({ code: 'MANIFEST_TOO_LARGE', summary: 'The text of document 1 is too long' });
  });

  it('do not let aliases blow up', () => {
    const levels = ['a: &a [x,x,x,x,x,x,x,x,x,x]'];
    for (let i = 1; i < 12; i += 1) levels.push(`${String.fromCharCode(97 + i)}: &${String.fromCharCode(97 + i)} [${Array.from({ length: 10 }, () => `*${String.fromCharCode(96 + i)}`).join(',')}]`);
    expect(problems(levels.join('\n'))).toEqual(['MANIFEST_TOO_LARGE 1 1:1']);
  });

  it('allow 5,000 documents, and say when there are too many', () => {
    const text = Array.from({ length: 5000 }, (_, i) => `kind: A\nmetadata:\n  name: n${i}\n`).join('---\n');
    const { documents, problems: found } = parseManifests(text);
    expect(documents).toHaveLength(5000);
    expect(documents.at(-1)?.line).toBe(4999 * 4 + 1);
    expect(found).toEqual([]);
    expect(parseManifests(text, { maxDocuments: 4999 }).problems.map(({ code, where }) => [code, where.document])).toEqual([['LIMIT_EXCEEDED', 5000]]);
  });

  it('end at a total', () => {
    expect(parseManifests('a: 1', { maxLength: 3 }).problems.map(({ code }) => code)).toEqual(['MANIFEST_TOO_LARGE']);
  });
});
