import { z } from 'zod';

/** An amount of CPU, as Kubernetes writes it. */
export const cpuField = z
  .string()
  .regex(/^(?:[1-9]\d*m|(?:0|[1-9]\d*)(?:\.\d{1,3})?)$/, 'Must be an amount of CPU, as in "100m" or "2"')
  .refine((text) => cores(text) > 0, 'Must be more than nothing')
  .meta({ examples: ['100m', '250m', '0.5', '2'] });

/** An amount of memory, as Kubernetes writes it. */
export const memoryField = z
  .string()
  .regex(/^[1-9]\d*(?:Ki|Mi|Gi|k|M|G)?$/, 'Must be an amount of memory, as in "128Mi" or "1Gi"')
  .meta({ examples: ['64Mi', '128Mi', '1Gi', '2G'] });

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6, G: 1e9, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

/** CPU that a preset has let through, in cores: `250m` is 0.25. */
export const cores = (text: string): number => (text.endsWith('m') ? Number(text.slice(0, -1)) / 1000 : Number(text));

/** Memory that a preset has let through, in bytes. */
export const memoryBytes = (text: string): number => Number(/^\d+/.exec(text)?.[0]) * (UNITS[text.replace(/^\d+/, '')] ?? Number.NaN);
