// Settings of a camera that may change while it runs, as the API has them.

import { ask, at } from './api';
import { parseOrientation, type Orientation } from './editor/orientation';
import { ApiError } from './problem';

export type SettingKey = 'zones' | 'lines' | 'masks' | 'rules' | 'threshold';

export interface Setting {
  value: unknown; // in the shape of the configuration file
  overridden: boolean; // changed while it ran: not as the file says
}

export type Settings = Partial<Record<SettingKey, Setting>>;

const kKeys: readonly SettingKey[] = ['zones', 'lines', 'masks', 'rules', 'threshold'];

export function parseSetting(value: unknown): Setting | null {
  if (typeof value !== 'object' || value === null || !('value' in value)) return null;
  return { value: value.value, overridden: (value as { overridden?: unknown }).overridden === true };
}

export function parseSettings(value: unknown): Settings {
  const fields = (value ?? {}) as Record<string, unknown>;
  const settings: Settings = {};
  for (const key of kKeys) {
    const setting = parseSetting(fields[key]);
    if (setting !== null) settings[key] = setting;
  }
  return settings;
}

export async function fetchSettings(camera: string, signal?: AbortSignal): Promise<Settings> {
  return parseSettings(await ask('GET', at`cameras/${camera}/settings`, { signal }));
}

// How the camera's pictures are turned before anybody gets them.
export async function fetchOrientation(camera: string, signal?: AbortSignal): Promise<Orientation> {
  const orientation = parseOrientation(await ask('GET', at`cameras/${camera}`, { signal }));
  if (orientation === null) throw new ApiError(200, 'The gateway doesn’t say how the camera’s picture is turned.');
  return orientation;
}

export async function putSetting(camera: string, key: SettingKey, value: unknown): Promise<void> {
  await ask('PUT', at`cameras/${camera}/settings/${key}`, { body: { value } });
}

// As the configuration file has it, from now on.
export async function unsetSetting(camera: string, key: SettingKey): Promise<void> {
  await ask('DELETE', at`cameras/${camera}/settings/${key}`);
}
