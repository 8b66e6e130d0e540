import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createLogger, inSpan, startTracing } from './index.ts';

describe('tracing', () => {
  it('is off without an endpoint, and spans then cost nothing but the work', async () => {
    const tracing = await startTracing('api', {});
    expect(tracing.enabled).toBe(false);
    await expect(inSpan('work', {}, () => Promise.resolve(5))).resolves.toBe(5);
    await tracing.stop();
  });

  it('sends spans to the endpoint, marks failures without their secrets, and puts the trace into log lines', async () => {
    const received: string[] = [];
    const collector = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        received.push(`${request.url ?? ''} ${Buffer.concat(parts).toString()}`);
        response.end('{}');
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
    process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
    try {
      const tracing = await startTracing('api');
      const lines: string[] = [];
      const log = createLogger('api', { destination: { write: (line) => lines.push(line) } });
      const secret = 'mfa_AAAAAAAAAAAAAAAA_verysecret';
      const failing = inSpan('policy.apply', { 'meshfleet.clusters': 3 }, () => {
        log.info('inside');
        return Promise.reject(new TypeError(`refused ${secret}`));
      });
      await expect(failing).rejects.toThrow('refused');
      await tracing.stop();
      expect(received.join()).toContain('/v1/traces');
      expect(received.join()).toContain('policy.apply');
      expect(received.join()).not.toContain('verysecret');
      expect(JSON.parse(lines[0] ?? '{}')).toMatchObject({ traceId: expect.stringMatching(/^[0-9a-f]{32}$/) as string });
    } finally {
      delete process.env['OTEL_EXPORTER_OTLP_ENDPOINT'];
      await new Promise((resolve) => collector.close(resolve));
    }
  });
});
