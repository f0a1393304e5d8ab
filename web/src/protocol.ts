// What the gateway sends (docs/viewer_protocol.md), parsed and checked: whatever doesn't fit becomes null, never an exception,
// and unknown fields and message types are let pass so that an older page lives with a newer gateway. Pictures: media.ts.

import { fieldsOf, isId, isNumber, numberOrNull, parseAll, parseJson, textOr, type Fields } from './fields';
import { parseVideo, type Video } from './media';

export interface Box {
  x: number; // top left corner; all four relative to the picture, 0..1
  y: number;
  width: number;
  height: number;
  score: number; // 0..1
  label: string; // the class
}

// Of a model: none; stale: it is about another file; checking: nobody knows yet.
export type CardState = 'fresh' | 'none' | 'stale' | 'unreadable' | 'checking';
const kCardStates: readonly string[] = ['fresh', 'none', 'stale', 'unreadable', 'checking'];

export interface Accuracy {
  dataset: string;
  photos: number;
  ap: number; // average precision, 0..1
  personAp: number | null;
}

export interface ModelLatency {
  medianMs: number; // of one picture
  machine: string;
  provider: string;
}

// What looks for objects, and what its card says.
export interface Model {
  file: string;
  card: CardState;
  problem: string; // why the card is stale or unreadable
  family: string;
  made: string; // how it came about
  accuracy: Accuracy | null;
  latency: ModelLatency | null;
}

export interface Hello {
  type: 'hello';
  camera: string;
  classes: string[];
  staleAfterMs: number;
  version: string;
}

export interface Detections {
  type: 'detections';
  frameId: number;
  capturedAtMs: number;
  latencyMs: number;
  inferenceMs: number;
  boxes: Box[];
}

export type TrackPhase = 'tentative' | 'confirmed' | 'lost';

// One object followed over frames.
export interface Track extends Box {
  id: number;
  vx: number; // of its centre, parts of the picture a second
  vy: number;
  phase: TrackPhase; // lost: not detected on this frame, its box is where it should be
  still: boolean;
}

export interface Tracks {
  type: 'tracks';
  frameId: number;
  capturedAtMs: number;
  tracks: Track[];
}

// The answer to a ping of ours: what the gateway's clock said.
export interface Pong {
  type: 'pong';
  id: number;
  clientMs: number;
  nowMs: number;
}

export type Mode = 'standby' | 'validation' | 'tracking';
export type StageName = 'capture' | 'detect' | 'control';
export type StageStatus = 'ok' | 'stale' | 'missing';

export interface Stage {
  name: StageName;
  status: StageStatus;
  ageMs: number | null;
}

// ok; opening: not a picture yet; silent: open, but no picture comes; reopening: it failed, `error` says why; stale, missing: its
// capture hangs or doesn't run.
export type InputStatus = 'ok' | 'opening' | 'silent' | 'reopening' | 'stale' | 'missing';

// One connection to a camera.
export interface Input {
  name: string; // '': the one that detects
  status: InputStatus;
  pictureAgeMs: number | null;
  about: string; // 'h264 1920x1080, 25 fps'
  error: string | null;
}

export interface State {
  type: 'state';
  mode: Mode | null;
  modeSinceMs: number | null;
  targets: number;
  still: boolean; // nothing moves: the model is spared, the last detections still hold
  detecting: boolean; // false: by command, nothing is detected here
  fps: { capture: number; detect: number; sent: number };
  latencyMs: { p50: number | null; p99: number | null };
  dropped: number;
  stages: Stage[];
  inputs: Input[];
}

export interface CameraEvent {
  type: 'event';
  id: number;
  kind: string;
  wallMs: number;
  frameId: number;
  text: string;
}

export type Message = Hello | Detections | Tracks | Video | Pong | State | CameraEvent;

