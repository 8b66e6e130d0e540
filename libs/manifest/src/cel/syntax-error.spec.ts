import { expect, it } from 'vitest';
import { celSyntaxError } from './syntax-error.ts';

it.each(['response.code >= 400', "connection.mtls && request.url_path.contains('v1')", 'request.duration > duration("1s")', "!has(request.useragent) || request.headers['x-a'] in ['b']"])('%s is an expression, whatever its names mean', (text) => {
  expect(celSyntaxError(text)).toBeUndefined();
});

it.each(['response.code >=', 'a b', '(a', "'open", ''])('%s is none', (text) => {
  expect(celSyntaxError(text)).toEqual(expect.any(String));
});
