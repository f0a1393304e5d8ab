// How the machine and the stages do, as GET /api/system has it; and what of it was seen in the last five minutes. Parsing and keeping are
// pure.

import { ask } from './api';

export interface StageUse {
  tag: string; // "capture"; other programs by their name
  pid: number;
  cpuPercent: number | null; // of one core
  memoryBytes: number | null;
  cameras: string[]; // that it writes topics of; else that it reads
}

export interface TopicUse {
  camera: string;
  topic: string; // "frames"
  fps: number | null; // records a second
  dropped: number | null; // since the topic began
}

export interface Hop {
  name: string; // "published", "detected", "tracked", "sent"
  frameId: number | null; // it may be behind
  afterMs: number; // the frame's capture
}

export interface FrameWay {
  camera: string;
  hops: Hop[]; // in order of time
}

export interface Machine {
  cores: number | null;
  cpuPercent: number | null; // of all cores
  load: number | null; // of the last minute
  memoryTotal: number | null;
  memoryUsed: number | null;
  upMs: number | null;
}

export interface CameraHealth {
  camera: string;
  stages: { name: string; status: string }[];
}

export interface SystemReport {
  version: string; // "": not told
  gatewayUpMs: number | null;
  viewers: number | null;
  machine: Machine;
  health: CameraHealth[];
  stages: StageUse[];
  topics: TopicUse[];
  ways: FrameWay[];
}

type Fields = Record<string, unknown>;

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {});
const listOf = (value: unknown): Fields[] => (Array.isArray(value) ? value.map(fieldsOf) : []);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const numberOf = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);

function camerasIn(topics: unknown): string[] {
  const names = Array.isArray(topics) ? topics.map((topic) => textOf(topic).split('/')[0]!) : [];
  return [...new Set(names)].filter((name) => name !== '').sort();
}

function parseStage(stage: Fields): StageUse[] {
  const pid = numberOf(stage['pid']);
  if (pid === null) return [];
  const writes = camerasIn(stage['writes']);
  return [
    {
      tag: textOf(stage['tag']),
      pid,
      cpuPercent: numberOf(stage['cpu_percent']),
      memoryBytes: numberOf(stage['rss_bytes']),
      cameras: writes.length > 0 ? writes : camerasIn(stage['reads']),
    },
  ];
}

function parseTopic(topic: Fields): TopicUse {
  const [camera = '', ...name] = textOf(topic['topic']).split('/');
  return { camera, topic: name.join('/'), fps: numberOf(topic['fps']), dropped: numberOf(topic['dropped']) };
}

function parseWay(way: Fields): FrameWay {
  const hops = listOf(way['hops']).flatMap((hop) => {
    const afterMs = numberOf(hop['after_ms']);
    return afterMs === null ? [] : [{ name: textOf(hop['hop']), frameId: numberOf(hop['frame_id']), afterMs }];
  });
  return { camera: textOf(way['name']), hops: hops.sort((a, b) => a.afterMs - b.afterMs) };
}

export function parseSystem(value: unknown): SystemReport {
  const fields = fieldsOf(value);
  const machine = fieldsOf(fields['machine']);
  const total = numberOf(machine['memory_bytes']);
  const available = numberOf(machine['available_bytes']);
  const gateway = fieldsOf(fields['gateway']);
  const ms = (seconds: unknown) => (numberOf(seconds) === null ? null : numberOf(seconds)! * 1000);
  return {
    version: textOf(fields['version']),
    gatewayUpMs: ms(gateway['up_seconds']),
    viewers: numberOf(gateway['viewers']),
    health: [],
    machine: {
      cores: numberOf(machine['cores']),
      cpuPercent: numberOf(machine['cpu_percent']),
      load: numberOf(machine['load']),
      memoryTotal: total,
      memoryUsed: total === null || available === null ? null : total - available,
      upMs: ms(machine['up_seconds']),
    },
    stages: listOf(fields['stages']).flatMap(parseStage),
    topics: listOf(fields['topics']).map(parseTopic),
    ways: listOf(fields['cameras']).map(parseWay),
  };
}

export async function fetchSystem(signal: AbortSignal): Promise<SystemReport> {
  const [system, cameras] = await Promise.all([ask('GET', 'system', { signal }), ask('GET', 'cameras', { signal })]);
  return { ...parseSystem(system), health: parseHealth(cameras) };
}

// Of the answer of GET /api/cameras: which stage of which camera lives.
export function parseHealth(value: unknown): CameraHealth[] {
  return listOf(fieldsOf(value)['cameras']).map((camera) => ({
    camera: textOf(camera['name']),
    stages: listOf(camera['stages']).map((stage) => ({ name: textOf(stage['name']), status: textOf(stage['status']) })),
  }));
}

// A curve: what a figure was when.
export interface Sample {
  at: number; // ms
  value: number;
}

export const kSpanMs = 5 * 60_000;

// Curves by name, of the last five minutes.
export class Curves {
  private readonly byName = new Map<string, Sample[]>();

  add(name: string, at: number, value: number | null): void {
    if (value === null) return;
    const kept = (this.byName.get(name) ?? []).filter((sample) => at - sample.at <= kSpanMs);
    this.byName.set(name, [...kept, { at, value }]);
  }

  of(name: string): readonly Sample[] {
    return this.byName.get(name) ?? [];
  }
}

const kDropped = 'dropped';

// Takes a report into the curves. `before`: the last one, for counters.
export function record(curves: Curves, report: SystemReport, before: SystemReport | null, at: number): void {
  curves.add('cpu', at, report.machine.cpuPercent);
  const { memoryUsed, memoryTotal } = report.machine;
  curves.add('memory', at, memoryUsed === null || !memoryTotal ? null : (memoryUsed / memoryTotal) * 100);
  for (const topic of report.topics) {
    const name = `${topic.camera}/${topic.topic}`;
    curves.add(name, at, topic.fps);
    const old = before?.topics.find((other) => other.camera === topic.camera && other.topic === topic.topic)?.dropped ?? null;
    if (old !== null && topic.dropped !== null) curves.add(`${name} ${kDropped}`, at, Math.max(0, topic.dropped - old));
  }
}

export function droppedCurve(camera: string, topic: string): string {
  return `${camera}/${topic} ${kDropped}`;
}

// So much of the past a chart shows: all that is known, within a minute and five.
export function spanOf(samples: readonly Sample[], now: number): number {
  return Math.min(kSpanMs, Math.max(60_000, now - (samples[0]?.at ?? now)));
}

// A curve as points of a box of width × height: time to the right, ending now; the value upwards, 0 at the bottom.
export function pathOf(samples: readonly Sample[], now: number, most: number, width: number, height: number): string {
  const span = spanOf(samples, now);
  return samples
    .map(({ at, value }) => {
      const x = width * (1 - (now - at) / span);
      const y = height * (1 - Math.min(1, most > 0 ? value / most : 0));
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    })
    .join(' ');
}
