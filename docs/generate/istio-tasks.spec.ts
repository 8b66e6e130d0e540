import { istioPresets } from '@meshfleet/istio';
import { expect, it } from 'vitest';
import { readIstioTasks } from './istio-tasks.ts';

const named = readIstioTasks().flatMap(({ tasks }) => tasks.flatMap((one) => ('presets' in one ? one.presets : [])));

it('names presets that there are, for the tasks of Istio’s documentation', () => {
  const known = new Set(istioPresets.map(({ name }) => name));
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});

it('leaves no preset for Istio out', () => {
  expect(istioPresets.map(({ name }) => name).filter((name) => !named.includes(name))).toEqual([]);
});

it('names each task once', () => {
  const tasks = readIstioTasks().flatMap(({ topic, tasks: ofTopic }) => ofTopic.map(({ task }) => `${topic}: ${task}`));
  expect(new Set(tasks).size).toBe(tasks.length);
});
