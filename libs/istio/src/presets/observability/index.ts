import type { Preset } from '@meshfleet/manifest';
import { conditionalAccessLogs } from './conditional-access-logs.ts';
import { meshTelemetry } from './mesh-telemetry.ts';
import { metricDimensionTrimming } from './metric-dimension-trimming.ts';
import { traceSamplingPreset } from './trace-sampling.ts';

export const observabilityPresets: readonly Preset[] = [metricDimensionTrimming, traceSamplingPreset, conditionalAccessLogs, meshTelemetry];
