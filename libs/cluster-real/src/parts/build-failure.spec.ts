import { describe, expect, it } from 'vitest';
import { buildFailureOf } from './build-failure.ts';

describe('what a build says when it fails', () => {
  it.each([
    ['go: github.com/x/y@v1.0.0: module lookup disabled by GOPROXY=off'],
    ['go: k8s.io/kubernetes@v1.35.4: Get "https://modules.example.com/k8s.io/kubernetes/@v/v1.35.4.mod": dial tcp: lookup modules.example.com: no such host'],
    ['WARNING: Retrying after connection broken by NewConnectionError: Failed to establish a new connection: [Errno 101] Network is unreachable'],
  ])('is told as a network that gives nothing: %s', (line) => {
    expect(buildFailureOf(['go: downloading', line])).toEqual({ why: `it cannot be downloaded (${line})`, concernsAll: true });
  });

  it('is told as a full disk, whatever came of it', () => {
    const { why, concernsAll } = buildFailureOf(['k8s.io/api/core/v1: write /cache/b001/_pkg_.a: no space left on device', 'dial tcp: i/o timeout']);
    expect([why, concernsAll]).toEqual(['the disk is full (k8s.io/api/core/v1: write /cache/b001/_pkg_.a: no space left on device)', true]);
  });

  it('is handed on as it is otherwise, and says nothing of other parts', () => {
    expect(buildFailureOf(['main.go:3:1: syntax error'])).toEqual({ why: 'main.go:3:1: syntax error', concernsAll: false });
    expect(buildFailureOf([])).toEqual({ why: 'its build ended without a word', concernsAll: false });
  });
});