const kModes: readonly string[] = ['standby', 'validation', 'tracking'];
const kStages: readonly string[] = ['capture', 'detect', 'control'];
const kStatuses: readonly string[] = ['ok', 'stale', 'missing'];
const kInputStatuses: readonly string[] = ['ok', 'opening', 'silent', 'reopening', 'stale', 'missing'];
const kPhases: readonly string[] = ['tentative', 'confirmed', 'lost'];
const kMaxBoxes = 1000;

export function parseMessage(text: string): Message | null {
  const fields = parseJson(text);
  switch (fields?.['type']) {
    case 'hello':
      return parseHello(fields);
    case 'detections':
      return parseDetections(fields);
    case 'tracks':
      return parseTracks(fields);
    case 'video':
      return parseVideo(fields);
    case 'pong':
      return parsePong(fields);
    case 'state':
      return parseState(fields);
    case 'event':
      return parseEvent(fields);
    default:
      return null;
  }
}

function parseHello(fields: Fields): Hello | null {
  const { camera, classes, stale_after_ms: staleAfterMs, version } = fields;
  if (typeof camera !== 'string' || !Array.isArray(classes)) return null;
  return {
    type: 'hello',
    camera,
    classes: classes.filter((name): name is string => typeof name === 'string'),
    staleAfterMs: isNumber(staleAfterMs) && staleAfterMs > 0 ? staleAfterMs : 1500,
    version: textOr(version, ''),
  };
}

function parseBox(value: unknown): Box | null {
  const { x, y, width, height, score, class: label } = fieldsOf(value) ?? {};
  if (!isNumber(x) || !isNumber(y) || !isNumber(width) || !isNumber(height) || !isNumber(score)) return null;
  if (width < 0 || height < 0 || typeof label !== 'string') return null;
  return { x, y, width, height, score, label };
}

// One box that can't be read makes the whole record unusable: half of a frame's boxes would look like all of them.
function parseDetections(fields: Fields): Detections | null {
  const { frame_id: frameId, captured_at_ms: capturedAtMs, boxes: list } = fields;
  if (!isId(frameId) || !isNumber(capturedAtMs) || !Array.isArray(list) || list.length > kMaxBoxes) return null;
  const boxes = list.map(parseBox);
  if (boxes.includes(null)) return null;
  return {
    type: 'detections',
    frameId,
    capturedAtMs,
    latencyMs: numberOrNull(fields['latency_ms']) ?? 0,
    inferenceMs: numberOrNull(fields['inference_ms']) ?? 0,
    boxes: boxes as Box[],
  };
}

function parseTrack(value: unknown): Track | null {
  const fields = fieldsOf(value) ?? {};
  const box = parseBox(fields);
  const { id, vx, vy, phase, still } = fields;
  if (box === null || !isId(id) || !isNumber(vx) || !isNumber(vy)) return null;
  if (typeof phase !== 'string' || !kPhases.includes(phase)) return null;
  return { ...box, id, vx, vy, phase: phase as TrackPhase, still: still === true };
}

// Whole or not at all, as detections.
function parseTracks(fields: Fields): Tracks | null {
  const { frame_id: frameId, captured_at_ms: capturedAtMs, tracks: list } = fields;
  if (!isId(frameId) || !isNumber(capturedAtMs) || !Array.isArray(list) || list.length > kMaxBoxes) return null;
  const tracks = list.map(parseTrack);
  return tracks.includes(null) ? null : { type: 'tracks', frameId, capturedAtMs, tracks: tracks as Track[] };
}

function parsePong(fields: Fields): Pong | null {
  const { id, client_ms: clientMs, now_ms: nowMs } = fields;
  if (!isId(id) || !isNumber(clientMs) || !isNumber(nowMs)) return null;
  return { type: 'pong', id, clientMs, nowMs };
}

function parseStage(value: unknown): Stage | null {
  const { name, status, age_ms: ageMs } = fieldsOf(value) ?? {};
  if (typeof name !== 'string' || !kStages.includes(name)) return null;
  if (typeof status !== 'string' || !kStatuses.includes(status)) return null;
  return { name: name as StageName, status: status as StageStatus, ageMs: numberOrNull(ageMs) };
}

