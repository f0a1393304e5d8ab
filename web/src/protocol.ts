// What the gateway sends (docs/viewer_protocol.md), parsed and checked: whatever doesn't fit becomes null, never an exception,
// and unknown fields and message types are let pass so that an older page lives with a newer gateway.

export interface Box {
  x: number; // top left corner; all four relative to the picture, 0..1
  y: number;
  width: number;
  height: number;
  score: number; // 0..1
  label: string; // the class
}

export interface Picture {
  type: 'frame';
  frameId: number;
  capturedAtMs: number; // gateway's monotonic clock
  ageMs: number; // capture to send
  width: number;
  height: number;
  jpeg: Uint8Array<ArrayBuffer>;
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

export type Message = Hello | Detections | State | CameraEvent;

const kModes: readonly string[] = ['standby', 'validation', 'tracking'];
const kStages: readonly string[] = ['capture', 'detect', 'control'];
const kStatuses: readonly string[] = ['ok', 'stale', 'missing'];
const kInputStatuses: readonly string[] = ['ok', 'opening', 'silent', 'reopening', 'stale', 'missing'];
const kMaxHeader = 64 * 1024;
const kMaxBoxes = 1000;

type Fields = Record<string, unknown>;

function fieldsOf(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

function parseJson(text: string): Fields | null {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return null;
  }
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

// A frame id fits a double exactly (design: unix seconds × 2^20).
function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function numberOrNull(value: unknown): number | null {
  return isNumber(value) ? value : null;
}

// u32 little-endian n, n bytes of JSON, then a JPEG.
export function parsePicture(message: ArrayBuffer): Picture | null {
  if (message.byteLength < 4) return null;
  const headerBytes = new DataView(message).getUint32(0, true);
  if (headerBytes > kMaxHeader || headerBytes + 4 >= message.byteLength) return null;
  const header = parseJson(new TextDecoder().decode(new Uint8Array(message, 4, headerBytes)));
  if (header === null || header['type'] !== 'frame' || header['codec'] !== 'jpeg') return null;
  const { frame_id: frameId, captured_at_ms: capturedAtMs, age_ms: ageMs, width, height } = header;
  if (!isId(frameId) || !isNumber(capturedAtMs) || !isNumber(ageMs)) return null;
  if (!isNumber(width) || !isNumber(height) || width < 1 || height < 1) return null;
  return { type: 'frame', frameId, capturedAtMs, ageMs, width, height, jpeg: new Uint8Array(message, 4 + headerBytes) };
}

export function parseMessage(text: string): Message | null {
  const fields = parseJson(text);
  switch (fields?.['type']) {
    case 'hello':
      return parseHello(fields);
    case 'detections':
      return parseDetections(fields);
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
    version: typeof version === 'string' ? version : '',
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
    about: typeof about === 'string' ? about : '',
    error: typeof error === 'string' && error !== '' ? error : null,
  };
}

// Of a list what can be read; an older gateway hasn't got it at all.
function parseAll<T>(list: unknown, parse: (value: unknown) => T | null): T[] {
  return Array.isArray(list) ? list.map(parse).filter((item) => item !== null) : [];
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
    text: typeof text === 'string' ? text : '',
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
    problem: typeof problem === 'string' ? problem : '',
    family: typeof family === 'string' ? family : '',
    made: typeof made === 'string' ? made : '',
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
