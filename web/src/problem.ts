// What went wrong, as a sentence for people: from a problem document (RFC 9457), an older {"error": …}, or from the status alone. Pure.

export interface Mistake {
  key: string; // "zones[0].polygon": what of the value it is about; "": all of it
  text: string;
}

export class ApiError extends Error {
  constructor(
    readonly status: number, // 0: no answer
    message: string,
    readonly mistakes: readonly Mistake[] = [],
  ) {
    super(message);
  }
}

const kByStatus: Record<number, string> = {
  0: 'The gateway doesn’t answer.',
  401: 'You are not signed in, or no longer.',
  403: 'You may not do that.',
  404: 'That isn’t there (any more).',
  409: 'Something else is changing it right now; try again.',
  413: 'That is more than the gateway takes.',
  429: 'Too many requests; wait a moment.',
  503: 'The gateway can’t do that right now.',
};

export function problemOf(status: number, body: unknown): ApiError {
  const fields = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const said = [fields['detail'], fields['error'], fields['title']].find((text) => typeof text === 'string' && text !== '');
  const text = typeof said === 'string' ? said : (kByStatus[status] ?? `The gateway answered ${status}.`);
  const mistakes = mistakesOf(fields, text);
  const words = mistakes.map(({ key, text: wrong }) => (key === '' ? wrong : `${key}: ${wrong}`));
  return new ApiError(status, words.length > 0 ? words.join('\n') : sentence(text), mistakes);
}

// Read from the lines of its detail ("value:1:28: cameras.front.zones[0].polygon: what is wrong"), else as the document lists them
// ({"errors":[{"pointer":"/label","detail":"…"}]}).
function mistakesOf(fields: Record<string, unknown>, text: string): Mistake[] {
  const lines = text.split('\n').flatMap((line) => {
    const match = /^\s*[^\s:]*:\d+:\d+: ([\w.[\]-]+): (.+)$/.exec(line);
    return match === null ? [] : [{ key: ownKey(match[1]!), text: sentence(match[2]!) }];
  });
  const list = fields['errors'];
  if (lines.length > 0 || !Array.isArray(list)) return lines;
  return list.flatMap((item: unknown) => {
    const { pointer, detail } = (item ?? {}) as Record<string, unknown>;
    return typeof pointer === 'string' && typeof detail === 'string' ? [{ key: pointer.replace(/^\//, ''), text: sentence(detail) }] : [];
  });
}

// "cameras.front.zones[0].polygon" -> "zones[0].polygon"
function ownKey(key: string): string {
  return key.replace(/^cameras\.[^.[\]]+\.?/, '');
}

export function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '') return '';
  const capital = trimmed[0]!.toUpperCase() + trimmed.slice(1);
  return /[.!?…]$/.test(capital) ? capital : `${capital}.`;
}

// What to say of anything that was thrown; null: it was called off by us.
export function wordsOf(error: unknown): string | null {
  if (error instanceof DOMException && error.name === 'AbortError') return null;
  return error instanceof ApiError ? error.message : kByStatus[0]!;
}