function parseInput(value: unknown): Input | null {
  const { name, status, picture_age_ms: pictureAgeMs, about, error } = fieldsOf(value) ?? {};
  if (typeof name !== 'string' || typeof status !== 'string' || !kInputStatuses.includes(status)) return null;
  return {
    name,
    status: status as InputStatus,
    pictureAgeMs: numberOrNull(pictureAgeMs),
    about: textOr(about, ''),
    error: typeof error === 'string' && error !== '' ? error : null,
  };
}

function parseState(fields: Fields): State | null {
  const { mode, stages } = fields;
  if (mode !== null && (typeof mode !== 'string' || !kModes.includes(mode))) return null;
  if (!Array.isArray(stages)) return null;
  const fps = fieldsOf(fields['fps']) ?? {};
  const latency = fieldsOf(fields['latency_ms']) ?? {};
  return {
    type: 'state',
    mode: mode as Mode | null,
    modeSinceMs: numberOrNull(fields['mode_since_ms']),
    targets: numberOrNull(fields['targets']) ?? 0,
    still: fields['still'] === true,
    detecting: fields['detecting'] !== false,
    fps: {
      capture: numberOrNull(fps['capture']) ?? 0,
      detect: numberOrNull(fps['detect']) ?? 0,
      sent: numberOrNull(fps['sent']) ?? 0,
    },
    latencyMs: { p50: numberOrNull(latency['p50']), p99: numberOrNull(latency['p99']) },
    dropped: numberOrNull(fields['dropped']) ?? 0,
    stages: parseAll(stages, parseStage),
    inputs: parseAll(fields['inputs'], parseInput),
  };
}

function parseEvent(fields: Fields): CameraEvent | null {
  const { id, kind, wall_ms: wallMs, frame_id: frameId, text } = fields;
  if (!isId(id) || typeof kind !== 'string' || !isNumber(wallMs)) return null;
  return {
    type: 'event',
    id,
    kind,
    wallMs,
    frameId: isId(frameId) ? frameId : 0,
    text: textOr(text, ''),
  };
}

// The answer of GET /api/cameras; null if it isn't one.
function parseAccuracy(value: unknown): Accuracy | null {
  const { dataset, photos, ap, person_ap: personAp } = fieldsOf(value) ?? {};
  if (typeof dataset !== 'string' || !isNumber(photos) || !isNumber(ap)) return null;
  return { dataset, photos, ap, personAp: numberOrNull(personAp) };
}

function parseModelLatency(value: unknown): ModelLatency | null {
  const { median_ms: medianMs, machine, provider } = fieldsOf(value) ?? {};
  if (!isNumber(medianMs) || typeof machine !== 'string' || typeof provider !== 'string') return null;
  return { medianMs, machine, provider };
}

// Undefined: no answer that could be read; null: nobody looks for objects.
export function parseModel(value: unknown): Model | null | undefined {
  const model = fieldsOf(value)?.['model'];
  if (model === null) return null;
  const { file, card, problem, family, made, accuracy, latency } = fieldsOf(model) ?? {};
  if (typeof file !== 'string' || typeof card !== 'string' || !kCardStates.includes(card)) return undefined;
  return {
    file,
    card: card as CardState,
    problem: textOr(problem, ''),
    family: textOr(family, ''),
    made: textOr(made, ''),
    accuracy: parseAccuracy(accuracy),
    latency: parseModelLatency(latency),
  };
}

export function parseCameras(value: unknown): string[] | null {
  const list = fieldsOf(value)?.['cameras'];
  if (!Array.isArray(list)) return null;
  const names = list.map((camera) => fieldsOf(camera)?.['name']);
  return names.every((name): name is string => typeof name === 'string') ? names : null;
}
