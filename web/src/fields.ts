// Fields of JSON that somebody else wrote: looked at before they are believed. Pure.

export type Fields = Record<string, unknown>;

export function fieldsOf(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

export function parseJson(text: string): Fields | null {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return null;
  }
}

export function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

// A frame id fits a double exactly (design: unix seconds × 2^20).
export function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function numberOrNull(value: unknown): number | null {
  return isNumber(value) ? value : null;
}

export function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

// Of a list what can be read; an older gateway hasn't got it at all.
export function parseAll<T>(list: unknown, parse: (value: unknown) => T | null): T[] {
  return Array.isArray(list) ? list.map(parse).filter((item) => item !== null) : [];
}
